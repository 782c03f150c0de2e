import type { Database } from '../database/database.ts'
import { formatCents } from '../money.ts'

/** Counts what an account's calls did, from the ledger's rows alone: Holdfast's records are what is being tested. */
export async function countEffects(database: Database, account: string): Promise<Record<string, unknown>> {
  const transfers = await database.query(
    'SELECT request_key, CAST(COUNT(*) AS TEXT) AS effects FROM transfers WHERE account = $1 GROUP BY request_key',
    [account],
  )
  const [wallets] = await database.query('SELECT CAST(COALESCE(SUM(balance), 0) AS TEXT) AS cents FROM wallets WHERE account = $1', [
    account,
  ])
  const [entries] = await database.query(
    'SELECT CAST(COUNT(*) AS TEXT) AS number FROM entries e JOIN wallets w ON w.id = e.wallet WHERE w.account = $1',
    [account],
  )
  return {
    transfers: transfers.reduce((sum, { effects }) => sum + Number(effects), 0),
    by_key: Object.fromEntries(
      transfers.flatMap(({ request_key, effects }) => (request_key === null ? [] : [[request_key, Number(effects)]])),
    ),
    sum: formatCents(BigInt(wallets?.['cents'] as string)),
    entries: Number(entries?.['number']),
  }
}
