import { randomUUID } from 'node:crypto'
import { postgres } from 'holdfast/postgres'
import { Pool } from 'pg'
import type { PoolClient } from 'pg'
import type { Receipt, Transfer } from './handler.ts'
import type { Opened } from './open.ts'

const createTransfers =
  'CREATE TABLE IF NOT EXISTS transfers (id uuid PRIMARY KEY, "from" text NOT NULL, "to" text NOT NULL, amount integer NOT NULL)'
const insertTransfer = 'INSERT INTO transfers (id, "from", "to", amount) VALUES ($1, $2, $3, $4)'

/** A transfer that is a row in Postgres: exactly once, or the bare handler, whose row is in a transaction of its own. */
export async function openPostgres(url: string, isBare: boolean, onRun: () => void): Promise<Opened> {
  const pool = new Pool({ connectionString: url, max: 16 })
  let trips = 0
  pool.on('connect', (client) => countRoundTrips(client, () => trips++))
  await pool.query(createTransfers)
  const store = postgres(pool)
  await store.migrate()

  const insert = async (client: PoolClient, transfer: Transfer): Promise<Receipt> => {
    onRun()
    const id = randomUUID()
    await client.query(insertTransfer, [id, transfer.from, transfer.to, transfer.amount])
    return { id, ...transfer }
  }
  const inOwnTransaction = async (transfer: Transfer): Promise<Receipt> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      const receipt = await insert(client, transfer)
      await client.query('COMMIT')
      return receipt
    } finally {
      client.release()
    }
  }
  const inGivenTransaction = (transfer: Transfer): Promise<Receipt> => insert(store.transaction<PoolClient>(), transfer)
  return { store, handler: isBare ? inOwnTransaction : inGivenTransaction, guarantee: 'exactly-once', roundTrips: () => trips }
}

/** The server ends its answer to each message, or to several sent as one, by saying that it is ready. */
function countRoundTrips(client: PoolClient, onTrip: () => void): void {
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
  connection.on('readyForQuery', onTrip)
}
