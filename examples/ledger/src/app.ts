import type { RequestListener } from 'node:http'
import { defineApi, stack } from 'holdfast'
import type { Api, Call, LimitDeclaration, Policy, Store } from 'holdfast'
import { pathsOf } from 'holdfast/versioning'
import { accountOf } from './accounts.ts'
import { nothingHere, toAnswer } from './answer.ts'
import type { Answer } from './answer.ts'
import { createClock } from './clock.ts'
import type { LedgerDatabase } from './database/database.ts'
import { createTestHooks } from './hooks/test-hooks.ts'
import type { Params } from './http.ts'
import { createMatcher } from './matcher.ts'
import type { Match } from './matcher.ts'
import { createMetrics } from './metrics.ts'
import { operationRoutes } from './operations.ts'
import { ledgerRoutes } from './routes.ts'
import type { Route, Routes } from './routes.ts'
import { versionRoutes } from './version-routes.ts'
import { versions } from './versions/versions.ts'

/** The ledger without a framework: a policy that goes round everything, and the routes to mount. */
export interface App {
  readonly policy: Policy
  readonly mounts: readonly Mount[]
  match(method: string, url: string): Match | undefined
  /** Goes round the listener of the server. */
  readonly listening: (listener: RequestListener) => RequestListener
  readonly api: Api
  close(): void
}

/** A route, ready to be mounted. */
export interface Mount {
  readonly name: string
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  readonly path: string
  answer(call: Call, params: Params): Promise<Answer>
}

/** Puts the ledger together: its routes, what they promise, and who may call them. */
export function createApp({
  database,
  secret,
  withTestHooks,
  limits,
  limitsStore,
  nodes,
}: {
  database: LedgerDatabase
  secret: string
  withTestHooks: boolean
  limits: readonly LimitDeclaration[]
  limitsStore: Store
  /** How many processes share the limits. */
  nodes: number
}): App {
  const clock = createClock()
  const ledger = { database, clock, keepsKeys: withTestHooks }
  const metrics = createMetrics((method, url) => match(method, url)?.name ?? 'none')
  const hooks = withTestHooks ? createTestHooks(ledger, clock) : undefined
  const own: Routes = { ...ledgerRoutes(ledger), ...versionRoutes(() => api) }
  const routes: Routes = { ...(hooks?.meddle(own) ?? own), ...operationRoutes(ledger, metrics), ...hooks?.routes }
  // Fastify and Hono find their route before Holdfast sees the call, so each is mounted under every name it has had.
  const mounts = Object.entries(routes).flatMap(([name, route]) => pathsOf(versions, name).map(({ path }) => toMount(path, route)))
  const match = createMatcher(mounts.map(({ name }) => name))

  const promises = Object.entries(own).flatMap(([name, { promise }]) => (promise ? [[name, promise]] : []))
  const api = defineApi({
    store: database.store,
    account: accountOf,
    secret,
    versions,
    limits,
    limitsStore,
    limiting: { onStoreFailure: 'local', nodes },
    routes: Object.fromEntries(promises),
  })

  return {
    policy: stack(metrics.policy, ...(hooks ? [hooks.policy] : []), api.policy),
    mounts,
    match,
    listening: hooks?.listening ?? ((listener) => listener),
    api,
    close: () => metrics.close(),
  }
}

function toMount(name: string, { handler }: Route): Mount {
  const [method, path = ''] = name.split(' ')
  return {
    name,
    method: (method ?? '').toLowerCase() as Mount['method'],
    path,
    async answer(call, params) {
      // Fastify lets the :id of /wallets/:id be nothing, and Postgres cannot be asked for U+0000.
      if (Object.values(params).some((value) => value === '' || value.includes('\0'))) return nothingHere()
      return toAnswer(await handler(call, params, undefined))
    },
  }
}
