import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { memory } from 'holdfast/memory'
import { sqlite } from 'holdfast/sqlite'
import type { Transfer } from './handler.ts'
import type { Opened } from './open.ts'

export const createTransfers =
  'CREATE TABLE IF NOT EXISTS transfers (id TEXT PRIMARY KEY, "from" TEXT NOT NULL, "to" TEXT NOT NULL, amount INTEGER NOT NULL) WITHOUT ROWID'
export const insertTransfer = 'INSERT INTO transfers (id, "from", "to", amount) VALUES (?, ?, ?, ?)'

/** A transfer that is a row in SQLite: exactly once and durable, or the bare handler, which commits each row and never syncs. */
export async function openSqlite(file: string, isBare: boolean, onRun: () => void): Promise<Opened> {
  return isBare ? openBare(file, onRun) : openDurable(file, onRun)
}

function openBare(file: string, onRun: () => void): Opened {
  const database = new DatabaseSync(file)
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF')
  database.exec(createTransfers)
  const insert = database.prepare(insertTransfer)
  const handler = (transfer: Transfer): Transfer & { id: string } => {
    onRun()
    const id = randomUUID()
    insert.run(id, transfer.from, transfer.to, transfer.amount)
    return { id, ...transfer }
  }
  return { store: memory(), handler, guarantee: 'at-most-once' }
}

async function openDurable(file: string, onRun: () => void): Promise<Opened> {
  const store = sqlite(file)
  await store.write((database) => database.exec(createTransfers))
  const handler = (transfer: Transfer): Transfer & { id: string } => {
    onRun()
    const id = randomUUID()
    store.transaction().prepare(insertTransfer).run(id, transfer.from, transfer.to, transfer.amount)
    return { id, ...transfer }
  }
  return { store, handler, guarantee: 'exactly-once' }
}
