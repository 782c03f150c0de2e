import { storeUnavailable, systemClock, withTimeout } from 'holdfast'
import { postgres } from 'holdfast/postgres'
import pg from 'pg'
import type { Database, LedgerDatabase, Row } from './database.ts'
import { clearTables, createTables, postgresDialect } from './schema.ts'

/** How long a read may take. A server that hangs must not make its callers hang. */
const readTimeoutMs = 5000

/** Any number nobody else uses: the lock under which one of several processes makes the tables. */
const schemaLock = '7161094330'

interface Client {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
}

/** The ledger in a Postgres database, for any number of processes. */
export async function openPostgres(connectionString: string): Promise<LedgerDatabase> {
  const pool = new pg.Pool({ connectionString, max: 20, connectionTimeoutMillis: 3000 })
  // Without a listener a connection that breaks while idle would end the process; the pool replaces it.
  pool.on('error', (error) => console.error(`lost a connection to Postgres: ${error.message}`))
  const store = postgres(pool)
  await store.migrate()
  const database: LedgerDatabase = {
    store,
    transaction: (call) => overPostgres(store.transaction(call)),
    read: overPostgres({ query: (text, values) => withTimeout(systemClock, readTimeoutMs, pool.query(text, values), tooLate) }),
    write: (body) => transaction(pool, body),
    clear: () => database.write((writer) => clearTables(writer, postgresDialect)),
    close: async () => {
      await store.close()
      await pool.end()
    },
  }
  await database.write(async (writer) => {
    await writer.query(`SELECT pg_advisory_xact_lock(${schemaLock})`)
    // CREATE INDEX IF NOT EXISTS keeps writers off its table before it looks: a process that starts under load would wait for running
    // transfers, which wait for it.
    await createTables(writer, postgresDialect, async (name) => {
      const [found] = await writer.query('SELECT to_regclass($1) AS name', [name])
      return found?.['name'] !== null
    })
  })
  return database
}

function overPostgres(client: Client): Database {
  return {
    dialect: 'postgres',
    forUpdate: 'FOR UPDATE',
    async query(sql, values = []) {
      try {
        return (await client.query(sql, [...values])).rows as Row[]
      } catch (error) {
        throw isOutage(error) ? storeUnavailable('Postgres did not answer', error) : error
      }
    },
  }
}

const tooLate = (): Error => new Error(`no answer within ${readTimeoutMs} ms`)

/** An error is the server's verdict on the statement if it has an SQLSTATE, save those that say it cannot work now. */
function isOutage(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || /^(?:08|53|57)/.test(code)
}

async function transaction<T>(pool: pg.Pool, body: (database: Database) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('BEGIN')
    const result = await body(overPostgres(client))
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch((lost: Error) => (broken = lost))
    throw error
  } finally {
    client.release(broken)
  }
}
