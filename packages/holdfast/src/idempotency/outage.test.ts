import { describe, expect, it } from 'vitest'
import { createReply, storeUnavailable } from '../core/index.ts'
import { idempotencyOf } from './context.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import type { Received } from '../../test/support/virtual-server.ts'
import { fails, hangs, keepsReply, losesReply } from '../../test/support/virtual-store.ts'

const unavailable = { code: 'store-unavailable', status: 503, retryable: true }
const recordOf = (records: Map<string, { state: string }>): string | undefined => [...records.values()][0]?.state

describe('a store that is away when a call comes', () => {
  it.each([
    ['refuses', fails],
    ['hangs', hangs],
  ])('turns it away with 503 within the timeout, before the handler (%s)', async (_how, fault) => {
    const { server, faults, effects, pass, clock } = world()
    const { send } = server({ storeTimeoutMs: 1_000 })
    faults.claim = fault
    const started = clock.now()
    let ended = 0
    const reply = send().then((received: Received) => {
      ended = clock.now()
      return received
    })
    await pass(3_000)
    expect((await reply).json).toMatchObject(unavailable)
    expect((await reply).headers.get('retry-after')).toBe('1')
    expect(ended - started).toBeLessThanOrEqual(2_100)
    expect(effects).toHaveLength(0)
  })

  it('turns its repeats away as well, at the same time', async () => {
    const { server, faults, pass } = world()
    const { send } = server({ storeTimeoutMs: 1_000 })
    faults.claim = hangs
    const all = Promise.all([send(), send(), send()])
    await pass(2_100)
    for (const reply of await all) expect(reply.json).toMatchObject(unavailable)
  })

  it('runs the call when only the reply to the claim was lost', async () => {
    const { server, faults, effects } = world()
    const { send } = server()
    faults.claim = (operation) => {
      delete faults.claim
      return losesReply(operation)
    }
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it.each([
    ['was lost', losesReply],
    ['never came', keepsReply],
  ])('frees a key it has claimed although the reply %s, so that the next call runs at once', async (_how, fault) => {
    const { server, faults, records, effects, pass } = world()
    const { send } = server()
    faults.claim = fault
    const reply = send()
    await pass(4_100)
    expect((await reply).json).toMatchObject(unavailable)
    delete faults.claim
    await pass(1_000)
    expect(recordOf(records)).toBe('released')
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it('frees a key that a late claim takes after its caller was turned away', async () => {
    const { server, faults, records, effects, pass } = world()
    const { send } = server()
    const arrives = Promise.withResolvers<void>()
    faults.claim = async (operation) => {
      await arrives.promise
      return operation()
    }
    const reply = send()
    await pass(4_100)
    expect((await reply).json).toMatchObject(unavailable)
    delete faults.claim
    await pass(2_000)
    arrives.resolve()
    await turn()
    expect(recordOf(records)).toBe('running')
    await pass(6_000)
    expect(recordOf(records)).toBe('released')
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })
})

describe('a claim whose connection broke', () => {
  it.each([
    ['once', 1],
    ['both times', 2],
  ])(
    'and that arrives seconds later %s is taken back: nothing ran, and the key must not say that something may have',
    async (_how, late) => {
      const { server, faults, records, effects, pass, clock } = world()
      const { send } = server({ leaseMs: 30_000 })
      let claims = 0
      faults.claim = (operation) => {
        claims += 1
        if (claims <= late) clock.after(claims * 3_000, () => void operation())
        return Promise.reject(storeUnavailable('the connection was closed'))
      }
      expect((await send()).json).toMatchObject(unavailable)
      delete faults.claim
      await pass(2_900)
      expect(recordOf(records)).toBeUndefined()
      await pass(12_000)
      expect(recordOf(records)).toBe('released')
      expect((await send()).status).toBe(201)
      expect(effects).toHaveLength(1)
    },
  )

  it('does not hold up a process that shuts down', async () => {
    const { server, faults, pass } = world()
    const { send, inFlight } = server({ leaseMs: 30_000 })
    faults.claim = fails
    expect((await send()).json).toMatchObject(unavailable)
    let isDrained = false
    void inFlight.drain().then(() => (isDrained = true))
    await pass(1_000)
    expect(isDrained).toBe(true)
  })
})

describe('a store that goes away while the handler runs', () => {
  it('costs an at-most-once caller nothing: the true answer is given, and recorded later', async () => {
    const { server, faults, records, effects, pass } = world()
    const { send } = server()
    faults.complete = fails
    faults.heartbeat = fails
    expect(await send()).toMatchObject({ status: 201, text: '{"effect":1}' })
    faults.claim = fails
    expect((await send()).json).toMatchObject(unavailable)
    await pass(120_000)
    for (const operation of ['claim', 'complete', 'heartbeat'] as const) delete faults[operation]
    await pass(10_000)
    expect(recordOf(records)).toBe('done')
    expect((await send()).text).toBe('{"effect":1}')
    expect(effects).toHaveLength(1)
  })

  it('tells a caller whose key may be taken over to come back, and then gives the answer', async () => {
    const { server, faults, effects, pass } = world()
    const { send } = server({ guarantee: 'at-least-once' })
    faults.complete = fails
    expect((await send()).json).toMatchObject(unavailable)
    delete faults.complete
    await pass(10_000)
    expect((await send()).text).toBe('{"effect":1}')
    expect(effects).toHaveLength(1)
  })

  it('recognises an answer it had recorded, though it could not say so', async () => {
    const { server, faults, effects, pass } = world()
    const { send } = server()
    faults.complete = losesReply
    expect((await send()).status).toBe(201)
    delete faults.complete
    await pass(1_000)
    expect((await send()).text).toBe('{"effect":1}')
    expect(effects).toHaveLength(1)
  })

  it('does not turn a call that had no effect into an unknown outcome, however long it is away', async () => {
    const { server, faults, records, pass, effects } = world()
    const { send } = server()
    faults.release = fails
    faults.heartbeat = fails
    expect((await send({ handler: () => createReply(429) })).status).toBe(429)
    await pass(120_000)
    delete faults.release
    delete faults.heartbeat
    await pass(10_000)
    expect(recordOf(records)).toBe('released')
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(1)
  })

  it('is given a last chance to record before the process ends', async () => {
    const { server, faults, records, pass } = world()
    const { send, inFlight } = server()
    const { handler, open } = gate()
    const reply = send({ handler })
    await turn()
    const drained = inFlight.drain()
    faults.complete = fails
    open()
    expect((await reply).status).toBe(201)
    await pass(1_000)
    delete faults.complete
    await pass(3_000)
    await drained
    expect(recordOf(records)).toBe('done')
  })

  it('does not keep the process from ending for ever', async () => {
    const { server, faults, pass } = world()
    const { send, inFlight } = server()
    faults.complete = fails
    await send()
    const drained = inFlight.drain()
    await pass(20_000)
    await drained
  })
})

describe('failOpen', () => {
  it('runs calls unprotected while the store is away', async () => {
    const { server, faults, effects } = world()
    const { send } = server({ failOpen: true })
    faults.claim = fails
    expect((await send()).status).toBe(201)
    expect((await send()).status).toBe(201)
    expect(effects).toHaveLength(2)
  })

  it('never runs a handler that has run, whatever fails afterwards', async () => {
    const { server, faults, pass } = world()
    const runs: string[] = []
    const { send } = server({ failOpen: true, guarantee: 'at-least-once' })
    const late = gate(() => createReply(201))
    faults.heartbeat = hangs
    const reply = send({
      handler: (call) => {
        runs.push('late')
        return late.handler(call)
      },
    })
    await pass(35_000)
    await server({ guarantee: 'at-least-once' }).send()
    faults.lookup = fails
    late.open()
    await turn()
    expect((await reply).json).toMatchObject(unavailable)
    expect(runs).toEqual(['late'])
  })

  it('does not take the failure of a step for one of the claim', async () => {
    const { server, faults } = world()
    let runs = 0
    faults.step = fails
    const { send } = server({ failOpen: true, guarantee: 'resumable' })
    const reply = await send({
      handler: async (call) => {
        runs++
        await idempotencyOf(call).step('charge', () => 1)
        return createReply(201)
      },
    })
    expect(reply.json).toMatchObject(unavailable)
    expect(runs).toBe(1)
  })
})
