import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyFailure } from '../../src/retry/index.ts'
import { answer, createWorld, networkError, reset } from './support/world.ts'

const post = { method: 'POST', body: '{}' }
const unkeyed = { ...post, holdfast: { key: false as const } }
const coded = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more })

describe('failures, as runtimes report them', () => {
  it.each([
    ['Node: port closed', networkError('ECONNREFUSED', 'connect')(), 'not-sent'],
    ['Node: no such host', networkError('ENOTFOUND', 'getaddrinfo')(), 'not-sent'],
    ['Node: reset while connecting [13]', networkError('ECONNRESET', 'connect')(), 'not-sent'],
    ['Node: reset while reading [14]', networkError('ECONNRESET', 'read')(), 'maybe'],
    ['Node: the other side closed', networkError('UND_ERR_SOCKET')(), 'maybe'],
    ['Node: connect timeout', networkError('UND_ERR_CONNECT_TIMEOUT')(), 'not-sent'],
    ['Node: closed pool', networkError('UND_ERR_CLOSED')(), 'not-sent'],
    ['Node: destroyed pool', networkError('UND_ERR_DESTROYED')(), 'maybe'],
    ['Node: no headers in time', networkError('UND_ERR_HEADERS_TIMEOUT')(), 'maybe'],
    ['Node: body cut', new TypeError('terminated', { cause: coded('UND_ERR_SOCKET') }), 'maybe'],
    ['Node: self-signed certificate', networkError('DEPTH_ZERO_SELF_SIGNED_CERT')(), 'final'],
    ['Node: certificate of another host', networkError('ERR_TLS_CERT_ALTNAME_INVALID')(), 'final'],
    ['Node: no TLS on that port', networkError('ERR_SSL_WRONG_VERSION_NUMBER')(), 'final'],
    ['Node: garbage answer', networkError('HPE_INVALID_CONSTANT')(), 'maybe'],
    [
      'Node: HTTP/2 stream refused',
      coded('ERR_HTTP2_STREAM_ERROR', { message: 'Stream closed with error code NGHTTP2_REFUSED_STREAM' }),
      'not-sent',
    ],
    ['Node: invalid URL', new TypeError('Failed to parse URL', { cause: coded('ERR_INVALID_URL') }), 'final'],
    ['Bun: reset [15]', coded('ECONNRESET'), 'maybe'],
    ['Bun: port closed', coded('ConnectionRefused'), 'not-sent'],
    ['Deno: port closed [16]', new TypeError('error sending request for url: client error (Connect): tcp connect error'), 'not-sent'],
    ['Deno: answer lost [16]', new TypeError('error sending request from 127.0.0.1:1 for http://x/: connection closed'), 'maybe'],
    ['Deno: certificate', new TypeError('client error (Connect): invalid peer certificate: UnknownIssuer'), 'final'],
    ['Deno: body cut', new TypeError('error reading a body from connection'), 'maybe'],
    ['Chrome', new TypeError('Failed to fetch'), 'maybe'],
    ['Firefox', new TypeError('NetworkError when attempting to fetch resource.'), 'maybe'],
    ['Safari', new TypeError('Load failed'), 'maybe'],
    ['a timeout signal', new DOMException('timed out', 'TimeoutError'), 'maybe'],
    ['an abort', new DOMException('aborted', 'AbortError'), 'final'],
    ['an invalid header [22]', new TypeError('Headers.append: "a\nb" is an invalid header value.'), 'final'],
    ['a used body', new TypeError('Body is unusable: Body has already been read'), 'final'],
    ['a mistake in a program', new ReferenceError('x is not defined'), 'final'],
    ['an error of nobody known', new Error('something'), 'maybe'],
    ['no error at all', 'text', 'final'],
  ])('%s', (_name, error, kind) => {
    expect(classifyFailure(error)).toBe(kind)
  })

  it('are found three causes deep, and over all addresses that were tried [23]', () => {
    const deep = new Error('a', {
      cause: new Error('b', { cause: new Error('c', { cause: coded('ECONNREFUSED', { syscall: 'connect' }) }) }),
    })
    expect(classifyFailure(deep)).toBe('not-sent')
    const refusedBoth = new AggregateError([coded('ECONNREFUSED', { syscall: 'connect' }), coded('ENETUNREACH', { syscall: 'connect' })])
    expect(classifyFailure(new TypeError('fetch failed', { cause: refusedBoth }))).toBe('not-sent')
    const resetOne = new AggregateError([coded('ECONNREFUSED', { syscall: 'connect' }), coded('ECONNRESET', { syscall: 'read' })])
    expect(classifyFailure(new TypeError('fetch failed', { cause: resetOne }))).toBe('maybe')
  })

  it('never throw and never loop, whatever is thrown', () => {
    const circular = new Error('round')
    circular.cause = circular
    expect(classifyFailure(circular)).toBe('maybe')
    fc.assert(fc.property(fc.anything(), (value) => ['not-sent', 'maybe', 'final'].includes(classifyFailure(value))))
  })
})

describe('a call', () => {
  it('to a server with a bad certificate is sent once [17]', async () => {
    const { call, sent } = createWorld([networkError('DEPTH_ZERO_SELF_SIGNED_CERT')])
    await expect(call()).rejects.toThrow('fetch failed')
    expect(sent).toHaveLength(1)
  })

  it('that was answered with garbage is repeated when that is safe [18]', async () => {
    const { call, sent } = createWorld([networkError('HPE_INVALID_CONSTANT'), answer(200)])
    expect((await call()).status).toBe(200)
    expect(sent).toHaveLength(2)
  })

  it('without a key is not repeated after 503, and is after 429 [19]', async () => {
    const unavailable = createWorld([answer(503), answer(201)])
    expect((await unavailable.call(unkeyed)).status).toBe(503)
    expect(unavailable.sent).toHaveLength(1)
    const limited = createWorld([answer(429), answer(201)])
    expect((await limited.call(unkeyed)).status).toBe(201)
    expect(limited.sent).toHaveLength(2)
  })

  it('without a key is repeated after a 503 that says nothing was processed [19]', async () => {
    for (const refusal of [
      answer(503, { 'holdfast-refused': '?1' }),
      answer(
        503,
        { 'content-type': 'application/problem+json' },
        '{"type":"https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"}',
      ),
    ]) {
      const { call, sent } = createWorld([refusal, answer(201)])
      expect((await call(unkeyed)).status).toBe(201)
      expect(sent).toHaveLength(2)
    }
  })

  it('is repeated after 425 and 421 [20]', async () => {
    for (const status of [425, 421]) {
      const { call, sent } = createWorld([answer(status), answer(201)])
      expect([(await call(unkeyed)).status, sent.length]).toEqual([201, 2])
    }
  })

  it('is repeated after 408, and not after 501, 400, 404 and 412 [21]', async () => {
    for (const [status, times] of [
      [408, 2],
      [501, 1],
      [505, 1],
      [400, 1],
      [404, 1],
      [412, 1],
    ] as const) {
      const { call, sent } = createWorld([answer(status), answer(200)])
      await call()
      expect([status, sent.length]).toEqual([status, times])
    }
  })

  it('with an invalid header is not sent again, and the error is the one of fetch [22]', async () => {
    const { call, sent } = createWorld([answer(200)])
    const error = await call({ headers: { 'x-bad': 'a\nb' } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect(sent.length).toBeLessThanOrEqual(1)
  })

  it('is not repeated where the server says that a repeat is pointless', async () => {
    for (const headers of [
      { 'idempotency-should-retry': '?0' },
      { 'x-should-retry': 'false' },
      { 'holdfast-retries': 'handled' },
    ] as const) {
      const { call, sent } = createWorld([answer(500, headers), answer(200)])
      await call({ ...post })
      expect(sent).toHaveLength(1)
    }
  })

  it('is repeated no more than the caller allows, and no more than the rule does', async () => {
    const narrowed = createWorld([answer(503), answer(200)], { shouldRetry: () => false })
    await narrowed.call()
    expect(narrowed.sent).toHaveLength(1)
    const widened = createWorld([answer(400), answer(200)], { shouldRetry: () => true })
    await widened.call()
    expect(widened.sent).toHaveLength(1)
    const unsafe = createWorld([reset, answer(200)])
    await unsafe.call({ ...unkeyed, holdfast: { key: false, unsafe: true } })
    expect(unsafe.sent).toHaveLength(2)
  })

  it('with no retries is sent exactly once, whatever happens [79]', async () => {
    const failures = [
      networkError('ECONNREFUSED', 'connect'),
      reset,
      answer(429),
      answer(503),
      answer(409, { 'idempotency-should-retry': '?1', 'retry-after': '1' }),
      answer(404),
      networkError('DEPTH_ZERO_SELF_SIGNED_CERT'),
    ]
    for (const failure of failures) {
      const { call, sent } = createWorld([failure, answer(200)])
      await call({ ...post, holdfast: { retries: 0 } }).catch(() => {})
      expect(sent).toHaveLength(1)
    }
  })
})
