import type { RouteDeclaration } from 'holdfast'
import { readEntries } from './entries.ts'
import { reading } from './http.ts'
import type { Handler } from './http.ts'
import type { Ledger } from './ledger.ts'
import { createTransfer, newTransfer, readTransfer, reverseTransfer } from './transfers.ts'
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

/** The ledger's routes, the same on every framework. */
export function ledgerRoutes(ledger: Ledger): Routes {
  return {
    'POST /wallets': { promise: once, handler: reading(newWallet, createWallet(ledger)) },
    'GET /wallets/:id': { promise: {}, handler: readWallet(ledger) },
    'GET /wallets/:id/entries': { promise: {}, handler: readEntries(ledger) },
    'POST /transfers': { promise: once, handler: reading(newTransfer, createTransfer(ledger)) },
    'GET /transfers/:id': { promise: {}, handler: readTransfer(ledger) },
    'POST /transfers/:id/reverse': { promise: once, handler: reverseTransfer(ledger) },
  }
}
