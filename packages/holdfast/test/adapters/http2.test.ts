import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { ClientHttp2Session, Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { holdfast } from '../../src/adapters/node/index.ts'
import { captureBody, createReply, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'

type Listener = (req: Http2ServerRequest, res: Http2ServerResponse) => void

let server: Http2Server
let session: ClientHttp2Session

/** Node's compatibility classes have the methods of its HTTP/1.1 classes, if not their types. */
async function start(policy: Policy, handler: Listener): Promise<void> {
  server = createServer(holdfast(policy, handler as unknown as Parameters<typeof holdfast>[1]) as unknown as Listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

async function send(method: string, body?: string): Promise<{ headers: Record<string, unknown>; body: string }> {
  const stream = session.request({ ':method': method, ':path': '/a?b=1', 'x-own': '1' })
  const answered = once(stream, 'response') as Promise<[Record<string, unknown>]>
  stream.end(body)
  const [headers] = await answered
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return { headers, body: text }
}

describe('the adapter for node over HTTP/2', () => {
  afterEach(() => {
    session.destroy()
    server.close()
  })

  const echo: Listener = (req, res) => {
    res.setHeader('set-cookie', ['a=1', 'b=2'])
    res.writeHead(201, { 'x-handler': '1' })
    req.pipe(res)
  }

  it('runs a handler, lets the policy read the body before and change the fields after', async () => {
    let seen: unknown
    await start(async (call, next) => {
      const bytes = await call.bytes()
      seen = [call.method, call.url, Buffer.from(bytes).toString(), new URL(call.request.url).pathname, call.request.headers.get('x-own')]
      return withHeaders(await next(call), { 'x-policy': 'seen' })
    }, echo)
    const { headers, body } = await send('POST', 'hello')
    expect(seen).toEqual(['POST', '/a?b=1', 'hello', '/a', '1'])
    expect([headers[':status'], headers['x-handler'], headers['x-policy'], headers['set-cookie'], body]).toEqual([
      201,
      '1',
      'seen',
      ['a=1', 'b=2'],
      'hello',
    ])
    expect((await send('GET')).headers['x-policy']).toBe('seen')
  })

  it('captures an answer', async () => {
    let seen = ''
    await start(
      async (call, next) => {
        const reply = await next(call)
        seen = Buffer.from((await captureBody(reply.body, 1000)).bytes ?? []).toString()
        return reply
      },
      (_req, res) => void (res.write('hel'), res.end('lo')),
    )
    expect((await send('GET')).body).toBe('hello')
    expect(seen).toBe('hello')
  })

  it('looks to the handler as if its head was sent', async () => {
    let seen: unknown
    await start(
      async (call, next) => await next(call),
      (_req, res) => {
        res.writeHead(200)
        res.end('hello')
        seen = [res.headersSent, res.writableEnded]
      },
    )
    expect((await send('GET')).body).toBe('hello')
    expect(seen).toEqual([true, true])
  })

  it('refuses and replaces, without the fields HTTP/2 forbids', async () => {
    const other = createReply(409, { connection: 'close', 'transfer-encoding': 'chunked', 'x-policy': 'seen' }, 'instead')
    await start(async (call, next) => (call.method === 'GET' ? other : (await next(call), other)), echo)
    for (const method of ['GET', 'POST']) {
      const { headers, body } = await send(method, method === 'POST' ? 'hello' : undefined)
      expect([headers[':status'], headers['x-policy'], headers['x-handler'], body]).toEqual([409, 'seen', undefined, 'instead'])
    }
  })

  it('aborts the signal when the stream is reset', async () => {
    let aborted: Promise<unknown> | undefined
    const running = Promise.withResolvers<void>()
    await start(
      (call, next) => ((aborted = once(call.signal as AbortSignal, 'abort')), next(call)),
      () => running.resolve(),
    )
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await running.promise
    stream.close(8)
    await aborted
  })
})
