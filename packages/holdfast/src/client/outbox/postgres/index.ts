import { configurationError, storeUnavailable } from '../../../core/index.ts'
import { raw, sqlStore } from '../sql-store.ts'
import type { Row } from '../sql-store.ts'
import type { OutboxStore } from '../store.ts'

/** The slice of a driver that is used. A `pg.Pool` is one. */
export interface OutboxQueries {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>
}

/** How a Postgres outbox is kept. */
export interface PostgresOutboxOptions {
  /** With or without a schema. @default 'holdfast_outbox' */
  readonly table?: string
}

// One for the whole statement: clock_timestamp() moves within it, and a transaction of the caller's would hold now() back.
const time = raw('CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)')

/**
 * Keeps entries in a Postgres database, for any number of processes. Its tables are made when it is first used. Entries are as durable as
 * commits are: leave `synchronous_commit` on.
 *
 * @throws HoldfastError `configuration-invalid`; operations reject with `store-unavailable`
 * @example
 * const store = postgresOutbox(new pg.Pool({ connectionString }))
 */
export function postgresOutbox(pool: OutboxQueries, { table = 'holdfast_outbox' }: PostgresOutboxOptions = {}): OutboxStore {
  if (!/^([A-Za-z_]\w{0,40}\.)?[A-Za-z_]\w{0,40}$/.test(table))
    throw configurationError(`table: expected a name of letters, digits and _, with or without a schema, got ${JSON.stringify(table)}`)
  const name = table.replaceAll(/\w+/g, '"$&"')
  let ready: Promise<unknown> | undefined

  async function query(text: string, values?: unknown[]): Promise<Row[]> {
    try {
      return (await pool.query(text, values)).rows
    } catch (error) {
      throw storeUnavailable('Postgres did not do what the outbox asked', error)
    }
  }

  /** Any number of processes may start at once; a lock keeps them from making the same table. */
  function prepare(): Promise<unknown> {
    ready ??= query(`
      DO $$ BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('holdfast/outbox/${table}', 0));
        CREATE TABLE IF NOT EXISTS ${name} (
          seq bigserial PRIMARY KEY, id text COLLATE "C" NOT NULL UNIQUE, lane text COLLATE "C", key text NOT NULL, fingerprint text NOT NULL,
          method text NOT NULL, url text NOT NULL, headers text NOT NULL, body bytea, state text COLLATE "C" NOT NULL, attempts integer NOT NULL,
          due_at bigint NOT NULL, owner text, lease_until bigint, first_sent_at bigint, created_at bigint NOT NULL, settled_at bigint, result text);
        CREATE INDEX IF NOT EXISTS "${table.replace(/^.*\./, '')}_open" ON ${name} (lane, seq) WHERE state IN ('pending', 'sending', 'unknown');
      END $$`).catch((error: unknown) => {
      ready = undefined
      throw error
    })
    return ready
  }

  return sqlStore({
    name: 'postgres',
    durable: true,
    table: name,
    now: () => time,
    blob: 'bytea',
    skipLocked: 'FOR UPDATE OF c SKIP LOCKED',
    async run({ text, values }) {
      await prepare()
      const joined = text.reduce((before, part, index) => `${before}$${index}${part}`)
      return query(joined, [...values])
    },
  })
}
