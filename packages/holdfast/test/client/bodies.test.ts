import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { meta } from '../../src/client/index.ts'
import { answer, createWorld, refused, reset } from './support/world.ts'

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A stream of chunks, given out one by one. */
function streamOf(...chunks: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream({
    pull(controller) {
      const chunk = left.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
    },
  })
}

describe('the body of a request', () => {
  it('that is a short stream is the same on both attempts [49]', async () => {
    const { call, sent } = createWorld([answer(503), answer(200)])
    await call({ method: 'PUT', body: streamOf('hello ', 'world'), duplex: 'half' })
    expect(sent.map(({ body }) => text(body))).toEqual(['hello world', 'hello world'])
  })

  it('that is a long stream is sent once, whole, and never again as if it were empty [50]', async () => {
    const { call, sent } = createWorld([answer(503), answer(200)])
    const chunk = new Uint8Array(262_144).fill(7)
    const response = await call({ method: 'PUT', body: streamOf(...Array.from({ length: 8 }, () => chunk)), duplex: 'half' })
    expect([response.status, meta(response).stop]).toEqual([503, 'body'])
    expect(sent.map(({ body }) => body.byteLength)).toEqual([2_097_152])
  })

  it('that is a long stream which nobody has read yet is sent when the connection is there', async () => {
    let tries = 0
    const chunk = new Uint8Array(262_144)
    const { fetch, url, until, transport } = createWorld([answer(200)])
    void fetch
    const { createFetch } = await import('../../src/client/index.ts')
    const flaky = createFetch({
      random: () => 0,
      fetch: (input, init) => (++tries === 1 ? Promise.reject(refused()) : transport(input, init)),
    })
    const response = await until(flaky(url, { method: 'POST', body: streamOf(...Array.from({ length: 8 }, () => chunk)), duplex: 'half' }))
    expect([response.status, tries]).toEqual([200, 2])
  })

  it('that is made by a function is made anew for each attempt [51]', async () => {
    let made = 0
    const { call, sent } = createWorld([answer(503), answer(200)])
    await call({ method: 'PUT', holdfast: { body: () => `body ${++made}` } })
    expect(sent.map(({ body }) => text(body))).toEqual(['body 1', 'body 2'])
  })

  it('that is a form has the same parts, under a boundary of its own [52]', async () => {
    const form = new FormData()
    form.set('amount', '100')
    form.set('file', new Blob(['abc']), 'a.txt')
    const { call, sent } = createWorld([reset, answer(200)])
    await call({ method: 'POST', body: form })
    const forms = await Promise.all(
      sent.map(({ body, headers }) =>
        new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'content-type': headers.get('content-type') ?? '' } }).formData(),
      ),
    )
    expect(forms.map((one) => one.get('amount'))).toEqual(['100', '100'])
    expect(new Set(sent.map(({ headers }) => headers.get('content-type'))).size).toBe(2)
  })

  it('that is an array may be used for something else as soon as the call has begun', async () => {
    const body = new TextEncoder().encode('first')
    const { fetch, url, sent, until } = createWorld([reset, answer(200)])
    const response = fetch(url, { method: 'PUT', body })
    body.fill(0)
    await until(response)
    expect(sent.map((one) => text(one.body))).toEqual(['first', 'first'])
  })

  it.each<[string, (bytes: Uint8Array<ArrayBuffer>) => NonNullable<RequestInit['body']>]>([
    ['a Buffer', (bytes) => Buffer.from(bytes.buffer, 2, 5)],
    ['an ArrayBuffer', ({ buffer }) => buffer],
    ['a view of one', ({ buffer }) => new DataView(buffer, 2, 5)],
  ])('that is %s may be used for something else as soon as the call has begun', async (_what, toBody) => {
    const bytes = new TextEncoder().encode('--first--')
    const { fetch, url, sent, until } = createWorld([reset, answer(200)])
    const response = fetch(url, { method: 'PUT', body: toBody(bytes) })
    bytes.fill(0)
    await until(response)
    expect(sent).toHaveLength(2)
    for (const one of sent) expect(text(one.body).replaceAll('-', '')).toBe('first')
  })

  it.each<[string, URLSearchParams | FormData]>([
    ['parameters', new URLSearchParams({ page: '1' })],
    ['a form', new FormData()],
  ])('that is %s may be changed for the next call as soon as the call has begun', async (_what, body) => {
    body.set('page', 'first')
    const { fetch, url, sent, until } = createWorld([reset, answer(200)])
    const response = fetch(url, { method: 'PUT', body })
    body.set('page', 'second')
    await until(response)
    expect(sent.map((one) => /first|second/.exec(text(one.body))?.[0])).toEqual(['first', 'first'])
  })

  it('that gives its bytes one after the other, as a stream of Node does, is the same on both attempts', async () => {
    const { call, sent } = createWorld([answer(503), answer(200)])
    const body = Readable.from([Buffer.from('hello '), Buffer.from('world')]) as unknown as NonNullable<RequestInit['body']>
    await call({ method: 'PUT', body, duplex: 'half' } as RequestInit)
    expect(sent.map((one) => text(one.body))).toEqual(['hello world', 'hello world'])
  })

  it('that holds something else than bytes is refused by fetch, and leaves the limit for all calls as it is', async () => {
    const strange = new ReadableStream({
      start(controller) {
        controller.enqueue('text')
        controller.close()
      },
    })
    await expect(createWorld([answer(200)]).call({ method: 'PUT', body: strange, duplex: 'half' })).rejects.toThrow(TypeError)
    const { call } = createWorld([answer(503), answer(200)], { replayBytesInAll: 10 })
    expect(meta(await call({ method: 'PUT', body: streamOf('longer than that'), duplex: 'half' })).stop).toBe('body')
  })
})

describe('the body of an answer', () => {
  it('that was cut makes a keyed call ask for it again, and adds no Range [53]', async () => {
    const cut = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('{"id"'))
            controller.error(new TypeError('terminated', { cause: Object.assign(new Error(), { code: 'UND_ERR_SOCKET' }) }))
          },
        }),
      )
    for (const method of ['PUT', 'POST']) {
      const { call, sent } = createWorld([cut, answer(200, { 'idempotent-replayed': 'true' }, '{"id":1}')])
      const response = await call({ method, body: '{}', holdfast: { buffer: true } })
      expect(await response.json()).toEqual({ id: 1 })
      expect(sent.map(({ headers }) => headers.has('range') || headers.has('if-match'))).toEqual([false, false])
    }
  })

  it('whose representation has changed is fetched whole, never stitched [54]', async () => {
    const cut = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new TextEncoder().encode('old part '))
            controller.error(new Error('cut'))
          },
        }),
        { headers: { etag: '"1"' } },
      )
    const { call } = createWorld([cut, answer(200, { etag: '"2"' }, 'new whole')])
    expect(await (await call({ holdfast: { buffer: true } })).text()).toBe('new whole')
  })

  it('longer than what is buffered is handed over as it flows', async () => {
    const { call } = createWorld([() => new Response('x'.repeat(100))])
    expect(await (await call({ holdfast: { buffer: 10 } })).text()).toBe('x'.repeat(100))
  })
})
