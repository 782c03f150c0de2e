/** One row, by column. */
export type SqlRow = Readonly<Record<string, unknown>>

/** A place for statements: a connection, and inside a transaction that transaction's. Text has `$1`, `$2` for values. */
export interface Sql {
  readonly dialect: 'postgres' | 'sqlite'
  query(text: string, values: readonly unknown[]): Promise<readonly SqlRow[]>
}

/** The slice of a Postgres client that is used. `pg`'s `Client`, `PoolClient` and `Pool` are one, and so is what `store.transaction()` gives. */
export interface PostgresQueries {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

/** The slice of a SQLite database that is used. `DatabaseSync` of node:sqlite is one, better-sqlite3's `Database` is one, and so is what `store.transaction()` gives. */
export interface SqliteQueries {
  prepare(sql: string): { all(...values: never[]): unknown[] }
}

/**
 * Statements over a Postgres connection.
 *
 * @example
 * const sql = fromPostgres(store.transaction())
 */
export function fromPostgres(client: PostgresQueries): Sql {
  return {
    dialect: 'postgres',
    query: async (text, values) => (await client.query(text, [...values])).rows as SqlRow[],
  }
}

/**
 * Statements over a SQLite database.
 *
 * @example
 * const sql = fromSqlite(store.transaction())
 */
export function fromSqlite(database: SqliteQueries): Sql {
  return {
    dialect: 'sqlite',
    async query(text, values) {
      const inOrder: unknown[] = []
      // Drivers disagree about numbered values, and agree about question marks.
      const marked = text.replace(/\$(\d+)/g, (_mark, place: string) => {
        inOrder.push(values[Number(place) - 1])
        return '?'
      })
      return database.prepare(marked).all(...(inOrder as never[])) as SqlRow[]
    },
  }
}

const name = /^[A-Za-z_][\w$]*(?:\.[A-Za-z_][\w$]*)?$/

/** An identifier in quotes. Names come from code, not from callers; one with a quote in it is a mistake all the same. */
export function quoted(identifier: string): string {
  if (!name.test(identifier)) throw new TypeError(`expected the name of a table or column, got ${JSON.stringify(identifier)}`)
  return identifier
    .split('.')
    .map((part) => `"${part}"`)
    .join('.')
}

/** Collects the values of one statement. */
export class Values {
  readonly list: unknown[] = []

  /** Adds a value; gives its mark. */
  add(value: unknown): string {
    this.list.push(value)
    return `$${this.list.length}`
  }
}
