import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import postgresJs from 'postgres'
import { isHoldfastError } from '../../src/core/errors.ts'
import type { Claim } from '../../src/idempotency/record.ts'
import type { IdempotencyStore, TransactionVerdict } from '../../src/idempotency/store.ts'
import { fromPostgresJs } from '../../src/stores/postgres/index.ts'
import type { PostgresClient, PostgresPool } from '../../src/stores/postgres/index.ts'

/** A pool of either driver, and how to end it. */
export interface Opened {
  readonly pool: PostgresPool
  end(): Promise<void>
}

/** The drivers every promise is tested with. */
export const drivers: readonly { readonly driver: string; open(url: string, max?: number): Opened }[] = [
  {
    driver: 'pg',
    open: (url, max = 20) => {
      const pool = new pg.Pool({ connectionString: url, max })
      return { pool, end: () => pool.end() }
    },
  },
  {
    driver: 'postgres.js',
    open: (url, max = 20) => {
      const sql = postgresJs(url, { max, onnotice: () => {}, backoff: () => 0.05 })
      return { pool: fromPostgresJs(sql), end: () => sql.end({ timeout: 1 }) }
    },
  },
]

const hourMs = 3_600_000

export function newId(): string {
  return randomBytes(16).toString('hex')
}

export function claimOf(id: string, change: Partial<Claim> = {}): Claim {
  return {
    id,
    scope: 'account',
    fingerprint: 'same call',
    owner: newId(),
    leaseMs: hourMs,
    onOrphan: 'unknown',
    unknownRetentionMs: 720 * hourMs,
    retentionMs: 24 * hourMs,
    ...change,
  }
}

/** What a handler's transaction ends with when it commits. */
export const committing = { commit: Buffer.from('the answer'), retentionMs: 24 * hourMs }

/** A table of effects: one row for each time a handler's transaction was committed. */
export async function makeEffects(
  pool: PostgresPool,
  table: string,
): Promise<{
  add(transaction: unknown, key: string): Promise<void>
  count(key?: string): Promise<number>
}> {
  await pool.query(`CREATE TABLE ${table} (key text)`)
  return {
    add: async (transaction, key) => void (await (transaction as PostgresClient).query(`INSERT INTO ${table} VALUES ($1)`, [key])),
    count: async (key) => {
      const where = key === undefined ? 'true' : `key = '${key}'`
      const { rows } = await pool.query(`SELECT count(*)::int AS count FROM ${table} WHERE ${where}`)
      return rows[0]?.['count'] as number
    },
  }
}

/** Sends a call again and again, as a client does, until it has an answer. */
export async function callUntilAnswered(
  store: IdempotencyStore,
  id: string,
  body: Parameters<NonNullable<IdempotencyStore['transact']>>[1],
): Promise<TransactionVerdict> {
  for (;;) {
    try {
      const verdict = await store.transact?.(claimOf(id), body)
      if (verdict?.kind === 'committed' || verdict?.kind === 'done') return verdict
    } catch (error) {
      if (!isHoldfastError(error) || error.code !== 'store-unavailable') throw error
    }
    await sleep(5 + Math.random() * 20)
  }
}
