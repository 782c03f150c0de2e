import { describe, expect, it } from 'vitest'
import type { Clock } from '../core/index.ts'
import { createInFlight } from './in-flight.ts'
import { gate, turn, world } from '../../test/support/virtual-server.ts'
import { hangs } from '../../test/support/virtual-store.ts'

const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => make(index))

describe('repeats while the first call runs', () => {
  it('wait for its answer and share it, with one claim between them', async () => {
    const { server, asked } = world()
    const { send } = server()
    const { handler, runs, open } = gate()
    const all = Promise.all(times(50, () => send({ handler })))
    await turn()
    open()
    const replies = await all
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set(['201 done']))
    expect(replies.filter(({ headers }) => headers.get('idempotent-replayed') === 'false')).toHaveLength(1)
    expect(runs()).toBe(1)
    expect(asked.claim).toBe(1)
  })

  it('get in-progress at once in conflict mode, with the time to come back', async () => {
    const { server } = world()
    const { send } = server({ whileRunning: 'conflict' })
    const { handler, runs, open } = gate()
    const first = send({ handler })
    await turn()
    const repeats = await Promise.all(times(49, () => send({ handler })))
    expect(repeats.every(({ status, json }) => status === 409 && json['code'] === 'in-progress' && json['retryable'] === true)).toBe(true)
    expect(Number(repeats[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    open()
    expect((await first).status).toBe(201)
    expect(runs()).toBe(1)
  })

  it('get in-progress when their patience ends, and the answer when they come back', async () => {
    const { server, pass } = world()
    const { send } = server({ joinTimeoutMs: 500 })
    const { handler, runs, open } = gate()
    const first = send({ handler })
    await turn()
    const repeat = send({ handler })
    await pass(600)
    expect((await repeat).json).toMatchObject({ code: 'in-progress', state: 'running' })
    open()
    await first
    expect((await send({ handler })).text).toBe('done')
    expect(runs()).toBe(1)
  })

  it('are refused beyond the limit of waiters for a key', async () => {
    const { server } = world()
    const { send } = server({ inFlight: createInFlight({ waitersPerKey: 3 }) })
    const { handler, open } = gate()
    const all = times(10, () => send({ handler }))
    await turn()
    open()
    const statuses = (await Promise.all(all)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(4)
    expect(statuses.filter((status) => status === 409)).toHaveLength(6)
  })

  it('take over when it ends without an answer, one of them at a time', async () => {
    const { server, effects } = world()
    const { send } = server({ guarantee: 'at-least-once' })
    const { handler, open } = gate(() => {
      throw new Error('deadlock')
    })
    const first = send({ handler })
    await turn()
    const repeats = Promise.all(times(5, () => send()))
    await turn()
    open()
    await expect(first).rejects.toThrow('deadlock')
    expect((await repeats).every(({ text }) => text === '{"effect":1}')).toBe(true)
    expect(effects).toHaveLength(1)
  })
})

describe('another call under a running key', () => {
  it('is refused, and the first is not affected', async () => {
    const { server } = world()
    for (const whileRunning of ['join', 'conflict'] as const) {
      const { send } = server({ whileRunning })
      const { handler, open } = gate()
      const first = send({ key: whileRunning, handler })
      await turn()
      expect((await send({ key: whileRunning, handler, body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused' })
      open()
      expect((await first).status).toBe(201)
    }
  })

  it('is refused as such also when nobody more may wait', async () => {
    const { server } = world()
    const { send } = server({ inFlight: createInFlight({ waitersPerKey: 1 }) })
    const { handler, open } = gate()
    const all = times(3, () => send({ handler }))
    await turn()
    expect((await send({ body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused' })
    open()
    await Promise.all(all)
  })

  it('does not have the right one refused, when it is the first to ask the store', async () => {
    const { server, effects } = world()
    const { send } = server()
    await send()
    const [wrong, right] = await Promise.all([send({ body: { amount: 6 } }), send()])
    expect(wrong.json).toMatchObject({ code: 'key-reused' })
    expect(right).toMatchObject({ status: 201, text: '{"effect":1}' })
    expect(effects).toHaveLength(1)
  })

  it('runs if the claim before it came to nothing', async () => {
    const { server, faults, pass } = world()
    const { send } = server()
    faults.claim = hangs
    const [first, second] = [send(), send({ body: { amount: 6 } })]
    await turn()
    delete faults.claim
    await pass(5_000)
    expect((await first).status).toBe(201)
    expect((await second).json).toMatchObject({ code: 'key-reused' })
  })
})

describe('repeats in another process', () => {
  it('wait for the answer by asking the store', async () => {
    const { server, pass } = world()
    const [one, other] = [server(), server()]
    const { handler, runs, open } = gate()
    const first = one.send({ handler })
    await turn()
    const repeat = other.send({ handler })
    await pass(1_000)
    open()
    await pass(1_500)
    expect((await repeat).text).toBe((await first).text)
    expect(runs()).toBe(1)
  })

  it('lose patience when they said they would, though the wall clock is set back meanwhile', async () => {
    const { server, pass, clock } = world()
    const { handler } = gate()
    void server().send({ handler })
    await turn()
    let setBackMs = 0
    const wall: Clock = { ...clock, now: () => clock.now() - setBackMs, monotonic: () => clock.now() }
    const { send } = server({ joinTimeoutMs: 5_000, clock: wall })
    const settled: number[] = []
    const waiting = [send(), send()].map((sent) => sent.then(({ status }) => settled.push(status)))
    await pass(2_000)
    setBackMs = 3_600_000
    await pass(3_100)
    expect(settled).toEqual([409, 409])
    await Promise.all(waiting)
  })

  it('ask with one voice, however many wait', async () => {
    const { server, asked, pass } = world()
    const [one, other] = [server(), server()]
    const { handler, open } = gate()
    const first = one.send({ handler })
    await turn()
    const repeats = Promise.all(times(40, () => other.send({ handler })))
    await pass(4_000)
    open()
    await pass(1_500)
    expect((await repeats).every(({ text }) => text === 'done')).toBe(true)
    await first
    expect(asked.claim).toBeLessThan(20)
  })

  it('learn at once that another call has the key', async () => {
    const { server } = world()
    const [one, other] = [server(), server()]
    const { handler, open } = gate()
    const first = one.send({ handler })
    await turn()
    expect((await other.send({ body: { amount: 6 } })).json).toMatchObject({ code: 'key-reused' })
    open()
    await first
  })

  it('get in-progress in conflict mode', async () => {
    const { server } = world()
    const [one, other] = [server({ whileRunning: 'conflict' }), server({ whileRunning: 'conflict' })]
    const { handler, open } = gate()
    const first = one.send({ handler })
    await turn()
    expect((await other.send()).json).toMatchObject({ code: 'in-progress', attempt: 1 })
    open()
    await first
  })
})

describe('a server that shuts down', () => {
  it('refuses new keyed calls and waits for the running ones', async () => {
    const { server } = world()
    const { send, inFlight } = server()
    const { handler, open } = gate()
    const [first, joined] = [send({ handler }), send({ handler })]
    await turn()
    const drained = inFlight.drain()
    expect((await send({ key: 'new' })).json).toMatchObject({ code: 'shutting-down', status: 503, retryable: true })
    open()
    await drained
    expect([(await first).status, (await joined).status]).toEqual([201, 201])
  })

  it('does not start a call that waited for another process', async () => {
    const { server, pass, effects } = world()
    const [one, other] = [server({ guarantee: 'at-least-once' }), server({ guarantee: 'at-least-once' })]
    const { handler, open } = gate(() => {
      throw new Error('crashed')
    })
    const first = one.send({ handler }).catch(() => undefined)
    await turn()
    const repeat = other.send()
    await pass(100)
    const drained = other.inFlight.drain()
    open()
    await first
    await pass(2_000)
    expect((await repeat).json).toMatchObject({ code: 'shutting-down' })
    await drained
    expect(effects).toHaveLength(0)
  })
})
