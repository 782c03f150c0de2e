import type { Cancel, Clock } from '../core/index.ts'

/** Few enough that a delete never holds locks for long. */
const batch = 1_000

/** A store of records that expire. */
interface Collectable {
  readonly collect?: (limit: number) => Promise<number>
}

/** Collects expired records every so often, in small batches, until stopped. A store that is away is asked again the next time. */
export function collectRegularly(store: Collectable, clock: Clock, everyMs: number): Cancel {
  let stopped = false
  let cancel: Cancel
  const round = async (): Promise<void> => {
    let deleted = batch
    while (deleted === batch && !stopped) deleted = (await store.collect?.(batch).catch(() => 0)) ?? 0
    if (!stopped) schedule()
  }
  const schedule = (): void => {
    cancel = clock.after(everyMs, () => void round())
  }
  schedule()
  return () => {
    stopped = true
    cancel()
  }
}
