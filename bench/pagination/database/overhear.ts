import type { DatabaseSync } from 'node:sqlite'
import type { Pool } from 'pg'

/** A statement as a library sent it. */
export interface Overheard {
  readonly text: string
  readonly values: readonly unknown[]
}

/** Gives the last statement that went through a pool. Call before its first connection. */
export function overhearPostgres(pool: Pool): () => Overheard {
  let last: Overheard | undefined
  pool.on('connect', (client) => {
    const send = client.query.bind(client) as (...args: unknown[]) => unknown
    const query = (...args: unknown[]): unknown => {
      const [statement, values] = args as [string | { readonly text: string; readonly values?: unknown[] }, unknown]
      const text = typeof statement === 'string' ? statement : statement.text
      const bound = typeof statement === 'string' ? values : (statement.values ?? values)
      last = { text, values: Array.isArray(bound) ? bound : [] }
      return send(...args)
    }
    client.query = query as never
  })
  return () => last as Overheard
}

/** The same of a SQLite connection. */
export function overhearSqlite(database: DatabaseSync): () => Overheard {
  let last: Overheard | undefined
  const prepare = database.prepare.bind(database)
  database.prepare = (text) => {
    const statement = prepare(text)
    const all = statement.all.bind(statement) as (...values: unknown[]) => never
    statement.all = (...values: unknown[]) => {
      last = { text, values }
      return all(...values)
    }
    return statement
  }
  return () => last as Overheard
}
