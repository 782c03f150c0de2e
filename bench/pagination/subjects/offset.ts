import { account, orderOf } from '../database/place.ts'
import type { Place } from '../database/place.ts'
import { sorts } from '../database/rows.ts'
import type { Subject } from './subject.ts'

/** `LIMIT n OFFSET m`, as it is written everywhere. */
export function offset(place: Place): Subject {
  return {
    name: 'OFFSET',
    nulls: 'last',
    pages(sort) {
      const order = orderOf(sorts.get(sort) ?? [], 'last')
      return async ({ cursor = '0', limit }) => {
        const from = Number(cursor)
        const text = `SELECT id FROM wallets WHERE account = $1 ORDER BY ${order} LIMIT ${limit + 1} OFFSET ${from}`
        const ids = (await place.query(text, [account])).map(({ id }) => String(id))
        return {
          ids: ids.slice(0, limit),
          next: ids.length > limit ? String(from + limit) : undefined,
          prev: from > 0 ? String(Math.max(0, from - limit)) : undefined,
        }
      }
    },
  }
}
