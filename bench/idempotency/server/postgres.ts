import { hash, randomUUID } from 'node:crypto'
import { postgres } from 'holdfast/postgres'
import { Pool } from 'pg'
import type { PoolClient } from 'pg'
import type { Receipt, Transfer } from './handler.ts'
import type { Opened } from './open.ts'
import type { Guard } from './spec.ts'

const createTransfers =
  'CREATE TABLE IF NOT EXISTS transfers (id uuid PRIMARY KEY, "from" text NOT NULL, "to" text NOT NULL, amount integer NOT NULL)'
const insertTransfer = 'INSERT INTO transfers (id, "from", "to", amount) VALUES ($1, $2, $3, $4)'

// What most services that keep keys themselves have.
const createKeys =
  'CREATE TABLE IF NOT EXISTS keys (key text PRIMARY KEY, account text NOT NULL, fingerprint text NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), status integer, answer jsonb); CREATE INDEX IF NOT EXISTS keys_created ON keys (created_at)'
const claimKey = 'INSERT INTO keys (key, account, fingerprint) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING'
const recordAnswer = 'UPDATE keys SET status = $2, answer = $3 WHERE key = $1'

/** A transfer that is a row in Postgres: exactly once by Holdfast or by hand, or the bare handler, whose row is in a transaction of its own. */
export async function openPostgres(url: string, guard: Guard, onRun: () => void): Promise<Opened> {
  const pool = new Pool({ connectionString: url, max: 16 })
  let trips = 0
  pool.on('connect', (client) => countRoundTrips(client, () => trips++))
  await pool.query(`${createTransfers}; ${createKeys}`)
  const store = postgres(pool)
  await store.migrate()

  const insert = async (client: PoolClient, transfer: Transfer): Promise<Receipt> => {
    onRun()
    const id = randomUUID()
    await client.query(insertTransfer, [id, transfer.from, transfer.to, transfer.amount])
    return { id, ...transfer }
  }
  const inTransaction = async (run: (client: PoolClient) => Promise<Receipt>): Promise<Receipt> => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      const receipt = await run(client)
      await client.query('COMMIT')
      return receipt
    } finally {
      client.release()
    }
  }
  const inOwnTransaction = (transfer: Transfer): Promise<Receipt> => inTransaction((client) => insert(client, transfer))
  // First calls only, so any new key does. No repeat is answered, nothing is sealed, and no two callers share an account.
  const byHand = (transfer: Transfer): Promise<Receipt> =>
    inTransaction(async (client) => {
      const key = randomUUID()
      const { rowCount } = await client.query(claimKey, [key, 'account', hash('sha256', JSON.stringify(transfer))])
      if (rowCount !== 1) throw new Error('a new key was there already')
      const receipt = await insert(client, transfer)
      await client.query(recordAnswer, [key, 201, JSON.stringify(receipt)])
      return receipt
    })
  const inGivenTransaction = (transfer: Transfer): Promise<Receipt> => insert(store.transaction<PoolClient>(), transfer)
  const handler = guard === 'bare' ? inOwnTransaction : guard === 'by-hand' ? byHand : inGivenTransaction
  return { store, handler, guarantee: 'exactly-once', roundTrips: () => trips }
}

/** The server ends its answer to each message, or to several sent as one, by saying that it is ready. */
function countRoundTrips(client: PoolClient, onTrip: () => void): void {
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter }
  connection.on('readyForQuery', onTrip)
}
