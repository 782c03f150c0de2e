import { storeUnavailable } from '../../src/core/index.ts'
import type { Clock } from '../../src/core/index.ts'
import type { LimitStore, SettleResult, TakeResult } from '../../src/rate-limit/index.ts'
import { memory } from '../../src/stores/memory/index.ts'

/** What a store does with what it is asked. */
export type Behaviour =
  | 'works'
  /** Nobody is there: it fails at once. */
  | 'refuses'
  /** It accepts, and never answers. */
  | 'hangs'
  /** It does nothing, and says what no store says. */
  | 'babbles'

/** A limit store over a network that is not there, in virtual time. */
export interface FrailLimits {
  readonly store: LimitStore
  behaviour: Behaviour
  /** Answers given instead of the right ones. */
  nonsense: unknown
  /** How many operations have reached it. */
  readonly asked: number
}

/** Makes a store that works until it is told otherwise. */
export function frailLimits(clock: Clock): FrailLimits {
  const { limits } = memory({ clock })
  let asked = 0

  async function answer<T extends TakeResult | SettleResult>(run: () => T | Promise<T>): Promise<T> {
    asked += 1
    switch (frail.behaviour) {
      case 'works':
        return run()
      case 'refuses':
        throw storeUnavailable('connection refused')
      case 'hangs':
        return new Promise(() => {})
      case 'babbles':
        return frail.nonsense as T
    }
  }

  const frail: FrailLimits = {
    store: {
      name: 'frail',
      take: (items) => answer(() => limits.take(items)),
      settle: (settlement) => answer(() => limits.settle(settlement)),
    },
    behaviour: 'works',
    nonsense: 'OK',
    get asked() {
      return asked
    },
  }
  return frail
}
