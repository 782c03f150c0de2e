import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import type { RequestHandler } from 'express'
import fastify from 'fastify'
import type { FastifyPluginCallback } from 'fastify'
import { Hono } from 'hono'
import type { MiddlewareHandler } from 'hono'
import type { Handler, Transfer } from './handler.ts'

/** Each framework's own shape of what stands before the handler; absent for the bare one. */
export interface Protection {
  readonly node?: (listener: RequestListener) => RequestListener
  readonly express?: RequestHandler
  /** For middleware that needs the parsed body. */
  readonly expressAfterParser?: RequestHandler
  readonly fastify?: FastifyPluginCallback
  readonly hono?: MiddlewareHandler
}

const path = '/transfers'

/** The same handler on each framework, written as its guide does. */
export const servers: Record<'node' | 'express' | 'fastify' | 'hono', (handler: Handler, protection: Protection) => Promise<Server>> = {
  async node(handler, protection) {
    const listener: RequestListener = (request, response) => handleNode(handler, request, response)
    return createServer(protection.node?.(listener) ?? listener)
  },

  async express(handler, protection) {
    const app = express()
    if (protection.express !== undefined) app.use(protection.express)
    app.use(express.json())
    if (protection.expressAfterParser !== undefined) app.use(protection.expressAfterParser)
    app.post(path, async (request, response) => {
      // A replay that goes on to the handler, as express-idempotency does.
      if (response.headersSent) return
      response.status(201).json(await handler(request.body as Transfer))
    })
    return createServer(app)
  },

  async fastify(handler, protection) {
    const app = fastify()
    if (protection.fastify !== undefined) await app.register(protection.fastify)
    app.post(path, async (request, reply) => reply.code(201).send(await handler(request.body as Transfer)))
    await app.ready()
    return app.server
  },

  async hono(handler, protection) {
    const app = new Hono()
    if (protection.hono !== undefined) app.use(protection.hono)
    app.post(path, async (context) => context.json(await handler(await context.req.json<Transfer>()), 201))
    return createAdaptorServer({ fetch: app.fetch }) as Server
  },
}

function handleNode(handler: Handler, request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    void answer(handler, JSON.parse(Buffer.concat(chunks).toString()) as Transfer, response)
  })
}

async function answer(handler: Handler, transfer: Transfer, response: ServerResponse): Promise<void> {
  const body = JSON.stringify(await handler(transfer))
  response.writeHead(201, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
