import type { RowsReader } from '../reader.ts'
import { toTemplate } from '../sql/fragment.ts'
import type { SqlList, SqlRow } from '../sql/reader.ts'

/** The part of Kysely's `sql` that is used. */
export interface KyselySql {
  (strings: TemplateStringsArray, ...values: unknown[]): { execute(db: never): Promise<{ readonly rows: unknown[] }> }
}

/** The part of a query builder that is used: `db.selectFrom(...).select(...)`. */
export interface KyselyQuery<Row> {
  execute(): Promise<Row[]>
}

/**
 * Reads pages of a Kysely query. The query selects the sort keys, and has neither `orderBy` nor `limit`.
 *
 * @param sql Kysely's own, so that Holdfast needs no copy of it
 * @example
 * const query = db.selectFrom('transfers').select(['id', 'created_at']).where('account', '=', account)
 * const rows = await pageOf().read(kyselyReader(transfers, { sql, db, query }))
 */
export function kyselyReader<Row>(
  list: SqlList,
  { sql, db, query }: { sql: KyselySql; db: unknown; query: KyselyQuery<Row> },
): RowsReader<Row> {
  return list.over<Row>(async (fragment) => {
    const { strings, values } = toTemplate(fragment, query)
    return (await sql(strings, ...values).execute(db as never)).rows as SqlRow[]
  })
}
