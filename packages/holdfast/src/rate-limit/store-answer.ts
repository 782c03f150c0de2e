import type { SettleResult, TakeItem, TakeResult } from './store.ts'

/** Whether a store has answered a take as it has to. What a broken proxy or a foreign script says must not decide over calls. */
export function isTakeResult(result: TakeResult, items: readonly TakeItem[]): boolean {
  if (typeof result !== 'object' || result === null || typeof result.admitted !== 'boolean' || !Number.isFinite(result.now)) return false
  if (!Array.isArray(result.items) || result.items.length !== items.length) return false
  return result.items.every(
    (standing, index) =>
      typeof standing === 'object' &&
      standing !== null &&
      typeof standing.fits === 'boolean' &&
      isState(standing.state, numbersOf[(items[index] as TakeItem).meter.kind]),
  )
}

/** The same of a settlement. */
export function isSettleResult(result: SettleResult): boolean {
  return typeof result === 'object' && result !== null && typeof result.applied === 'boolean'
}

/** How many numbers the state of each kind has. */
const numbersOf = { bucket: 3, window: 15, calendar: 3 }

function isState(state: unknown, numbers: number): boolean {
  return Array.isArray(state) && state.length === numbers && state.every((number) => Number.isFinite(number))
}
