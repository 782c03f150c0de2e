import type { Random } from '../../core/index.ts'
import { below, pick } from '../conformance/generate.ts'
import type { Meter } from '../../rate-limit/store.ts'
import { dayMs, hourMs, secondMs } from './meters.ts'

/** One counter in a history: its owner and its name say which, its kind never changes. */
export interface Place {
  readonly owner: number
  readonly counter: number
  readonly kind: Meter['kind']
}

interface Placed extends Place {
  /** Which plan of the kind. */
  readonly plan: number
}

/** One step of a random history. */
export type LimitOperation =
  | { readonly kind: 'take'; readonly items: readonly (Placed & { readonly cost: number; readonly shadow: boolean })[] }
  | {
      readonly kind: 'settle'
      readonly token: number
      /** How many takes ago it was. */
      readonly back: number
      readonly items: readonly (Placed & { readonly delta: number })[]
    }
  | { readonly kind: 'advance'; readonly ms: number }

const kinds = ['bucket', 'window', 'calendar'] as const

const everyPlace: readonly Place[] = [0, 1].flatMap((owner) => [0, 1, 2, 3].map((counter) => ({ owner, counter, kind: pickKind(counter) })))

function pickKind(counter: number): Meter['kind'] {
  return kinds[counter % kinds.length] as Meter['kind']
}

/** Makes a random history on a few counters of one owner or two. */
export function generateLimitHistory(random: Random, length: number, owners: number, canAdvance: boolean): LimitOperation[] {
  // Most of a history stays with one plan for each counter; without that a change of plan would be all it tests.
  const plans = everyPlace.map(() => below(random, 5))
  const places = everyPlace.filter(({ owner }) => owner < owners)

  function some(): Placed[] {
    const chosen = places.filter(() => random() < 2 / places.length)
    return (chosen.length > 0 ? chosen : [pick(random, places)]).map((place) => ({ ...place, plan: planOf(place) }))
  }

  function planOf({ owner, counter }: Place): number {
    const index = owner * 4 + counter
    if (random() < 0.1) plans[index] = below(random, 5)
    return plans[index] as number
  }

  return Array.from({ length }, (): LimitOperation => {
    const chance = random()
    if (canAdvance && chance < 0.25)
      return { kind: 'advance', ms: pick(random, [1, 7, 65, 500, secondMs, 5 * secondMs, 60 * secondMs, hourMs, dayMs, 31 * dayMs]) }
    if (chance < 0.4)
      return {
        kind: 'settle',
        token: below(random, 6),
        back: below(random, 3),
        items: some().map((place) => ({ ...place, delta: pick(random, [-20, -3, -1, 1, 4, 30]) })),
      }
    return {
      kind: 'take',
      items: some().map((place) => ({ ...place, cost: pick(random, [0, 1, 1, 1, 2, 5, 20, 1_000]), shadow: random() < 0.2 })),
    }
  })
}
