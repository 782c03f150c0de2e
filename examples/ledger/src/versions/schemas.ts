import type { Schema } from 'holdfast/versioning'

/** A shape of its own, which changes and other schemas refer to by its name. */
const shape = (name: string, properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  $ref: `#/$defs/${name}`,
  $defs: {
    [name]: {
      type: 'object',
      properties: Object.fromEntries(Object.entries(properties).map(([member, schema]) => [member, withoutDefinitions(schema)])),
      required: Object.keys(properties).filter((member) => !optional.includes(member)),
      additionalProperties: false,
    },
    ...Object.assign({}, ...Object.values(properties).map(definitionsOf)),
  },
})

function definitionsOf(schema: Schema): object {
  const { $defs = {}, items, anyOf = [] } = schema as { $defs?: object; items?: Schema; anyOf?: readonly Schema[] }
  return { ...$defs, ...(items && definitionsOf(items)), ...Object.assign({}, ...anyOf.map(definitionsOf)) }
}

function withoutDefinitions(schema: Schema): Schema {
  const { $defs: _shapes, ...rest } = schema
  if (rest['items'] !== undefined) return { ...rest, items: withoutDefinitions(rest['items'] as Schema) }
  return rest['anyOf'] === undefined ? rest : { ...rest, anyOf: (rest['anyOf'] as Schema[]).map(withoutDefinitions) }
}

const text: Schema = { type: 'string', minLength: 1, maxLength: 200 }
const id: Schema = { type: 'string', pattern: '^(wal|trf)_[0-9A-HJKMNP-TV-Z]{26}$' }
const time: Schema = { type: 'string', format: 'date-time' }
const decimal: Schema = { type: 'string', pattern: '^(0|[1-9]\\d{0,12})\\.\\d{2}$' }
const currency: Schema = { type: 'string', pattern: '^[A-Z]{3}$' }
const money: Schema = {
  type: 'object',
  properties: { value: decimal, currency },
  required: ['value', 'currency'],
  additionalProperties: false,
}
const reference: Schema = { type: 'object', properties: { id }, required: ['id'], additionalProperties: false }
const metadata: Schema = { type: 'object', properties: { memo: { type: 'string' } }, additionalProperties: {} }
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] })
const listOf = (items: Schema): Schema => ({ type: 'array', items })
const owners: Schema = { type: 'array', items: text, minItems: 1, maxItems: 20 }
const etag: Schema = { type: 'string' }

export const transfer: Schema = shape('transfer', {
  id,
  source: reference,
  destination: reference,
  amount: money,
  status: { type: 'string', enum: ['posted', 'reversed'] },
  metadata,
  created_at: time,
  etag,
})

export const newTransfer: Schema = shape('new-transfer', { source: reference, destination: reference, amount: money, metadata }, [
  'metadata',
])

export const wallet: Schema = shape(
  'wallet',
  {
    id,
    owners,
    display_name: text,
    nickname: nullable(text),
    currency,
    balance: money,
    status: { type: 'string', enum: ['open', 'closed'] },
    external_no: { type: 'integer' },
    created_at: time,
    etag,
    last_transfer: nullable(transfer),
  },
  ['last_transfer'],
)

export const newWallet: Schema = shape(
  'new-wallet',
  { owners, display_name: text, currency, nickname: nullable(text), opening_balance: decimal },
  ['nickname', 'opening_balance'],
)

/** What PUT takes: what may be changed, or a whole wallet as it was read. */
export const walletEdit: Schema = shape(
  'wallet-edit',
  {
    owners,
    display_name: text,
    nickname: nullable(text),
    id,
    currency,
    balance: money,
    status: { type: 'string', enum: ['open', 'closed'] },
    external_no: { type: 'integer' },
    created_at: time,
    etag,
  },
  ['nickname', 'id', 'currency', 'balance', 'status', 'external_no', 'created_at', 'etag'],
)

export const entry: Schema = shape('entry', {
  seq: { type: 'integer' },
  wallet: id,
  transfer: nullable(id),
  delta: { type: 'string', pattern: '^-?(0|[1-9]\\d{0,12})\\.\\d{2}$' },
  balance_after: decimal,
  created_at: time,
})

export const alias: Schema = shape('alias', { name: text, wallet: id, created_at: time, etag })
export const newAlias: Schema = shape('new-alias', { wallet: id })

const page = (name: string, item: Schema): Schema =>
  shape(name, { data: listOf(item), next_cursor: text, prev_cursor: text }, ['next_cursor', 'prev_cursor'])

export const transferPage: Schema = page('transfer-page', transfer)
export const walletPage: Schema = page('wallet-page', wallet)
export const entryPage: Schema = page('entry-page', entry)

/** A 412 whose caller asked for the current state. */
export const conflict: Schema = shape('conflict', { type: text, title: text, status: { type: 'integer' }, code: text, current: wallet }, [
  'current',
])

const cursor: Schema = { type: 'string' }
const limit: Schema = { type: 'integer', minimum: 1, maximum: 100, default: 20 }
const sorted = (...names: readonly string[]): Schema => ({ type: 'string', enum: names, default: names[0] })

/** Queries: an object with a member for each parameter. */
const query = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties })

export const walletQuery: Schema = query({
  limit,
  cursor,
  sort: sorted('-created_at', 'created_at', 'display_name', 'nickname', '-balance'),
  status: { type: 'string', enum: ['open', 'closed'] },
  owner: text,
})
export const transferQuery: Schema = query({
  limit,
  cursor,
  sort: sorted('-created_at', 'created_at'),
  status: { type: 'string', enum: ['posted', 'reversed'] },
  wallet: id,
  created_gte: time,
})
export const pageQuery: Schema = query({ limit, cursor })
export const expandQuery: Schema = query({ expand: { type: 'string', enum: ['last_transfer'] } })
