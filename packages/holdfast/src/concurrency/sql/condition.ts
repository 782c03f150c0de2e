import type { Expectation } from '../expectation.ts'
import { Values, quoted } from './sql.ts'

/** The part of a WHERE clause that makes a write conditional, and its values. */
export interface SqlCondition {
  /** `true` where any state will do. */
  readonly text: string
  readonly values: readonly unknown[]
}

/**
 * The caller's expectation as SQL, for statements of your own. Give what the statement returned to `expected.settle()`.
 *
 * @param column the version column, as it stands in the statement
 * @param first the number of the first value's mark
 * @example
 * const expected = expectationOf()
 * const { text, values } = whereExpected(expected, 'version', 3)
 * const { rows } = await client.query(`UPDATE wallets SET name = $1, version = version + 1 WHERE id = $2 AND ${text} RETURNING *`, [name, id, ...values])
 * const wallet = await expected.settle(rows, async () => (await find(id)) && { state: (await find(id)).version })
 */
export function whereExpected(expected: Expectation, column: string, first: number): SqlCondition {
  const values = new Values()
  const text = conditionText(expected, quoted(column), (value) => {
    values.add(value)
    return `$${first - 1 + values.list.length}`
  })
  return { text, values: values.list }
}

/** The condition on an update or delete, whose rows are there by nature. */
export function conditionText(expected: Expectation, column: string, mark: (value: unknown) => string): string {
  const { presence, oneOf, noneOf } = expected.condition()
  if (presence === 'absent') return '1 = 0'
  const parts: string[] = []
  if (oneOf !== undefined) parts.push(oneOf.length === 0 ? '1 = 0' : `${column} IN (${oneOf.map(mark).join(', ')})`)
  if (noneOf !== undefined && noneOf.length > 0) parts.push(`${column} NOT IN (${noneOf.map(mark).join(', ')})`)
  return parts.length === 0 ? '1 = 1' : parts.join(' AND ')
}
