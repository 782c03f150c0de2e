import { defineList, pageOf } from 'holdfast'
import type { List } from 'holdfast'
import type { Database, LedgerDatabase } from './database/database.ts'
import { accountIn } from './http.ts'
import type { Handler } from './http.ts'
import type { Ledger } from './ledger.ts'
import { Conditions, bindList, pageReply } from './lists.ts'
import type { LedgerList, ListSource } from './lists.ts'
import { toWallet, walletColumns } from './wallets.ts'

/** `GET /wallets`. Names are ordered by their first 60 characters, which a cursor can hold. */
export const walletList: List = defineList({
  name: 'wallets',
  keys: {
    created_at: { type: 'integer' },
    display_name: { type: 'text', maxBytes: 240, column: 'name_key' },
    nickname: { type: 'text', maxBytes: 240, column: 'nickname_key', nullable: true, nulls: 'last' },
    balance: { type: 'integer', column: 'balance_key' },
    id: { type: 'text', maxBytes: 32 },
  },
  unique: 'id',
  sorts: {
    default: '-created_at',
    '-created_at': ['-created_at', '-id'],
    created_at: ['created_at', 'id'],
    display_name: ['display_name', 'id'],
    nickname: ['nickname', 'id'],
    '-balance': ['-balance', '-id'],
  },
  filters: { status: { oneOf: ['open', 'closed'] }, owner: {} },
})

const rowColumns = ['id', 'owners', 'display_name', 'nickname', 'currency', 'balance', 'status', 'external_no', 'version', 'created_at']

/** The list over the ledger's database. */
export const bindWallets = (database: LedgerDatabase): LedgerList => bindList(walletList, database, rowColumns)

const ownersInclude = {
  sqlite: 'EXISTS (SELECT 1 FROM json_each(owners) WHERE value = ?)',
  postgres: 'CAST(owners AS jsonb) @> to_jsonb(CAST(? AS text))',
} as const

/** The wallets of an account, filtered. */
export function walletsOf(
  { dialect }: Database,
  account: string,
  { status, owner }: { status?: string | undefined; owner?: string | undefined } = {},
): ListSource {
  const where = new Conditions().add('account = ?', account)
  if (status !== undefined) where.add('status = ?', status)
  if (owner !== undefined) where.add(ownersInclude[dialect], owner)
  return {
    text: `SELECT ${walletColumns}, substr(display_name, 1, 60) AS name_key, substr(nickname, 1, 60) AS nickname_key, balance AS balance_key
      FROM wallets WHERE ${where.text} AND kind = 'wallet'`,
    values: where.values,
  }
}

/** `GET /wallets` */
export function listWallets({ database }: Ledger): Handler {
  const wallets = bindWallets(database)
  return async (call) => {
    const page = pageOf(call)
    const source = walletsOf(database.read, accountIn(call), { status: page.filter('status'), owner: page.filter('owner') })
    return pageReply(page, (await page.read(wallets.reader(source))).map(toWallet))
  }
}
