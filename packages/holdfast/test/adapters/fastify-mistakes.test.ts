import fastify from 'fastify'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { holdfast } from '../../src/adapters/fastify/index.ts'
import { addHeaders, captureBody, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { send } from './client.ts'
import { closeServers, listen } from './matrix.ts'

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown

const policies: readonly Policy[] = [
  (call, next) => next(call),
  (call, next) => addHeaders(next(call), () => ({ 'x-policy': 'seen' })),
  async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' }),
  async (call, next) => {
    const reply = await next(call)
    await captureBody(reply.body, 1000)
    return reply
  },
]

describe('mistakes of a handler of fastify', () => {
  afterEach(closeServers)

  const start = async (policy: Policy, handler: Handler): Promise<number> => {
    const app = fastify()
    await app.register(holdfast(policy))
    app.get('/', handler as never)
    await app.ready()
    return listen(app.server)
  }

  it.each<[string, Handler]>([
    ['sends twice', (_request, reply) => (reply.send('first'), void reply.code(500).send('second'))],
    ['sends, and returns something else', async (_request, reply) => (reply.send('first'), 'second')],
    ['sends, and throws', async (_request, reply) => (reply.send('first'), Promise.reject(new Error('late')))],
    ['sends, and looks whether it has', (_request, reply) => (reply.send('first'), void (reply.sent || reply.send('second')))],
  ])('leave the first answer alone when it %s', async (_kind, handler) => {
    for (const policy of policies) {
      const { body } = await send(await start(policy, handler))
      expect(String(body)).toBe('first')
    }
  })

  it.each<[string, Handler]>([
    ['a payload that needs a serialiser', (_request, reply) => reply.type('text/plain').send({ id: 1 })],
    ['a field that no head can carry', (_request, reply) => reply.header('x-own', 'a\nb').send('hello')],
  ])('are answered 500: %s', async (_kind, handler) => {
    for (const policy of policies) expect((await send(await start(policy, handler))).status).toBe(500)
  })
})
