import { createHash } from 'node:crypto'
import type { LedgerDatabase } from './database.ts'

/** Opens `memory:`, `sqlite:PATH` or `postgres://…`. Only the driver asked for is loaded. */
export async function openDatabase(url: string): Promise<LedgerDatabase> {
  if (url.startsWith('postgres')) return (await import('./postgres.ts')).openPostgres(url)
  const { openSqlite } = await import('./sqlite.ts')
  return openSqlite(url === 'memory:' ? ':memory:' : url.slice('sqlite:'.length))
}

/**
 * Keys are stored under their HMAC: a process with another secret would not find a key that was used, and run the call
 * again. So the database remembers which secret it belongs to.
 */
export async function assertSameSecret(database: LedgerDatabase, secret: string): Promise<void> {
  const hash = createHash('sha256').update(`ledger secret ${secret}`).digest('hex')
  const [row] = await database.write(async (writer) => {
    await writer.query(`INSERT INTO settings (name, value) VALUES ('secret', $1) ON CONFLICT (name) DO NOTHING`, [hash])
    return writer.query(`SELECT value FROM settings WHERE name = 'secret'`)
  })
  if (row?.['value'] === hash) return
  throw new Error(
    'this database was used with another secret, so retries of earlier calls would run twice. ' +
      'Start in the directory whose .holdfast/secret it was used with, or set HOLDFAST_SECRET to it.',
  )
}
