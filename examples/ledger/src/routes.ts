import type { RouteDeclaration } from 'holdfast'
import { createAlias, newAlias } from './aliases.ts'
import { versionIn } from './current-state.ts'
import { readingAny, reading } from './http.ts'
import { entryList, readEntries } from './entries.ts'
import type { Handler } from './http.ts'
import type { Ledger } from './ledger.ts'
import { listTransfers, transferList } from './transfer-list.ts'
import { createTransfer, newTransfer, readTransfer, reverseTransfer } from './transfers.ts'
import { closeWallet, patchWallet, replaceWallet } from './wallet-changes.ts'
import { listWallets, walletList } from './wallet-list.ts'
import { createWallet, newWallet, readWallet } from './wallets.ts'

/** What a route promises, and what answers it. */
export interface Route {
  /** Goes to `defineApi`. A route without one is open to all: no account, no key. */
  readonly promise?: RouteDeclaration
  readonly handler: Handler
}

/** Routes by method and path. */
export type Routes = Readonly<Record<string, Route>>

const once: RouteDeclaration = { idempotency: 'exactly-once' }
const read: RouteDeclaration = { precondition: 'optional' }
/** In a transaction, with the caller's key if there is one. */
const keyed: RouteDeclaration = { idempotency: { guarantee: 'exactly-once', key: 'optional' } }

/** The ledger's routes, the same on every framework. */
export function ledgerRoutes(ledger: Ledger): Routes {
  /** A change says which state it is for. */
  const guard = (table: 'wallets' | 'transfers', route: string): RouteDeclaration => ({
    precondition: { rule: 'required', field: 'if-match', creates: false, current: versionIn(ledger, table, route) },
  })
  const [reverse, wallet] = ['POST /transfers/:id/reverse', '/wallets/:id']
  return {
    'POST /wallets': { promise: once, handler: reading(newWallet, createWallet(ledger)) },
    'GET /wallets': { promise: { page: walletList }, handler: listWallets(ledger) },
    'GET /wallets/:id': { promise: read, handler: readWallet(ledger) },
    'PUT /wallets/:id': { promise: { ...keyed, ...guard('wallets', `PUT ${wallet}`) }, handler: readingAny(replaceWallet(ledger)) },
    'PATCH /wallets/:id': { promise: { ...keyed, ...guard('wallets', `PATCH ${wallet}`) }, handler: patchWallet(ledger) },
    'DELETE /wallets/:id': { promise: { ...keyed, ...guard('wallets', `DELETE ${wallet}`) }, handler: closeWallet(ledger) },
    'PUT /aliases/:name': {
      promise: { ...keyed, precondition: { rule: 'required', field: 'if-none-match' } },
      handler: reading(newAlias, createAlias(ledger)),
    },
    'GET /wallets/:id/entries': { promise: { page: entryList }, handler: readEntries(ledger) },
    'POST /transfers': { promise: once, handler: reading(newTransfer, createTransfer(ledger)) },
    'GET /transfers': { promise: { page: transferList }, handler: listTransfers(ledger) },
    'GET /transfers/:id': { promise: read, handler: readTransfer(ledger) },
    [reverse]: { promise: { ...once, ...guard('transfers', reverse) }, handler: reverseTransfer(ledger) },
  }
}
