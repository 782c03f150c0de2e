// One server to measure, in a process of its own
import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import type { FastifyPluginCallback } from 'fastify'
import { Hono } from 'hono'
import type { MiddlewareHandler } from 'hono'
import { holdfast as onExpress } from 'holdfast/express'
import { holdfast as onFastify } from 'holdfast/fastify'
import { holdfast as onHono } from 'holdfast/hono'
import { holdfast as onNode } from 'holdfast/node'
import { answerParent, specOf } from '../../harness/answer-parent.ts'
import { protect } from './guards.ts'
import type { Protection } from './guards.ts'
import type { Framework, ServerSpec, Usage } from './spec.ts'

const thing = { id: 'thing', name: 'A thing of a few words', count: 41 }

/** The same handler on each framework, written as its guide does. */
const servers: Record<Framework, (protection: Protection) => Server | Promise<Server>> = {
  node({ policy }) {
    const listener: RequestListener = (_request, response) => {
      const text = JSON.stringify(thing)
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
    }
    return createServer(policy === undefined ? listener : onNode(policy, listener))
  },

  express({ policy, express: guard }) {
    const app = express()
    if (policy !== undefined) app.use(onExpress(policy))
    if (guard !== undefined) app.use(guard)
    app.get('/thing', (_request, response) => void response.json(thing))
    return createServer(app)
  },

  async fastify({ policy, fastify: guard, fastifyOptions = {} }) {
    const app = fastify()
    if (policy !== undefined) await app.register(onFastify(policy) as unknown as FastifyPluginCallback)
    if (guard !== undefined) await app.register(guard, fastifyOptions)
    app.get('/thing', async () => thing)
    await app.ready()
    return app.server
  },

  hono({ policy, hono: guard }) {
    const app = new Hono()
    if (policy !== undefined) app.use(onHono(policy) as unknown as MiddlewareHandler)
    if (guard !== undefined) app.use(guard)
    app.get('/thing', (context) => context.json(thing))
    return createAdaptorServer({ fetch: app.fetch }) as Server
  },
}

const { framework, guard, limit } = specOf<ServerSpec>()
const server = await servers[framework](protect(guard, limit))
// Connections are kept for the whole run, and each waits while others are measured.
server.keepAliveTimeout = 3_600_000
server.headersTimeout = 0
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => answerParent({ port: (server.address() as AddressInfo).port }, usage))

function usage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuUs: user + system, heapBytes: process.memoryUsage().heapUsed }
}
