import { describe, expect, it, vi } from 'vitest'
import { createCall, createReply, isHoldfastError, toFields } from '../core/index.ts'
import type { Call, Reply } from '../core/index.ts'
import { fakeClock } from '../testing/index.ts'
import { watchEventLoop } from './loop-delay.ts'
import type { SheddingOptions } from './options.ts'
import { createShedding, shedding } from './policy.ts'

const callBy = (caller: string, headers: Record<string, string> = {}, signal?: AbortSignal): Call =>
  createCall({ method: 'POST', url: '/', headers: toFields({ authorization: caller, ...headers }), ...(signal && { signal }) })

function open(options: SheddingOptions = {}) {
  const clock = fakeClock()
  const replies: ((reply: Reply) => void)[] = []
  const shed = createShedding({ clock, random: () => 0, loopDelay: () => 0, initialLimit: 10, ...options })
  const handler = vi.fn<(call: Call) => Promise<Reply>>(() => new Promise((resolve) => replies.push(resolve)))
  const answer = (status = 200): void => replies.shift()?.(createReply(status))
  return { clock, handler, answer, ...shed, send: (call: Call) => Promise.resolve(shed.policy()(call, handler)) }
}

/** Lets promises settle. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

describe('shedding', () => {
  it('refuses with 503, a reason and a moment to come back, before the handler', async () => {
    const { send, handler, clock } = open({ maxWaitMs: 0 })
    for (let n = 0; n < 9; n++) void send(callBy(`c${n}`))
    const refused = send(callBy('late'))
    clock.advance(0)
    const reply = await refused
    expect(handler).toHaveBeenCalledTimes(9)
    expect([reply.status, reply.headers.get('retry-after'), reply.headers.get('cache-control')]).toEqual([
      503,
      expect.stringMatching(/^[2-6]$/),
      'no-store',
    ])
    expect(JSON.parse(String(reply.body))).toMatchObject({
      type: 'https://iana.org/assignments/http-problem-types#temporary-reduced-capacity',
      retryable: true,
    })
  })

  it('lets a waiting call in when another ends, and refuses it when its time is up', async () => {
    const { send, handler, answer, clock } = open()
    for (let n = 0; n < 9; n++) void send(callBy(`c${n}`))
    const [first, second] = [send(callBy('a')), send(callBy('b'))]
    expect(handler).toHaveBeenCalledTimes(9)
    answer()
    await settle()
    expect(handler).toHaveBeenCalledTimes(10)
    clock.advance(100)
    expect((await second).status).toBe(503)
    for (let n = 0; n < 10; n++) answer()
    expect((await first).status).toBe(200)
  })

  it('forgets a waiting call whose caller has gone', async () => {
    const { send, answer, handler, gate } = open()
    for (let n = 0; n < 9; n++) void send(callBy(`c${n}`))
    const caller = new AbortController()
    const gone = send(callBy('gone', {}, caller.signal))
    caller.abort()
    expect((await gone).status).toBe(503)
    answer()
    await settle()
    expect([handler.mock.calls.length, gate.underWay]).toEqual([9, 8])
  })

  it('holds a place until the exchange is over where the adapter can tell, and gives it back once', async () => {
    const { send, answer, gate } = open()
    const closed: (() => void)[] = []
    const call = Object.assign(callBy('a'), { whenClosed: (action: () => void) => void closed.push(action) })
    const reply = send(call)
    answer()
    await reply
    expect(gate.underWay).toBe(1)
    for (const action of [...closed, ...closed]) action()
    expect(gate.underWay).toBe(0)
  })

  it('gives the place back when the handler throws, at once or later [R25]', async () => {
    const { policy, gate } = open()
    const shed = policy()
    await expect(shed(callBy('a'), () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(() =>
      shed(callBy('a'), () => {
        throw new Error('broken')
      }),
    ).toThrow('broken')
    expect(gate.underWay).toBe(0)
  })

  it('believes only trusted callers what their calls are worth', async () => {
    const { send, handler } = open({ trust: (head) => head.headers.get('authorization') === 'ours', criticality: 'sheddable' })
    for (let n = 0; n < 5; n++) void send(callBy(`c${n}`))
    expect((await send(callBy('theirs', { 'holdfast-criticality': 'critical+' }))).status).toBe(503)
    void send(callBy('ours', { 'holdfast-criticality': 'critical+' }))
    expect(handler).toHaveBeenCalledTimes(6)
    expect((await send(callBy('ours', { 'holdfast-criticality': 'paramount' }))).status).toBe(503)
  })

  it('sheds nothing in a burst after an hour of nothing that stays below the least limit [R45]', async () => {
    const { send, clock, handler, answer, gate } = open({ initialLimit: 8, minLimit: 8 })
    for (let n = 0; n < 40; n++) {
      void send(callBy('a'))
      clock.advance(20)
      answer(503)
      await settle()
    }
    expect(gate.limit).toBe(8)
    clock.advance(3_600_000)
    for (let n = 0; n < 7; n++) void send(callBy(`c${n}`))
    expect(handler).toHaveBeenCalledTimes(47)
  })

  it('cuts the limit when answers say that something behind is overloaded, or the event loop is late', async () => {
    for (const [status, delay] of [
      [503, 0],
      [504, 0],
      [200, 150],
    ] as const) {
      const { send, clock, answer, gate } = open({ initialLimit: 100, loopDelay: () => delay })
      for (let n = 0; n < 20; n++) {
        void send(callBy('a'))
        clock.advance(20)
        answer(status)
        await settle()
      }
      expect(gate.limit).toBeLessThan(100)
    }
  })

  it('goes on adapting when the wall clock is set back', async () => {
    const steady = fakeClock()
    let set = 0
    const { send, answer, gate } = open({
      initialLimit: 100,
      clock: { ...steady, now: () => steady.now() + set, monotonic: () => steady.now() },
    })
    const serve = async (status: number): Promise<void> => {
      for (let n = 0; n < 60; n++) {
        const calls = Array.from({ length: 3 }, () => send(callBy('a')))
        steady.advance(20)
        if (n === 30) set = -3_600_000
        for (const _ of calls) answer(status)
        await settle()
      }
    }
    await serve(200)
    expect(gate.limit).toBe(100)
    await serve(503)
    expect(gate.limit).toBeLessThan(70)
  })

  it('keeps no caller in mind who has nothing under way', async () => {
    const { send, answer, gate } = open({ initialLimit: 1_000 })
    for (let n = 0; n < 500; n++) void send(callBy(`c${n}`))
    for (let n = 0; n < 500; n++) answer()
    await settle()
    expect([gate.underWay, gate.pressure]).toEqual([0, 0])
  })

  it.each<[string, SheddingOptions]>([
    ['shedding.initialLimit: expected a whole number from 1, got 0', { initialLimit: 0 }],
    ['shedding: expected minLimit <= initialLimit <= maxLimit, got 60, 50 and 1000', { minLimit: 60 }],
    ['shedding.maxWaitMs: expected milliseconds from 0 to 60000, got -1', { maxWaitMs: -1 }],
    ['shedding.caller: expected a function, got string', { caller: 'ip' as never }],
    ['criticality: expected one of critical+, critical, sheddable+, sheddable, got "high"', { criticality: 'high' as never }],
  ])('is refused with a reason: %s', (message, options) => {
    let refusal: unknown
    try {
      shedding(options)
    } catch (error) {
      refusal = error
    }
    expect(isHoldfastError(refusal)).toBe(true)
    expect(refusal).toMatchObject({ code: 'configuration-invalid', message })
  })
})

describe('the watch on the event loop', () => {
  it('tells of the time since it was last asked, not of the life of the process [R45]', async () => {
    const delay = watchEventLoop()
    await new Promise((resolve) => setTimeout(resolve, 50))
    const until = performance.now() + 400
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(delay()).toBeGreaterThan(100)
    expect(delay()).toBe(0)
  })
})
