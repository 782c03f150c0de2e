import { describe, expect, it } from 'vitest'
import { createFetch, meta, sharedBudget } from '../../src/client/index.ts'
import type { ClientOptions } from '../../src/client/index.ts'
import { answer, createWorld, networkError, problemAnswer, refused, reset } from './support/world.ts'
import type { Script, Step } from './support/world.ts'

/** Two endpoints, A and B, each with what it does. */
function pair(a: () => Step, b: () => Step, options: ClientOptions = {}) {
  const names = { a: '', b: '' }
  const script: Script = ({ url }) => (url.startsWith(names.a) ? a() : b())
  const world = createWorld(script)
  names.a = world.origin.replace('world', 'a-world')
  names.b = world.origin.replace('world', 'b-world')
  const fetch = createFetch({ fetch: world.transport, clock: world.time, random: () => 0.5, endpoints: [names.a, names.b], ...options })
  const call = (init: RequestInit & { holdfast?: object } = {}) => world.until(fetch(`${names.a}/things`, init as never))
  const to = () => world.sent.map(({ url }) => (url.startsWith(names.a) ? 'a' : 'b')).join('')
  return { ...world, call, to, names, fetch }
}

const post = { method: 'POST', body: '{}' }

describe('several endpoints', () => {
  it('are tried at once, one after the other, when one takes nothing [57]', async () => {
    const { call, to, now, names } = pair(refused, answer(201))
    const response = await call({ ...post, holdfast: { key: false } })
    expect([response.status, to(), now(), meta(response).endpoint]).toEqual([201, 'ab', 0, names.b])
  })

  it('get the body of a Request, too, that the first one did not take', async () => {
    const { fetch, until, sent, to, names } = pair(refused, answer(201))
    const request = new Request(`${names.a}/things`, { method: 'POST', body: 'whole', redirect: 'error' })
    const response = await until(fetch(request))
    expect([response.status, to(), new TextDecoder().decode(sent[1]?.body)]).toEqual([201, 'ab', 'whole'])
  })

  it('get nothing for a while after five failures in a row, and then one call that finds out [58]', async () => {
    let isUp = false
    const { call, to, time, until } = pair(() => (isUp ? answer(200)() : reset()), answer(200))
    for (let number = 0; number < 5; number++) await call()
    const before = to().length
    for (let number = 0; number < 5; number++) await call()
    expect(to().slice(before)).toBe('bbbbb')
    isUp = true
    const waited = new Promise<Response>((resolve) => time.after(34_000, () => resolve(new Response())))
    await until(waited)
    const after = to().length
    await call()
    await call()
    expect(to().slice(after)).toBe('aa')
  })

  it('are used though they fail, when there is no other [59]', async () => {
    const { call, to } = pair(networkError('ECONNRESET', 'read'), networkError('ECONNRESET', 'read'), { retries: 0 })
    for (let number = 0; number < 20; number++) await call().catch(() => {})
    expect(to()).toHaveLength(20)
  })

  it('never share a call without a key that one of them may have processed [60]', async () => {
    const { call, to } = pair(reset, answer(201))
    await expect(call({ ...post, holdfast: { key: false } })).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect(to()).toBe('a')
  })

  it('share a keyed call only when they share their keys', async () => {
    let failures = 1
    const once = (): Step => (failures-- > 0 ? reset() : answer(201)())
    const apart = pair(once, answer(201))
    await apart.call(post)
    expect(apart.to()).toBe('aa')
    failures = 1
    const shared = pair(once, answer(201), { sharedKeys: true })
    await shared.call(post)
    expect(shared.to()).toBe('ab')
  })
})

describe('a breaker', () => {
  it('sends nothing to an origin that fails all the time, and says so', async () => {
    const { call, sent } = createWorld([reset], { breaker: true, retries: 0 })
    for (let number = 0; number < 8; number++) await call().catch(() => {})
    expect(sent).toHaveLength(5)
    await expect(call()).rejects.toMatchObject({ code: 'endpoint-unavailable' })
  })

  it('counts no refusal, and no call that still runs [9]', async () => {
    const running = problemAnswer(409, 'in-progress', { 'retry-after': '1' })
    const { call, sent } = createWorld([running, running, running, running, running, running, answer(201)], { breaker: true })
    expect((await call(post)).status).toBe(201)
    expect(sent).toHaveLength(7)
  })
})

describe('a hedge', () => {
  /** Ten fast calls, then what the script says. */
  async function warmedUp(slow: Script, options: ClientOptions = {}) {
    let isWarm = false
    const aborted: number[] = []
    let world = createWorld([answer(200)])
    const script: Script = (sent, number) => {
      sent.signal?.addEventListener('abort', () => aborted.push(number))
      return isWarm ? slow(sent, number - 10) : new Promise((resolve) => world.time.after(20, () => resolve(answer(200)())))
    }
    world = createWorld(script, { hedge: true, ...options })
    const init = options.keyedMethods === undefined ? {} : post
    for (let number = 0; number < 10; number++) await world.call(init)
    isWarm = true
    return { ...world, aborted }
  }

  it('is sent once nearly all other calls would have been answered, and the slower one is aborted [61]', async () => {
    const { call, sent, aborted, now } = await warmedUp((_sent, number) => (number === 1 ? 'hang' : answer(200)()))
    const before = now()
    expect((await call()).status).toBe(200)
    expect([sent.length - 10, now() - before, aborted]).toEqual([2, 50, [11]])
  })

  it('is not sent when the answer comes in time [61]', async () => {
    const { call, sent } = await warmedUp(() => answer(200)())
    await call()
    expect(sent).toHaveLength(11)
  })

  it('carries the same key as the call beside it [12]', async () => {
    const { call, sent } = await warmedUp((_sent, number) => (number === 1 ? 'hang' : answer(201)()), { keyedMethods: ['POST'] })
    expect((await call(post)).status).toBe(201)
    const keys = sent.slice(10).map(({ headers }) => headers.get('idempotency-key'))
    expect([keys.length, new Set(keys).size]).toEqual([2, 1])
  })

  it('is never sent for a call without a key [62]', async () => {
    const { fetch, url, sent, until, time } = await warmedUp(() => 'hang', { keyedMethods: [] })
    const slow = until(fetch(url, { ...post, holdfast: { deadlineMs: 5_000 } }))
    await expect(slow).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect([sent.length, time.now() > 0]).toEqual([11, true])
  })

  it('is paid from the same budget as retries [40]', async () => {
    const { call, origin } = await warmedUp((_sent, number) => (number === 1 ? 'hang' : answer(200)()))
    const before = sharedBudget(origin).tokens
    await call()
    expect(sharedBudget(origin).tokens).toBe(before - 10 + 1)
  })

  it('does not win with a failure while the other may still be answered [61]', async () => {
    const world = await warmedUp((_sent, number) =>
      number === 1 ? new Promise<Response>((resolve) => world.time.after(200, () => resolve(answer(200, {}, 'late')()))) : answer(500)(),
    )
    expect(await (await world.call()).text()).toBe('late')
  })

  it.each([409, 425, 429])('does not win with a refusal of its own, such as %i', async (status) => {
    const world = await warmedUp((_sent, number) =>
      number === 1 ? new Promise<Response>((resolve) => world.time.after(200, () => resolve(answer(200, {}, 'late')()))) : answer(status)(),
    )
    expect(await (await world.call()).text()).toBe('late')
  })
})
