import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { connect, createServer as createServer2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { holdfast } from '../../src/adapters/node/index.ts'
import { addHeaders, createReply, stack, withHeaders } from '../../src/core/index.ts'
import type { HeadersOf, Policy } from '../../src/core/index.ts'
import { bodyOf, gate, halves, nextChunk, open, send } from './client.ts'
import { describeAdapters, listen, reported } from './matrix.ts'
import { addingLate, describeNode } from './node-kit.ts'

/** Says what others have said besides, as limits do. */
const appending =
  (text: string): Policy =>
  (call, next) =>
    addHeaders(next(call), ({ status, headers }) => ({
      'x-said': [headers.get('x-said'), `${text} of ${status}`].filter((part) => part !== null).join(', '),
      'x-gone': undefined,
    }))

describeAdapters('fields that are added without waiting', (start, kit) => {
  it('are on the answer with those of the handler', async () => {
    const port = await start(addingLate, () => ({ status: 201, headers: { 'x-own': '1', 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }))
    const { status, headers, body } = await send(port)
    expect([status, headers['x-own'], headers['x-policy'], headers['set-cookie'], String(body)]).toEqual([
      201,
      '1',
      'seen',
      ['a=1', 'b=2'],
      'hello',
    ])
  })

  it('know the status and what the handler and policies further in have said, and can remove', async () => {
    const port = await start(stack(appending('outer'), appending('inner')), () => ({
      status: 404,
      headers: { 'X-Said': 'handler', 'X-Gone': '1' },
    }))
    const { headers } = await send(port)
    expect([headers['x-said'], headers['x-gone']]).toEqual(['handler, inner of 404, outer of 404', undefined])
  })

  it('are seen by a policy further out that waits, and come after one further in that waits', async () => {
    let seen: unknown
    const watching: Policy = async (call, next) => {
      const reply = await next(call)
      seen = reply.headers.get('x-said')
      return reply
    }
    const changing: Policy = async (call, next) => withHeaders(await next(call), { 'x-said': 'changed' })
    const port = await start(stack(watching, appending('late'), changing), () => ({ body: 'hello' }))
    const { headers } = await send(port)
    expect([seen, headers['x-said']]).toEqual(['changed, late of 200', 'changed, late of 200'])
    const other = await start(stack(watching, appending('late')), () => ({ body: 'hello' }))
    expect([(await send(other)).headers['x-said'], seen]).toEqual(['late of 200', 'late of 200'])
  })

  it('are on a refusal by a policy further in', async () => {
    const port = await start(
      stack(appending('late'), () => createReply(409, {}, 'no')),
      () => ({ body: 'hello' }),
    )
    const { status, headers, body } = await send(port)
    expect([status, headers['x-said'], String(body)]).toEqual([409, 'late of 409', 'no'])
  })

  it('are on what the framework answers when the handler fails', async () => {
    const port = await start(addingLate, () => {
      throw new Error('boom')
    })
    const { status, headers } = await send(port)
    expect(status).toBe(kit.hasOwnErrors ? 418 : 500)
    if (kit.hasOwnErrors) expect(headers['x-policy']).toBe('seen')
  })

  it('do not hold a stream up', async () => {
    const { opened, open: release } = gate()
    const port = await start(addingLate, () => ({ headers: { 'content-type': 'text/plain' }, body: halves(opened) }))
    const res = await open(port)
    expect([res.headers['x-policy'], await nextChunk(res)]).toEqual(['seen', 'first'])
    release()
    expect(String(await bodyOf(res))).toBe('last')
  })

  it('are on an answer to HEAD, and on one without a body', async () => {
    const port = await start(addingLate, ({ method }) => (method === 'HEAD' ? { body: 'hello' } : { status: 204 }))
    for (const method of ['HEAD', 'GET']) expect((await send(port, { method })).headers['x-policy']).toBe('seen')
  })

  it.each<[string, HeadersOf, string]>([
    [
      'cannot be worked out',
      () => {
        throw new Error('cannot tell')
      },
      'cannot tell',
    ],
    ['have a value that no head can carry', () => ({ 'x-late': 'a\nb' }), 'invalid x-late'],
    ['have a name that no head can carry', () => ({ 'x late': '1' }), 'invalid x late'],
  ])('that %s are reported, and the answer stands with those that others add', async (_kind, headersOf, message) => {
    const failing: Policy = (call, next) => addHeaders(next(call), headersOf)
    const port = await start(stack(appending('outer'), failing, appending('inner')), () => ({
      status: 201,
      headers: { 'x-own': '1' },
      body: 'hello',
    }))
    const { status, headers, body } = await send(port)
    expect([status, String(body), headers['x-own'], headers['x-said']]).toEqual([201, 'hello', '1', 'inner of 201, outer of 201'])
    expect(reported).toHaveLength(1)
    expect(String(reported[0])).toContain(message)
  })
})

describeNode('fields that are added to a Node response without waiting', (start, listener) => {
  it.each<[string, (res: ServerResponse) => void]>([
    ['end alone', (res) => res.end('hello')],
    ['write', (res) => (res.write('hel'), res.end('lo'))],
    ['fields set one by one', (res) => (res.setHeader('x-own', '1'), res.end('hello'))],
    ['flushed fields', (res) => (res.flushHeaders(), res.end('hello'))],
    ['an object of fields', (res) => res.writeHead(200, { 'Content-Length': 5, 'X-POLICY': 'mine' }).end('hello')],
    ['a pipe of its own', (res) => setImmediate(() => res.end('hello'))],
  ])('are there after %s', async (_kind, answer) => {
    const { headers, body } = await send(await start(addingLate, (_req, res) => answer(res)))
    expect([headers['x-policy'], String(body)]).toEqual(['seen', 'hello'])
  })

  it('are there once when the first head is one that Node refuses', async () => {
    const port = await start(addingLate, (_req, res) => {
      expect(() => res.writeHead(200, { 'x-own': 'a\nb' })).toThrow('Invalid')
      res.writeHead(200, { 'x-own': '2' }).end('hello')
    })
    const { headers } = await send(port)
    expect([headers['x-own'], headers['x-policy']]).toEqual(['2', 'seen'])
  })

  it('leave the object that a handler gives as it is', async () => {
    const shared = { 'content-type': 'text/plain' }
    const port = await start(addingLate, (_req, res) => res.writeHead(200, shared).end('hello'))
    await send(port)
    expect(shared).toEqual({ 'content-type': 'text/plain' })
  })

  it('go along with another writeHead round them, and one inside of them', async () => {
    const wrap = (res: ServerResponse, name: string): void => {
      const { writeHead } = res
      res.writeHead = ((...given: Parameters<typeof writeHead>) => {
        res.setHeader(name, '1')
        return writeHead.apply(res, given)
      }) as typeof writeHead
    }
    const inner = listener(addingLate, (_req, res) => (wrap(res, 'x-outer'), res.writeHead(200, { 'x-own': '1' }), res.end('hello')))
    const port = await listen(createServer((req, res) => (wrap(res, 'x-inner'), inner(req, res))))
    const { headers } = await send(port)
    expect([headers['x-inner'], headers['x-outer'], headers['x-own'], headers['x-policy']]).toEqual(['1', '1', '1', 'seen'])
  })
})

describeNode('fields that are added by two adapters, one inside of the other', (start, listener) => {
  it('are all there, those from further in first', async () => {
    const port = await start(
      appending('outer'),
      listener(appending('inner'), (_req, res) => res.writeHead(200, { 'x-own': '1' }).end('hello')),
    )
    const { headers } = await send(port)
    expect([headers['x-said'], headers['x-own']]).toEqual(['inner of 200, outer of 200', '1'])
  })
})

describe('fields that are added over HTTP/2 without waiting', () => {
  it('are on the answer as over HTTP/1.1', async () => {
    const server = createServer2(
      holdfast(addingLate, (_req, res) => void (res.writeHead(201, { 'x-own': '1' }), res.end('hello'))) as unknown as () => void,
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const [headers] = (await once(session.request({ ':path': '/' }), 'response')) as [Record<string, unknown>]
    expect([headers[':status'], headers['x-own'], headers['x-policy']]).toEqual([201, '1', 'seen'])
    session.destroy()
    server.close()
  })
})
