import type { Database } from './database/database.ts'

/** A wallet as money sees it. */
export interface Purse {
  readonly id: string
  readonly currency: string
  readonly balance: bigint
  readonly isOpen: boolean
}

/** Reads an account's wallets and keeps others from changing them. Always locked in the order of ids, so that no two transfers wait for each other. */
export async function lockPurses(database: Database, account: string, ids: readonly [string, string]): Promise<Map<string, Purse>> {
  const rows = await database.query(
    `SELECT id, currency, status, CAST(balance AS TEXT) AS balance FROM wallets
     WHERE id IN ($1, $2) AND account = $3 AND kind = 'wallet' ORDER BY id ${database.forUpdate}`,
    [...ids, account],
  )
  return new Map(
    rows.map((row) => {
      const id = row['id'] as string
      return [id, { id, currency: row['currency'] as string, balance: BigInt(row['balance'] as string), isOpen: row['status'] === 'open' }]
    }),
  )
}

/** Moves money between two wallets and writes both entries. The rows stay locked until the commit, so a wallet's entries are numbered in the order of commits. */
export async function move(
  database: Database,
  { source, destination, cents, transfer, at }: { source: string; destination: string; cents: bigint; transfer: string | null; at: number },
): Promise<void> {
  await post(database, source, -cents, transfer, at)
  await post(database, destination, cents, transfer, at)
}

async function post(database: Database, wallet: string, delta: bigint, transfer: string | null, at: number): Promise<void> {
  const [row] = await database.query(
    'UPDATE wallets SET balance = balance + $2, version = version + 1 WHERE id = $1 RETURNING CAST(balance AS TEXT) AS balance',
    [wallet, delta],
  )
  await database.query('INSERT INTO entries (wallet, transfer, delta, balance_after, created_at) VALUES ($1, $2, $3, $4, $5)', [
    wallet,
    transfer,
    delta,
    BigInt(row?.['balance'] as string),
    at,
  ])
}

/** The hidden wallet an account's opening money comes from: with it, the balances of an account sum to zero. */
export async function worldOf(database: Database, account: string, currency: string, at: number): Promise<string> {
  const id = `world_${account}_${currency}`
  await database.query(
    `INSERT INTO wallets (id, account, kind, owners, display_name, currency, balance, status, external_no, version, created_at)
     VALUES ($1, $2, 'world', '[]', 'world', $3, 0, 'open', 0, 1, $4) ON CONFLICT (id) DO NOTHING`,
    [id, account, currency, at],
  )
  return id
}
