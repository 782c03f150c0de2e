import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReply, toFields } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { decodeAnswer, encodeAnswer, firstAnswerHeaders, keptHeaders, replayAnswer } from './answer.ts'
import type { Answer } from './answer.ts'

const text = (body: Reply['body']): string => Buffer.from(body as Uint8Array).toString()
const answerOf = (headers: Record<string, string>, body: Uint8Array | string = '{}', status = 200): Answer & { body: Uint8Array } => ({
  status,
  headers: Object.entries(headers),
  body: Buffer.from(body),
  answeredAt: Date.UTC(2026, 0, 1),
})

describe('a recorded answer', () => {
  it('reads back as it was written', () => {
    const answers = fc.record({
      status: fc.integer({ min: 200, max: 599 }),
      headers: fc.array(fc.tuple(fc.string({ maxLength: 20 }), fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 3 }),
      body: fc.option(fc.uint8Array({ maxLength: 100 }), { nil: undefined }),
      answeredAt: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    })
    fc.assert(
      fc.property(answers, (answer) => {
        const read = decodeAnswer(encodeAnswer(answer as Answer)) as Answer
        expect({ ...read, body: read.body && [...read.body] }).toEqual({ ...answer, body: answer.body && [...answer.body] })
      }),
    )
  })

  it('reads back from the middle of a longer buffer, as drivers hand them out', () => {
    const bytes = encodeAnswer(answerOf({ location: '/1' }, 'hello', 201))
    const padded = new Uint8Array([1, 2, 3, ...bytes, 4]).subarray(3, 3 + bytes.byteLength)
    expect(decodeAnswer(padded)).toMatchObject({ status: 201, headers: [['location', '/1']] })
    expect(text(decodeAnswer(padded)?.body ?? null)).toBe('hello')
  })

  it('tells an empty body from a body that was not kept', () => {
    expect(decodeAnswer(encodeAnswer({ ...answerOf({}), body: new Uint8Array(0) }))?.body).toHaveLength(0)
    expect(decodeAnswer(encodeAnswer({ ...answerOf({}), body: undefined }))?.body).toBeUndefined()
  })

  it('is not read in a format of a later version', () => {
    const head = new TextEncoder().encode('[2,{"all":"new"}]')
    const bytes = new Uint8Array(4 + head.byteLength)
    bytes[3] = head.byteLength
    bytes.set(head, 4)
    expect(decodeAnswer(bytes)).toBeUndefined()
  })
})

describe('the header fields kept with an answer', () => {
  it.each([
    'location',
    'etag',
    'link',
    'content-type',
    'content-encoding',
    'content-language',
    'cache-control',
    'vary',
    'x-invoice',
    'last-modified',
  ])('include %s', (name) => {
    expect(keptHeaders(toFields({ [name]: 'v' }))).toEqual([[name, 'v']])
  })

  it.each([
    'connection',
    'keep-alive',
    'proxy-connection',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'date',
    'age',
    'set-cookie',
    'set-cookie2',
    'www-authenticate',
    'proxy-authenticate',
    'proxy-authentication-info',
    'authentication-info',
    'server-timing',
    'traceparent',
    'tracestate',
    'x-request-id',
    'content-length',
    'ratelimit',
    'ratelimit-policy',
    'RateLimit-Remaining',
    'x-ratelimit-limit',
    'idempotent-replayed',
    'idempotency-original-date',
    'idempotency-should-retry',
  ])('do not include %s', (name) => {
    expect(keptHeaders(toFields({ [name]: 'v' }))).toEqual([])
  })
})

describe('the reply to a repeat', () => {
  const replay = (answer: Answer & { body: Uint8Array }, request: Record<string, string> = {}): Promise<Reply> =>
    replayAnswer(answer, toFields(request))

  it('has status, fields and bytes of the answer, and says that it is a replay and of when', async () => {
    const reply = await replay(answerOf({ location: '/transfers/1', 'content-type': 'application/json' }, '{"id":1}', 201))
    expect(reply.status).toBe(201)
    expect(text(reply.body)).toBe('{"id":1}')
    expect(Object.fromEntries(reply.headers)).toEqual({
      location: '/transfers/1',
      'content-type': 'application/json',
      'idempotent-replayed': 'true',
      'idempotency-original-date': 'Thu, 01 Jan 2026 00:00:00 GMT',
    })
  })

  it.each([
    ['https://app.example', 'https://app.example', true],
    ['https://app.example', 'https://other.example', false],
    ['https://app.example', undefined, false],
    ['*', undefined, true],
    [undefined, 'https://app.example', false],
  ])('of an answer for origin %s has its CORS fields for a caller of origin %s: %s', async (granted, origin, isShared) => {
    const recorded = {
      ...(granted !== undefined && { 'access-control-allow-origin': granted }),
      'access-control-expose-headers': 'x-invoice',
    }
    const { headers } = await replay(answerOf(recorded), origin === undefined ? {} : { origin })
    expect([headers.get('access-control-allow-origin'), headers.get('access-control-expose-headers')]).toEqual(
      isShared ? [granted, 'x-invoice, Idempotent-Replayed, Idempotency-Original-Date, Idempotency-Should-Retry'] : [null, null],
    )
  })

  it('advises against repeating a recorded failure', async () => {
    expect((await replay(answerOf({}, '{}', 500))).headers.get('idempotency-should-retry')).toBe('?0')
    expect((await replay(answerOf({}, '{}', 422))).headers.has('idempotency-should-retry')).toBe(false)
  })

  it.each([204, 205, 304])('has no body at all for status %i, as a fetch Response demands', async (status) => {
    const { body } = await replay(answerOf({}, '', status))
    expect(body).toBeNull()
    expect(() => new Response(body as null, { status })).not.toThrow()
  })

  it('keeps an empty body of another status', async () => {
    expect((await replay(answerOf({}, ''))).body).toHaveLength(0)
  })

  it.each([
    ['gzip', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['deflate', deflateSync('hello')],
    ['x-gzip', gzipSync('hello')],
  ])('is decoded again from %s for a caller who does not accept it', async (coding, body) => {
    const reply = await replay(answerOf({ 'content-encoding': coding, vary: 'accept-encoding' }, body))
    expect(text(reply.body)).toBe('hello')
    expect(reply.headers.has('content-encoding')).toBe(false)
    expect(reply.headers.get('vary')).toBe('accept-encoding')
  })

  it('does not keep digests of the bytes that were decoded', async () => {
    const reply = await replay(
      answerOf({ 'content-encoding': 'gzip', 'content-digest': 'sha-256=:x:', 'content-md5': 'x' }, gzipSync('hello')),
    )
    expect(reply.headers.has('content-digest') || reply.headers.has('content-md5')).toBe(false)
  })

  it.each(['gzip', 'br, GZIP;q=0.5', '*', 'x-gzip', 'gzip;q=1.0, *;q=0'])('stays encoded for a caller who accepts %j', async (accepted) => {
    const encoded = gzipSync('hello')
    const reply = await replay(answerOf({ 'content-encoding': 'gzip' }, encoded), { 'accept-encoding': accepted })
    expect(reply.headers.get('content-encoding')).toBe('gzip')
    expect(Buffer.compare(reply.body as Uint8Array, encoded)).toBe(0)
  })

  it.each(['identity', 'gzip;q=0', 'gzip;q=0.000, *', 'br', '*;q=0', ''])('is decoded for a caller who accepts %j', async (accepted) => {
    const reply = await replay(answerOf({ 'content-encoding': 'gzip' }, gzipSync('hello')), { 'accept-encoding': accepted })
    expect(text(reply.body)).toBe('hello')
  })

  it('is sent as it is when its coding is unknown or its bytes are not what it says', async () => {
    expect(text((await replay(answerOf({ 'content-encoding': 'zstd' }, 'opaque'))).body)).toBe('opaque')
    const broken = await replay(answerOf({ 'content-encoding': 'gzip' }, 'not gzip'))
    expect(text(broken.body)).toBe('not gzip')
    expect(broken.headers.get('content-encoding')).toBe('gzip')
  })
})

describe('the first answer', () => {
  it('says that it is no replay', () => {
    expect(firstAnswerHeaders(createReply(201), false)).toEqual({ 'idempotent-replayed': 'false' })
    expect(firstAnswerHeaders(createReply(500), true)).toEqual({ 'idempotent-replayed': 'false', 'idempotency-should-retry': '?0' })
  })

  it('lets scripts of other origins read what it says, where it is shared with them', () => {
    const shared = createReply(201, { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'x-invoice' })
    expect(firstAnswerHeaders(shared, false)['access-control-expose-headers']).toBe(
      'x-invoice, Idempotent-Replayed, Idempotency-Original-Date, Idempotency-Should-Retry',
    )
  })
})
