import { keyTooOld } from './decide.ts'
import type { Entry, EntryResult, EntryState } from './entry.ts'
import type { OutboxStore } from './store.ts'

/** What can be bound. */
export type SqlValue = string | number | Uint8Array | null

/** A statement, in pieces between which values are bound. */
export interface Statement {
  readonly text: readonly string[]
  readonly values: readonly SqlValue[]
}

/** A row as drivers give it; big integers may come as text. */
export type Row = Readonly<Record<string, unknown>>

/** What differs between databases. */
export interface Dialect {
  readonly name: string
  readonly durable: boolean
  /** The table, quoted and qualified. */
  readonly table: string
  /** The database's time, milliseconds since the epoch; the same all through a statement. */
  now(): Statement
  /** The type of bytes. */
  readonly blob: 'BLOB' | 'bytea'
  /** Makes rivals pass over a row that somebody is taking. */
  readonly skipLocked: string
  /** Runs one statement, durably. */
  run(statement: Statement): Promise<readonly Row[]>
}

/** Puts a statement together; statements among the values become part of it. */
export function sql(parts: TemplateStringsArray, ...inner: (SqlValue | Statement)[]): Statement {
  const text = [parts[0] as string]
  const values: SqlValue[] = []
  for (const [index, value] of inner.entries()) {
    if (typeof value === 'object' && value !== null && 'text' in value) {
      const [first = '', ...others] = value.text
      text[text.length - 1] += first
      text.push(...others)
      values.push(...value.values)
    } else {
      values.push(value)
      text.push('')
    }
    text[text.length - 1] += parts[index + 1] as string
  }
  return { text, values }
}

/** Text that is part of a statement as it stands. Never anything from outside. */
export const raw = (text: string): Statement => ({ text: [text], values: [] })

/** Makes a store of a database: every operation is one statement, which is atomic by itself. */
export function sqlStore({ name, durable, table, now, blob, skipLocked, run }: Dialect): OutboxStore {
  const entries = raw(table)
  const int = (value: number): Statement => sql`CAST(${Math.round(value)} AS bigint)`
  const text = (value: string | null): Statement => sql`CAST(${value} AS text)`
  const open = raw(`state IN ('pending', 'sending')`)
  const availableAt = raw(`CASE c.state WHEN 'pending' THEN c.due_at ELSE c.lease_until END`)
  const isFirstOfLane = sql`(c.lane IS NULL OR NOT EXISTS (
    SELECT 1 FROM ${entries} e WHERE e.lane = c.lane AND e.seq < c.seq AND e.state IN ('pending', 'sending', 'unknown')))`

  async function one(statement: Statement): Promise<Entry | undefined> {
    const [row] = await run(statement)
    return row && toEntry(row)
  }
  const find = (id: string): Promise<Entry | undefined> => one(sql`SELECT * FROM ${entries} WHERE id = ${text(id)}`)

  return {
    name,
    durable,
    async add(entry, maxOpen) {
      const { id, lane = null, key, fingerprint, method, url, headers, body = null } = entry
      const values = sql`${text(id)}, ${text(lane)}, ${text(key)}, ${text(fingerprint)}, ${text(method)}, ${text(url)}, ${text(JSON.stringify(headers))}, CAST(${body} AS ${raw(blob)})`
      const added = await one(sql`
        INSERT INTO ${entries} (id, lane, key, fingerprint, method, url, headers, body, state, attempts, due_at, created_at)
        SELECT ${values}, 'pending', 0, ${now()}, ${now()} WHERE (SELECT count(*) FROM ${entries} WHERE ${open}) < ${int(maxOpen)}
        ON CONFLICT (id) DO NOTHING RETURNING *`)
      if (added !== undefined) return { entry: added, isNew: true }
      const known = await find(id)
      return known === undefined ? 'full' : { entry: known, isNew: false }
    },
    take({ owner, leaseMs, keyLifetimeMs, freshKey, id }) {
      const isTooOld = sql`(first_sent_at IS NOT NULL AND first_sent_at + ${int(keyLifetimeMs)} <= ${now()})`
      const isStale = sql`(first_sent_at IS NULL AND created_at + ${int(keyLifetimeMs)} <= ${now()})`
      const choose = (then: Statement, otherwise: Statement): Statement => sql`CASE WHEN ${isTooOld} THEN ${then} ELSE ${otherwise} END`
      return one(sql`
        UPDATE ${entries} SET
          state = ${choose(raw(`'unknown'`), raw(`'sending'`))},
          attempts = attempts + ${choose(raw('0'), raw('1'))},
          key = CASE WHEN ${isStale} THEN ${text(freshKey)} ELSE key END,
          first_sent_at = COALESCE(first_sent_at, ${now()}),
          owner = ${choose(raw('NULL'), text(owner))},
          lease_until = ${choose(raw('NULL'), sql`${now()} + ${int(leaseMs)}`)},
          settled_at = ${choose(now(), raw('settled_at'))},
          result = ${choose(text(JSON.stringify({ error: keyTooOld })), raw('result'))}
        WHERE seq = (
          SELECT c.seq FROM ${entries} c
          WHERE c.${open} AND ${availableAt} <= ${now()} AND ${isFirstOfLane} ${id === undefined ? raw('') : sql`AND c.id = ${text(id)}`}
          ORDER BY c.seq LIMIT 1 ${raw(skipLocked)})
        RETURNING *`)
    },
    async renew(id, owner, leaseMs) {
      const rows = await run(sql`
        UPDATE ${entries} SET lease_until = ${now()} + ${int(leaseMs)} WHERE id = ${text(id)} AND owner = ${text(owner)} AND state = 'sending' RETURNING id`)
      return rows.length > 0
    },
    settle(id, owner, settlement) {
      const when = settlement.state === 'pending' ? sql`due_at = ${now()} + ${int(settlement.waitMs)}` : sql`settled_at = ${now()}`
      return one(sql`
        UPDATE ${entries} SET state = ${text(settlement.state)}, result = ${text(JSON.stringify(settlement.result))}, owner = NULL, lease_until = NULL, ${when}
        WHERE id = ${text(id)} AND owner = ${text(owner)} AND state = 'sending' RETURNING *`)
    },
    retry: (id, freshKey) =>
      one(sql`
        UPDATE ${entries} SET state = 'pending', due_at = ${now()}, settled_at = NULL, result = NULL,
          key = CASE state WHEN 'dead' THEN ${text(freshKey)} ELSE key END,
          attempts = CASE state WHEN 'dead' THEN 0 ELSE attempts END,
          first_sent_at = CASE state WHEN 'dead' THEN NULL ELSE ${now()} END,
          created_at = CASE state WHEN 'dead' THEN ${now()} ELSE created_at END
        WHERE id = ${text(id)} AND state IN ('dead', 'unknown') RETURNING *`),
    forget: async (id) =>
      (await run(sql`DELETE FROM ${entries} WHERE id = ${text(id)} AND state IN ('done', 'dead', 'unknown') RETURNING id`)).length > 0,
    find,
    list: async ({ state, limit }) =>
      (
        await run(
          sql`SELECT * FROM ${entries} ${state === undefined ? raw('') : sql`WHERE state = ${text(state)}`} ORDER BY seq LIMIT ${int(limit)}`,
        )
      ).map((row) => toEntry(row)),
    async nextDueMs() {
      const [row] = await run(sql`SELECT min(${availableAt}) - ${now()} AS due FROM ${entries} c WHERE c.${open} AND ${isFirstOfLane}`)
      return row?.['due'] === null || row === undefined ? undefined : Number(row['due'])
    },
    prune: async (doneForMs) =>
      (await run(sql`DELETE FROM ${entries} WHERE state = 'done' AND settled_at + ${int(doneForMs)} <= ${now()} RETURNING id`)).length,
  }
}

function toEntry(row: Row): Entry {
  const number = (name: string): number | undefined => (row[name] === null ? undefined : Number(row[name]))
  const body = row['body'] as Uint8Array | null
  return {
    id: row['id'] as string,
    lane: (row['lane'] as string | null) ?? undefined,
    seq: Number(row['seq']),
    key: row['key'] as string,
    fingerprint: row['fingerprint'] as string,
    method: row['method'] as string,
    url: row['url'] as string,
    headers: JSON.parse(row['headers'] as string) as Entry['headers'],
    body: body === null ? undefined : new Uint8Array(body),
    state: row['state'] as EntryState,
    attempts: Number(row['attempts']),
    dueAt: Number(row['due_at']),
    owner: (row['owner'] as string | null) ?? undefined,
    leaseUntil: number('lease_until'),
    firstSentAt: number('first_sent_at'),
    createdAt: Number(row['created_at']),
    settledAt: number('settled_at'),
    result: row['result'] === null ? undefined : (JSON.parse(row['result'] as string) as EntryResult),
  }
}
