import { describe, expect, it } from 'vitest'
import { createCall, toFields, namedVersionFact } from '../core/index.ts'
import type { CallInit } from '../core/index.ts'
import { describeCalls, essenceOf, isJson } from './fingerprint.ts'
import type { FingerprintOptions } from './fingerprint.ts'

interface Sent {
  readonly method?: string
  readonly url?: string
  readonly type?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly version?: string
  readonly body?: string | Uint8Array
}

function fingerprint(
  { method = 'POST', url = '/transfers', type = 'application/json', headers = {}, version, body = '{"amount":5}' }: Sent = {},
  options?: FingerprintOptions,
): string {
  const init: CallInit = { method, url, headers: toFields({ ...(type && { 'content-type': type }), ...headers }) }
  const call = createCall(init)
  if (version !== undefined) call.facts.set(namedVersionFact, version)
  return describeCalls(options)(call, typeof body === 'string' ? new TextEncoder().encode(body) : body)
}

const form = (boundary: string, value = '1'): Sent => ({
  type: `multipart/form-data; boundary=${boundary}`,
  body: ['', '\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + value + '\r\n', '--'].join(`--${boundary.replaceAll('"', '')}`),
})

describe('the fingerprint of a call', () => {
  it.each<[string, Sent, Sent]>([
    ['method', {}, { method: 'PATCH' }],
    ['path', {}, { url: '/refunds' }],
    ['query', { url: '/transfers?dry=1' }, { url: '/transfers?dry=0' }],
    ['presence of a query', {}, { url: '/transfers?dry=1' }],
    ['content type', { type: 'text/plain' }, { type: 'application/octet-stream' }],
    ['API version', { version: '2026-01-01' }, { version: '2026-07-01' }],
    ['body', {}, { body: '{"amount":6}' }],
    ['body in a digit no double can hold', { body: '12345678901234567890' }, { body: '12345678901234567891' }],
    ['bytes of text', { type: 'text/plain', body: 'a' }, { type: 'text/plain', body: 'a ' }],
    [
      'bytes of a form',
      { type: 'multipart/form-data; boundary=x', body: '--x\r\n1' },
      { type: 'multipart/form-data; boundary=x', body: '--x\r\n2' },
    ],
    [
      'bytes of a file',
      { type: 'application/octet-stream', body: Uint8Array.of(0, 255) },
      { type: 'application/octet-stream', body: Uint8Array.of(0, 254) },
    ],
    ['parts of a form, whatever their boundaries', form('x', '1'), form('y', '2')],
    ['number of parts of a form, whatever its parts say', form('x', '1\r\n--x\r\n2'), form('y', '1\r\n--\r\n2')],
    ['presence of a body', {}, { body: '' }],
    ['order of the values of one query parameter', { url: '/t?to=a&to=b' }, { url: '/t?to=b&to=a' }],
  ])('changes with the %s', (_what, a, b) => {
    expect(fingerprint(a)).not.toBe(fingerprint(b))
  })

  it.each<[string, Sent, Sent]>([
    ['member order and white space', { body: '{"a":1,"b":2}' }, { body: ' { "b" : 2, "a" : 1 } ' }],
    ['the order of query parameters', { url: '/t?a=1&b=2' }, { url: '/t?b=2&a=1' }],
    ['parameters of the content type', { type: 'application/json' }, { type: 'Application/JSON; charset=utf-8' }],
    ['the boundary of a form', form('x'), form('"y z"')],
    ['the origin', { url: '/transfers' }, { url: 'https://api.example/transfers' }],
    ['other headers', {}, { headers: { 'user-agent': 'x', authorization: 'Bearer y' } }],
  ])('does not change with %s', (_what, a, b) => {
    expect(fingerprint(a)).toBe(fingerprint(b))
  })

  it('changes with a header that was selected, whatever its case', () => {
    const options = { headers: ['X-Region'] }
    expect(fingerprint({ headers: { 'x-region': 'eu' } }, options)).not.toBe(fingerprint({ headers: { 'x-region': 'us' } }, options))
    expect(fingerprint({ headers: { 'x-region': 'eu' } }, options)).not.toBe(fingerprint({}, options))
  })

  it('does not change with ignored members', () => {
    const options = { ignore: ['/meta/sentAt'] }
    expect(fingerprint({ body: '{"n":1,"meta":{"sentAt":1}}' }, options)).toBe(
      fingerprint({ body: '{"n":1,"meta":{"sentAt":2}}' }, options),
    )
    expect(fingerprint({ body: '{"n":1,"meta":{"sentAt":1}}' }, options)).not.toBe(
      fingerprint({ body: '{"n":2,"meta":{"sentAt":1}}' }, options),
    )
  })

  it('cannot be confused by moving text from one part to the next', () => {
    expect(fingerprint({ url: '/a?b', type: 'text/plain', body: '' })).not.toBe(fingerprint({ url: '/a', type: 'b', body: '' }))
    expect(fingerprint({ method: 'POST', url: '/1:x' })).not.toBe(fingerprint({ method: 'POST/', url: '/x' }))
  })

  it('refuses a JSON body that is not JSON, and one that is not UTF-8', () => {
    expect(() => fingerprint({ body: '{"a":' })).toThrow('not JSON')
    expect(() => fingerprint({ body: Uint8Array.of(0x22, 0xff, 0x22) })).toThrow('not JSON')
    expect(() => fingerprint({ body: '{"a":1,"a":2}', type: 'application/merge-patch+json' })).toThrow('appears twice')
  })

  it('counts a compressed body by its bytes, since they are not JSON yet', () => {
    const sent = { headers: { 'content-encoding': 'gzip' }, body: Uint8Array.of(0x1f, 0x8b, 8, 0) }
    expect(fingerprint(sent)).toBe(fingerprint(sent))
    expect(fingerprint(sent)).not.toBe(fingerprint({ ...sent, body: Uint8Array.of(0x1f, 0x8b, 8, 1) }))
    expect(fingerprint(sent)).not.toBe(fingerprint({ ...sent, headers: { 'content-encoding': 'br' } }))
    expect(fingerprint({ headers: { 'content-encoding': 'identity' } })).toBe(fingerprint())
  })

  it('counts very long and very deep JSON by its bytes', () => {
    const long = `[${'1,'.repeat(200_000)}1]`
    expect(fingerprint({ body: long })).not.toBe(fingerprint({ body: `${long} ` }))
    const deep = '['.repeat(300) + ']'.repeat(300)
    expect(fingerprint({ body: deep })).not.toBe(fingerprint({ body: `${deep} ` }))
  })
})

describe('media types', () => {
  it('are compared without parameters and case', () => {
    expect(essenceOf(' Text/Plain ; charset=utf-8')).toBe('text/plain')
    expect(essenceOf(null)).toBe('')
  })

  it('are JSON when they say so', () => {
    expect(['application/json', 'application/problem+json', 'application/merge-patch+json'].every(isJson)).toBe(true)
    expect(['', 'text/plain', 'application/jsonlines', 'application/json-seq'].some(isJson)).toBe(false)
  })
})
