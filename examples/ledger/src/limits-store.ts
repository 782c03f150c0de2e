import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Store } from 'holdfast'
import type { LimitStore } from 'holdfast/rate-limit'
import type { LedgerDatabase } from './database/database.ts'
import { reasonOf } from './reason.ts'

/** Where limits are kept, and how to be rid of it. */
export interface LimitsStore {
  readonly store: Store
  close(): Promise<void>
}

/**
 * Opens `memory:`, `sqlite:PATH`, `postgres://…` or `redis://…` for limits. Only the driver asked for is loaded. A server that is away at the start is
 * refused, since it may be mistyped; one that goes away later is not missed (see `limiting` in app.ts).
 */
export async function openLimitsStore(url: string, storeUrl: string, database: LedgerDatabase): Promise<LimitsStore> {
  if (url === 'memory:') {
    const store = (await import('holdfast/memory')).memory()
    return { store, close: () => store.close() }
  }
  if (url.startsWith('postgres')) return openPostgres(url)
  if (url.startsWith('redis')) return (await import('./redis-limits.ts')).openRedis(url)
  if (url === storeUrl) return { store: database.store, close: async () => {} }
  const path = url.slice('sqlite:'.length)
  await mkdir(dirname(path), { recursive: true })
  const store = (await import('holdfast/sqlite')).sqlite(path)
  await store.limits.collect?.(1)
  return { store, close: () => store.close() }
}

const connections = 5

/** Tries a store out. */
export const atStart: Parameters<LimitStore['take']>[0] = [
  {
    owner: 'start',
    counter: 'start',
    meter: { kind: 'bucket', rate: 1, unit: 1, burst: 1000, capacity: 1000, ceiling: 1000 },
    cost: 1,
    shadow: false,
  },
]

/** With connections of its own, also beside a ledger in the same database: a call must not wait for transactions only to be counted. */
async function openPostgres(connectionString: string): Promise<LimitsStore> {
  const [{ default: pg }, { postgres }] = await Promise.all([import('pg'), import('holdfast/postgres')])
  const pool = new pg.Pool({ connectionString, max: connections, idleTimeoutMillis: 0, connectionTimeoutMillis: 3000 })
  // Without a listener a connection that breaks while idle would end the process.
  pool.on('error', () => {})
  const store = postgres(pool)
  const close = async (): Promise<void> => {
    await store.close()
    await pool.end()
  }
  try {
    await store.migrate()
    // To connect, and to plan the first take of a connection, may take longer than a call may wait for its limits.
    await Promise.all(Array.from({ length: connections }, async () => store.limits.take(atStart)))
  } catch (error) {
    await close()
    throw notThere(withoutPassword(connectionString), error)
  }
  return { store, close }
}

/** A start that failed because of where limits are kept. Shows no password. */
export function notThere(where: string, cause: unknown): Error {
  return new Error(`limits cannot be kept at ${where}: ${reasonOf(cause)}`, { cause })
}

/** A URL that may be shown. */
export function withoutPassword(text: string): string {
  return text.replace(/:[^:@/]*@/, ':***@')
}
