import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createCall, createReply, isHoldfastError, toFields, versionFact } from '../core/index.ts'
import type { Call, PolicyEvent, Reply } from '../core/index.ts'
import { etagOf } from './etag-of.ts'
import { VersionConflict, expectTag, expectationOf } from './expectation.ts'
import type { PreconditionOptions } from './options.ts'
import { preconditions } from './policy.ts'

const call = (method: string, headers: Record<string, string> = {}) => createCall({ method, url: '/notes/1', headers: toFields(headers) })
const bodyOf = (reply: Reply) => JSON.parse(reply.body as string) as Record<string, unknown>
const run = async (options: Partial<PreconditionOptions>, asked: Call, handler: (call: Call) => Promise<Reply> | Reply): Promise<Reply> =>
  preconditions({ rule: 'required', ...options })(asked, handler)

/** A handler that compares with what is there, as one that has locked its row does. */
const locked =
  (state: number | undefined, more: object = {}) =>
  (asked: Call): Reply => {
    const current = state === undefined ? undefined : { state, ...more }
    return createReply(expectationOf(asked).verify(current) ? 200 : 404, { etag: etagOf((state ?? 0) + 1, asked) })
  }

let events: PolicyEvent[]
const note = (message: unknown) => void events.push(message as PolicyEvent)
beforeEach(() => {
  events = []
  subscribe('holdfast:policy', note)
})
afterEach(() => void unsubscribe('holdfast:policy', note))

describe('a write that needs a precondition', () => {
  it('is refused without one, and says what to send [C3]', async () => {
    let ran = false
    const reply = await run({}, call('PATCH'), () => ((ran = true), createReply(200)))
    expect([reply.status, ran, bodyOf(reply)['code'], bodyOf(reply)['field']]).toEqual([428, false, 'precondition-required', 'If-Match'])
  })

  it('shows the tag, where it may be shown, and lets the handler say that there is nothing', async () => {
    const reply = await run({ current: () => 41 }, call('PATCH'), () => createReply(200))
    expect([reply.status, reply.headers.get('etag'), bodyOf(reply)['etag']]).toEqual([
      428,
      etagOf(41, call('GET')),
      etagOf(41, call('GET')),
    ])
    expect((await run({ current: () => undefined }, call('PATCH'), () => createReply(404))).status).toBe(404)
    expect((await run({ current: () => undefined }, call('PUT'), () => createReply(201))).status).toBe(428)
  })

  it('is not carried out should the resource appear after all', async () => {
    const reply = await run({ current: () => undefined }, call('PATCH'), locked(5))
    expect(reply.status).toBe(428)
  })

  it('takes either field in PUT, and If-Match in the rest', async () => {
    expect((await run({}, call('PUT', { 'if-none-match': '*' }), locked(undefined))).status).toBe(200)
    expect((await run({}, call('PATCH', { 'if-none-match': '*' }), locked(undefined))).status).toBe(428)
    expect((await run({ field: 'if-none-match' }, call('PUT', { 'if-match': '"5"' }), locked(5))).status).toBe(428)
  })

  it('does not take a date for one, unless told to [C35]', async () => {
    const dated = call('PATCH', { 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' })
    expect(bodyOf(await run({}, dated, locked(5)))['detail']).toContain('a date is too coarse')
    const [before, after] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)]
    expect((await run({ datesSatisfy: true }, dated, locked(5, { modifiedAt: before }))).status).toBe(200)
    expect((await run({ datesSatisfy: true }, dated, locked(5, { modifiedAt: after }))).status).toBe(412)
  })

  it('takes a star, and counts it, or does not [C9]', async () => {
    expect((await run({}, call('PUT', { 'if-match': '*' }), locked(5))).status).toBe(200)
    expect(events.map(({ verdict }) => verdict)).toContain('wildcard')
    expect((await run({ wildcard: 'forbid' }, call('PUT', { 'if-match': '*' }), locked(5))).status).toBe(428)
    expect((await run({}, call('PUT', { 'if-match': '*' }), locked(undefined))).status).toBe(412)
    expect((await run({}, call('DELETE', { 'if-match': '*' }), locked(undefined))).status).toBe(404)
  })

  it('is refused where a field cannot be read, before the handler [C8]', async () => {
    for (const [field, value] of [
      ['if-match', 'abc'],
      ['if-none-match', '"a'],
    ] as const) {
      const reply = await run({ rule: 'optional' }, call('PATCH', { [field]: value }), () => createReply(200))
      expect([reply.status, bodyOf(reply)['code']]).toEqual([400, 'malformed-etag'])
    }
  })
})

describe('a false precondition', () => {
  it('is answered with the current tag, whatever the handler answers of 400 and above [C2]', async () => {
    for (const status of [404, 409, 412, 418, 500]) {
      const reply = await run({}, call('PATCH', { 'if-match': '"4"' }), (asked) => {
        expectationOf(asked).verify({ state: 5 })
        return createReply(status, {}, 'not mine')
      })
      expect([reply.status, bodyOf(reply)['code'], reply.headers.get('etag')]).toEqual([412, 'version-conflict', etagOf(5, call('GET'))])
      expect(reply.headers.get('cache-control')).toBe('no-store')
    }
  })

  it('may be thrown, also through a framework that answers itself', async () => {
    const conflict = (asked: Call): never => {
      expectationOf(asked).verify({ state: 5 })
      throw new VersionConflict('changed')
    }
    expect((await run({}, call('PATCH', { 'if-match': '"4"' }), conflict)).status).toBe(412)
    await expect(
      run({}, call('PATCH', { 'if-match': '"5"' }), () => Promise.reject(new VersionConflict('of another kind'))),
    ).rejects.toThrow('of another kind')
  })

  it('shows the representation to who prefers it, if the handler gave one [C22]', async () => {
    const asking = { 'if-match': '"4"', prefer: 'wait=5, return=representation' }
    const shown = await run({}, call('PATCH', asking), locked(5, { representation: { name: 'now' } }))
    expect([bodyOf(shown)['current'], shown.headers.get('preference-applied')]).toEqual([{ name: 'now' }, 'return=representation'])
    const hidden = await run({}, call('PATCH', asking), locked(5))
    expect(['current' in bodyOf(hidden), hidden.headers.has('preference-applied')]).toEqual([false, false])
    const unasked = await run({}, call('PATCH', { 'if-match': '"4"', prefer: 'return=minimal' }), locked(5, { representation: {} }))
    expect('current' in bodyOf(unasked)).toBe(false)
  })

  it('is diagnosed when only a weakened tag is wrong [C6]', async () => {
    const weak = call('PATCH', { 'if-match': 'W/"5"' })
    expect(bodyOf(await run({}, weak, locked(5)))['code']).toBe('weak-etag')
    expect((await run({ acceptWeakened: true }, weak, locked(5))).status).toBe(200)
    expect(bodyOf(await run({}, call('PATCH', { 'if-match': 'W/"4"' }), locked(5)))['code']).toBe('version-conflict')
  })

  it('does not hide another refusal [C17]', async () => {
    for (const status of [403, 404, 405, 415, 422]) {
      const reply = await run({}, call('PATCH', { 'if-match': '"4"' }), () => createReply(status))
      expect(reply.status).toBe(status)
    }
  })

  it('ends a call before its handler where the route looks early [C16]', async () => {
    let ran = false
    const handler = (asked: Call): Reply => ((ran = true), locked(5)(asked))
    const early = { early: true, current: () => 5 }
    const posted = await run({ ...early, field: 'either' }, call('POST', { 'if-none-match': '"5"' }), handler)
    expect([posted.status, ran]).toEqual([412, false])
    expect((await run(early, call('PATCH', { 'if-match': '"4"' }), handler)).status).toBe(412)
    expect(ran).toBe(false)
    expect((await run(early, call('PATCH', { 'if-match': '"5"' }), handler)).status).toBe(200)
    expect(
      (await run({ early: true, current: () => undefined }, call('PATCH', { 'if-match': '"4"' }), () => createReply(403))).status,
    ).toBe(403)
  })
})

describe('tags of other representations', () => {
  it('are good for a write, unless the route is strict [C23]', async () => {
    const under = (version: string, headers: Record<string, string> = {}): Call => {
      const asked = call('PATCH', headers)
      asked.facts.set(versionFact, version)
      return asked
    }
    const old = etagOf(5, under('2025-01-15'))
    expect(old).not.toBe(etagOf(5, under('2026-06-01')))
    expect((await run({}, under('2026-06-01', { 'if-match': old }), locked(5))).status).toBe(200)
    expect((await run({ strictRepresentation: true }, under('2026-06-01', { 'if-match': old }), locked(5))).status).toBe(412)
    expect((await run({ strictRepresentation: true }, under('2025-01-15', { 'if-match': old }), locked(5))).status).toBe(200)
  })
})

describe('a handler that ignores its expectation', () => {
  const ignoring = () => createReply(200)

  it('fails in development [C28]', async () => {
    const error = await run({ onIgnored: 'throw' }, call('PATCH', { 'if-match': '"5"' }), ignoring).catch((caught: unknown) => caught)
    expect(isHoldfastError(error) && error.code).toBe('expectation-ignored')
  })

  it('is counted and warned of in production, and its answer stands [C28]', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      const policy = preconditions({ rule: 'required', onIgnored: 'report' })
      for (let time = 0; time < 3; time++) expect((await policy(call('PATCH', { 'if-match': '"5"' }), ignoring)).status).toBe(200)
      expect(events.filter(({ verdict }) => verdict === 'expectation-ignored')).toHaveLength(3)
      expect(warn.mock.calls).toHaveLength(1)
      expect(warn.mock.calls[0]).toMatchObject([/did not consume the caller's expectation/, { code: 'HOLDFAST_EXPECTATION_IGNORED' }])
    } finally {
      warn.mockRestore()
    }
  })

  it('is found out by NODE_ENV, unless told', async () => {
    vi.stubEnv('NODE_ENV', 'production')
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      expect((await run({}, call('PATCH', { 'if-match': '"5"' }), ignoring)).status).toBe(200)
    } finally {
      warn.mockRestore()
      vi.unstubAllEnvs()
    }
    await expect(run({}, call('PATCH', { 'if-match': '"5"' }), ignoring)).rejects.toThrow('did not consume')
  })

  it('is found out when it only looked, or only wrote', async () => {
    const looked = (asked: Call): Reply => createReply(expectationOf(asked).admits({ state: 5 }) ? 200 : 404)
    const took = (asked: Call): Reply => createReply(expectationOf(asked).condition().presence === 'present' ? 200 : 404)
    const wrote = async (asked: Call): Promise<Reply> => createReply((await expectationOf(asked).settle([{}], () => undefined)) ? 200 : 404)
    for (const handler of [looked, took, wrote])
      await expect(run({ onIgnored: 'throw' }, call('PATCH', { 'if-match': '"5"' }), handler)).rejects.toThrow('did not consume')
  })

  it('gets 412 in place of a success when it was told of the conflict', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    const deaf = (asked: Call): Reply => (expectationOf(asked).verify({ state: 5 }), createReply(200))
    expect((await run({ onIgnored: 'report' }, call('PATCH', { 'if-match': '"4"' }), deaf)).status).toBe(412)
    warn.mockRestore()
  })

  it('has nothing to consume where nothing was sent', async () => {
    expect((await run({ rule: 'optional' }, call('PATCH'), ignoring)).status).toBe(200)
  })

  it('is found out with tags from the body, too', async () => {
    const handler = (asked: Call): Reply => {
      expectTag('"7"', asked)
      return locked(5)(asked)
    }
    const rules = { tagsInBody: true }
    await expect(run(rules, call('POST', { 'if-match': '"5"' }), handler)).rejects.toThrow('did not consume')
    const both = (asked: Call): Reply => (expectTag('"7"', asked).verify({ state: 7 }), locked(5)(asked))
    expect((await run(rules, call('POST', { 'if-match': '"5"' }), both)).status).toBe(200)
    const stale = (asked: Call): Reply => createReply(expectTag('7', asked).verify({ state: 7 }) ? 200 : 404)
    expect((await run({ rule: 'optional', ...rules }, call('POST'), stale)).status).toBe(412)
    await expect(run({}, call('POST', { 'if-match': '"5"' }), handler)).rejects.toThrow('needs precondition: { ..., tagsInBody: true }')
  })

  it('may try again: what counts is the last attempt', async () => {
    const retrying = (asked: Call): Reply => {
      const expected = expectationOf(asked)
      return createReply(expected.verify({ state: 4 }) || expected.verify({ state: 5 }) ? 200 : 404)
    }
    expect((await run({}, call('PATCH', { 'if-match': '"5"' }), retrying)).status).toBe(200)
  })
})

describe('options', () => {
  it.each<[Partial<PreconditionOptions>, string]>([
    [{ rule: 'must' as 'required' }, 'rule: expected one of required, optional, got "must"'],
    [{ field: 'etag' as 'either' }, 'field: expected one of if-match, if-none-match, either, got "etag"'],
    [{ wildcard: true as never }, 'wildcard: expected one of allow, forbid, got true'],
    [{ onIgnored: 'log' as 'report' }, 'onIgnored: expected one of throw, report, got "log"'],
    [{ acceptWeakened: 'yes' as never }, 'acceptWeakened: expected true or false, got "yes"'],
    [{ current: 5 as never }, 'current: expected a function from a call to a state, got number'],
    [{ early: true }, 'early: expected current beside it, to know the state by'],
  ])('are checked when the policy is made: %j', (options, message) => {
    expect(() => preconditions({ rule: 'required', ...options })).toThrow(message)
  })

  it('are missing where a handler asks for an expectation all the same', () => {
    expect(() => expectationOf(call('PATCH'))).toThrow(
      "PATCH /notes/1 has no expectation: declare its route with precondition: 'required' or 'optional', or pass anyState",
    )
  })
})
