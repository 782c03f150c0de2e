import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Readable, pipeline } from 'node:stream'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { holdfast as forExpress } from '../../src/adapters/express/index.ts'
import { callOf, holdfast as forNode } from '../../src/adapters/node/index.ts'
import { captureBody, createReply, isHoldfastError, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { bodyOf, gate, nextChunk, open, oneConnection, raw, readUntil, send } from './client.ts'
import { closeServers, listen, reported } from './matrix.ts'

type Listener = (req: IncomingMessage, res: ServerResponse) => unknown

const adapters: readonly { name: string; listener(policy: Policy, handler: Listener): RequestListener }[] = [
  { name: 'node', listener: forNode },
  {
    name: 'express',
    listener: (policy, handler) => {
      const app = express()
      app.use(forExpress(policy))
      app.use(handler)
      return app as RequestListener
    },
  },
]

const adding: Policy = async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' })
const capturing: Policy = async (call, next) => {
  const reply = await next(call)
  const { bytes } = await captureBody(reply.body, 1000)
  return withHeaders(reply, { 'x-captured': Buffer.from(bytes ?? []).toString() })
}
const replacing: Policy = async (call, next) => {
  await next(call)
  return createReply(409, { 'x-policy': 'seen' }, 'instead')
}

describe.each(adapters)('the response of Node: $name', ({ listener }) => {
  afterEach(closeServers)

  const start = (policy: Policy, handler: Listener): Promise<number> => listen(createServer(listener(policy, handler)))

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
    for (const policy of [adding, capturing]) {
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

  it.each(['write', 'end'])('takes strings in any encoding: %s', async (how) => {
    const port = await start(
      capturing,
      (_req, res) => void (how === 'end' ? res.end('aGk=', 'base64') : (res.write('aGk=', 'base64'), res.end())),
    )
    const { headers, body } = await send(port)
    expect([headers['x-captured'], String(body)]).toEqual(['hi', 'hi'])
  })

  it.each([
    ['adding', adding],
    ['capturing', capturing],
    ['replacing', replacing],
  ])('calls the callbacks of write and end, and emits finish: %s', async (_name, policy) => {
    const { opened, open: done } = gate()
    const seen: string[] = []
    const port = await start(policy, (_req, res) => {
      res.on('finish', () => seen.push('finish'))
      res.on('close', done)
      res.write('one', () => {
        seen.push('write')
        res.write('two', 'utf8', () => seen.push('write'))
        res.end('three', () => seen.push('end'))
      })
    })
    await send(port)
    await opened
    expect(seen.filter((name) => name === 'write')).toHaveLength(2)
    expect(seen.filter((name) => name !== 'write').toSorted()).toEqual(['end', 'finish'])
  })

  it('lets a producer reuse its buffer once its callback ran', async () => {
    const port = await start(capturing, (_req, res) => {
      const buffer = Buffer.from('one')
      res.write(buffer, () => {
        buffer.fill('x')
        res.end()
      })
    })
    const { headers, body } = await send(port)
    expect([headers['x-captured'], String(body)]).toEqual(['one', 'one'])
  })

  it('asks a producer to wait while the policy considers, and wakes it afterwards', async () => {
    const { opened, open: decide } = gate()
    const seen: boolean[] = []
    const port = await start(
      async (call, next) => {
        const reply = await next(call)
        await opened
        return reply
      },
      async (_req, res) => {
        seen.push(res.write('small'), res.write(Buffer.alloc(1_000_000)))
        setImmediate(decide)
        await once(res, 'drain')
        res.end('last')
      },
    )
    expect((await send(port)).body.byteLength).toBe(1_000_009)
    expect(seen).toEqual([true, false])
  })

  it('wakes a producer when its answer is discarded', async () => {
    const port = await start(replacing, async (_req, res) => {
      if (!res.write(Buffer.alloc(1_000_000))) await once(res, 'drain')
      res.end('last')
    })
    expect(String((await send(port)).body)).toBe('instead')
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

  it.each([
    ['pipe', (res: ServerResponse) => Readable.from(['one ', 'two'], { objectMode: false }).pipe(res)],
    ['pipeline', (res: ServerResponse) => pipeline(Readable.from(['one ', 'two'], { objectMode: false }), res, () => {})],
  ])('takes a stream by %s', async (_how, produce) => {
    const { headers, body } = await send(await start(capturing, (_req, res) => void produce(res)))
    expect([headers['x-captured'], String(body)]).toEqual(['one two', 'one two'])
    expect(String((await send(await start(replacing, (_req, res) => void produce(res)))).body)).toBe('instead')
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

  it('ignores a handler that answers after the policy has', async () => {
    const { opened: answered, open: proceed } = gate()
    const { opened: ended, open: end } = gate()
    const impatient: Policy = async (call, next) => {
      void next(call)
      return createReply(504, {}, 'too late')
    }
    const port = await start(impatient, async (_req, res) => {
      await answered
      res.statusCode = 200
      res.setHeader('x-own', '1')
      res.writeHead(201)
      res.write('hello')
      res.end('more', end)
    })
    const agent = oneConnection()
    const first = await send(port, { agent })
    proceed()
    await ended
    const second = await send(port, { agent })
    agent.destroy()
    expect([first.status, String(first.body), second.status]).toEqual([504, 'too late', 504])
  })

  it('rejects a capture when the client goes away in the middle of the body', async () => {
    const { opened: capturingNow, open: begin } = gate()
    const { opened: rejected, open: end } = gate()
    let code: unknown
    const port = await start(
      async (call, next) => {
        const reply = await next(call)
        const captured = captureBody(reply.body, 1000)
        begin()
        await captured.catch((error: unknown) => (code = isHoldfastError(error) && error.code))
        end()
        return reply
      },
      (_req, res) => void res.write('some'),
    )
    const socket = await raw(port)
    socket.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n')
    await capturingNow
    socket.destroy()
    await rejected
    expect(code).toBe('body-incomplete')
  })

  it('rejects next() and captures when the handler destroys its response', async () => {
    const codes: unknown[] = []
    const looking: Policy = async (call, next) => {
      try {
        const reply = await next(call)
        await captureBody(reply.body, 1000)
        return reply
      } catch (error) {
        codes.push(isHoldfastError(error) && error.code)
        throw error
      }
    }
    await expect(send(await start(looking, (_req, res) => res.destroy()))).rejects.toThrow()
    await expect(send(await start(looking, (_req, res) => (res.write('some'), setImmediate(() => res.destroy()))))).rejects.toThrow()
    expect(codes).toEqual(['body-incomplete', 'body-incomplete'])
  })

  it('answers a policy that throws with a problem that says nothing of the error', async () => {
    const boom = new Error('secret detail')
    for (const policy of [
      () => {
        throw boom
      },
      async () => Promise.reject(boom),
      async (call, next) => (await next(call), Promise.reject(boom)),
      async (call, next) => {
        const reply = await next(call)
        await captureBody(reply.body, 1000)
        throw boom
      },
      () => undefined as never,
    ] satisfies Policy[]) {
      const { status, body, headers } = await send(await start(policy, (_req, res) => void (res.setHeader('x-own', '1'), res.end('hello'))))
      expect([status, JSON.parse(String(body)).code, headers['x-own'], String(body).includes('secret')]).toEqual([
        500,
        'handler-failed',
        undefined,
        false,
      ])
    }
    expect(reported.filter((error) => error === boom)).toHaveLength(4)
  })

  it('answers with a problem when a policy sets a value that cannot be sent', async () => {
    const bad: Policy = async (call, next) => withHeaders(await next(call), { 'x-bad': 'a\nb' })
    expect((await send(await start(bad, (_req, res) => res.end('hello')))).status).toBe(500)
    expect(
      (
        await send(
          await start(
            () => createReply(200, { 'x-bad': 'a\nb' }),
            () => {},
          ),
        )
      ).status,
    ).toBe(500)
  })

  it('gives handlers their call by the request', async () => {
    const port = await start(adding, (req, res) => res.end(callOf(req).method))
    expect(String((await send(port, { method: 'PUT' })).body)).toBe('PUT')
    expect(() => callOf({})).toThrow(/mount the adapter/)
  })

  it('works twice on one request, one inside the other', async () => {
    const inner = listener(capturing, async (req, res) => {
      const chunks: Buffer[] = []
      for await (const chunk of req) chunks.push(chunk as Buffer)
      res.writeHead(201, { 'x-own': '1' })
      res.end(Buffer.concat(chunks))
    })
    const outer: Policy = async (call, next) => {
      await call.bytes()
      return adding(call, next)
    }
    const reading: Policy = async (call, next) => (await call.bytes(), capturing(call, next))
    for (const policy of [outer, reading]) {
      const { status, headers, body } = await send(await start(policy, inner), { method: 'POST', body: 'hello' })
      expect([status, headers['x-own'], headers['x-captured'], String(body)]).toEqual([201, '1', 'hello', 'hello'])
    }
  })

  it('works under middleware that wraps the response, outside and inside', async () => {
    const wrapping =
      (next: Listener): Listener =>
      (req, res) => {
        const { write, end } = res
        const shout = (chunk: unknown): unknown => (typeof chunk === 'string' ? chunk.toUpperCase() : chunk)
        res.write = (chunk: unknown, ...rest: unknown[]) => (write as (...all: unknown[]) => boolean).call(res, shout(chunk), ...rest)
        res.end = ((chunk: unknown, ...rest: unknown[]) => {
          if (!res.headersSent) res.setHeader('x-wrapped', '1')
          return (end as (...all: unknown[]) => ServerResponse).call(res, shout(chunk), ...rest)
        }) as typeof res.end
        return next(req, res)
      }
    const handler: Listener = (_req, res) => (res.write('hel'), res.end('lo'))
    const inside = await send(await start(capturing, wrapping(handler)))
    expect([inside.headers['x-captured'], String(inside.body)]).toEqual(['HELLO', 'HELLO'])
    const outside = await send(await listen(createServer(wrapping(listener(capturing, handler)) as RequestListener)))
    expect([outside.headers['x-captured'], String(outside.body)]).toEqual(['hello', 'HELLO'])
  })

  it('streams after the policy is through: the first byte arrives before the last is written', async () => {
    const { opened, open: release } = gate()
    const port = await start(adding, async (_req, res) => {
      res.write('first')
      await opened
      res.end('last')
    })
    const res = await open(port)
    expect(await nextChunk(res)).toBe('first')
    release()
    expect(String(await bodyOf(res))).toBe('last')
  })
})

describe('a handler of node:http', () => {
  afterEach(closeServers)

  it.each(['throws', 'rejects'])('breaks the connection off when it %s after its head', async (how) => {
    const boom = new Error('boom')
    const handler: Listener = (_req, res) => {
      res.writeHead(200, { 'content-length': '100' })
      res.write('some')
      if (how === 'throws') throw boom
      return Promise.reject(boom)
    }
    for (const policy of [adding, (call, next) => next(call)] satisfies Policy[]) {
      await expect(send(await listen(createServer(forNode(policy, handler))))).rejects.toThrow()
    }
    // Nothing of this head was sent yet, so there is still something better to say.
    expect((await send(await listen(createServer(forNode(capturing, handler))))).status).toBe(500)
  })

  it('lets a policy answer for a handler that throws', async () => {
    const forgiving: Policy = async (call, next) => {
      try {
        return await next(call)
      } catch (error) {
        return createReply(503, {}, (error as Error).message)
      }
    }
    const { status, body } = await send(
      await listen(
        createServer(
          forNode(forgiving, () => {
            throw new Error('boom')
          }),
        ),
      ),
    )
    expect([status, String(body)]).toEqual([503, 'boom'])
  })

  it('is asked for a body only when the policy lets it, under checkContinue', async () => {
    const policy: Policy = async (call, next) =>
      call.headers.has('x-refuse') ? createReply(417, {}, 'refused') : (await call.bytes(), next(call))
    const listener = forNode(policy, (req, res) => void req.pipe(res))
    const server = createServer()
    server.on('checkContinue', listener)
    const port = await listen(server)
    const socket = await raw(port)
    socket.write('POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n')
    await readUntil(socket, (text) => text.includes('100 Continue'))
    socket.write('hello')
    await readUntil(socket, (text) => text.includes('hello'))
    const refused = await raw(port)
    refused.write('POST / HTTP/1.1\r\nhost: test\r\nx-refuse: 1\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n')
    expect(await readUntil(refused, (text) => text.includes('refused'))).not.toContain('100 Continue')
  })
})
