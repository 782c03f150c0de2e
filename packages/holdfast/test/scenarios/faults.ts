import { sleep, storeUnavailable, systemClock } from '../../src/core/index.ts'
import type { Clock } from '../../src/core/index.ts'
import type { IdempotencyStore } from '../../src/idempotency/index.ts'
import type { OpenStore } from './stores.ts'

type Operation = 'claim' | 'complete' | 'release' | 'heartbeat' | 'lookup' | 'transact'

/** A store whose operations can be made to fail or to take long, one by one. */
export interface FaultyStore {
  readonly open: OpenStore
  /** Operations that are refused from now on. */
  readonly down: Set<Operation>
  /** How long each operation takes, milliseconds. */
  latencyMs: number
}

/** Wraps a store. `clock` tells the time that its operations take. */
export function faulty(open: OpenStore, clock: Clock = systemClock): FaultyStore {
  const down = new Set<Operation>()
  const inner = open.store.idempotency
  const guard =
    <Args extends unknown[], Result>(name: Operation, operation: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (down.has(name)) throw storeUnavailable('the store is away')
      if (state.latencyMs > 0) await sleep(clock, state.latencyMs)
      return operation(...args)
    }
  const idempotency: IdempotencyStore = {
    ...inner,
    // A store in the process is trusted not to hang; this one may.
    durable: true,
    claim: guard('claim', (claim) => inner.claim(claim)),
    complete: guard('complete', (completion) => inner.complete(completion)),
    release: guard('release', (...args) => inner.release(...args)),
    heartbeat: guard('heartbeat', (...args) => inner.heartbeat(...args)),
    lookup: guard('lookup', (id) => inner.lookup(id)),
    ...(inner.transact && { transact: guard('transact', inner.transact.bind(inner)) }),
  }
  const state: FaultyStore = { open: { ...open, store: { ...open.store, idempotency } }, down, latencyMs: 0 }
  return state
}

/** Wraps a store, and notes the name of every operation it is asked for. */
export function counting(open: OpenStore): { readonly open: OpenStore; readonly asked: string[] } {
  const asked: string[] = []
  const idempotency = new Proxy(open.store.idempotency, {
    get(store, name) {
      const member: unknown = Reflect.get(store, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        asked.push(String(name))
        return Reflect.apply(member, store, args)
      }
    },
  })
  return { open: { ...open, store: { ...open.store, idempotency } }, asked }
}
