import { assertOneOf, assertPositive } from '../core/checks.ts'
import { configurationError, monotonic, publish, storeUnavailable, systemClock } from '../core/index.ts'
import type { Clock, Random } from '../core/index.ts'
import { aloneLimits } from './alone.ts'
import type { LocalLimitStore } from './alone.ts'
import { stateAt } from './decide.ts'
import { isSettleResult, isTakeResult } from './store-answer.ts'
import { answered, failed, isLeftAlone, wellStore } from './store-health.ts'
import type { LimitStore, SettleResult, Settlement, TakeItem, TakeResult } from './store.ts'

/** What becomes of calls while the store cannot be asked. */
export type OnStoreFailure =
  /** Each node decides alone, over its share of what the store said last. */
  | 'local'
  /** All are let through. */
  | 'open'
  /** All are refused with 503. */
  | 'closed'

/** Options of {@link guardedLimits}. */
export interface GuardOptions {
  /** How long one operation may take, milliseconds. @default 50 */
  readonly timeoutMs?: number
  /** What becomes of calls while the store cannot be asked. @default 'local' where there is a `local` store, else 'closed' */
  readonly onStoreFailure?: OnStoreFailure
  /** Where a node decides alone: `memory().limits`. Needed for `'local'`. */
  readonly local?: LocalLimitStore
  /** How many nodes share the store; a function where that changes. Of too few, an outage lets through too much. @default 1 */
  readonly nodes?: number | (() => number)
  readonly clock?: Clock
  readonly random?: Random
}

const modes: readonly OnStoreFailure[] = ['local', 'open', 'closed']

/**
 * Keeps calls from waiting for a limit store that fails, hangs, or answers nonsense. The first call that meets it waits `timeoutMs` at most;
 * from then on calls are decided without it, while one look at a time finds out whether it is back. After five failures in a row, or when half
 * of a second's answers are failures, looks pause for a second, then twice as long, up to half a minute.
 *
 * `rateLimit` and `defineApi` guard their store by themselves. A store that answers without waiting is asked as it is.
 *
 * Publishes `store-away` and `store-back` on the channel `holdfast:policy`, once for each change.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * const limits = guardedLimits(redis(command).limits, { local: memory().limits, nodes: 3 })
 */
export function guardedLimits(store: LimitStore, options: GuardOptions = {}): LimitStore {
  const { timeoutMs = 50, local, onStoreFailure = local === undefined ? 'closed' : 'local', nodes = 1 } = options
  const { clock = systemClock, random = Math.random } = options
  assertOptions(timeoutMs, onStoreFailure, local, nodes)
  const alone = onStoreFailure === 'local' && local !== undefined ? aloneLimits(local, toCount(nodes)) : undefined
  let health = wellStore
  let isLooking = false

  function succeed(wasLook: boolean): void {
    const wasAway = health.isAway
    health = answered(health, monotonic(clock), wasLook)
    if (wasAway && !health.isAway) publish('rate-limit', 'store-back', undefined, store.name)
  }

  function fail(error: unknown): void {
    if (!health.isAway) publish('rate-limit', 'store-away', undefined, store.name, error)
    health = failed(health, monotonic(clock), random)
  }

  /** Waits for an answer, and judges it. */
  async function heard<T>(answer: Promise<T>, isRight: (answer: T) => boolean, wasLook: boolean): Promise<T> {
    try {
      const said = await inTime(clock, timeoutMs, answer)
      if (!isRight(said)) throw storeUnavailable('the limit store did not answer as limit stores do')
      succeed(wasLook)
      return said
    } catch (error) {
      fail(error)
      throw error
    }
  }

  async function ask(items: readonly TakeItem[], taking: Promise<TakeResult>): Promise<TakeResult> {
    try {
      const taken = await heard(taking, (said) => isTakeResult(said, items), onStoreFailure === 'closed')
      alone?.adopt(items, taken)
      return taken
    } catch (error) {
      return without(items, error)
    }
  }

  /** Finds out whether the store is back, for everybody, while nobody waits. Looking takes nothing, so that no call is charged twice. */
  async function look(items: readonly TakeItem[]): Promise<void> {
    isLooking = true
    const looked = items.map((item) => ({ ...item, cost: 0 }))
    try {
      alone?.adopt(items, await heard(startTake(looked), (said) => isTakeResult(said, looked), true))
    } catch {
      // `heard` has counted it.
    } finally {
      isLooking = false
    }
  }

  async function startTake(items: readonly TakeItem[]): Promise<TakeResult> {
    return store.take(items)
  }

  function without(items: readonly TakeItem[], cause?: unknown): TakeResult | Promise<TakeResult> {
    if (alone !== undefined) return alone.take(items)
    if (onStoreFailure === 'open') return letThrough(items, clock.now())
    return Promise.reject(storeUnavailable('the limit store does not answer', cause))
  }

  function take(items: readonly TakeItem[]): TakeResult | Promise<TakeResult> {
    if (health.isAway) {
      const isLeft = isLeftAlone(health, monotonic(clock))
      // Who is refused without the store may as well wait for it.
      if (isLeft || onStoreFailure !== 'closed') {
        if (!isLeft && !isLooking) void look(items)
        return without(items)
      }
    }
    let taken: TakeResult | Promise<TakeResult>
    try {
      taken = store.take(items)
    } catch (error) {
      fail(error)
      return without(items, error)
    }
    return typeof taken === 'object' && taken !== null && 'then' in taken ? ask(items, taken) : taken
  }

  async function settle(settlement: Settlement): Promise<SettleResult> {
    if (health.isAway) throw storeUnavailable('the limit store does not answer')
    const settled = store.settle(settlement)
    return 'then' in settled ? heard(settled, isSettleResult, false) : settled
  }

  const { collect } = store
  return { name: store.name, take, settle, ...(collect !== undefined && { collect: (limit: number) => collect.call(store, limit) }) }
}

/** The last part of the time, in which a process looks at what has arrived. No timer is shorter. */
const lastTurnMs = 1

/** Rejects when there is no answer in time. One that has arrived, and waits for its turn in a busy process, still counts. */
function inTime<T>(clock: Clock, timeoutMs: number, answer: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const give = (): void => reject(storeUnavailable(`the limit store did not answer within ${timeoutMs} ms`))
    let cancel = clock.after(Math.max(0, timeoutMs - lastTurnMs), () => (cancel = clock.after(lastTurnMs, give)))
    answer.then(
      (said) => {
        cancel()
        resolve(said)
      },
      (error: unknown) => {
        cancel()
        reject(error as Error)
      },
    )
  })
}

function letThrough(items: readonly TakeItem[], now: number): TakeResult {
  const standings = items.map(({ meter }) => ({ fits: true, state: stateAt(meter, undefined, now) }))
  return { admitted: true, now, items: standings, keptBy: { settle: () => ({ applied: false, now }) } }
}

function toCount(nodes: number | (() => number)): () => number {
  return typeof nodes === 'number' ? () => nodes : () => Math.max(1, Math.ceil(nodes()) || 1)
}

function assertOptions(timeoutMs: number, mode: OnStoreFailure, local: LocalLimitStore | undefined, nodes: unknown): void {
  assertPositive('timeoutMs', timeoutMs, ' of milliseconds')
  assertOneOf('onStoreFailure', mode, modes)
  if (mode === 'local' && typeof local?.adopt !== 'function')
    throw configurationError("onStoreFailure: 'local' needs a store for it, such as local: memory().limits")
  if (typeof nodes !== 'function' && !(Number.isSafeInteger(nodes) && (nodes as number) >= 1))
    throw configurationError(`nodes: expected a whole number from 1, or a function, got ${String(nodes)}`)
}
