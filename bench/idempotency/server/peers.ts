import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import type { FastifyPluginCallback } from 'fastify'
import type { Protection } from './frameworks.ts'
import type { Storage } from './spec.ts'

// Loaded by name, with the types stated here: the rest of the repository is checked without the peers being installed.
const require = createRequire(import.meta.url)

interface StoredAnswer {
  readonly body?: unknown
  readonly additional?: { readonly status: number; readonly type: string }
}

interface NodeIdempotency {
  onRequest(request: unknown): Promise<StoredAnswer | undefined>
  onResponse(request: unknown, answer: StoredAnswer): Promise<void>
}

/** `@node-idempotency/core`, mounted as its guide says: `onRequest` before the handler, `onResponse` before the answer leaves. */
export async function nodeIdempotency(storage: Storage): Promise<Protection> {
  const { Idempotency } = require('@node-idempotency/core') as { Idempotency: new (adapter: unknown) => NodeIdempotency }
  const idempotency = new Idempotency(await adapterFor(storage))
  return { expressAfterParser: onExpress(idempotency), fastify: onFastify(idempotency) }
}

async function adapterFor(storage: Storage): Promise<unknown> {
  if (storage.kind === 'memory') {
    const { MemoryStorageAdapter } = require('@node-idempotency/storage-adapter-memory') as { MemoryStorageAdapter: new () => unknown }
    return new MemoryStorageAdapter()
  }
  if (storage.kind !== 'node-redis') throw new Error(`@node-idempotency has no adapter for ${storage.kind}`)
  const { RedisStorageAdapter } = require('@node-idempotency/storage-adapter-redis') as {
    RedisStorageAdapter: new (options: { url: string }) => { connect(): Promise<void> }
  }
  const adapter = new RedisStorageAdapter({ url: storage.url })
  await adapter.connect()
  return adapter
}

function onExpress(idempotency: NodeIdempotency): RequestHandler {
  return async (request, response, next) => {
    const { method, headers, body, path } = request
    const asked = { method, headers, body: body as unknown, path }
    try {
      const stored = await idempotency.onRequest(asked)
      if (stored?.additional !== undefined) {
        response.status(stored.additional.status).type(stored.additional.type).send(stored.body)
        return
      }
    } catch (error) {
      response.status(409).json({ message: (error as Error).message })
      return
    }
    const send = response.send.bind(response)
    response.send = (answered: unknown) => {
      response.send = send
      const additional = { status: response.statusCode, type: String(response.get('content-type')) }
      void idempotency.onResponse(asked, { body: answered, additional }).then(() => send(answered))
      return response
    }
    next()
  }
}

function onFastify(idempotency: NodeIdempotency): FastifyPluginCallback {
  const replayed = Symbol('replayed')
  const plugin: FastifyPluginCallback = (app, _options, done) => {
    app.addHook('preHandler', async (request, reply) => {
      const { method, headers, body, url } = request
      try {
        const stored = await idempotency.onRequest({ method, headers, body, path: url })
        if (stored?.additional === undefined) return undefined
        Object.assign(request, { [replayed]: true })
        return reply.code(stored.additional.status).type(stored.additional.type).send(stored.body)
      } catch (error) {
        return reply.code(409).send({ message: (error as Error).message })
      }
    })
    app.addHook('onSend', async (request, reply, payload) => {
      if (replayed in request || reply.statusCode === 409) return
      const { method, headers, body, url } = request
      const additional = { status: reply.statusCode, type: String(reply.getHeader('content-type')) }
      await idempotency.onResponse({ method, headers, body, path: url }, { body: payload, additional })
    })
    done()
  }
  return Object.assign(plugin, { [Symbol.for('skip-override')]: true })
}

interface Resource {
  readonly idempotencyKey: string
}

/**
 * `express-idempotency`, as its guide says. Its own store searches an array at each request; it gets a Map here, so that what is
 * measured is the middleware and not how many keys there are.
 */
export function expressIdempotency(): Protection {
  const { idempotency } = require('express-idempotency') as { idempotency: (options: { dataAdapter: unknown }) => RequestHandler }
  const resources = new Map<string, Resource>()
  const dataAdapter = {
    findByIdempotencyKey: async (key: string) => resources.get(key) ?? null,
    create: async (resource: Resource) => void resources.set(resource.idempotencyKey, resource),
    update: async (resource: Resource) => void resources.set(resource.idempotencyKey, resource),
    delete: async (key: string) => void resources.delete(key),
  }
  return { expressAfterParser: idempotency({ dataAdapter }) }
}
