import type { IdempotencyStore } from '../../idempotency/store.ts'
import { createNames } from './names.ts'
import type { Names } from './names.ts'
import type { ConformanceOptions } from './subject.ts'

/** What a directed check is given: an open store and names that nobody else uses. */
export interface Bench {
  readonly store: IdempotencyStore
  readonly names: Names
  readonly options: ConformanceOptions
}

/** A directed check: the sentence it proves, and how. */
export interface DirectedCheck {
  readonly sentence: string
  /** Ability the store needs for the check to mean anything. */
  readonly needs?: 'step' | 'transact' | 'quota'
  readonly prove: (bench: Bench) => Promise<void>
}

/** Opens the store for one check, and closes it again. */
export async function withStore(options: ConformanceOptions, use: (bench: Bench) => Promise<void>): Promise<void> {
  const store = await options.open()
  try {
    await use({ store, names: createNames(), options })
  } finally {
    await options.close?.(store)
  }
}
