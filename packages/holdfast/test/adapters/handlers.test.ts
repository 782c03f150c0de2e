import { expect, it } from 'vitest'
import { currentCall, defineFact, stack, withHeaders } from '../../src/core/index.ts'
import type { Policy, Reply } from '../../src/core/index.ts'
import { gate, send } from './client.ts'
import { describeAdapters } from './matrix.ts'

const nothing: Policy = (call, next) => next(call)
const waiting: Policy = async (call, next) => await next(call)
const encoder = new TextEncoder()
const throwing = (): never => {
  throw new Error('boom')
}

describeAdapters('handlers', (start, kit) => {
  it('gives handlers their call, with the facts of the policies before', async () => {
    const fact = defineFact<string>('test')
    const setting: Policy = (call, next) => {
      call.facts.set(fact, call.headers.get('X-Name') ?? '')
      return next(call)
    }
    const port = await start(setting, async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return { body: `${currentCall().facts.get(fact)} ${currentCall().method}` }
    })
    expect(String((await send(port, { headers: { 'x-name': 'Ada' } })).body)).toBe('Ada GET')
  })

  it('gives handlers the call as a policy has changed it', async () => {
    const changing: Policy = (call, next) => next(call.with({ body: encoder.encode('changed') }))
    for (const policy of [changing, stack(waiting, changing)]) {
      const port = await start(policy, async () => ({ body: await currentCall().bytes() }))
      expect(String((await send(port, { method: 'POST', body: 'sent' })).body)).toBe('changed')
    }
  })

  it.runIf(kit.hasOwnErrors)('lets the framework answer a handler that throws, and shows the policy that answer', async () => {
    const seen: number[] = []
    const looking: Policy = async (call, next) => {
      const reply = await next(call)
      seen.push(reply.status)
      return withHeaders(reply, { 'x-policy': 'seen' })
    }
    for (const [policy, field] of [
      [looking, 'seen'],
      [nothing, undefined],
    ] as const) {
      const { status, headers, body } = await send(await start(policy, throwing))
      expect([status, String(body), headers['x-policy']]).toEqual([418, 'the app says boom', field])
    }
    expect(seen).toEqual([418])
  })

  it.runIf(!kit.hasOwnErrors)('answers a handler that throws with a problem', async () => {
    for (const policy of [waiting, nothing]) {
      const { status, body } = await send(await start(policy, throwing))
      expect([status, JSON.parse(String(body)).code, String(body).includes('boom')]).toEqual([500, 'handler-failed', false])
    }
  })

  it('refuses a second next() with an error that says so', async () => {
    let message = ''
    const twice: Policy = async (call, next) => {
      const reply = await next(call)
      await Promise.resolve(next(call)).catch((error: Error) => (message = error.message))
      return reply
    }
    const port = await start(twice, () => ({ body: 'once' }))
    expect(String((await send(port)).body)).toBe('once')
    expect(message).toContain('next() was called twice')
  })

  it('settles the promise of next() for a policy that only looks at it', async () => {
    let seen = 0
    const counting: Policy = (call, next) => {
      const reply = next(call) as Promise<Reply>
      void Promise.resolve(reply).then((known) => (seen += known.status))
      void reply.then((known) => (seen += known.status))
      return reply
    }
    const port = await start(counting, () => ({ status: 203, body: 'hello' }))
    expect((await send(port)).status).toBe(203)
    expect(seen).toBe(406)
  })

  it('settles the promise of next() for a policy that looks at it when the handler already runs', async () => {
    const { opened, open: looked } = gate()
    let seen = 0
    const counting: Policy = (call, next) => {
      const reply = next(call) as Promise<Reply>
      void Promise.resolve(reply).then((known) => {
        seen = known.status
        looked()
      })
      return reply
    }
    const port = await start(counting, () => ({ status: 203, body: 'hello' }))
    expect((await send(port)).status).toBe(203)
    await opened
    expect(seen).toBe(203)
  })
})
