import { createServer } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { callOf } from '../../src/adapters/node/index.ts'
import { captureBody, createReply, isHoldfastError, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { cutOff, gate, oneConnection, send } from './client.ts'
import { listen, reported } from './matrix.ts'
import { adding, capturing, describeNode } from './node-kit.ts'
import type { Listener } from './node-kit.ts'

describeNode('handlers on a Node response', (start, listener) => {
  it('ignores a handler that answers after the policy has', async () => {
    const { opened: answered, open: proceed } = gate()
    const { opened: ended, open: end } = gate()
    const impatient: Policy = async (call, next) => {
      void next(call)
      return createReply(504, {}, 'too late')
    }
    const port = await start(impatient, async (_req, res) => {
      await answered
      res.statusCode = 200
      res.setHeader('x-own', '1')
      res.writeHead(201)
      res.write('hello')
      res.end('more', end)
    })
    const agent = oneConnection()
    const first = await send(port, { agent })
    proceed()
    await ended
    const second = await send(port, { agent })
    agent.destroy()
    expect([first.status, String(first.body), second.status]).toEqual([504, 'too late', 504])
  })

  it('rejects next() and captures when the handler destroys its response', async () => {
    const codes: unknown[] = []
    const looking: Policy = async (call, next) => {
      try {
        const reply = await next(call)
        await captureBody(reply.body, 1000)
        return reply
      } catch (error) {
        codes.push(isHoldfastError(error) && error.code)
        throw error
      }
    }
    await expect(send(await start(looking, (_req, res) => res.destroy()))).rejects.toThrow(cutOff)
    await expect(send(await start(looking, (_req, res) => (res.write('some'), setImmediate(() => res.destroy()))))).rejects.toThrow(cutOff)
    expect(codes).toEqual(['body-incomplete', 'body-incomplete'])
  })

  it('answers a policy that throws with a problem that says nothing of the error', async () => {
    const boom = new Error('secret detail')
    for (const policy of [
      () => {
        throw boom
      },
      async () => Promise.reject(boom),
      async (call, next) => (await next(call), Promise.reject(boom)),
      async (call, next) => {
        const reply = await next(call)
        await captureBody(reply.body, 1000)
        throw boom
      },
      () => undefined as never,
    ] satisfies Policy[]) {
      const { status, body, headers } = await send(await start(policy, (_req, res) => void (res.setHeader('x-own', '1'), res.end('hello'))))
      expect([status, JSON.parse(String(body)).code, headers['x-own'], String(body).includes('secret')]).toEqual([
        500,
        'handler-failed',
        undefined,
        false,
      ])
    }
    expect(reported.filter((error) => error === boom)).toHaveLength(4)
  })

  it('answers with a problem when a policy sets a value that cannot be sent', async () => {
    const bad: Policy = async (call, next) => withHeaders(await next(call), { 'x-bad': 'a\nb' })
    expect((await send(await start(bad, (_req, res) => res.end('hello')))).status).toBe(500)
    expect(
      (
        await send(
          await start(
            () => createReply(200, { 'x-bad': 'a\nb' }),
            () => {},
          ),
        )
      ).status,
    ).toBe(500)
  })

  it('gives handlers their call by the request', async () => {
    const port = await start(adding, (req, res) => res.end(callOf(req).method))
    expect(String((await send(port, { method: 'PUT' })).body)).toBe('PUT')
    expect(() => callOf({})).toThrow(/mount the adapter/)
  })

  it('works twice on one request, one inside the other', async () => {
    const inner = listener(capturing, async (req, res) => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk as Buffer)
      res.writeHead(201, { 'x-own': '1' })
      res.end(Buffer.concat(chunks))
    })
    const outer: Policy = async (call, next) => {
      await call.bytes()
      return adding(call, next)
    }
    const reading: Policy = async (call, next) => (await call.bytes(), capturing(call, next))
    for (const policy of [outer, reading]) {
      const { status, headers, body } = await send(await start(policy, inner), { method: 'POST', body: 'hello' })
      expect([status, headers['x-own'], headers['x-captured'], String(body)]).toEqual([201, '1', 'hello', 'hello'])
    }
  })

  it('works under middleware that wraps the response, outside and inside', async () => {
    const wrapping =
      (next: Listener): Listener =>
      (req, res) => {
        const { write, end } = res
        const shout = (chunk: unknown): unknown => (typeof chunk === 'string' ? chunk.toUpperCase() : chunk)
        res.write = (chunk: unknown, ...rest: unknown[]) => (write as (...all: unknown[]) => boolean).call(res, shout(chunk), ...rest)
        res.end = ((chunk: unknown, ...rest: unknown[]) => {
          if (!res.headersSent) res.setHeader('x-wrapped', '1')
          return (end as (...all: unknown[]) => ServerResponse).call(res, shout(chunk), ...rest)
        }) as typeof res.end
        return next(req, res)
      }
    const handler: Listener = (_req, res) => (res.write('hel'), res.end('lo'))
    const inside = await send(await start(capturing, wrapping(handler)))
    expect([inside.headers['x-captured'], String(inside.body)]).toEqual(['HELLO', 'HELLO'])
    const outside = await send(await listen(createServer(wrapping(listener(capturing, handler)) as RequestListener)))
    expect([outside.headers['x-captured'], String(outside.body)]).toEqual(['hello', 'HELLO'])
  })
})
