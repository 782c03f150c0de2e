import { jsonReply } from 'holdfast'
import { toTimestamp } from './clock.ts'
import type { Row } from './database/database.ts'
import { accountIn, queryOf } from './http.ts'
import type { Handler } from './http.ts'
import type { Ledger } from './ledger.ts'
import { formatCents } from './money.ts'
import { invalid } from './refusals.ts'
import { findWallet, noWallet } from './wallets.ts'

function toEntry(row: Row) {
  return {
    seq: Number(row['seq']),
    wallet: row['wallet'],
    transfer: row['transfer'],
    delta: formatCents(BigInt(row['delta'] as string)),
    balance_after: formatCents(BigInt(row['balance_after'] as string)),
    created_at: toTimestamp(Number(row['created_at'])),
  }
}

/** `GET /wallets/:id/entries`: the first `limit` entries by `seq`. There is no cursor to the ones after them yet. */
export function readEntries({ database }: Ledger): Handler {
  return async (call, { id = '' }) => {
    const limit = Number(queryOf(call).get('limit') ?? 20)
    if (!Number.isInteger(limit) || limit < 1 || limit > 100)
      return invalid([{ parameter: 'limit', detail: 'must be a whole number from 1 to 100' }])
    const wallet = await findWallet(database.read, accountIn(call), id)
    if (wallet === undefined) return noWallet(id)
    const rows = await database.read.query(
      `SELECT seq, wallet, transfer, CAST(delta AS TEXT) AS delta, CAST(balance_after AS TEXT) AS balance_after, created_at
       FROM entries WHERE wallet = $1 ORDER BY seq LIMIT $2`,
      [id, limit],
    )
    return jsonReply(200, { data: rows.map(toEntry) })
  }
}
