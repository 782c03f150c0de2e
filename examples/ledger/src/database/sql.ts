import type { Sql } from 'holdfast/concurrency/sql'
import type { Database, Value } from './database.ts'

/** The ledger's database as Holdfast's helpers for conditional writes take it. */
export function asSql(database: Database): Sql {
  return {
    dialect: database.forUpdate === '' ? 'sqlite' : 'postgres',
    query: (text, values) => database.query(text, values as readonly Value[]),
  }
}
