import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attemptFact, createCall, createReply, deadlineFact, stack, toFields } from '../core/index.ts'
import type { Call, Next } from '../core/index.ts'
import { fakeClock } from '../testing/index.ts'
import { parseAttempt, parseTimeout } from './decide.ts'
import { deadline, shedExpired } from './policy.ts'

const callWith = (headers: Record<string, string>): Call => createCall({ method: 'POST', url: '/transfers', headers: toFields(headers) })

describe('a server', () => {
  it('knows how long its caller still waits, and which attempt this is', async () => {
    const clock = fakeClock()
    const call = callWith({ 'holdfast-timeout': '1500', 'holdfast-attempt': '2' })
    await deadline({ clock })(call, () => createReply(204))
    clock.advance(500)
    expect([call.facts.get(deadlineFact)?.remainingMs(), call.facts.get(attemptFact)]).toEqual([1_000, 2])
  })

  it('refuses a call whose time is over, before anything of it is processed, and says so', async () => {
    const clock = fakeClock()
    let handled = 0
    const handler: Next = () => {
      handled += 1
      return createReply(204)
    }
    const slow = (call: Call, next: Next) => {
      clock.advance(200)
      return next(call)
    }
    const policy = stack(deadline({ clock }), slow, shedExpired())
    for (const timeout of ['0', '150', '200']) {
      const reply = await policy(callWith({ 'holdfast-timeout': timeout }), handler)
      expect([reply.status, reply.headers.get('holdfast-refused'), JSON.parse(reply.body as string)]).toMatchObject([
        503,
        '?1',
        { code: 'deadline-expired' },
      ])
    }
    expect(handled).toBe(0)
    expect((await policy(callWith({ 'holdfast-timeout': '201' }), handler)).status).toBe(204)
  })

  describe('whose calls have taken half a second each', () => {
    async function busy(): Promise<{ ask(timeoutMs: number, headers?: Record<string, string>): Promise<number>; pass(ms: number): void }> {
      const clock = fakeClock()
      const policy = stack(deadline({ clock }), shedExpired({ clock }))
      const handler: Next = () => {
        clock.advance(500)
        return createReply(204)
      }
      const ask = async (timeoutMs: number, headers = {}) =>
        (await policy(callWith({ 'holdfast-timeout': String(timeoutMs), ...headers }), handler)).status
      for (let call = 0; call < 64; call++) expect(await ask(10_000)).toBe(204)
      return { ask, pass: (ms) => clock.advance(ms) }
    }

    it('refuses a call with less time than that: its answer would be too late', async () => {
      const { ask } = await busy()
      expect([await ask(499), await ask(500), await ask(499)]).toEqual([503, 204, 503])
    })

    it('lets the repeat of a call with a key in, whose answer may be there already', async () => {
      const { ask } = await busy()
      const keyed = { 'idempotency-key': '"k1"' }
      expect([
        await ask(100, { ...keyed, 'holdfast-attempt': '2' }),
        await ask(100, keyed),
        await ask(100, { 'holdfast-attempt': '2' }),
        await ask(0, { ...keyed, 'holdfast-attempt': '2' }),
      ]).toEqual([204, 503, 503, 503])
    })

    it('lets one in after a second without any, to see whether it still takes so long', async () => {
      const { ask, pass } = await busy()
      expect(await ask(100)).toBe(503)
      pass(1_001)
      expect([await ask(100), await ask(100)]).toEqual([204, 503])
    })

    it('asks nothing of calls that name no time', async () => {
      const { ask } = await busy()
      expect(await ask(Number.NaN)).toBe(204)
    })
  })

  it('leaves calls alone that say nothing it can read', async () => {
    for (const headers of [
      {},
      { 'holdfast-timeout': '-1' },
      { 'holdfast-timeout': '1e3' },
      { 'holdfast-timeout': '5 s' },
      { 'holdfast-attempt': '0' },
    ]) {
      const call = callWith(headers as Record<string, string>)
      expect((await stack(deadline(), shedExpired())(call, () => createReply(204))).status).toBe(204)
      expect([call.facts.get(deadlineFact), call.facts.get(attemptFact)]).toEqual([undefined, undefined])
    }
    fc.assert(fc.property(fc.string(), (text) => [parseTimeout(text), parseAttempt(text)].every((read) => read === undefined || read >= 0)))
  })
})
