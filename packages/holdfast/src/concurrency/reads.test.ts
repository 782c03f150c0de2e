import { describe, expect, it } from 'vitest'
import { createCall, createReply, toFields } from '../core/index.ts'
import type { Call, Reply } from '../core/index.ts'
import { etagOf } from './etag-of.ts'
import { expectationOf } from './expectation.ts'
import { preconditions } from './policy.ts'

const call = (method: string, headers: Record<string, string> = {}) => createCall({ method, url: '/notes/1', headers: toFields(headers) })
const bodyOf = (reply: Reply) => JSON.parse(reply.body as string) as Record<string, unknown>
const run = async (options: { rule: 'optional' }, asked: Call, handler: (call: Call) => Promise<Reply> | Reply): Promise<Reply> =>
  preconditions(options)(asked, handler)

describe('a read', () => {
  const answer =
    (headers: Record<string, string> = {}, status = 200) =>
    () =>
      createReply(status, { etag: '"5"', 'content-type': 'application/json', ...headers }, 'body')
  const read = (headers: Record<string, string>, handler = answer(), method = 'GET') =>
    run({ rule: 'optional' }, call(method, headers), handler)

  it('gets a tag of its representation, and content that nobody may transform', async () => {
    const [plain, packed] = [await read({}), await read({}, answer({ 'content-encoding': 'gzip' }))]
    expect(plain.headers.get('etag')).toBe(etagOf(5, call('GET')))
    expect(packed.headers.get('etag')).toMatch(/^"5\.[0-9a-z]{6}"$/)
    expect(packed.headers.get('etag')).not.toBe(plain.headers.get('etag'))
    expect(plain.headers.get('cache-control')).toBe('no-transform')
    expect((await read({}, answer({ 'cache-control': 'private' }))).headers.get('cache-control')).toBe('private, no-transform')
    expect((await read({}, answer({ 'cache-control': 'No-Transform' }))).headers.get('cache-control')).toBe('No-Transform')
  })

  it('of a tag that is not ours is left as it is', async () => {
    const own = await read({}, answer({ etag: '"md5-abc"' }))
    expect([own.headers.get('etag'), own.headers.get('cache-control')]).toEqual(['"md5-abc"', null])
    expect((await read({ 'if-none-match': '"md5-abc"' }, answer({ etag: '"md5-abc"' }))).status).toBe(304)
    expect((await read({ 'if-none-match': '"abc"' }, answer({ etag: 'W/"abc"' }))).status).toBe(304)
  })

  it('is answered with 304 and every field of the 200 but those about content [C14]', async () => {
    const kept = {
      vary: 'Accept',
      'cache-control': 'private, no-transform',
      link: '</2>; rel="next"',
      'access-control-allow-origin': '*',
      ratelimit: '"a";r=1',
      'content-location': '/notes/1',
    }
    const content = { 'content-length': '4', 'content-language': 'de' }
    const tag = (await read({}, answer({ ...kept, ...content }))).headers.get('etag') ?? ''
    const reply = await read({ 'if-none-match': `"x", W/${tag}` }, answer({ ...kept, ...content }))
    expect([reply.status, reply.body]).toEqual([304, null])
    for (const [name, value] of Object.entries(kept)) expect(reply.headers.get(name)).toBe(value)
    for (const name of ['content-type', 'content-length', 'content-language']) expect(reply.headers.has(name)).toBe(false)
  })

  it('ignores the date beside a tag that differs [C15]', async () => {
    const future = { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }
    const dated = answer({ 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' })
    expect((await read({ ...future, 'if-none-match': '"x"' }, dated)).status).toBe(200)
    expect((await read(future, dated)).status).toBe(304)
  })

  it('is refused by a false If-Match, whatever If-None-Match says [C12]', async () => {
    const reply = await read({ 'if-match': '"x"', 'if-none-match': '*' })
    expect([reply.status, bodyOf(reply)['code'], reply.headers.get('etag')]).toEqual([412, 'version-conflict', etagOf(5, call('GET'))])
  })

  it('that is no success stays what it is', async () => {
    for (const status of [203, 404, 500])
      expect((await read({ 'if-none-match': '*', 'if-match': '"x"' }, answer({}, status))).status).toBe(status)
  })

  it('is judged by its head alone: a body that streams is not touched [C37]', async () => {
    let pulled = 0
    const stream = () => createReply(200, { etag: '"5"' }, new ReadableStream({ pull: () => void (pulled += 1) }, { highWaterMark: 0 }))
    expect((await read({ 'if-match': '"x"' }, stream)).status).toBe(412)
    expect((await read({}, stream)).body).toBeInstanceOf(ReadableStream)
    expect(pulled).toBe(0)
  })

  it('is the only call that is ever answered with 304 [C16]', async () => {
    const reply = await run({ rule: 'optional' }, call('POST', { 'if-none-match': '"5"' }), async (asked) => {
      expect(expectationOf(asked).verify({ state: 4 })).toBe(true)
      return createReply(201, { etag: '"5"' })
    })
    expect(reply.status).toBe(201)
  })
})
