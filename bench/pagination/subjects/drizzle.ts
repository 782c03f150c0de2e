import type { DatabaseSync } from 'node:sqlite'
import { and, eq } from 'drizzle-orm'
import type { AnyColumn, SQL } from 'drizzle-orm'
import { drizzle as overPostgres } from 'drizzle-orm/node-postgres'
import { bigint, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import { drizzle as overProxy } from 'drizzle-orm/sqlite-proxy'
import * as lite from 'drizzle-orm/sqlite-core'
import { generateCursor } from 'drizzle-cursor'
import type { Pool } from 'pg'
import { account } from '../database/place.ts'
import type { Nulls } from '../database/place.ts'
import { sorts } from '../database/rows.ts'
import type { Subject } from './subject.ts'

type Item = Record<string, unknown>
type Columns = Record<string, AnyColumn>
type Select = (where: SQL | undefined, order: readonly SQL[], limit: number) => Promise<readonly Item[]>

/** drizzle-cursor on `pg`, timestamps as Drizzle has them without an option. */
export function drizzleOnPostgres(pool: Pool): Subject {
  const table = pgTable('wallets', {
    account: text('account'),
    id: text('id'),
    created_at: timestamp('created_at', { withTimezone: true }),
    display_name: text('display_name'),
    nickname: text('nickname'),
    balance: bigint('balance', { mode: 'number' }),
    seq: bigint('seq', { mode: 'number' }),
  })
  const db = overPostgres(pool)
  const select: Select = (where, order, limit) =>
    db
      .select()
      .from(table)
      .where(where)
      .orderBy(...order)
      .limit(limit)
  return drizzleCursor(table as never, select, 'last')
}

/** The same on node:sqlite. */
export function drizzleOnSqlite(database: DatabaseSync): Subject {
  const table = lite.sqliteTable('wallets', {
    account: lite.text('account'),
    id: lite.text('id'),
    created_at: lite.integer('created_at'),
    display_name: lite.text('display_name'),
    nickname: lite.text('nickname'),
    balance: lite.integer('balance'),
    seq: lite.integer('seq'),
  })
  const db = overProxy(async (statement, values) => ({
    rows: database
      .prepare(statement)
      .all(...(values as string[]))
      .map((row) => Object.values(row)),
  }))
  const select: Select = (where, order, limit) =>
    db
      .select()
      .from(table)
      .where(where)
      .orderBy(...order)
      .limit(limit)
  return drizzleCursor(table as never, select, 'first')
}

const isDate = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/

function drizzleCursor(table: Columns, select: Select, nulls: Nulls): Subject {
  // Tokens are JSON, which has no dates: they are made again by the option that is there for it.
  const parser = (json: string): unknown =>
    JSON.parse(json, (_name, value: unknown) => (typeof value === 'string' && isDate.test(value) ? new Date(value) : value))
  return {
    name: 'drizzle-cursor',
    nulls,
    pages(sort) {
      const keys = (sorts.get(sort) ?? []).map(({ column, descending }) => ({
        key: column,
        order: descending ? ('DESC' as const) : ('ASC' as const),
        schema: table[column] as AnyColumn,
      }))
      const cursors = generateCursor({ cursors: keys.slice(0, -1), primaryCursor: keys.at(-1) as (typeof keys)[number] }, { parser })
      return async ({ cursor, limit }) => {
        const where = and(eq(table['account'] as AnyColumn, account), cursors.where(cursor))
        const found = await select(where, cursors.orderBy, limit + 1)
        const items = found.slice(0, limit)
        return {
          ids: items.map((item) => item['id'] as string),
          next: found.length > limit ? (cursors.serialize(items.at(-1)) ?? undefined) : undefined,
          // It leads forward only.
          prev: undefined,
        }
      }
    },
  }
}
