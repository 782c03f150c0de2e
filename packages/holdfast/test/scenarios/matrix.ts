import { Agent } from 'node:http'
import { afterEach, describe } from 'vitest'
import { defineApi } from '../../src/api/index.ts'
import type { Api, ApiDeclaration, Store } from '../../src/api/index.ts'
import { createCall, createReply, toFields } from '../../src/core/index.ts'
import { stack } from '../../src/core/policy.ts'
import type { Policy } from '../../src/core/policy.ts'
import { toKeyedCall } from '../../src/idempotency/keyed-call.ts'
import type { KeyedCall } from '../../src/idempotency/keyed-call.ts'
import { toSettings } from '../../src/idempotency/settings.ts'
import { closeServers, kits, listen } from '../adapters/matrix.ts'
import type { Answered, Asked, Kit } from '../adapters/matrix.ts'
import { send } from '../adapters/client.ts'
import { closeStores, storeKits } from './stores.ts'
import type { OpenStore, StoreKit } from './stores.ts'

export const secret = 'a secret of the scenarios, long enough'

/** What a scenario's handler is given. */
export interface Work {
  readonly asked: Asked
  /** Has one effect, where the store keeps its records if it can. */
  add(): Promise<void>
}

export type ScenarioHandler = (work: Work) => Promise<Answered> | Answered

/** One keyed request. */
export interface Post {
  readonly method?: string
  readonly key?: string | readonly string[] | undefined
  readonly body?: unknown
  readonly account?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Its answer. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly bytes: Buffer
  readonly text: string
  readonly json: Record<string, unknown>
}

/** A server of the declared API over one adapter and one store. */
export interface Scenario {
  readonly port: number
  readonly api: Api
  post(path: string, post?: Post): Promise<Answer>
  get(path: string, account?: string): Promise<Answer>
}

/** How one server differs from the others. */
export interface ScenarioOptions {
  readonly handler?: ScenarioHandler
  readonly declaration?: Partial<ApiDeclaration>
  /** Another store than the one opened: a faulty one, or a twin. */
  readonly open?: OpenStore
  readonly store?: Store
  /** A policy outside the API's own, such as a rate limit. */
  readonly before?: Policy
}

export interface Matrix {
  readonly kit: Kit
  readonly storeKit: StoreKit
  /** Opened for each test. */
  open(): Promise<OpenStore>
  start(options?: ScenarioOptions & { readonly open: OpenStore }): Promise<Scenario>
}

const transfer: ScenarioHandler = async ({ asked, add }) => {
  await asked.body()
  await add()
  return {
    status: 201,
    headers: { 'content-type': 'application/json', location: '/transfers/1' },
    body: JSON.stringify({ id: 'transfer 1' }),
  }
}

/** Routes with every rule the scenarios need. */
function routesFor(guarantee: StoreKit['strongest']): ApiDeclaration['routes'] {
  return {
    'POST /transfers': { idempotency: guarantee },
    'POST /refunds': { idempotency: guarantee },
    'POST /plain': { idempotency: 'at-most-once' },
    'PUT /wallets/:id': { idempotency: guarantee },
    'POST /optional': { idempotency: { guarantee, key: 'optional' } },
    'POST /scoped/:name': { idempotency: { guarantee, keyScope: 'endpoint' } },
    'POST /conflict': { idempotency: { guarantee, whileRunning: 'conflict' } },
    'POST /impatient': { idempotency: { guarantee, joinTimeoutMs: 150 } },
    'POST /stamped': { idempotency: { guarantee, fingerprint: { ignore: ['/meta/sentAt'] } } },
    'POST /small': { idempotency: { guarantee, maxBodyBytes: 1_000 } },
    'GET /transfers': {},
  }
}

async function startScenario(
  kit: Kit,
  storeKit: StoreKit,
  { open, store, handler = transfer, declaration = {}, before }: ScenarioOptions & { open: OpenStore },
): Promise<Scenario> {
  const api = defineApi({
    store: store ?? open.store,
    account: (head) => head.headers.get('authorization')?.replace(/^Bearer (\w+)\..*$/, '$1'),
    secret,
    ...(open.namespace !== undefined && { namespace: open.namespace }),
    routes: routesFor(storeKit.strongest),
    ...declaration,
  })
  const source = before === undefined ? api : stack(before, api.policy)
  const port = await listen(await kit.start(source, (asked) => handler({ asked, add: () => open.add('effect') })))
  const agent = new Agent({ keepAlive: true })
  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string | string[]>,
    body?: string | Uint8Array,
  ): Promise<Answer> => {
    const { status, headers: fields, body: bytes } = await send(port, { method, path, headers, agent, ...(body !== undefined && { body }) })
    const text = bytes.toString()
    return {
      status,
      headers: fields,
      bytes,
      text,
      json:
        /json/.test(String(fields['content-type'])) && fields['content-encoding'] === undefined && text !== ''
          ? (JSON.parse(text) as Record<string, unknown>)
          : {},
    }
  }
  return {
    port,
    api,
    post(path, { method = 'POST', key = 'key-1', body = { amount: 5 }, account = 'ada', headers = {} } = {}) {
      const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
      const keyField = key === '' ? {} : { 'idempotency-key': key as string | string[] }
      return ask(
        method,
        path,
        { authorization: `Bearer ${account}.token`, 'content-type': 'application/json', ...keyField, ...headers },
        bytes,
      )
    },
    get: (path, account = 'ada') => ask('GET', path, { authorization: `Bearer ${account}.token` }),
  }
}

/** Runs scenarios over adapters and stores; a store without a server on this machine is a telling skip. */
export function describeMatrix(
  title: string,
  only: { readonly kits?: readonly string[]; readonly stores?: readonly StoreKit['name'][] },
  scenarios: (matrix: Matrix) => void,
): void {
  for (const storeKit of storeKits.filter(({ name }) => only.stores?.includes(name) ?? true)) {
    const { open } = storeKit
    for (const kit of kits.filter(({ name }) => only.kits?.includes(name) ?? true)) {
      const describeHere = open === undefined ? describe.skip : describe
      describeHere(
        `${title}: ${kit.name} on ${storeKit.name}${open === undefined ? ' (SKIPPED: no such server on this machine)' : ''}`,
        () => {
          afterEach(async () => {
            closeServers()
            await closeStores()
          })
          scenarios({
            kit,
            storeKit,
            open: () => (open as () => Promise<OpenStore>)(),
            start: (options) => startScenario(kit, storeKit, options as ScenarioOptions & { open: OpenStore }),
          })
        },
      )
    }
  }
}

/** What a call to a plain route claims, to put its record into a state that a server would need a crash for. */
export async function claimAs(
  open: OpenStore,
  path: string,
  { key = 'key-1', body = { amount: 5 }, account = 'ada' }: Post = {},
  leaseMs = 30_000,
): Promise<KeyedCall> {
  const settings = toSettings({
    store: open.store.idempotency,
    guarantee: 'at-most-once',
    secret,
    leaseMs,
    account: () => account,
    ...(open.namespace !== undefined && { namespace: open.namespace }),
  })
  const call = createCall({
    method: 'POST',
    url: path,
    headers: toFields({ 'content-type': 'application/json' }),
    body: new TextEncoder().encode(JSON.stringify(body)),
  })
  const keyed = await toKeyedCall(settings, call, () => createReply(500), key as string)
  if (!('claim' in keyed)) throw new Error(`the claim was refused with ${keyed.status}`)
  return keyed
}

/** Leaves a key as a process does that was killed while it ran the call: held by nobody, its lease over at once. */
export async function vanish(open: OpenStore, path: string, post: Post = {}): Promise<void> {
  const { claim } = await claimAs(open, path, post, 1)
  await open.store.idempotency.claim(claim)
}
