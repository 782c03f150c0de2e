import { createReply, jsonReply, systemClock, withTimeout } from 'holdfast'
import type { Ledger } from './ledger.ts'
import type { Metrics } from './metrics.ts'
import { explain, refuse } from './refusals.ts'
import type { Routes } from './routes.ts'

/** An orchestrator asks every few seconds; an answer that takes longer is a no. */
const readyTimeoutMs = 2000

/** What operators and their machines ask for: no key, no limit. */
export function operationRoutes({ database }: Ledger, metrics: Metrics): Routes {
  const ask = (): Promise<unknown> => database.read.query('SELECT id FROM wallets LIMIT 1')
  return {
    'GET /healthz': { handler: () => jsonReply(200, { status: 'up' }) },
    'GET /readyz': {
      handler: async () => {
        try {
          await withTimeout(systemClock, readyTimeoutMs, ask(), () => new Error('timeout'))
          return jsonReply(200, { status: 'ready' })
        } catch {
          return refuse('not-ready', 'The store did not answer.')
        }
      },
    },
    'GET /metrics': { handler: () => createReply(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, metrics.render()) },
    'GET /errors/:code': { handler: (_call, { code = '' }) => explain(code) },
  }
}
