import { configurationError } from '../core/index.ts'
import type { Key } from './keys.ts'

/**
 * What a walk sees of rows that are added while it runs.
 *
 * - `live`: whatever is committed when a page is read. A row that commits late, with keys the walk has passed, is never seen.
 * - `{ horizon: column }`: Postgres only: rows older than the oldest transaction still running, so that no late commit is missed. The
 *   column of your query is an `xid8` with `DEFAULT pg_current_xact_id()`. SQLite and memory have one writer, and nothing to wait for.
 * - `{ lag: key, ms, unit }`: rows whose key is at least `ms` old. For stores without such a column; as good as `ms` is above your longest
 *   transaction. `unit` says what an integer key counts.
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
  | { readonly kind: 'horizon'; readonly column: string }
  | { readonly kind: 'lag'; readonly key: Key; readonly ms: number; readonly perMs: number }
  | { readonly kind: 'snapshot'; readonly by: Key }

const perMs = { us: 1000, ms: 1, s: 0.001 } as const

/**
 * Checks what a list declares of its consistency.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function toConsistency(where: string, declared: ConsistencyDeclaration, keys: ReadonlyMap<string, Key>): Consistency {
  const at = `${where}: consistency`
  if (declared === 'live') return { kind: 'live' }
  if (typeof declared !== 'object')
    throw configurationError(`${at}: expected live, { horizon }, { lag, ms } or { snapshot }, got ${JSON.stringify(declared)}`)
  if ('horizon' in declared) {
    if (typeof declared.horizon !== 'string' || declared.horizon === '')
      throw configurationError(`${at}: horizon: expected the name of a column`)
    return { kind: 'horizon', column: declared.horizon }
  }
  const name = 'lag' in declared ? declared.lag : declared.snapshot
  const key = keys.get(name)
  if (key === undefined || key.nullable)
    throw configurationError(`${at}: expected a key that is never NULL, of ${[...keys.keys()].join(', ')}, got ${JSON.stringify(name)}`)
  if ('snapshot' in declared) return { kind: 'snapshot', by: key }
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
