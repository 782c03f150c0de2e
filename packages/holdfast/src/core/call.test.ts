import { describe, expect, it } from 'vitest'
import { createCall, fromRequest } from './call.ts'
import { isHoldfastError } from './errors.ts'
import { defineFact } from './facts.ts'
import { toFields } from './fields.ts'

const encoder = new TextEncoder()
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

describe('createCall', () => {
  const head = { method: 'POST', url: '/transfers?a=1', headers: toFields({ host: 'api.example', 'x-own': '1' }) }

  it('reads its body once, for all who ask', async () => {
    let reads = 0
    const call = createCall({ ...head, body: async () => (reads++, encoder.encode('hello')) })
    expect([text(await call.bytes()), text(await call.bytes(5)), reads]).toEqual(['hello', 'hello', 1])
  })

  it('has no bytes where there is no body', async () => {
    expect(await createCall(head).bytes(0)).toHaveLength(0)
  })

  it('rejects with body-too-large over the limit of the one who asks', async () => {
    const call = createCall({ ...head, body: encoder.encode('hello') })
    const error = await call.bytes(4).catch((caught: unknown) => caught)
    expect([isHoldfastError(error) && error.code, text(await call.bytes(5))]).toEqual(['body-too-large', 'hello'])
  })

  it('builds a real Request once, with body and signal', async () => {
    const { signal } = new AbortController()
    const call = createCall({ ...head, signal, body: encoder.encode('hello') })
    expect([call.request.url, call.request.method, call.request.headers.get('x-own'), await call.request.text()]).toEqual([
      'http://api.example/transfers?a=1',
      'POST',
      '1',
      'hello',
    ])
    expect([call.request === call.request, text(await call.bytes())]).toEqual([true, 'hello'])
  })

  it('builds a Request from nothing but a target', () => {
    expect(createCall({ method: 'GET', url: '/a', headers: toFields() }).request.url).toBe('http://localhost/a')
  })

  it('changes into another call, sharing facts and body', async () => {
    const fact = defineFact<number>('test')
    const call = createCall({ ...head, body: encoder.encode('hello') })
    const changed = call.with({ url: '/other' })
    changed.facts.set(fact, 42)
    expect([changed.url, changed.method, text(await changed.bytes()), call.url, call.facts.get(fact)]).toEqual([
      '/other',
      'POST',
      'hello',
      '/transfers?a=1',
      42,
    ])
    const other = call.with({ body: encoder.encode('other') })
    expect([text(await other.bytes()), await other.request.text(), text(await call.bytes())]).toEqual(['other', 'other', 'hello'])
  })
})

describe('fromRequest', () => {
  it('leaves the request readable', async () => {
    const request = new Request('http://test/a', { method: 'POST', body: 'hello' })
    const call = fromRequest(request)
    expect([text(await call.bytes()), await request.text(), call.request === request]).toEqual(['hello', 'hello', true])
  })

  it.each([
    ['declared', { 'content-length': '5' }],
    ['found out', {}],
  ])('rejects a body over the limit, its length %s, and leaves it readable', async (_how, headers) => {
    const request = new Request('http://test/', { method: 'POST', body: 'hello', headers })
    const error = await fromRequest(request)
      .bytes(4)
      .catch((caught: unknown) => caught)
    expect([isHoldfastError(error) && error.code, await request.text()]).toEqual(['body-too-large', 'hello'])
  })
})
