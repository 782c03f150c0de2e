import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { expect, it } from 'vitest'
import { createReply } from '../../src/core/index.ts'
import { bodyOf, gate, open, raw, readUntil, send } from './client.ts'
import { listen } from './matrix.ts'
import { adding, addingLate, capturing, describeNode, replacing } from './node-kit.ts'
import type { Listener } from './node-kit.ts'

describeNode('the head of a Node response', (start, listener) => {
  it.each<[string, (res: ServerResponse) => void]>([
    ['a status', (res) => res.writeHead(203)],
    ['a status and a reason', (res) => res.writeHead(203, 'Fine')],
    ['an object of fields', (res) => res.writeHead(203, { 'X-Own': '1', 'Set-Cookie': ['a=1', 'b=2'] })],
    ['a reason and an object of fields', (res) => res.writeHead(203, 'Fine', { 'X-Own': '1', 'Set-Cookie': ['a=1', 'b=2'] })],
    ['a flat array of fields', (res) => res.writeHead(203, ['X-Own', '1', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'])],
    [
      'an array of pairs',
      (res) =>
        res.writeHead(203, [
          ['X-Own', '1'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ] as unknown as string[]),
    ],
  ])('takes writeHead with %s', async (kind, writeHead) => {
    const handler: Listener = (_req, res) => {
      res.setHeader('x-before', 'kept')
      writeHead(res)
      res.end('hello')
    }
    for (const policy of [adding, addingLate, capturing]) {
      const res = await open(await start(policy, handler))
      const hasFields = kind.includes('fields') || kind.includes('pairs')
      expect([res.statusCode, res.headers['x-before'], String(await bodyOf(res))]).toEqual([203, 'kept', 'hello'])
      expect(res.statusMessage).toBe(kind.includes('reason') ? 'Fine' : 'Non-Authoritative Information')
      expect([res.headers['x-own'], res.headers['set-cookie']]).toEqual(hasFields ? ['1', ['a=1', 'b=2']] : [undefined, undefined])
    }
  })

  it('lets fields of writeHead replace those set before', async () => {
    const port = await start(
      adding,
      (_req, res) => void (res.setHeader('x-own', 'before'), res.writeHead(200, ['x-own', 'after']), res.end()),
    )
    expect((await send(port)).headers['x-own']).toBe('after')
  })

  it('refuses a head that Node would refuse, inside the call of the handler', async () => {
    const errors: unknown[] = []
    const port = await start(adding, (_req, res) => {
      for (const act of [() => res.writeHead(42), () => res.writeHead(200, { 'x-own': 'a\nb' }), () => res.writeHead(200, ['odd'])]) {
        try {
          act()
        } catch (error) {
          errors.push((error as { code: string }).code)
        }
      }
      res.end('hello')
    })
    expect(String((await send(port)).body)).toBe('hello')
    expect(errors).toEqual(['ERR_HTTP_INVALID_STATUS_CODE', 'ERR_INVALID_CHAR', 'ERR_INVALID_ARG_VALUE'])
  })

  it('looks to the handler as if its head was sent: headersSent, setHeader throws, a second writeHead throws', async () => {
    const seen: unknown[] = []
    const port = await start(adding, (_req, res) => {
      seen.push(res.headersSent, res.writableEnded)
      res.writeHead(200, { 'x-own': '1' })
      seen.push(res.headersSent, res.getHeader('x-own'))
      for (const act of [() => res.setHeader('x-late', '1'), () => res.writeHead(200)]) {
        try {
          act()
        } catch (error) {
          seen.push((error as { code: string }).code)
        }
      }
      res.end('hello')
      seen.push(res.writableEnded)
    })
    await send(port)
    expect(seen).toEqual([false, false, true, '1', 'ERR_HTTP_HEADERS_SENT', 'ERR_HTTP_HEADERS_SENT', true])
  })

  it('sends content-length for a body given to end()', async () => {
    const port = await start(adding, (_req, res) => res.end('hello'))
    expect((await send(port)).headers['content-length']).toBe('5')
  })

  it('sends the head early with flushHeaders', async () => {
    const { opened, open: release } = gate()
    const port = await start(adding, async (_req, res) => {
      res.setHeader('x-own', '1')
      res.flushHeaders()
      await opened
      res.end('hello')
    })
    const res = await open(port)
    expect([res.headers['x-own'], res.headers['x-policy']]).toEqual(['1', 'seen'])
    release()
    expect(String(await bodyOf(res))).toBe('hello')
  })

  it('sends trailers, and none with another answer', async () => {
    const handler: Listener = (_req, res) => {
      res.writeHead(200, { trailer: 'x-sum' })
      res.write('hello')
      res.addTrailers({ 'x-sum': '42' })
      res.end()
    }
    expect((await send(await start(adding, handler))).trailers['x-sum']).toBe('42')
    const other = await send(await start(replacing, handler))
    expect([other.trailers['x-sum'], other.headers.trailer, String(other.body)]).toEqual([undefined, undefined, 'instead'])
  })

  it('passes early hints and 100 Continue at once', async () => {
    const port = await start(adding, (_req, res) => {
      res.writeContinue()
      res.writeEarlyHints({ link: '</style.css>; rel=preload' })
      res.end('hello')
    })
    const socket = await raw(port)
    socket.write('GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n')
    const text = await readUntil(socket, (all) => all.includes('hello'))
    expect(text.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 100', 'HTTP/1.1 103', 'HTTP/1.1 200'])
  })

  it('keeps the fields set before the handler when a policy answers instead of it', async () => {
    const handler = listener(replacing, (_req, res) => {
      res.setHeader('x-before', 'changed')
      res.setHeader('x-own', '1')
      res.end('hello')
    })
    const port = await listen(createServer((req, res) => (res.setHeader('x-before', 'kept'), handler(req, res))))
    const { headers } = await send(port)
    expect([headers['x-before'], headers['x-own'], headers['x-policy']]).toEqual(['kept', undefined, 'seen'])
  })

  it('keeps the fields set before a refusal', async () => {
    const handler = listener(
      () => createReply(400, { 'x-own': 'reply' }),
      () => {},
    )
    const port = await listen(
      createServer((req, res) => (res.setHeader('x-before', 'kept'), res.setHeader('x-own', 'before'), handler(req, res))),
    )
    const { headers } = await send(port)
    expect([headers['x-before'], headers['x-own']]).toEqual(['kept', 'reply'])
  })
})
