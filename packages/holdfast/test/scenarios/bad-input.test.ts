import { once } from 'node:events'
import { expect, it } from 'vitest'
import { problemKinds } from '../../src/core/index.ts'
import type { ProblemCode } from '../../src/core/index.ts'
import { raw, readUntil } from '../adapters/client.ts'
import { describeMatrix } from './matrix.ts'
import type { Answer } from './matrix.ts'

/** RFC 9457 section 3, and what Holdfast adds. */
function assertProblem({ status, headers, json, text }: Answer, code: ProblemCode): void {
  const kind = problemKinds[code]
  expect(headers['content-type']).toBe('application/problem+json')
  expect(headers['cache-control']).toBe('no-store')
  expect(json).toMatchObject({ status: kind.status, title: kind.title, code, retryable: kind.retryable })
  expect(status).toBe(kind.status)
  expect(json['detail']).toBeTypeOf('string')
  const type = new URL(json['type'] as string, 'https://api.example')
  expect(type.pathname).toBe(`/.well-known/holdfast/errors/${code}`)
  if ('retryAfterMs' in json) expect(Number(headers['retry-after'])).toBe(Math.max(1, Math.ceil((json['retryAfterMs'] as number) / 1000)))
  expect(text).not.toMatch(/\bat .*\.[jt]s:\d+/)
}

describeMatrix('bad input', { stores: ['memory'] }, ({ kit, open, start }) => {
  it.each<[string, object, ProblemCode]>([
    ['a key of 300 characters', { key: 'k'.repeat(300) }, 'key-invalid'],
    ['an empty key', { key: '""' }, 'key-invalid'],
    ['two keys', { key: ['a', 'b'] }, 'key-invalid'],
    ['no key', { key: '' }, 'key-missing'],
    ['JSON that ends early', { body: '{"amount":' }, 'body-invalid'],
    ['JSON that is text', { body: 'amount=5' }, 'body-invalid'],
    ['JSON with a member named twice', { body: '{"amount":5,"amount":500}' }, 'body-invalid'],
    ['JSON with a member named twice, once in escapes', { body: '{"a":{"amount":5,"\\u0061mount":500}}' }, 'body-invalid'],
    ['JSON of bytes that are no UTF-8', { body: Uint8Array.of(0x22, 0xc3, 0x28, 0x22) }, 'body-invalid'],
    ['JSON with a control character', { body: '"a\u0000b"' }, 'body-invalid'],
    ['JSON with NaN', { body: '{"amount":NaN}' }, 'body-invalid'],
    ['an unknown caller', { headers: { authorization: '' } }, 'account-unknown'],
  ])('gets the problem its page describes, and leaves no trace: %s [72]', async (_what, post, code) => {
    const opened = await open()
    const scenario = await start({ open: opened })
    const answer = await scenario.post('/transfers', post)
    assertProblem(answer, code)
    expect((await scenario.get(answer.json['type'] as string)).text).toContain(problemKinds[code].title)
    expect(await opened.effects()).toBe(0)
    expect((await scenario.post('/transfers')).headers['idempotent-replayed']).toBe('false')
    expect(await opened.effects()).toBe(1)
  })

  it.each<[string, string | Uint8Array, string]>([
    ['very deep JSON', '['.repeat(5_000) + ']'.repeat(5_000), 'application/json'],
    ['huge numbers', `{"amount":${'9'.repeat(1_000)},"rate":1e999999}`, 'application/json'],
    ['members named __proto__', '{"__proto__":{"admin":true},"constructor":1}', 'application/json'],
    ['every byte', Uint8Array.from({ length: 256 }, (_, byte) => byte), 'application/octet-stream'],
    ['a type that makes no sense', 'x', ';;;'],
    ['no body at all', '', 'application/json'],
    ['lone surrogates', '{"a":"\\ud800"}', 'application/json'],
  ])('that is only odd is handled like any other: %s', async (_what, body, type) => {
    const opened = await open()
    const { post } = await start({ open: opened })
    const first = await post('/transfers', { body, headers: { 'content-type': type } })
    // A framework may refuse a type it cannot parse; what it answers is then the answer of the key.
    const repeat = await post('/transfers', { body, headers: { 'content-type': type } })
    expect([repeat.status, repeat.text]).toEqual([first.status, first.text])
    if (first.status === 201) expect([repeat.headers['idempotent-replayed'], await opened.effects()]).toEqual(['true', 1])
    else expect(await opened.effects()).toBe(0)
  })

  it('longer than the route accepts is refused, and nothing is lost', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    const answer = await post('/small', { body: { note: 'x'.repeat(2_000) } })
    assertProblem(answer, 'body-too-large')
    expect(answer.json['detail']).toContain('1000 bytes')
    expect((await post('/small')).status).toBe(201)
    expect(await opened.effects()).toBe(1)
  })

  it('that breaks off before it is whole has no effect and uses no key up', async () => {
    const opened = await open()
    const { port, post } = await start({ open: opened })
    const socket = await raw(port)
    socket.write(
      'POST /transfers HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ada.t\r\ncontent-type: application/json\r\nidempotency-key: key-1\r\ncontent-length: 12\r\n\r\n{"amount"',
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.destroy()
    await once(socket, 'close')
    const first = await post('/transfers')
    expect([first.status, first.headers['idempotent-replayed']]).toEqual([201, 'false'])
    expect(await opened.effects()).toBe(1)
  })

  it('in several chunks is the same call as in one', async () => {
    const opened = await open()
    const { port, post } = await start({ open: opened })
    const socket = await raw(port)
    socket.write(
      'POST /transfers HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer ada.t\r\ncontent-type: application/json\r\nidempotency-key: key-1\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    for (const part of ['{"am', 'ount":', '5}']) socket.write(`${part.length.toString(16)}\r\n${part}\r\n`)
    socket.write('0\r\n\r\n')
    expect(await readUntil(socket, (text) => text.includes('transfer 1'))).toContain('201')
    expect((await post('/transfers')).headers['idempotent-replayed']).toBe('true')
    expect(await opened.effects()).toBe(1)
  })

  it('that names its route in another spelling does not get past the keys', async () => {
    const opened = await open()
    const { post } = await start({ open: opened })
    for (const path of ['/Transfers', '/transfers/', '/%74ransfers', '/TRANSFERS//', 'http://127.0.0.1/transfers']) {
      expect((await post(path, { key: '' })).json).toMatchObject({ code: 'key-missing' })
    }
    expect([kit.name, await opened.effects()]).toEqual([kit.name, 0])
  })
})
