import { configurationError } from '../core/index.ts'
import { compareValues } from './compare.ts'
import { decideRows } from './decide.ts'
import type { Key } from './keys.ts'
import type { List } from './list.ts'
import type { KeyedRow, RowsQuery, RowsReader } from './reader.ts'

/** What a sort key may be in memory. A `Date` has milliseconds only; give microseconds as text. */
export type MemoryValue = string | number | bigint | Date | null

/** How a key is read from a row. */
export type MemoryKeys<Row> = Readonly<Record<string, (row: Row) => MemoryValue>>

/**
 * Binds a list to rows in memory: for tests, and for small lists. Rows are ordered as the databases order them.
 *
 * @param keys reads each key of the list from a row
 * @throws HoldfastError `configuration-invalid` for a key that cannot be read, or a collation other than `C`
 * @example
 * const transfers = memoryList<Transfer>(transferList, { created_at: (row) => row.createdAt, id: (row) => row.id })
 * const rows = await pageOf().read(transfers(all.filter((row) => row.account === account)))
 */
export function memoryList<Row>(list: List, keys: MemoryKeys<Row>): (rows: Iterable<Row>) => RowsReader<Row> {
  for (const { name, collation } of list.keys.values()) {
    if (typeof keys[name] !== 'function')
      throw configurationError(`list ${list.name}: key ${name}: expected a function that reads it from a row`)
    if (collation !== 'C')
      throw configurationError(`list ${list.name}: key ${name}: memory orders text by code point (C), not by ${collation}`)
  }
  const valueOf = (key: Key, row: Row): string | null => toCanonical(key, keys[key.name]?.(row) ?? null)

  return function memoryReader(rows) {
    const within = (query: RowsQuery): Row[] => [...rows].filter((row) => isWithin(query, (key) => valueOf(key, row)))
    return {
      async read(query) {
        const all = within(query).map((row): KeyedRow<Row> => ({ row, keys: query.orders.map(({ key }) => valueOf(key, row)) }))
        const wanted = decideRows(
          all.map((one) => one.keys),
          query,
        )
        return wanted.map((index) => all[index] as KeyedRow<Row>)
      },
      async highest({ consistency }) {
        if (consistency.kind !== 'snapshot') return null
        let highest: string | null = null
        for (const row of rows) {
          const value = valueOf(consistency.by, row)
          if (highest === null || (value !== null && compareValues(consistency.by, value, highest) > 0)) highest = value
        }
        return highest
      },
      count: async (_kind, query) => ({ value: within({ ...query, bound: undefined }).length, kind: 'exact' }),
    }
  }
}

function isWithin({ consistency, bound, now }: RowsQuery, valueOf: (key: Key) => string | null): boolean {
  if (consistency.kind === 'snapshot' && bound !== undefined)
    return compareValues(consistency.by, valueOf(consistency.by) ?? '', bound) <= 0
  if (consistency.kind !== 'lag') return true
  const { key, ms, perMs } = consistency
  const limit = key.type === 'integer' ? String(Math.floor((now - ms) * perMs)) : toCanonical(key, new Date(now - ms))
  return compareValues(key, valueOf(key) ?? '', limit ?? '') < 0
}

const instant = /^(\d{4,6})-(\d\d)-(\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::?\d\d)?)$/

/** A value in the text Postgres would write. */
export function toCanonical({ name, type, nullable }: Key, value: MemoryValue): string | null {
  if (value === null) {
    if (nullable) return null
    throw new TypeError(`the key ${name} is null in a row, and was declared to be never null`)
  }
  const text = value instanceof Date ? value.toISOString() : String(value)
  switch (type) {
    case 'integer':
    case 'xid8':
      if (/^-?\d+$/.test(text) && !(typeof value === 'number' && !Number.isSafeInteger(value))) return text
      break
    case 'numeric':
      if (/^(?:-?\d+(?:\.\d+)?|NaN|-?Infinity)$/.test(text)) return text
      break
    case 'text':
      return text
    case 'uuid':
      return text.toLowerCase()
    case 'date':
      if (text.endsWith('infinity') || /(?:AD|BC)$/.test(text)) return text
      if (/^\d{4,6}-\d\d-\d\d/.test(text)) return `${text.slice(0, text.lastIndexOf('-') + 3)} AD`
      break
    case 'timestamptz':
      return toInstant(name, text)
  }
  throw new TypeError(`the key ${name} is no ${type}: ${JSON.stringify(text.slice(0, 40))}`)
}

function toInstant(name: string, text: string): string {
  if (text.endsWith('infinity') || /(?:AD|BC)$/.test(text)) return text
  const [, year, month, day, time, fraction = '', zone = 'Z'] = instant.exec(text) ?? []
  if (year === undefined) throw new TypeError(`the key ${name} is no timestamp with zone: ${JSON.stringify(text.slice(0, 40))}`)
  const offset = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  const minutes = offset === null ? 0 : Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3] ?? 0))
  const [hour = 0, minute = 0, second = 0] = (time as string).split(':').map(Number)
  const utc = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), hour, minute - minutes, second))
  const [date = '', clock = ''] = utc.toISOString().replace(/^\+0*/, '').split('T')
  return `${date} ${clock.slice(0, 8)}.${fraction.padEnd(6, '0')}+00 AD`
}
