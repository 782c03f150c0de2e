import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createFetch, meta } from '../../src/client/index.ts'
import { answer, createWorld, refused } from './support/world.ts'

/** A body that gives a part, and then nothing more. */
const stalling = (part: string): ReadableStream<Uint8Array> =>
  new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode(part)) })

describe('the deadline', () => {
  it('ends a call that is never answered, with all its attempts [41]', async () => {
    const { call, now } = createWorld(() => 'hang', { deadlineMs: 1_000, attemptTimeoutMs: 400 })
    await expect(call()).rejects.toMatchObject({ code: expect.stringMatching(/^(deadline-exceeded|attempt-timeout)$/) as string })
    expect(now()).toBeLessThanOrEqual(1_050)
    const single = createWorld(() => 'hang', { deadlineMs: 1_000 })
    await expect(single.call()).rejects.toMatchObject({ code: 'deadline-exceeded' })
    expect([single.now(), single.sent.length]).toEqual([1_000, 1])
  })

  it('covers a body that is buffered, and a body that stalls is a failed attempt [42]', async () => {
    const { call, sent } = createWorld((_sent, number) => new Response(number === 1 ? stalling('{"a":') : '{"a":1}'))
    const response = await call({ holdfast: { buffer: true } })
    expect([await response.json(), sent.length]).toEqual([{ a: 1 }, 2])
    const hopeless = createWorld(() => new Response(stalling('x')), { deadlineMs: 12_000 })
    await expect(hopeless.call({ holdfast: { buffer: true } })).rejects.toMatchObject({
      code: expect.stringMatching(/^(deadline-exceeded|body-idle)$/) as string,
    })
    expect(hopeless.now()).toBeLessThanOrEqual(12_000)
  })

  it('apart, a body that stalls while it is read is an error, not a wait without end [42]', async () => {
    const { call, until, sent } = createWorld(() => new Response(stalling('x')), { bodyIdleMs: 3_000 })
    const response = await call()
    await expect(until(response.text())).rejects.toMatchObject({ code: 'body-idle' })
    expect(sent[0]?.signal?.aborted).toBe(true)
  })

  it('is told to the server with each attempt, as what is left [43]', async () => {
    const { call, sent } = createWorld([answer(503), answer(503), answer(200)], { attemptTimeoutMs: 60_000 })
    await call()
    expect(sent.map(({ headers }) => Number(headers.get('holdfast-timeout')))).toEqual([30_000, 29_950, 29_850])
    expect(sent.map(({ headers }) => headers.get('holdfast-attempt'))).toEqual([null, '2', '3'])
  })

  it('is told as the time for one attempt where that ends first: nobody waits for its answer after it', async () => {
    const { call, sent } = createWorld([answer(503), answer(503), answer(200)], { attemptTimeoutMs: 2_000, deadlineMs: 2_100 })
    await call()
    expect(sent.map(({ headers }) => Number(headers.get('holdfast-timeout')))).toEqual([2_000, 2_000, 1_950])
  })

  it('is not spent on a wait that would cross it [48]', async () => {
    const { call, now, sent } = createWorld([answer(503, { 'retry-after': '5' })], { deadlineMs: 5_100 })
    const response = await call()
    expect([response.status, meta(response).stop, now(), sent.length]).toEqual([503, 'deadline', 0, 1])
  })

  it('is not spent on an attempt that could not end in time', async () => {
    const { call, sent } = createWorld([refused], { deadlineMs: 55 })
    await expect(call()).rejects.toThrow('fetch failed')
    expect(sent).toHaveLength(1)
  })
})

describe('an abort', () => {
  it('during a wait ends the call at once with its reason, and nothing is sent after it [44]', async () => {
    const { fetch, url, sent, time, until } = createWorld([answer(503, { 'retry-after': '4' })])
    const aborter = new AbortController()
    const reason = new Error('the user left')
    time.after(300, () => aborter.abort(reason))
    let endedAt = 0
    const failed = await until(
      fetch(url, { signal: aborter.signal }).catch((error: unknown) => {
        endedAt = time.now()
        return error as Response
      }),
    )
    expect(failed).toBe(reason)
    const at = endedAt
    await time.run(() => false)
    expect([sent.length, time.now() - at]).toEqual([1, 0])
  })

  it('before the call sends nothing [45]', async () => {
    const { call, sent } = createWorld([answer(200)])
    await expect(call({ signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never')
    expect(sent).toHaveLength(0)
  })

  it('during an attempt ends it with its reason, though nothing is known then', async () => {
    const { fetch, url, time, until } = createWorld(() => 'hang')
    const aborter = new AbortController()
    time.after(300, () => aborter.abort(new Error('stop')))
    await expect(until(fetch(url, { method: 'POST', body: '1', signal: aborter.signal }))).rejects.toThrow('stop')
  })

  it('while the body flows ends that, too', async () => {
    const { call, sent } = createWorld(() => new Response(stalling('x')))
    const aborter = new AbortController()
    const response = await call({ signal: aborter.signal })
    const text = response.text()
    aborter.abort(new Error('enough'))
    await expect(text).rejects.toThrow('enough')
    expect(sent[0]?.signal?.aborted).toBe(true)
  })

  it('leaves no listener on a signal that ten thousand calls shared [46]', async () => {
    let sent = 0
    const fetch = createFetch({
      random: () => 0,
      fetch: async () => answer(++sent % 10 === 0 ? 503 : 200, {}, sent % 3 === 0 ? null : 'x')(),
    })
    const { signal } = new AbortController()
    for (let call = 0; call < 10_000; call++) await (await fetch('http://listeners.example/', { signal })).text()
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
