import { defineList, pageOf } from 'holdfast'
import type { List } from 'holdfast'
import { ndjsonReply } from 'holdfast/pagination'
import { toTimestamp } from './clock.ts'
import type { LedgerDatabase, Row } from './database/database.ts'
import { accountIn } from './http.ts'
import type { Handler } from './http.ts'
import type { Ledger } from './ledger.ts'
import { bindList, pageReply } from './lists.ts'
import type { LedgerList, ListSource } from './lists.ts'
import { formatCents } from './money.ts'
import { findWallet, noWallet } from './wallets.ts'

/** `GET /wallets/:id/entries`. A wallet's entries are numbered in the order of commits, so none can be late. */
export const entryList: List = defineList({
  name: 'entries',
  keys: { seq: { type: 'integer' } },
  unique: 'seq',
  sorts: { default: ['seq'] },
  stream: true,
})

/** The list over the ledger's database. */
export const bindEntries = (database: LedgerDatabase): LedgerList =>
  bindList(entryList, database, ['seq', 'wallet', 'transfer', 'delta', 'balance_after', 'created_at'])

/** The entries of a wallet. */
export const entriesOf = (wallet: string): ListSource => ({
  text: `SELECT seq, wallet, transfer, CAST(delta AS TEXT) AS delta, CAST(balance_after AS TEXT) AS balance_after, created_at
    FROM entries WHERE wallet = $1`,
  values: [wallet],
})

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

/** `GET /wallets/:id/entries`: a page, or with `Accept: application/x-ndjson` all of them. */
export function readEntries({ database }: Ledger): Handler {
  const entries = bindEntries(database)
  return async (call, { id = '' }) => {
    const wallet = await findWallet(database.read, accountIn(call), id)
    if (wallet === undefined) return noWallet(id)
    const page = pageOf(call)
    const reader = entries.reader(entriesOf(id))
    if (page.streams) return ndjsonReply(page, reader, { toItem: toEntry, signal: call.signal })
    return pageReply(page, (await page.read(reader)).map(toEntry))
  }
}
