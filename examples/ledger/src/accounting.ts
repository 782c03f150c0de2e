import type { Database } from './database/database.ts'

/** A wallet as money sees it. */
export interface Purse {
  readonly id: string
  readonly currency: string
  readonly balance: bigint
  readonly isOpen: boolean
  readonly version: number | string
}

/**
 * Reads an account's wallets, and with `lock` keeps others from changing them. Always locked in the order of ids, so that no two transfers wait for
 * each other.
 */
export async function readPurses(
  database: Database,
  account: string,
  ids: readonly [string, string],
  lock: boolean,
): Promise<Map<string, Purse>> {
  const rows = await database.query(
    `SELECT id, currency, status, CAST(balance AS TEXT) AS balance, version FROM wallets
     WHERE id IN ($1, $2) AND account = $3 AND kind = 'wallet' ORDER BY id ${lock ? database.forUpdate : ''}`,
    [...ids, account],
  )
  return new Map(
    rows.map((row) => {
      const id = row['id'] as string
      const balance = BigInt(row['balance'] as string)
      return [
        id,
        { id, currency: row['currency'] as string, balance, isOpen: row['status'] === 'open', version: row['version'] as number | string },
      ]
    }),
  )
}

/** What moved, for the entries of both wallets. */
interface Movement {
  readonly source: string
  readonly destination: string
  readonly cents: bigint
  readonly transfer: string | null
  readonly at: number
}

/**
 * Moves money between two wallets if neither has changed since it was read: compare-and-set, in the order of ids, since a row that was written stays locked. `false`: one has
 * changed, and nothing is moved. Of the rows, not of their entries: those are numbered in the order of commits, and need both locks.
 */
export async function moveIfUnchanged(
  database: Database,
  { from, to, cents }: { from: Purse; to: Purse; cents: bigint },
): Promise<boolean> {
  const steps = [
    { purse: from, delta: -cents },
    { purse: to, delta: cents },
  ].toSorted((a, b) => (a.purse.id < b.purse.id ? -1 : 1)) as [{ purse: Purse; delta: bigint }, { purse: Purse; delta: bigint }]
  if (!(await changeBalance(database, steps[0]))) return false
  if (await changeBalance(database, steps[1])) return true
  // Nobody has seen the first change, and its row is still locked.
  const { purse, delta } = steps[0]
  await database.query('UPDATE wallets SET balance = balance - $2, version = version - 1 WHERE id = $1', [purse.id, delta])
  return false
}

async function changeBalance(database: Database, { purse, delta }: { purse: Purse; delta: bigint }): Promise<boolean> {
  const rows = await database.query(
    'UPDATE wallets SET balance = balance + $2, version = version + 1 WHERE id = $1 AND version = $3 RETURNING id',
    [purse.id, delta, purse.version],
  )
  return rows.length > 0
}

/** Moves money whatever the wallets hold, and writes both entries: for a wallet that nobody knows yet, and the world, which may owe. */
export async function move(database: Database, movement: Movement): Promise<void> {
  const { source, destination, cents } = movement
  for (const [id, delta] of [
    [source, -cents],
    [destination, cents],
  ] as const)
    await database.query('UPDATE wallets SET balance = balance + $2, version = version + 1 WHERE id = $1', [id, delta])
  await writeEntries(database, movement)
}

/** Writes the entries of a movement, whose wallets this transaction has changed. */
export async function writeEntries(database: Database, { source, destination, cents, transfer, at }: Movement): Promise<void> {
  for (const [wallet, delta] of [
    [source, -cents],
    [destination, cents],
  ] as const)
    await database.query(
      `INSERT INTO entries (wallet, transfer, delta, balance_after, created_at)
       SELECT id, $2, $3, balance, $4 FROM wallets WHERE id = $1`,
      [wallet, transfer, delta, at],
    )
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
