import { waitingClock } from '../../../core/clock.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Entry } from '../entry.ts'
import { fromEntries } from '../from-entries.ts'
import type { OutboxStore } from '../store.ts'

/**
 * Keeps entries in this process: for tests, and where losing them with it does no harm.
 *
 * @example
 * const box = outbox({ store: memoryOutbox() })
 */
export function memoryOutbox({ clock = waitingClock }: { readonly clock?: Clock } = {}): OutboxStore {
  const entries = new Map<number, Entry>()
  let seq = 0
  return fromEntries({
    name: 'memory',
    durable: false,
    async transact(work) {
      const { put, remove = [], result } = work([...entries.values()], clock.now(), seq + 1)
      if (put !== undefined) {
        entries.set(put.seq, put)
        seq = Math.max(seq, put.seq)
      }
      for (const entry of remove) entries.delete(entry.seq)
      return result
    },
  })
}
