import type { RequestListener } from 'node:http'
import type { App } from '../app.ts'
import type { Options } from '../flags.ts'

/** Mounts the ledger on a framework. Only the one asked for is loaded. */
export async function mount(adapter: Options['adapter'], app: App): Promise<RequestListener> {
  switch (adapter) {
    case 'node':
      return (await import('./node.ts')).nodeLedger(app)
    case 'express':
      return (await import('./express.ts')).expressLedger(app)
    case 'fastify':
      return (await import('./fastify.ts')).fastifyLedger(app)
    case 'hono':
      return (await import('./hono.ts')).honoLedger(app)
  }
}
