import { z } from 'zod'
import { before, defineChange } from '../../src/versioning/change.ts'
import type { Change } from '../../src/versioning/change.ts'
import { convert, enumMap, envelope, merge, regroup, rename, sortMap, wrap } from '../../src/versioning/operations/index.ts'
import { refusals, resource, routes } from '../../src/versioning/target.ts'
import { defineVersions } from '../../src/versioning/versions.ts'
import type { Versions, VersionsDeclaration } from '../../src/versioning/versions.ts'

/** The versions of the tests: a small ledger. */
export const [v1, v2, v3] = ['2025-01-15', '2025-09-01', '2026-03-01'] as const

const text = z.string().min(1).max(40)
const decimal = z.string().regex(/^\d{1,9}\.\d{2}$/)
const currency = z.string().regex(/^[A-Z]{3}$/)
const money = z.object({ value: decimal, currency })
const reference = z.object({ id: text })

export const transfer = z
  .object({
    id: text,
    source: reference,
    destination: reference,
    amount: money,
    status: z.enum(['posted', 'reversed']),
    metadata: z.looseObject({ memo: text.optional() }).optional(),
    external_no: z.int().optional(),
  })
  .meta({ id: 'transfer' })
export const newTransfer = z
  .object({ source: reference, destination: reference, amount: money, metadata: z.looseObject({ memo: text.optional() }).optional() })
  .meta({ id: 'new-transfer' })
export const wallet = z
  .object({
    id: text,
    owners: z.array(text).min(1),
    display_name: text,
    nickname: text.nullable(),
    currency,
    balance: money,
    tags: z.array(text).optional(),
    last_transfer: transfer.nullable().optional(),
  })
  .meta({ id: 'wallet' })
/** What a PUT may write: what it leaves out is cleared, as far as its version knows it. */
export const walletWrite = z
  .object({ owners: z.array(text).min(1), display_name: text, nickname: text.nullable().optional(), tags: z.array(text).optional() })
  .meta({ id: 'wallet-write' })
const transferPage = z
  .object({ data: z.array(transfer), next_cursor: text.optional(), prev_cursor: text.optional() })
  .meta({ id: 'transfer-page' })
const conflict = z.looseObject({ code: z.string(), current: wallet.optional() }).meta({ id: 'conflict' })

type Transfer = z.infer<typeof transfer>
type Wallet = z.infer<typeof wallet>
type Problem = { readonly code?: string; readonly detail?: string; readonly title?: string; readonly retryAfterMs?: number }

const cents = (amount: unknown): number => Math.round(Number(amount) * 100)
const decimalOf = (amount: unknown): string => (Number(amount) / 100).toFixed(2)
const upper = (code: unknown): string => String(code).toUpperCase()
const lower = (code: unknown): string => String(code).toLowerCase()
const asCents = { type: 'integer', minimum: 0, maximum: 99_999_999_999 }
const lowerCode = { type: 'string', pattern: '^[a-z]{3}$' }

export const statusNames = defineChange({
  id: 'status-names',
  in: v3,
  summary: 'A transfer that is done is posted, one that is undone is reversed.',
  on: resource<Transfer>('transfer'),
  operations: [convert('/status', enumMap({ done: 'posted', undone: 'reversed' }))],
})
const statusFilter = defineChange({
  id: 'status-filter',
  in: v3,
  summary: 'So it is in filters.',
  on: routes('GET /transfers'),
  query: { values: { status: enumMap({ done: 'posted', undone: 'reversed' }) } },
})
export const memoToMetadata = defineChange({
  id: 'memo-to-metadata',
  in: v3,
  summary: 'A memo is metadata.',
  on: resource<Transfer>('transfer', 'new-transfer'),
  operations: [wrap('/memo', '/metadata', 'memo')],
})
export const refs = defineChange({
  id: 'refs',
  in: v3,
  summary: 'Wallets are references.',
  on: before(memoToMetadata),
  operations: [wrap('/from', '/source', 'id'), wrap('/to', '/destination', 'id')],
})
export const ownersPlural = defineChange({
  id: 'owners-plural',
  in: v3,
  summary: 'A wallet may have several owners.',
  on: resource<Wallet>('wallet', 'wallet-write'),
  operations: [wrap('/owner', '/owners', 0)],
})
export const overdraft422 = defineChange({
  id: 'overdraft-422',
  in: v3,
  summary: 'Not enough money is 422.',
  sideEffects: true,
  on: refusals,
  error: {
    down: ({ body }) =>
      (body as Problem | undefined)?.code === 'insufficient-funds' ? { status: 400, body: { ...(body as object), status: 400 } } : {},
  },
})
export const amountObject = defineChange({
  id: 'amount-object',
  in: v2,
  summary: 'Amounts are decimal strings with their currency.',
  on: resource('transfer', 'new-transfer'),
  operations: [
    merge(['/amount', '/currency'], '/amount', {
      up: ([amount, code]) => [amount === undefined ? undefined : { value: decimalOf(amount), currency: upper(code) }],
      down: ([amount]) => {
        const { value, currency: code } = amount as { value: string; currency: string }
        return [cents(value), lower(code)]
      },
      before: [asCents, lowerCode],
    }),
  ],
})
const balances = defineChange({
  id: 'balances',
  in: v2,
  summary: 'So are balances.',
  on: resource('wallet'),
  operations: [
    regroup(['/balance', '/currency'], ['/balance', '/currency'], {
      up: ([balance, code]) => [{ value: decimalOf(balance), currency: upper(code) }, upper(code)],
      down: ([balance, code]) => [cents((balance as { value: string }).value), lower(code)],
      before: [asCents, lowerCode],
    }),
  ],
})
export const displayName = defineChange({
  id: 'display-name',
  in: v2,
  summary: 'The name of a wallet is display_name.',
  on: before(ownersPlural),
  operations: [rename('/name', '/display_name')],
})
const sortNames = defineChange({
  id: 'sort-names',
  in: v2,
  summary: 'So it is in sorts.',
  on: routes('GET /transfers'),
  query: { values: { sort: sortMap({ name: 'display_name' }) } },
})
export const listEnvelope = defineChange({
  id: 'list-envelope',
  in: v2,
  summary: 'Lists are data and next_cursor.',
  on: routes('GET /transfers'),
  operations: [envelope({ data: 'transfers', next_cursor: 'next', prev_cursor: null })],
})
export const problemErrors = defineChange({
  id: 'problem-errors',
  in: v2,
  summary: 'Refusals are problem+json.',
  on: refusals,
  error: {
    down: ({ body }) => {
      const { code, detail, title } = (body ?? {}) as Problem
      return { body: { error: { code, message: detail ?? title } }, contentType: 'application/json' }
    },
  },
  schema: {
    before: {
      type: 'object',
      properties: {
        error: { type: 'object', properties: { code: { type: 'string' }, message: { type: 'string' } }, required: ['code', 'message'] },
      },
      required: ['error'],
    },
    contentType: 'application/json',
  },
})
export const paymentsToTransfers = defineChange({
  id: 'payments-to-transfers',
  in: v2,
  summary: 'Payments are transfers.',
  on: routes('POST /transfers', 'GET /transfers', 'GET /transfers/:id', 'GET /export'),
  paths: { '/payments': '/transfers' },
})

export const changes: readonly Change[] = [
  amountObject,
  balances,
  displayName,
  sortNames,
  listEnvelope,
  problemErrors,
  paymentsToTransfers,
  statusNames,
  statusFilter,
  memoToMetadata,
  refs,
  ownersPlural,
  overdraft422,
]

export const declaration: VersionsDeclaration = {
  versions: [
    { id: v1, state: 'deprecated', deprecatedAt: '2026-06-01', sunsetAt: '2027-06-01', link: 'https://docs.example/versions/2025-01-15' },
    { id: v2 },
    { id: v3 },
  ],
  changes,
  routes: {
    'POST /transfers': { request: newTransfer, responses: { 201: transfer } },
    'GET /transfers': {
      responses: { 200: transferPage },
      query: z.object({ status: z.enum(['posted', 'reversed']).optional(), sort: z.string().optional(), limit: z.int().optional() }),
    },
    'GET /transfers/:id': { responses: { 200: transfer } },
    'GET /wallets/:id': { responses: { 200: wallet } },
    'PUT /wallets/:id': { request: walletWrite, responses: { 200: wallet, 412: { 'application/problem+json': conflict } } },
    'PATCH /wallets/:id': { responses: { 200: wallet } },
    'GET /export': { responses: { 200: { 'application/x-ndjson': transfer } } },
    'GET /plain': { responses: { 200: z.object({ id: z.number() }).loose() } },
  },
}

/** The versions of the tests, with a few things declared otherwise. */
export const declareVersions = (change: Partial<VersionsDeclaration> = {}): Versions => defineVersions({ ...declaration, ...change })

/** A transfer as handlers see it. */
export const aTransfer = {
  id: 'trf_1',
  source: { id: 'wal_1' },
  destination: { id: 'wal_2' },
  amount: { value: '10.50', currency: 'EUR' },
  status: 'posted',
  metadata: { memo: 'rent', ref: '7' },
}
export const aWallet = {
  id: 'wal_1',
  owners: ['Ann', 'Bob'],
  display_name: 'Rent',
  nickname: null,
  currency: 'EUR',
  balance: { value: '10.50', currency: 'EUR' },
  tags: ['home'],
}
