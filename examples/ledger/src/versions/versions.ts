import { defineVersions } from 'holdfast/versioning'
import type { Versions } from 'holdfast/versioning'
import { amountObject, balanceObject, openingDecimal } from './changes/amount-object.ts'
import { displayName, sortByDisplayName } from './changes/display-name.ts'
import { transferEnvelope, walletEnvelope } from './changes/list-envelope.ts'
import { memoToMetadata } from './changes/memo-to-metadata.ts'
import { overdraft422 } from './changes/overdraft-422.ts'
import { ownersPlural } from './changes/owners-plural.ts'
import { paymentsToTransfers } from './changes/payments-to-transfers.ts'
import { problemErrors } from './changes/problem-errors.ts'
import { refs } from './changes/refs.ts'
import { statusFilter, statusNames } from './changes/status-names.ts'
import * as schema from './schemas.ts'

const changed = { 200: schema.wallet, 412: { 'application/problem+json': schema.conflict } }

/** The versions of the ledger: what each changed, and what every route takes and gives in the newest one. */
export const versions: Versions = defineVersions({
  versions: [
    { id: '2025-01-15', state: 'deprecated', deprecatedAt: '2026-06-01', sunsetAt: '2027-06-01', link: '/changelog' },
    { id: '2025-09-01' },
    { id: '2026-06-01' },
  ],
  changes: [
    amountObject,
    balanceObject,
    openingDecimal,
    displayName,
    sortByDisplayName,
    transferEnvelope,
    walletEnvelope,
    problemErrors,
    paymentsToTransfers,
    statusNames,
    statusFilter,
    memoToMetadata,
    refs,
    ownersPlural,
    overdraft422,
  ],
  routes: {
    'POST /wallets': { summary: 'Open a wallet', request: schema.newWallet, responses: { 201: schema.wallet } },
    'GET /wallets': { summary: 'List wallets', query: schema.walletQuery, responses: { 200: schema.walletPage } },
    'GET /wallets/:id': { summary: 'Show a wallet', query: schema.expandQuery, responses: { 200: schema.wallet } },
    'PUT /wallets/:id': { summary: 'Replace a wallet', request: schema.walletEdit, responses: changed },
    'PATCH /wallets/:id': {
      summary: 'Change a wallet by a merge patch or a JSON Patch',
      request: { 'application/merge-patch+json': schema.walletEdit },
      responses: changed,
    },
    'DELETE /wallets/:id': { summary: 'Close a wallet', responses: { 412: { 'application/problem+json': schema.conflict } } },
    'PUT /aliases/:name': { summary: 'Name a wallet', request: schema.newAlias, responses: { 201: schema.alias } },
    'GET /wallets/:id/entries': {
      summary: 'List the entries of a wallet',
      query: schema.pageQuery,
      responses: { 200: { 'application/json': schema.entryPage, 'application/x-ndjson': schema.entry } },
    },
    'POST /transfers': { summary: 'Move money', request: schema.newTransfer, responses: { 201: schema.transfer } },
    'GET /transfers': { summary: 'List transfers', query: schema.transferQuery, responses: { 200: schema.transferPage } },
    'GET /transfers/:id': { summary: 'Show a transfer', responses: { 200: schema.transfer } },
    'POST /transfers/:id/reverse': { summary: 'Move money back', responses: { 201: schema.transfer } },
  },
})
