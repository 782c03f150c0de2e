import { expectationOf } from '../expectation.ts'
import type { Expectation } from '../expectation.ts'

/** The operators of Drizzle that are used: `import { and, inArray, isNull, notInArray } from 'drizzle-orm'`. */
export interface DrizzleOperators<Condition> {
  and(...conditions: Condition[]): Condition | undefined
  inArray(column: never, values: never): Condition
  notInArray(column: never, values: never): Condition
  isNull(column: never): Condition
}

/**
 * Makes a Drizzle condition of what the caller expects; `undefined`, which `and` leaves out, where any state will do. Count the version up in `set`, and give what the query returned
 * to `settle`.
 *
 * @example
 * const expecting = expectingWith({ and, inArray, notInArray, isNull })
 * const rows = await db.update(wallets).set({ nickname, version: sql`${wallets.version} + 1` }).where(and(eq(wallets.id, id), expecting(wallets.version))).returning()
 * const wallet = await expectationOf().settle(rows, () => currentOf(id))
 */
export function expectingWith<Condition>({
  and,
  inArray,
  notInArray,
  isNull,
}: DrizzleOperators<Condition>): (column: unknown, expected?: Expectation) => Condition | undefined {
  return function expecting(column, expected = expectationOf()) {
    const { presence, oneOf, noneOf } = expected.condition()
    // A version is never null, and a list must not be empty in SQL.
    if (presence === 'absent' || oneOf?.length === 0) return isNull(column as never)
    const conditions: Condition[] = []
    if (oneOf !== undefined) conditions.push(inArray(column as never, oneOf as never))
    if (noneOf !== undefined && noneOf.length > 0) conditions.push(notInArray(column as never, noneOf as never))
    return conditions.length < 2 ? conditions[0] : and(...conditions)
  }
}
