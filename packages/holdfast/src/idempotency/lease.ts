import type { Cancel } from '../core/index.ts'
import { bounded } from './store-calls.ts'
import type { Settings } from './settings.ts'

/**
 * Keeps a lease alive with a heartbeat every third of it, until stopped. A heartbeat that fails because the store is away is
 * skipped: the lease is judged when the store is back. One that is refused means another process has the key.
 */
export function keepLease(settings: Settings, id: string, owner: string, onLost: () => void): Cancel {
  const { clock, leaseMs, store } = settings
  let stopped = false
  let cancel: Cancel
  const schedule = (): void => {
    cancel = clock.after(leaseMs / 3, () => void beat())
  }
  const beat = async (): Promise<void> => {
    const kept = await bounded(settings, store.heartbeat(id, owner, leaseMs)).catch(() => true)
    if (stopped) return
    if (kept) schedule()
    else onLost()
  }
  schedule()
  return () => {
    stopped = true
    cancel()
  }
}
