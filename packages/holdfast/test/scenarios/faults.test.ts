import { expect, it, vi } from 'vitest'
import type { Policy } from '../../src/core/index.ts'
import { Retryable } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { faulty } from './faults.ts'
import { createGate } from './gate.ts'
import { describeMatrix } from './matrix.ts'
import type { ScenarioHandler } from './matrix.ts'

const unavailable = { code: 'store-unavailable', status: 503, retryable: true }

describeMatrix('failing handlers', { kits: ['node', 'express', 'hono'] }, ({ kit, storeKit, open, start }) => {
  const failing = (fail: () => Error): { readonly handler: ScenarioHandler; recover(): void } => {
    let broken = true
    return {
      async handler({ asked, add }) {
        await asked.body()
        await add()
        if (broken) throw fail()
        return { status: 201, body: 'done' }
      },
      recover: () => (broken = false),
    }
  }

  it('keep the failure where an effect may have happened, and undo the effect where they can [43]', async () => {
    const opened = await open()
    const { handler, recover } = failing(() => new Error('boom'))
    const { post } = await start({ open: opened, handler })
    const first = await post('/transfers')
    // Frameworks with an error handler of their own answer with it; here it is a 418, a status that is final.
    if (kit.hasOwnErrors) expect(first.status).toBe(418)
    else expect([first.status, first.json['code'], first.text.includes('boom')]).toEqual([500, 'handler-failed', false])
    recover()
    const repeat = await post('/transfers')
    const isUndone = storeKit.strongest === 'exactly-once'
    if (isUndone && !kit.hasOwnErrors) expect([repeat.status, await opened.effects()]).toEqual([201, 1])
    else
      expect([repeat.status, repeat.headers['idempotent-replayed'], await opened.effects()]).toEqual([
        first.status,
        'true',
        isUndone ? 0 : 1,
      ])
  })

  it('may say that nothing happened, and run again [44]', async () => {
    const opened = await open()
    let connected = false
    const handler: ScenarioHandler = async ({ asked, add }) => {
      await asked.body()
      if (!connected) {
        const error = new Retryable('not connected')
        if (kit.hasOwnErrors) return { status: error.status }
        throw error
      }
      await add()
      return { status: 201 }
    }
    const { post } = await start({ open: opened, handler })
    expect((await post('/transfers')).status).toBeGreaterThanOrEqual(500)
    connected = true
    expect((await post('/transfers')).status).toBe(201)
    expect(await opened.effects()).toBe(1)
  })
})

describeMatrix('slow handlers', { kits: ['node'] }, ({ open, start }) => {
  it('keep their lease for as long as they run [45]', async () => {
    const opened = await open()
    const { post } = await start({
      open: opened,
      declaration: {
        routes: { 'POST /transfers': { idempotency: { guarantee: 'at-least-once', leaseMs: 800, whileRunning: 'conflict' } } },
      },
      async handler({ add }) {
        await new Promise((resolve) => setTimeout(resolve, 1_800))
        await add()
        return { status: 201, body: 'done' }
      },
    })
    const first = post('/transfers')
    await new Promise((resolve) => setTimeout(resolve, 1_300))
    expect((await post('/transfers')).json).toMatchObject({ code: 'in-progress' })
    expect((await first).text).toBe('done')
    expect(await opened.effects()).toBe(1)
  })
})

describeMatrix('clocks that are wrong', { kits: ['node'] }, ({ open, start }) => {
  const hour = 3_600_000
  const skewed = (ms: number) => ({
    now: () => Date.now() + ms,
    after: (delayMs: number, action: () => void) =>
      (
        (timer) => () =>
          clearTimeout(timer)
      )(setTimeout(action, delayMs)),
  })

  it.each([hour, -hour])('on a server do not move leases or retentions (%i ms) [48]', async (ms) => {
    const opened = await open()
    const gate = createGate()
    const handler: ScenarioHandler = async ({ add }) => {
      await gate.pass()
      await add()
      return { status: 201, body: 'done' }
    }
    const rules = { guarantee: 'at-least-once', whileRunning: 'conflict' } as const
    const routes = { 'POST /transfers': { idempotency: rules } }
    const right = await start({ open: opened, handler, declaration: { routes } })
    const wrong = await start({ open: await opened.twin(), handler, declaration: { routes, clock: skewed(ms) } })
    const first = right.post('/transfers')
    await gate.entered
    expect((await wrong.post('/transfers')).json).toMatchObject({ code: 'in-progress' })
    gate.open()
    await first
    expect(await wrong.post('/transfers')).toMatchObject({ status: 201, text: 'done' })
    expect(await opened.effects()).toBe(1)
  })

  it('on the host, set back, do not make a record expire or a lease end [49]', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    await post('/transfers')
    const real = Date.now
    const spy = vi.spyOn(Date, 'now').mockImplementation(() => real() - 26 * hour)
    try {
      expect((await post('/transfers')).headers['idempotent-replayed']).toBe('true')
      expect((await post('/transfers', { key: 'another' })).status).toBe(201)
    } finally {
      spy.mockRestore()
    }
    expect((await post('/transfers', { key: 'another' })).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(2)
  })
})

describeMatrix('a store that is away', { kits: ['node', 'fastify'] }, ({ open, start }) => {
  it('before the call: the call is refused at once, and the server lives on [50]', async () => {
    const opened = await open()
    const store = faulty(opened)
    // Of a clock that stands still, no timeout ever ends.
    const { post, get } = await start({ open: store.open, declaration: { clock: fakeClock() } })
    for (const operation of ['claim', 'transact', 'release'] as const) store.down.add(operation)
    const refused = await post('/transfers')
    expect(refused.json).toMatchObject(unavailable)
    expect(refused.headers['retry-after']).toBe('1')
    expect(await opened.effects()).toBe(0)
    expect((await get('/transfers')).status).toBe(201)
    store.down.clear()
    expect((await post('/transfers')).status).toBe(201)
  })

  it('for good: every call is refused, none hangs, none runs unprotected [50]', async () => {
    const opened = await open()
    const own = await opened.twin()
    const { post } = await start({ open: own })
    await own.close()
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => post('/transfers', { key: `k${index}` })))
    for (const { json } of answers) expect(json).toMatchObject(unavailable)
    expect(await opened.effects()).toBe(0)
  })

  it('while the handler runs: the true answer is given, repeats wait, and the answer is recorded later [51]', async () => {
    const opened = await open()
    const store = faulty(opened)
    const { post } = await start({ open: store.open, declaration: { storeTimeoutMs: 300 } })
    store.down.add('complete').add('heartbeat')
    expect((await post('/plain')).status).toBe(201)
    store.down.add('claim')
    expect((await post('/plain')).json).toMatchObject(unavailable)
    store.down.clear()
    expect(await post('/plain')).toMatchObject({ status: 201, text: '{"id":"transfer 1"}' })
    expect(await opened.effects()).toBe(1)
  })

  it('slow beyond the deadline: the call is refused in time, and its key is free again [53]', async () => {
    const opened = await open()
    const clock = fakeClock()
    const store = faulty(opened, clock)
    const took: number[] = []
    const timed: Policy = async (call, next) => {
      const begunAt = clock.now()
      const reply = await next(call)
      took.push(clock.now() - begunAt)
      return reply
    }
    const { post } = await start({ open: store.open, declaration: { storeTimeoutMs: 200, clock }, before: timed })
    const passing = setInterval(() => clock.advance(50), 1)
    try {
      store.latencyMs = 700
      expect((await post('/plain')).json).toMatchObject(unavailable)
      expect((await post('/transfers', { key: 'another' })).json).toMatchObject(unavailable)
      expect(took).toHaveLength(2)
      // A claim is sent twice.
      for (const ms of took) expect(ms).toBeLessThanOrEqual(2 * 200)
      store.latencyMs = 0
      await expect.poll(async () => (await post('/plain')).status, { timeout: 10_000 }).toBe(201)
      expect(await opened.effects()).toBe(1)
    } finally {
      clearInterval(passing)
    }
  })
})

describeMatrix('a store that lost its records', { kits: ['node'], stores: ['redis'] }, ({ open, start }) => {
  it('runs a repeat again, as its page says, and its doctor warns of it [54]', async () => {
    const opened = await open()
    const { post, api } = await start({ open: opened })
    await post('/transfers')
    await opened.forget?.()
    expect((await post('/transfers')).headers['idempotent-replayed']).toBe('false')
    expect(await opened.effects()).toBe(2)
    expect((await api.doctor()).map(({ code }) => code)).toContain('redis-forgets-on-restart')
  })
})
