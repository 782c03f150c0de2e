import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createFetch, meta } from '../../src/client/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { answer, createWorld } from './support/world.ts'

describe('the client, in the place of fetch', () => {
  it('returns the very response that fetch made [76]', async () => {
    let made: Response | undefined
    const fetch = createFetch({ fetch: async () => (made = new Response('{"a":1}', { status: 201, headers: { 'x-a': 'b' } })) })
    const response = await fetch('http://identity.example/')
    expect(response).toBe(made)
    expect(response).toBeInstanceOf(Response)
    expect([response.status, response.headers.get('x-a'), response.bodyUsed]).toEqual([201, 'b', false])
    expect(await response.clone().text()).toBe('{"a":1}')
    expect([await response.json(), response.bodyUsed]).toEqual([{ a: 1 }, true])
    await expect(response.text()).rejects.toThrow(TypeError)
  })

  it('reads bodies in all the ways there are [76]', async () => {
    const { call } = createWorld([answer(200, { 'content-type': 'application/x-www-form-urlencoded' }, 'a=1&b=2')])
    expect(await (await call()).text()).toBe('a=1&b=2')
    expect(new TextDecoder().decode(await (await call()).arrayBuffer())).toBe('a=1&b=2')
    expect(new TextDecoder().decode(await ((await call()) as Response & { bytes(): Promise<Uint8Array> }).bytes())).toBe('a=1&b=2')
    const blob = await (await call()).blob()
    expect([await blob.text(), blob.type]).toEqual(['a=1&b=2', 'application/x-www-form-urlencoded'])
    expect((await (await call()).formData()).get('b')).toBe('2')
    const chunks: Uint8Array[] = []
    for await (const chunk of (await call()).body as ReadableStream<Uint8Array>) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('a=1&b=2')
  })

  it('takes a Request, and a URL, with everything in it [76]', async () => {
    const { fetch, sent, url, until } = createWorld([answer(503), answer(200)])
    await until(fetch(new Request(url, { method: 'PUT', body: 'content', headers: { 'x-a': 'b' } })))
    expect(sent.map(({ method, headers, body }) => [method, headers.get('x-a'), new TextDecoder().decode(body)])).toEqual([
      ['PUT', 'b', 'content'],
      ['PUT', 'b', 'content'],
    ])
    await until(fetch(new URL(`${url}?q=1`)))
    expect(sent.at(-1)?.url).toBe(`${url}?q=1`)
  })

  it('passes on what it does not know, and changes nothing it was given [76]', async () => {
    const inits: RequestInit[] = []
    const fetch = createFetch({ fetch: async (_input, init) => (inits.push(init ?? {}), new Response()) })
    const headers = { 'Content-Type': 'text/plain' }
    const init = Object.freeze({
      method: 'POST',
      body: 'x',
      headers: Object.freeze(headers),
      redirect: 'manual' as const,
      dispatcher: 'anything',
      holdfast: {},
    })
    await fetch('http://passing.example/', init as never)
    expect(inits[0]).toMatchObject({ redirect: 'manual', dispatcher: 'anything', method: 'POST' })
    expect(inits[0]).not.toHaveProperty('holdfast')
    expect(headers).toEqual({ 'Content-Type': 'text/plain' })
  })

  it('passes on header fields of any name, and joins those that come twice', async () => {
    const inits: RequestInit[] = []
    const fetch = createFetch({ fetch: async (_input, init) => (inits.push(init ?? {}), new Response()) })
    const headers: [string, string][] = [
      ['__proto__', 'a'],
      ['X-A', 'b'],
      ['x-a', 'c'],
    ]
    await fetch('http://names.example/', { headers })
    const sent = new Headers(inits[0]?.headers)
    expect([sent.get('__proto__'), sent.get('x-a')]).toEqual(['a', 'b, c'])
    await fetch('http://names.example/', { headers: headers.slice(1) })
    expect(inits[1]?.headers).toEqual({ 'x-a': 'b, c', 'holdfast-timeout': '10000' })
  })

  it('rejects when fetch gives what is no answer', async () => {
    const fetch = createFetch({ fetch: (async () => undefined) as never, retries: 0 })
    await expect(fetch('http://silent.example/')).rejects.toThrow(TypeError)
  })

  it('leaves nothing behind when fetch throws where it should reject', async () => {
    const clock = fakeClock()
    const caller = new AbortController()
    const thrown = new TypeError('thrown')
    const fetch = createFetch({
      clock,
      fetch: () => {
        throw thrown
      },
    })
    await expect(fetch('http://throwing.example/', { signal: caller.signal })).rejects.toBe(thrown)
    expect([clock.pending, getEventListeners(caller.signal, 'abort')]).toEqual([0, []])
  })

  it('refuses a used Request in the words of fetch [76]', async () => {
    const request = new Request('http://127.0.0.1:9/', { method: 'POST', body: 'x' })
    await request.text()
    await expect(createFetch()(request)).rejects.toThrow(TypeError)
  })

  it('is not changed by a hook that throws [77]', async () => {
    const fail = () => {
      throw new Error('hook')
    }
    const { call, sent } = createWorld([answer(503), answer(503), answer(503)], {
      onAttempt: fail,
      onOutcome: fail,
      onCall: fail,
      onRetry: fail,
      onStop: (async () => fail()) as never,
    })
    expect((await call()).status).toBe(503)
    expect(sent).toHaveLength(3)
  })

  it('tells of attempts by the names of OpenTelemetry; the first has no resend count [78]', async () => {
    const attempts: object[] = []
    const outcomes: object[] = []
    const calls: object[] = []
    const { call, url } = createWorld([answer(503), answer(200)], {
      onAttempt: (event) => attempts.push(event),
      onOutcome: (event) => outcomes.push(event),
      onCall: (event) => calls.push(event),
    })
    await call({ headers: { authorization: 'Bearer secret' } }, '/things?token=secret')
    const same = { 'http.request.method': 'GET', 'url.full': `${url}?REDACTED` }
    expect(attempts).toEqual([expect.objectContaining(same), expect.objectContaining({ ...same, 'http.request.resend_count': 1 })])
    expect(attempts[0]).not.toHaveProperty(['http.request.resend_count'])
    expect(outcomes).toMatchObject([{ 'http.response.status_code': 503, 'error.type': '503' }, { 'http.response.status_code': 200 }])
    expect(calls).toMatchObject([{ attempts: 2, waitedMs: 50, stop: undefined, replayed: false }])
    expect(JSON.stringify([attempts, outcomes, calls])).not.toContain('secret')
  })

  it('refuses options that cannot work when it is made, and those of a call when it is called', async () => {
    for (const options of [
      { retries: -1 },
      // What an environment variable holds: one and that are twelve.
      { retries: '2' as unknown as number },
      { deadlineMs: Number.NaN },
      { baseMs: -1 },
      { endpoints: [] },
      { endpoints: ['nowhere'] },
      { attemptTimeoutMs: -1 },
    ])
      expect(() => createFetch(options)).toThrow(expect.objectContaining({ code: 'configuration-invalid' }))
    await expect(createWorld([answer(200)]).call({ holdfast: { retries: -1 } })).rejects.toMatchObject({ code: 'configuration-invalid' })
  })

  it('takes false for what is off by default', async () => {
    const { call, sent } = createWorld([answer(500)], { hedge: false, breaker: false, retries: 0 })
    for (let number = 0; number < 6; number++) expect((await call()).status).toBe(500)
    expect(sent).toHaveLength(6)
  })

  it('knows nothing of what it did not do', () => {
    for (const thing of [undefined, null, 'text', new Response()])
      expect(meta(thing)).toMatchObject({ attempts: 0, key: undefined, replayed: false })
  })
})
