import { expectationOf } from '../expectation.ts'
import type { Expectation } from '../expectation.ts'

interface Conditional {
  where(column: string, operator: string, value: unknown): Conditional
}

/**
 * Makes a Kysely update or delete conditional on what the caller expects; for `$call`. Count the version up in `set`, and give what the query returned to `settle`.
 *
 * @param column the version column
 * @example
 * const expected = expectationOf()
 * const rows = await db.updateTable('wallets').set((eb) => ({ nickname, version: eb('version', '+', 1) })).where('id', '=', id).$call(expecting('version')).returningAll().execute()
 * const wallet = await expected.settle(rows, () => currentOf(id))
 */
export function expecting(column = 'version', expected: Expectation = expectationOf()): <Query>(query: Query) => Query {
  return <Query>(query: Query): Query => {
    const { presence, oneOf, noneOf } = expected.condition()
    let conditional = query as Conditional
    // A version is never null, and a list must not be empty in SQL.
    if (presence === 'absent' || oneOf?.length === 0) conditional = conditional.where(column, 'is', null)
    else if (oneOf !== undefined) conditional = conditional.where(column, 'in', oneOf)
    if (noneOf !== undefined && noneOf.length > 0) conditional = conditional.where(column, 'not in', noneOf)
    return conditional as Query
  }
}
