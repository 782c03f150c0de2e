import type { RequestListener } from 'node:http'
import { createReply, jsonReply } from 'holdfast'
import type { Policy } from 'holdfast'
import { toTimestamp } from '../clock.ts'
import type { AdjustableClock } from '../clock.ts'
import { queryOf, reading } from '../http.ts'
import { integer, object, oneOf, optional, text } from '../input.ts'
import type { Ledger } from '../ledger.ts'
import { invalid } from '../refusals.ts'
import type { Routes } from '../routes.ts'
import { countEffects } from './effects.ts'
import { createFaults, faultKinds } from './faults.ts'
import { reset } from './reset.ts'

const resetOrder = object({
  seed: optional(integer(0, 2 ** 32 - 1), 1),
  wallets: optional(integer(0, 100_000), 10),
  transfers: optional(integer(0, 1_000_000), 0),
})
const faultOrder = object({
  method: text({ pattern: /^[A-Z]+$/, asks: 'must be a method in capital letters' }),
  path: text({ pattern: /^\//, asks: 'must begin with /' }),
  kind: oneOf(faultKinds),
  times: optional(integer(1, 1_000_000), 1),
  ms: optional(integer(0, 600_000), 1000),
})
const clockOrder = object({ advance_seconds: integer(-1_000_000_000, 1_000_000_000) })

/** What `--test-hooks` adds. All but the data is this process's own. */
export interface TestHooks {
  readonly routes: Routes
  readonly policy: Policy
  readonly listening: (listener: RequestListener) => RequestListener
  /** The same routes, with handlers that can be made to fail. */
  meddle(routes: Routes): Routes
}

/** Makes the routes under `/_test/`, and what they need elsewhere. */
export function createTestHooks({ database }: Ledger, clock: AdjustableClock): TestHooks {
  const faults = createFaults()
  return {
    policy: faults.policy,
    listening: faults.listening,
    meddle: (routes) =>
      Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, { ...route, handler: faults.around(route.handler) }])),
    routes: {
      'POST /_test/reset': {
        handler: reading(resetOrder, async (_call, _params, order) => {
          if (order.transfers > 0 && order.wallets < 2)
            return invalid([{ pointer: '/wallets', detail: 'must be at least 2 for transfers' }])
          faults.clear()
          clock.reset()
          await reset(database, order)
          return jsonReply(200, order)
        }),
      },
      'GET /_test/effects': {
        handler: async (call) => jsonReply(200, await countEffects(database.read, queryOf(call).get('account') ?? 'alice')),
      },
      'POST /_test/fault': {
        handler: reading(faultOrder, (_call, _params, fault) => {
          faults.add(fault)
          return createReply(204)
        }),
      },
      'POST /_test/clock': {
        handler: reading(clockOrder, (_call, _params, { advance_seconds }) => {
          clock.advance(advance_seconds)
          return jsonReply(200, { now: toTimestamp(clock.now()) })
        }),
      },
    },
  }
}
