import type { Guarantee } from '../../../src/idempotency/index.ts'
import type { KeyedCall } from './client.ts'

/** A call to the route of a guarantee, under a key that names the test. */
export function callOf(guarantee: Guarantee, name: string): KeyedCall {
  return { path: `/${guarantee}`, key: `${guarantee}-${name.replaceAll(' ', '-')}` }
}

/** The guarantees with exactly-once last: a transaction that stops holds the only writer of SQLite, and nobody else gets on. */
export function transactionsLast(guarantees: readonly Guarantee[]): Guarantee[] {
  return guarantees.toSorted((one, other) => Number(one === 'exactly-once') - Number(other === 'exactly-once'))
}
