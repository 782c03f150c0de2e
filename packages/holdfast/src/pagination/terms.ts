import { configurationError } from '../core/index.ts'
import type { Key } from './keys.ts'
import type { Sort } from './sorts.ts'

/**
 * What a walk sees of rows that are added while it runs.
 *
 * - `live`: whatever is committed when a page is read. A row that commits late, with keys the walk has passed, is never seen.
 * - `{ horizon: key }`: Postgres: rows of transactions older than the oldest that still runs, in their order, so that no late commit is missed. The
 *   key is an `xid8` (a column with `DEFAULT pg_current_xact_id()`), and every sort begins with it: numbers from a sequence are not given out in the
 *   order in which transactions get theirs, and sorted by them a row could still be passed. SQLite and memory have one writer, and nothing to wait for.
 * - `{ lag: key, ms, unit }`: rows whose key is at least `ms` old; every sort begins with the key. For stores without such a column; as good as `ms` is
 *   above your longest transaction. `unit` says what an integer key counts.
 * - `{ snapshot: key }`: rows whose key was there at page one. The key rises with every insert, as a sequence or a sortable id does.
 */
export type ConsistencyDeclaration =
  | 'live'
  | { readonly horizon: string }
  | { readonly lag: string; readonly ms: number; readonly unit?: 'us' | 'ms' | 's' }
  | { readonly snapshot: string }

/** The same, checked. */
export type Consistency =
  | { readonly kind: 'live' }
  | { readonly kind: 'horizon'; readonly key: Key }
  | { readonly kind: 'lag'; readonly key: Key; readonly ms: number; readonly perMs: number }
  | { readonly kind: 'snapshot'; readonly by: Key }

const perMs = { us: 1000, ms: 1, s: 0.001 } as const

/**
 * Checks what a list declares of its consistency.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toConsistency(
  where: string,
  declared: ConsistencyDeclaration,
  keys: ReadonlyMap<string, Key>,
  sorts: ReadonlyMap<string, Sort>,
): Consistency {
  const at = `${where}: consistency`
  if (declared === 'live') return { kind: 'live' }
  if (typeof declared !== 'object')
    throw configurationError(`${at}: expected live, { horizon }, { lag, ms } or { snapshot }, got ${JSON.stringify(declared)}`)
  const name = 'lag' in declared ? declared.lag : 'horizon' in declared ? declared.horizon : declared.snapshot
  const key = keys.get(name)
  if (key === undefined || key.nullable)
    throw configurationError(`${at}: expected a key that is never NULL, of ${[...keys.keys()].join(', ')}, got ${JSON.stringify(name)}`)
  if ('snapshot' in declared) return { kind: 'snapshot', by: key }
  for (const { name: sort, orders } of sorts.values()) {
    if (orders[0]?.key !== key)
      throw configurationError(
        `${at}: expected every sort to begin with ${name}, got sort ${sort}; rows that commit late would still be passed`,
      )
  }
  if ('horizon' in declared) {
    if (key.type !== 'xid8') throw configurationError(`${at}: horizon: expected an xid8 key, got ${key.type}`)
    return { kind: 'horizon', key }
  }
  const { ms, unit } = declared
  if (!(Number.isFinite(ms) && ms > 0)) throw configurationError(`${at}: ms: expected a number above 0, got ${ms}`)
  if (key.type !== 'timestamptz' && !(key.type === 'integer' && unit !== undefined))
    throw configurationError(`${at}: lag: expected a timestamptz key, or an integer key and the unit it counts`)
  if (unit !== undefined && !Object.hasOwn(perMs, unit))
    throw configurationError(`${at}: unit: expected us, ms or s, got ${JSON.stringify(unit)}`)
  return { kind: 'lag', key, ms, perMs: perMs[unit ?? 'ms'] }
}

const units = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * Reads a duration: `3d`, `12h`, `30m`, `90s`, or milliseconds.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toDuration(where: string, declared: string | number): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd])$/.exec(String(declared)) ?? []
  const ms = typeof declared === 'number' ? declared : Number(amount) * units[unit as keyof typeof units]
  if (!(Number.isFinite(ms) && ms > 0))
    throw configurationError(`${where}: expected a duration such as "3d" or a number of milliseconds, got ${JSON.stringify(declared)}`)
  return ms
}
