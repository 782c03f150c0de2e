import type { Key } from '../keys.ts'
import type { KeyTuple } from '../position.ts'
import type { Order } from '../sorts.ts'

/** One condition on one key, or on a run of keys compared as a row value. */
export type Condition =
  | { readonly kind: 'equal'; readonly order: Order; readonly value: string }
  | { readonly kind: 'null'; readonly order: Order }
  | { readonly kind: 'not null'; readonly order: Order }
  | { readonly kind: 'beyond'; readonly orders: readonly Order[]; readonly values: readonly string[]; readonly inclusive: boolean }

/** Conditions that a row meets together: one contiguous range of an index. */
export type Branch = readonly Condition[]

/**
 * The rows after a position, as branches that exclude each other: for each prefix of the keys, rows that agree on it and come later in the next
 * key. Each is one range of an index, which `a > x OR (a = x AND id > y)` is not: Postgres then filters all rows before it.
 *
 * A run of keys that all go one way and are not NULL is compared as one row value. Row values never meet NULL: `(1, NULL) > (0, 5)` is true, and
 * `(NULL, 5) > (1, 2)` is neither.
 *
 * @param inRowValue whether the database finds an index for a key that stands in one
 */
export function branchesAfter(
  orders: readonly Order[],
  position: KeyTuple,
  inclusive: boolean,
  inRowValue: (key: Key) => boolean,
): readonly Branch[] {
  const branches: Branch[] = []
  const prefix: Condition[] = []
  for (let at = 0; at < orders.length; at++) {
    const order = orders[at] as Order
    const value = position[at] ?? null
    if (value === null) {
      // After the rows without a value come those that have one, if NULL stands first.
      if (order.nulls === 'first') branches.push([...prefix, { kind: 'not null', order }])
      prefix.push({ kind: 'null', order })
      continue
    }
    if (order.nulls === 'last') branches.push([...prefix, { kind: 'null', order }])
    const run = runFrom(orders, position, at, inRowValue)
    const isEnd = at + run.length === orders.length
    const isNullable = order.nulls !== undefined
    const values = position.slice(at, at + run.length) as string[]
    branches.push([
      ...prefix,
      ...(isNullable ? [{ kind: 'not null', order } as const] : []),
      { kind: 'beyond', orders: run, values, inclusive: inclusive && isEnd },
    ])
    for (const [index, agreed] of run.entries()) prefix.push({ kind: 'equal', order: agreed, value: values[index] as string })
    at += run.length - 1
  }
  return branches
}

/** The keys from `at` on that can be compared as one: one direction, and only the first may be nullable, which its branch excludes. */
function runFrom(orders: readonly Order[], position: KeyTuple, at: number, inRowValue: (key: Key) => boolean): readonly Order[] {
  const first = orders[at] as Order
  let end = at + 1
  while (end < orders.length && inRowValue(first.key)) {
    const next = orders[end] as Order
    if (next.descending !== first.descending || next.nulls !== undefined || position[end] == null || !inRowValue(next.key)) break
    end++
  }
  return orders.slice(at, end)
}
