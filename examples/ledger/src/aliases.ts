import { etagOf } from 'holdfast'
import { insertRow } from 'holdfast/concurrency/sql'
import { toTimestamp } from './clock.ts'
import { asSql } from './database/sql.ts'
import { accountIn, represent } from './http.ts'
import type { Handler } from './http.ts'
import { object, text } from './input.ts'
import type { Read } from './input.ts'
import type { Ledger } from './ledger.ts'
import { invalid, refuse } from './refusals.ts'
import { findWallet, noWallet } from './wallets.ts'

/** What `PUT /aliases/:name` takes. */
export const newAlias = object({ wallet: text() })

/** `PUT /aliases/:name`: a name is given once, and leads to its wallet for good. */
export function createAlias({ database, clock }: Ledger): Handler<Read<typeof newAlias>> {
  return async (call, { name = '' }, { wallet }) => {
    if (name.length > 200 || !name.isWellFormed()) return invalid([{ parameter: 'name', detail: 'must have 1 to 200 characters' }])
    const writer = database.transaction(call)
    const account = accountIn(call)
    if ((await findWallet(writer, account, wallet)) === undefined)
      return refuse('wallet-not-found', '/wallet is not a wallet of yours.', {
        errors: [{ pointer: '/wallet', detail: 'is not a wallet of yours' }],
      })
    const at = clock.now()
    const made = await insertRow(asSql(writer), { table: 'aliases', key: { account, name }, set: { wallet, created_at: at } })
    if (made === undefined) return noWallet(wallet)
    const alias = { name, wallet, created_at: toTimestamp(at), etag: etagOf(1, call) }
    return represent(201, alias, { location: `/wallets/${wallet}` })
  }
}
