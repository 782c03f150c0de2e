import type { DatabaseSync } from 'node:sqlite'
import { Kysely, PostgresDialect, SqliteDialect } from 'kysely'
import type { Dialect } from 'kysely'
import { PostgresPaginationDialect, SqlitePaginationDialect, createPaginator } from 'kysely-cursor'
import type { Pool } from 'pg'
import { account } from '../database/place.ts'
import { columns, sorts } from '../database/rows.ts'
import type { Subject } from './subject.ts'

interface Tables {
  readonly wallets: Record<(typeof columns)[number] | 'account', string>
}

/** kysely-cursor with its own codec, on `pg` with its own types. */
export const kyselyOnPostgres = (pool: Pool): Subject => kyselyCursor(new PostgresDialect({ pool }), PostgresPaginationDialect)

/** The same on node:sqlite. */
export function kyselyOnSqlite(database: DatabaseSync): Subject {
  const prepare = (text: string) => {
    const statement = database.prepare(text)
    return {
      reader: true,
      all: (values: readonly unknown[]) => statement.all(...(values as string[])),
      run: (values: readonly unknown[]) => statement.run(...(values as string[])),
      iterate: (values: readonly unknown[]) => statement.iterate(...(values as string[])),
    }
  }
  return kyselyCursor(new SqliteDialect({ database: { close: () => database.close(), prepare } }), SqlitePaginationDialect)
}

function kyselyCursor(dialect: Dialect, pagination: typeof PostgresPaginationDialect): Subject {
  const db = new Kysely<Tables>({ dialect })
  const paginator = createPaginator({ dialect: pagination })
  return {
    name: 'kysely-cursor',
    // It knows no other way.
    nulls: 'first',
    pages(sort) {
      const terms = (sorts.get(sort) ?? []).map(({ column, descending }) => ({ col: column, dir: descending ? 'desc' : 'asc' }) as const)
      return async ({ cursor, limit }) => {
        // A walk goes to the end, and then back: the cursor says itself which way it leads.
        const isBack = cursor?.startsWith('prev ') ?? false
        const token = cursor?.slice(5)
        const page = await paginator.paginate({
          query: db.selectFrom('wallets').select(columns).where('account', '=', account),
          sorts: terms as never,
          limit,
          ...(token !== undefined && { cursor: isBack ? { prevPage: token } : { nextPage: token } }),
        })
        return {
          ids: page.items.map((item: Readonly<Record<string, unknown>>) => item['id'] as string),
          next: page.hasNextPage && page.nextPage !== undefined ? `next ${page.nextPage}` : undefined,
          prev: page.hasPrevPage && page.prevPage !== undefined ? `prev ${page.prevPage}` : undefined,
        }
      }
    },
  }
}
