import { defineList, pageOf } from 'holdfast'
import type { List } from 'holdfast'
import { fromTimestamp } from './clock.ts'
import type { LedgerDatabase } from './database/database.ts'
import { accountIn } from './http.ts'
import type { Handler } from './http.ts'
import type { Ledger } from './ledger.ts'
import { Conditions, bindList, pageReply } from './lists.ts'
import type { LedgerList, ListSource } from './lists.ts'
import { columns, toTransfer } from './transfers.ts'

/** `GET /transfers` */
export const transferList: List = defineList({
  name: 'transfers',
  keys: { created_at: { type: 'integer' }, id: { type: 'text', maxBytes: 32 } },
  unique: 'id',
  sorts: { default: '-created_at', '-created_at': ['-created_at', '-id'], created_at: ['created_at', 'id'] },
  filters: {
    status: { oneOf: ['posted', 'reversed'] },
    wallet: {},
    created_gte: { parse: (text) => fromTimestamp(text)?.toString(), asks: 'must be a timestamp such as 2026-11-24T10:00:00.123456Z' },
  },
})

const rowColumns = ['id', 'source', 'destination', 'amount', 'currency', 'status', 'metadata', 'version', 'created_at']

/** The list over the ledger's database. */
export const bindTransfers = (database: LedgerDatabase): LedgerList => bindList(transferList, database, rowColumns)

/** The transfers of an account, filtered. */
export function transfersOf(
  account: string,
  filters: { status?: string | undefined; wallet?: string | undefined; createdGte?: string | undefined } = {},
): ListSource {
  const where = new Conditions().add('t.account = ?', account)
  if (filters.status !== undefined) where.add('t.status = ?', filters.status)
  if (filters.wallet !== undefined) where.add('(t.source = ? OR t.destination = ?)', filters.wallet)
  if (filters.createdGte !== undefined) where.add('t.created_at >= ?', BigInt(filters.createdGte))
  return { text: `SELECT ${columns} FROM transfers t WHERE ${where.text}`, values: where.values }
}

/** `GET /transfers` */
export function listTransfers({ database }: Ledger): Handler {
  const transfers = bindTransfers(database)
  return async (call) => {
    const page = pageOf(call)
    const [status, wallet, createdGte] = [page.filter('status'), page.filter('wallet'), page.filter('created_gte')]
    const source = transfersOf(accountIn(call), { status, wallet, createdGte })
    return pageReply(page, (await page.read(transfers.reader(source))).map(toTransfer))
  }
}
