import { configurationError } from '../../core/errors.ts'
import type { PooledClient, PostgresClient, PostgresPool, PostgresResult } from './driver.ts'

/** A query of postgres.js, once sent. */
type PostgresJsQuery = PromiseLike<unknown>

/** What Holdfast uses of a `sql` of postgres.js. */
export interface PostgresJsQueries {
  // postgres.js types its parameters by the user's own type map, which no slice can name: `never` is accepted by all of them.
  unsafe(text: string, values?: never[], options?: { prepare?: boolean }): PostgresJsQuery
}

/** What Holdfast uses of postgres.js: the `sql` that `postgres(url)` returns. */
export interface PostgresJs<Reserved extends PostgresJsQueries = PostgresJsQueries> extends PostgresJsQueries {
  readonly options?: { readonly fetch_types?: boolean }
  reserve(): Promise<Reserved & { release(): void }>
}

/** The transaction of a handler under postgres.js: `sql` is the connection's own, for tagged templates. */
export interface PostgresJsClient<Sql = PostgresJsQueries> extends PostgresClient {
  readonly sql: Sql
}

/**
 * What postgres.js hands to `onexecute`, an option its own `sql.begin` is made with. It is the only way to learn that a reserved connection
 * was closed: postgres.js connects it again by itself, and what a handler sends then would run outside any transaction.
 */
interface Connection {
  onclose?: ((error: unknown) => void) | null
  terminate?: () => void
}

/**
 * Makes postgres.js fit where a pool is expected. Handlers get a client with `query(text, values)`, and `sql` for tagged templates.
 * Prefer `pg` where a server may go at any moment: postgres.js 3.4 rejects a promise that nobody holds, which ends a process, when it
 * loses a connection that is just reading the server's types.
 *
 * @example
 * import postgresJs from 'postgres'
 * const store = postgres(fromPostgresJs(postgresJs('postgres://localhost/ledger')))
 * const { sql } = store.transaction<PostgresJsClient<postgresJs.ReservedSql>>()
 * await sql`UPDATE accounts SET balance = balance - ${amount} WHERE id = ${id}`
 */
export function fromPostgresJs<Reserved extends PostgresJsQueries>(sql: PostgresJs<Reserved>): PostgresPool {
  // reserve() never resolves on a connection it has to open, unless that goes on to fetch types (porsager/postgres issues 751 and 1219).
  if (sql.options?.fetch_types === false)
    throw configurationError('fromPostgresJs needs fetch_types: true, the default of postgres.js; without it sql.reserve() waits for ever')
  return {
    query: (text, values) => run(sql, text, values),
    connect: async () => new ReservedClient(await reserve(sql)),
  }
}

/**
 * Asks again while nothing comes. When a connection closes, postgres.js opens it anew for the first who waits, but does not tell whoever
 * waits in `reserve()` (3.4.9, `onclose`): that one would wait for ever, while the connection stands idle.
 */
function reserve<Reserved>(sql: { reserve(): Promise<Reserved & { release(): void }> }): Promise<Reserved & { release(): void }> {
  return new Promise((resolve, reject) => {
    let isSettled = false
    let timer: NodeJS.Timeout | undefined
    const settle = (): void => {
      isSettled = true
      clearTimeout(timer)
    }
    const ask = (patienceMs: number): void => {
      if (patienceMs < longestPatienceMs) timer = setTimeout(() => ask(patienceMs * 2), patienceMs)
      sql.reserve().then(
        (reserved) => {
          if (isSettled) return reserved.release()
          settle()
          resolve(reserved)
        },
        (error: unknown) => {
          settle()
          reject(error as Error)
        },
      )
    }
    ask(firstPatienceMs)
  })
}

// Longer than opening a connection takes, shorter than a caller notices.
const firstPatienceMs = 250
// By then every caller has given up.
const longestPatienceMs = 60_000

class ReservedClient<Sql extends PostgresJsQueries> implements PooledClient, PostgresJsClient<Sql> {
  readonly sql: Sql & { release(): void }
  #connection: Connection | undefined
  #lost: Error | undefined
  #isReleased = false

  constructor(sql: Sql & { release(): void }) {
    this.sql = sql
  }

  async query(text: string, values?: unknown[]): Promise<PostgresResult> {
    if (this.#lost !== undefined) throw this.#lost
    return run(this.sql, text, values, { onexecute: (connection: Connection) => this.#meet(connection) })
  }

  release(error?: Error | boolean): void {
    if (this.#isReleased) return
    this.#isReleased = true
    const isLost = this.#lost !== undefined
    const connection = this.#connection
    if (connection !== undefined) connection.onclose = null
    this.#lost ??= toLost()
    // A closed connection is back in its pool by itself; releasing it again would hand it out closed.
    if (isLost) return
    if (error === undefined || error === false) this.sql.release()
    else connection?.terminate?.()
  }

  #meet(connection: Connection): true {
    if (this.#connection === undefined) {
      this.#connection = connection
      connection.onclose = () => (this.#lost ??= toLost())
    }
    return true
  }
}

function toLost(): Error {
  return Object.assign(new Error('Connection terminated'), { code: 'CONNECTION_CLOSED' })
}

async function run(sql: PostgresJsQueries, text: string, values: unknown[] = [], options: object = {}): Promise<PostgresResult> {
  // Without prepare, postgres.js asks for the types of the values each time, and waits for them.
  const result = await sql.unsafe(text, values as never[], { ...options, ...(values.length > 0 && { prepare: true }) })
  return toResult(result)
}

/** One statement answers with a list of rows, several with a list of such lists; both are marked by `command`. */
function toResult(result: unknown): PostgresResult {
  const list = result as Record<string, unknown>[] & { command?: unknown }
  if ('command' in list) return { rows: [...list] }
  return list.map((one) => toResult(one)) as unknown as PostgresResult
}
