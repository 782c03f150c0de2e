import { Agent } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { currentCall, targetOf } from '../../src/core/index.ts'
import type { Call } from '../../src/core/index.ts'
import { defineApi } from '../../src/api/index.ts'
import type { Api, ApiDeclaration } from '../../src/api/index.ts'
import { memory } from '../../src/stores/memory/index.ts'
import type { MemoryStore } from '../../src/stores/memory/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { edit, put } from '../../src/versioning/index.ts'
import type { VersionsDeclaration } from '../../src/versioning/index.ts'
import type { PolicySource } from '../../src/core/index.ts'
import { send } from '../adapters/client.ts'
import type { Answered, Asked, Handler } from '../adapters/matrix.ts'
import { aTransfer, aWallet, declareVersions } from './fixture.ts'

/** A body with everything that a parser would lose. */
export const oddBody = '{ "id" : 9007199254740993,\n\t"amt":10.00 , "n": 1.0, "n": 1.0, "e":1E2 }'

/** What the handlers saw, in the newest shape. */
export interface Seen {
  readonly body: unknown
  readonly url: string
}

/** One request of a test. */
export interface Request {
  readonly version?: string | undefined
  readonly account?: string
  readonly key?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: unknown
}

export interface Service {
  readonly port: number
  readonly api: Api
  readonly store: MemoryStore
  readonly clock: FakeClock
  readonly seen: Seen[]
  /** How many transfers were made. */
  effects: number
  wallet: Record<string, unknown>
  call(method: string, path: string, request?: Request): Promise<Answer>
}

export interface ServiceOptions {
  readonly versions?: Partial<VersionsDeclaration>
  readonly api?: Partial<ApiDeclaration>
  readonly store?: MemoryStore
  readonly clock?: FakeClock
  /** Answers instead of the ledger's handlers, where it answers at all. */
  readonly handler?: (asked: Asked, call: Call) => Answered | undefined | Promise<Answered | undefined>
}

const refused = (body: { readonly status: number; readonly [member: string]: unknown }): Answered => ({
  status: body.status,
  headers: { 'content-type': 'application/problem+json' },
  body: JSON.stringify({ type: `/errors/${String(body['code'])}`, ...body }),
})

/** Starts a small ledger over an adapter; its handlers know the newest shapes only. */
export async function startService(
  start: (source: PolicySource, handler: Handler) => Promise<number>,
  { versions = {}, api: declared = {}, clock = fakeClock(Date.UTC(2026, 10, 24)), store = memory({ clock }), handler }: ServiceOptions = {},
): Promise<Service> {
  const api = defineApi({
    store,
    clock,
    account: (head) => head.headers.get('authorization') ?? undefined,
    versions: declareVersions(versions),
    routes: {
      'POST /transfers': { idempotency: 'at-most-once' },
      'GET /transfers': {},
      'GET /transfers/:id': { precondition: 'optional' },
      'GET /wallets/:id': {},
      'PUT /wallets/:id': { precondition: 'optional' },
      'PATCH /wallets/:id': {},
      'GET /export': {},
      'GET /plain': {},
      'POST /guarded': { precondition: 'required' },
    },
    ...declared,
  })
  const agent = new Agent({ keepAlive: true })
  const service: Service = {
    api,
    store,
    clock,
    port: 0,
    seen: [],
    effects: 0,
    wallet: { ...aWallet },
    async call(method, path, { version, account = 'ada', key, body, headers = {} } = {}) {
      const {
        status,
        headers: fields,
        body: bytes,
      } = await send(service.port, {
        method,
        path,
        agent,
        headers: {
          ...(account !== '' && { authorization: account }),
          ...(version !== undefined && { 'api-version': version }),
          ...(key !== undefined && { 'idempotency-key': key }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = bytes.toString()
      return {
        status,
        headers: fields,
        text,
        json: /json/.test(String(fields['content-type'])) && text !== '' ? JSON.parse(text) : undefined,
      }
    },
  }
  const port = await start(api, async (asked) => (await handler?.(asked, currentCall())) ?? handle(service, asked, currentCall()))
  return Object.assign(service, { port })
}

async function handle(service: Service, asked: Asked, call: Call): Promise<Answered> {
  const { path, query } = targetOf(call.url)
  const bytes = asked.method === 'GET' ? undefined : await asked.body()
  const body = bytes === undefined || bytes.byteLength === 0 ? undefined : (JSON.parse(bytes.toString()) as Record<string, unknown>)
  service.seen.push({ body, url: query === '' ? path : `${path}?${query}` })
  const name = `${asked.method} ${path.replace(/^(\/\w+)\/.+$/, '$1/:id')}`
  switch (name) {
    case 'POST /transfers': {
      const { amount } = body as { amount: { value: string } }
      if (Number(amount.value) > 1_000)
        return refused({
          status: 422,
          title: 'Not enough money',
          code: 'insufficient-funds',
          detail: 'it holds 10.00',
          errors: [{ pointer: '/source/id', detail: 'too poor' }],
        })
      service.effects++
      return {
        status: 201,
        headers: { 'content-type': 'application/json', location: '/transfers/trf_1' },
        body: JSON.stringify({ id: 'trf_1', status: 'posted', ...body }),
      }
    }
    case 'GET /transfers': {
      const data = Array.from({ length: 100 }, (_, index) => ({ ...aTransfer, id: `trf_${index}` }))
      return {
        headers: {
          'content-type': 'application/json',
          vary: 'Accept-Encoding',
          link: '</transfers?status=posted&cursor=abc>; rel="next"; title="a, b"',
        },
        body: JSON.stringify({ data, next_cursor: 'abc', prev_cursor: 'xyz' }),
      }
    }
    case 'GET /transfers/:id':
      if (path.endsWith('none')) return refused({ status: 404, title: 'Not there', code: 'transfer-not-found', detail: 'no such transfer' })
      return { headers: { 'content-type': 'application/json', etag: '"7"' }, body: JSON.stringify(aTransfer) }
    case 'GET /wallets/:id':
      return {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...service.wallet, last_transfer: call.url.includes('expand') ? aTransfer : undefined }),
      }
    case 'PUT /wallets/:id':
      service.wallet = { ...service.wallet, ...replaced(put(call, 'wallet-write', writable(service.wallet), body)) }
      return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(service.wallet) }
    case 'PATCH /wallets/:id':
      service.wallet = {
        ...service.wallet,
        ...replaced(edit(call, 'wallet-write', writable(service.wallet), (seen) => patched(seen, body))),
      }
      return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(service.wallet) }
    case 'GET /plain':
      return { headers: { 'content-type': 'application/json' }, body: oddBody }
    default:
      return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'nothing here' }
  }
}

const writeNames = ['owners', 'display_name', 'nickname', 'tags']

/** What a PUT may write of a wallet. */
function writable(wallet: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(writeNames.flatMap((name) => (wallet[name] === undefined ? [] : [[name, wallet[name]]])))
}

/** A full write: what is absent is cleared. */
function replaced(next: unknown): Record<string, unknown> {
  return Object.fromEntries(writeNames.map((name) => [name, (next as Record<string, unknown>)[name]]))
}

/** JSON Patch, as far as the tests need it. */
function patched(seen: unknown, patch: unknown): unknown {
  const copy = { ...(seen as Record<string, unknown>) }
  for (const { path, value } of patch as { path: string; value: unknown }[]) {
    const name = path.slice(1)
    if (!(name in copy)) throw new Error(`there is no ${name}`)
    copy[name] = value
  }
  return copy
}
