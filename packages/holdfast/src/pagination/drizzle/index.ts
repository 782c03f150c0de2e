import type { RowsReader } from '../reader.ts'
import { toTemplate } from '../sql/fragment.ts'
import type { SqlList, SqlRow } from '../sql/reader.ts'

/** The part of Drizzle's `sql` that is used. */
export type DrizzleSql<Statement> = (strings: TemplateStringsArray, ...values: unknown[]) => Statement

/**
 * Reads pages of a Drizzle query. The query selects the sort keys, and has neither `orderBy` nor `limit`.
 *
 * Rows have the names of the database's columns, and values as the driver gives them: what runs is a statement round your query, which Drizzle
 * does not decode.
 *
 * @param sql Drizzle's own, so that Holdfast needs no copy of it
 * @param run sends a statement: `(statement) => db.execute(statement)` on Postgres, `(statement) => db.all(statement)` on SQLite
 * @example
 * const query = db.select({ id: transfers.id, created_at: transfers.createdAt }).from(transfers).where(eq(transfers.account, account))
 * const rows = await pageOf().read(drizzleReader(list, { sql, query, run: (statement) => db.execute(statement) }))
 */
export function drizzleReader<Row, Statement>(
  list: SqlList,
  {
    sql,
    query,
    run,
  }: {
    readonly sql: DrizzleSql<Statement>
    readonly query: { getSQL(): unknown }
    readonly run: (statement: Statement) => PromiseLike<{ readonly rows: unknown[] } | unknown[]> | unknown[]
  },
): RowsReader<Row> {
  return list.over<Row>(async (fragment) => {
    const { strings, values } = toTemplate(fragment, query.getSQL())
    const result = await run(sql(strings, ...values))
    return (Array.isArray(result) ? result : (result as { readonly rows: unknown[] }).rows) as SqlRow[]
  })
}
