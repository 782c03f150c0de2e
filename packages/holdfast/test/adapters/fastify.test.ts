import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { callOf, holdfast } from '../../src/adapters/fastify/index.ts'
import { captureBody, createReply, isHoldfastError, problem, withBody, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { gate, open, send } from './client.ts'
import { closeServers, listen } from './matrix.ts'

const thisFile = fileURLToPath(import.meta.url)
const adding: Policy = async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' })
const capturing: Policy = async (call, next) => {
  const reply = await next(call)
  const { body, bytes } = await captureBody(reply.body, 100_000)
  return withHeaders(withBody(reply, body), { 'x-captured': String(bytes?.byteLength) })
}
const replacing: Policy = async (call, next) => (await next(call), createReply(409, { 'x-policy': 'seen' }, 'instead'))

describe('the adapter for fastify', () => {
  afterEach(closeServers)

  const start = async (build: (app: FastifyInstance) => unknown): Promise<number> => {
    const app = fastify()
    await build(app)
    await app.ready()
    return listen(app.server)
  }

  it('keeps the raw bytes of a body that fastify parses', async () => {
    const seen: string[] = []
    const policy: Policy = async (call, next) => (seen.push(Buffer.from(await call.bytes()).toString()), next(call))
    const port = await start((app) => app.register(holdfast(policy)).post('/', async (request) => request.body))
    const { body } = await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{ "b": 1,  "a": "é" }' })
    await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: [Buffer.from('{"b'), Buffer.from('":2}')] })
    expect([seen, String(body)]).toEqual([['{ "b": 1,  "a": "é" }', '{"b":2}'], '{"b":1,"a":"é"}'])
  })

  it('keeps no more of a streamed body than the route accepts', async () => {
    const codes: unknown[] = []
    const policy: Policy = async (call, next) => {
      const size = await call.bytes().then(
        (bytes) => bytes.byteLength,
        (error: unknown) => isHoldfastError(error) && error.code,
      )
      codes.push(size)
      return next(call)
    }
    const port = await start((app) => {
      app.register(holdfast(policy))
      app.addContentTypeParser('application/x-stream', (_request, payload, done) =>
        payload.on('data', () => {}).on('end', () => done(null, undefined)),
      )
      app.post('/small', { bodyLimit: 1000 }, async () => 'ok')
      app.post('/large', { bodyLimit: 3_000_000 }, async () => 'ok')
    })
    const headers = { 'content-type': 'application/x-stream' }
    await send(port, { method: 'POST', path: '/small', headers, body: Buffer.alloc(2_000_000) })
    await send(port, { method: 'POST', path: '/large', headers, body: Buffer.alloc(2_000_000) })
    expect(codes).toEqual(['body-too-large', 2_000_000])
  })

  it('gives canonical JSON when a hook replaced the stream that was kept', async () => {
    let seen = ''
    const policy: Policy = async (call, next) => ((seen = Buffer.from(await call.bytes()).toString()), next(call))
    const port = await start((app) => app.register(holdfast(policy)).post('/', async () => 'ok'))
    await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' })
    expect(seen).toBe('{"a":1}')
  })

  it('sends streams: of Node, of the web, and a Response', async () => {
    const expected = await readFile(thisFile)
    for (const policy of [adding, capturing]) {
      const port = await start((app) => {
        app.register(holdfast(policy))
        app.get('/node', (_request, reply) => reply.header('x-own', '1').send(createReadStream(thisFile)))
        app.get('/web', (_request, reply) => reply.header('x-own', '1').send(Readable.toWeb(createReadStream(thisFile))))
        app.get('/response', (_request, reply) =>
          reply.send(
            new Response(expected, {
              status: 203,
              headers: [
                ['x-own', '1'],
                ['set-cookie', 'a=1'],
                ['set-cookie', 'b=2'],
              ],
            }),
          ),
        )
      })
      for (const path of ['/node', '/web', '/response']) {
        const { headers, body } = await send(port, { path })
        expect([headers['x-own'], headers['x-policy'] ?? headers['x-captured'], body.equals(expected)]).toEqual([
          '1',
          policy === adding ? 'seen' : String(expected.byteLength),
          true,
        ])
      }
      const { status, headers } = await send(port, { path: '/response' })
      expect([status, headers['set-cookie']]).toEqual([203, ['a=1', 'b=2']])
    }
  })

  it('answers for a stream that is replaced', async () => {
    const port = await start((app) =>
      app.register(holdfast(replacing)).get('/', (_request, reply) => reply.send(createReadStream(thisFile))),
    )
    const { status, body } = await send(port)
    expect([status, String(body)]).toEqual([409, 'instead'])
  })

  it('captures a stream of the old kind', async () => {
    const old = (): unknown => {
      const { Stream } = process.getBuiltinModule('node:stream')
      const stream = new Stream()
      setImmediate(() => (stream.emit('data', Buffer.from('hello')), stream.emit('end')))
      return stream
    }
    const port = await start((app) => app.register(holdfast(capturing)).get('/', (_request, reply) => reply.send(old())))
    expect(String((await send(port)).body)).toBe('hello')
  })

  it('leaves serialisation and schemas to fastify', async () => {
    const schema = { response: { 200: { type: 'object', properties: { a: { type: 'number' } } } } }
    const port = await start((app) => app.register(holdfast(adding)).get('/', { schema }, async () => ({ a: 1, hidden: 2 })))
    const { headers, body } = await send(port)
    expect([String(body), headers['content-type'], headers['content-length']]).toEqual(['{"a":1}', 'application/json; charset=utf-8', '7'])
  })

  it('runs no policy for a call that fastify refuses before: an invalid body', async () => {
    let runs = 0
    const counting: Policy = (call, next) => (runs++, next(call))
    const port = await start((app) =>
      app.register(holdfast(counting)).post('/', { schema: { body: { type: 'object', required: ['a'] } } }, async () => 'ok'),
    )
    const answers = [
      await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
      await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }),
    ]
    expect([answers.map(({ status }) => status), runs]).toEqual([[400, 400], 0])
  })

  it('sends trailers of the handler, and none with another answer', async () => {
    const build = (policy: Policy) => (app: FastifyInstance) =>
      app.register(holdfast(policy)).get('/', (_request, reply) => {
        reply.trailer('x-sum', (_reply, _payload, done) => done(null, '42'))
        return reply.send('hello')
      })
    expect((await send(await start(build(adding)))).trailers['x-sum']).toBe('42')
    expect(String((await send(await start(build(replacing)))).body)).toBe('instead')
  })

  it('applies to routes declared before and after it, and in plugins', async () => {
    const port = await start(async (app) => {
      await app.register(holdfast(adding))
      app.get('/one', async () => 'ok')
      app.register(async (child) => child.get('/two', async () => 'ok'))
    })
    for (const path of ['/one', '/two', '/none']) expect((await send(port, { path })).headers['x-policy']).toBe('seen')
  })

  it('stays inside the plugin that registers it', async () => {
    const port = await start((app) => {
      app.register(async (child) => {
        await child.register(holdfast(adding))
        child.get('/in', async () => 'ok')
      })
      app.get('/out', async () => 'ok')
    })
    expect([(await send(port, { path: '/in' })).headers['x-policy'], (await send(port, { path: '/out' })).headers['x-policy']]).toEqual([
      'seen',
      undefined,
    ])
  })

  it('lets onSend hooks of other plugins see refusals, and keeps fields set before', async () => {
    const seen: unknown[] = []
    const port = await start((app) => {
      app.addHook('onRequest', async (_request, reply) => void reply.header('access-control-allow-origin', '*').header('set-cookie', 's=1'))
      app.register(holdfast((call, next) => (call.url === '/refused' ? problem('key-missing') : replacing(call, next))))
      app.addHook('onSend', async (_request, reply) => void seen.push(reply.statusCode))
      app.get('/*', async (_request, reply) => reply.header('x-own', '1').send('hello'))
    })
    for (const path of ['/refused', '/replaced']) {
      const { headers } = await send(port, { path })
      expect([headers['access-control-allow-origin'], headers['set-cookie'], headers['x-own']]).toEqual(['*', ['s=1'], undefined])
    }
    expect(seen).toEqual([400, 409])
  })

  it('sends no content-type that a refusal does not have', async () => {
    const port = await start((app) => app.register(holdfast(() => createReply(400, {}, 'refused'))).get('/', async () => 'ok'))
    const { headers, body } = await send(port)
    expect([headers['content-type'], String(body)]).toEqual([undefined, 'refused'])
  })

  it('tells the policy of an answer that a handler wrote to the raw response', async () => {
    const { opened, open: done } = gate()
    const seen: unknown[] = []
    const policy: Policy = async (call, next) => {
      const reply = await next(call)
      seen.push(
        reply.status,
        reply.headers.get('x-own'),
        await captureBody(reply.body, 1000).catch((error: unknown) => isHoldfastError(error) && error.code),
      )
      done()
      return reply
    }
    const port = await start((app) =>
      app.register(holdfast(policy)).get('/', (_request, reply) => {
        reply.hijack()
        reply.raw.setHeader('x-own', '1')
        reply.raw.writeHead(203).end('raw')
      }),
    )
    const { status, body } = await send(port)
    await opened
    expect([status, String(body), seen]).toEqual([203, 'raw', [203, '1', 'body-incomplete']])
  })

  it('streams server-sent events', async () => {
    const port = await start((app) =>
      app.register(holdfast(adding)).get('/', (_request, reply) => {
        const events = new Readable({ read() {} })
        events.push('data: 1\n\n')
        return reply.type('text/event-stream').send(events)
      }),
    )
    const res = await open(port)
    expect(String((await once(res, 'data'))[0])).toBe('data: 1\n\n')
    res.destroy()
  })

  it('gives handlers their call by the request', async () => {
    const port = await start((app) => app.register(holdfast(adding)).get('/a', async (request) => callOf(request).request.url))
    expect(String((await send(port, { path: '/a?b=1', headers: { host: 'api.example' } })).body)).toBe('http://api.example/a?b=1')
  })

  it('works with inject, without a socket', async () => {
    const app = fastify()
    app.register(holdfast(capturing)).post('/', async (request) => request.body)
    const { statusCode, headers, body } = await app.inject({ method: 'POST', url: '/', payload: { a: 1 } })
    expect([statusCode, headers['x-captured'], body]).toEqual([200, '7', '{"a":1}'])
  })
})
