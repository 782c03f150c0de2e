import { createRequire } from 'node:module'
import type { RequestHandler } from 'express'
import type { FastifyPluginCallback } from 'fastify'
import { defineApi } from 'holdfast'
import type { Policy } from 'holdfast'
import { memory } from 'holdfast/memory'
import type { MiddlewareHandler } from 'hono'
import { flexibleInMemory } from '../limiters/memory-peers.ts'
import type { Guard } from './spec.ts'

// Loaded by name, with the types stated here: the rest of the repository is checked without the peers being installed.
const require = createRequire(import.meta.url)
const windowMs = 3_600_000

/** What each framework mounts; absent for the bare one. */
export interface Protection {
  readonly policy?: Policy
  readonly express?: RequestHandler
  readonly fastify?: FastifyPluginCallback
  readonly fastifyOptions?: object
  readonly hono?: MiddlewareHandler
}

/** Each limiter as its guide mounts it, counting by the same field of a request. */
export function protect(guard: Guard, limit: number): Protection {
  switch (guard) {
    case 'bare':
      return {}
    case 'holdfast':
      return { policy: declare(limit, 1) }
    case 'holdfast, 3 limits':
      return { policy: declare(limit, 3) }
    case 'express-rate-limit':
      return { express: expressRateLimit(limit) }
    case 'rate-limiter-flexible':
      return { express: flexible(limit) }
    case '@fastify/rate-limit':
      return fastifyRateLimit(limit)
    case 'hono-rate-limiter':
      return { hono: honoRateLimiter(limit) }
    default:
      return guard satisfies never
  }
}

function declare(limit: number, count: number): Policy {
  const limits = [
    { name: 'per-hour', limit, windowSeconds: 3_600, burst: limit },
    { name: 'per-day', limit: limit * 24, windowSeconds: 86_400, burst: limit },
    { name: 'per-month', limit: limit * 700, windowSeconds: 2_592_000, burst: limit },
  ].slice(0, count)
  const account = (head: { headers: { get(name: string): string | null } }): string | undefined =>
    head.headers.get('x-account') ?? undefined
  return defineApi({ store: memory(), account, limits, routes: { 'GET /thing': {} } }).policy
}

function expressRateLimit(limit: number): RequestHandler {
  const { rateLimit } = require('express-rate-limit') as { rateLimit: (options: object) => RequestHandler }
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (request: { headers: Record<string, string> }) => request.headers['x-account'],
  })
}

/** The wrapper of its guide, with the fields of its guide. */
function flexible(limit: number): RequestHandler {
  const limiter = flexibleInMemory({ limit, windowMs })
  return async (request, response, next) => {
    const admitted = await limiter.take(String(request.headers['x-account']))
    response.set('X-RateLimit-Limit', String(limit))
    if (admitted) next()
    else response.status(429).send('Too Many Requests')
  }
}

function fastifyRateLimit(limit: number): Protection {
  const fastify = require('@fastify/rate-limit') as FastifyPluginCallback
  const keyGenerator = (request: { headers: Record<string, string> }): string | undefined => request.headers['x-account']
  return { fastify, fastifyOptions: { max: limit, timeWindow: windowMs, cache: 100_000, enableDraftSpec: true, keyGenerator } }
}

function honoRateLimiter(limit: number): MiddlewareHandler {
  const { rateLimiter } = require('hono-rate-limiter') as { rateLimiter: (options: object) => MiddlewareHandler }
  return rateLimiter({
    windowMs,
    limit,
    standardHeaders: 'draft-7',
    keyGenerator: (context: { req: { header(name: string): string | undefined } }) => context.req.header('x-account') ?? '',
  })
}
