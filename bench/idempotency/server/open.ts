import { defineApi } from 'holdfast'
import type { Policy } from 'holdfast'
import { holdfast as onExpress } from 'holdfast/express'
import { holdfast as onFastify } from 'holdfast/fastify'
import { holdfast as onHono } from 'holdfast/hono'
import { holdfast as onNode } from 'holdfast/node'
import { memory } from 'holdfast/memory'
import type { FastifyPluginCallback } from 'fastify'
import type { MiddlewareHandler } from 'hono'
import type { Protection } from './frameworks.ts'
import type { Handler } from './handler.ts'
import { countingHandler } from './handler.ts'
import { expressIdempotency, nodeIdempotency } from './peers.ts'
import { openPostgres } from './postgres.ts'
import { openRedis } from './redis.ts'
import type { ServerSpec } from './spec.ts'
import { openSqlite } from './sqlite.ts'

type Declaration = Parameters<typeof defineApi>[0]

/** A storage, opened: its store and the handler that writes its effect there. */
export interface Opened {
  readonly store: Declaration['store']
  readonly handler: Handler
  readonly guarantee: 'exactly-once' | 'at-most-once'
  readonly roundTrips?: () => number
}

/** Opens what a server needs behind its framework. */
export async function open(spec: ServerSpec, onRun: () => void): Promise<Opened & { readonly protection: Protection }> {
  const opened = await openStorage(spec, onRun)
  return { ...opened, protection: await protect(spec, opened) }
}

function openStorage({ storage, guard }: ServerSpec, onRun: () => void): Promise<Opened> | Opened {
  const isBare = guard === 'bare'
  switch (storage.kind) {
    case 'memory':
      return { store: memory(), handler: countingHandler(onRun), guarantee: 'at-most-once' }
    case 'ioredis':
    case 'node-redis':
      return openRedis(storage, guard, countingHandler(onRun))
    case 'sqlite':
      return openSqlite(storage.file, isBare, onRun)
    case 'postgres':
      return openPostgres(storage.url, guard, onRun)
    default:
      return storage satisfies never
  }
}

function protect({ guard, storage }: ServerSpec, opened: Opened): Promise<Protection> | Protection {
  switch (guard) {
    case 'bare':
    case 'two-sets':
    case 'by-hand':
      return {}
    case 'pass':
      return mount((call, next) => next(call))
    case 'undeclared':
      return mount(declare(opened, {}))
    case 'holdfast':
      return mount(declare(opened, { 'POST /transfers': { idempotency: opened.guarantee } }))
    case 'node-idempotency':
      return nodeIdempotency(storage)
    case 'express-idempotency':
      return expressIdempotency()
    default:
      return guard satisfies never
  }
}

function declare({ store }: Opened, routes: Declaration['routes']): Policy {
  const isDurable = store.idempotency?.durable === true
  // Peers know no accounts; finding one is part of what Holdfast does for a call.
  const account: Declaration['account'] = (head) => head.headers.get('authorization') ?? undefined
  return defineApi({ store, account, ...(isDurable && { secret: 'only-for-measuring' }), routes }).policy
}

function mount(policy: Policy): Protection {
  return {
    node: (listener) => onNode(policy, listener),
    express: onExpress(policy),
    fastify: onFastify(policy) as unknown as FastifyPluginCallback,
    hono: onHono(policy) as unknown as MiddlewareHandler,
  }
}
