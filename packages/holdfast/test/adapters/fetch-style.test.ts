import { createServer } from 'node:http'
import { Hono } from 'hono'
import { streamText } from 'hono/streaming'
import { afterEach, describe, expect, it } from 'vitest'
import { callOf as callOfRequest, holdfast as forFetch } from '../../src/adapters/fetch/index.ts'
import { callOf as callOfContext, holdfast as forHono } from '../../src/adapters/hono/index.ts'
import { captureBody, createReply, currentCall, toFields, withBody, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { send } from './client.ts'
import { bridge, closeServers, listen } from './matrix.ts'

const adding: Policy = async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen', 'x-own': undefined })
const capturing: Policy = async (call, next) => {
  const reply = await next(call)
  const { body, bytes } = await captureBody(reply.body, 1000)
  return withHeaders(withBody(reply, body), { 'x-captured': String(bytes?.byteLength) })
}
const upgrading: Policy = async (call, next) => {
  const body = new TextEncoder().encode(
    Buffer.from(await call.bytes())
      .toString()
      .toUpperCase(),
  )
  return next(call.with({ method: 'PUT', url: '/upgraded', headers: toFields({ 'x-own': 'new' }), body }))
}

describe('the adapter for fetch-style handlers', () => {
  it('works without any server, and passes further arguments on', async () => {
    const handle = forFetch(
      adding,
      async (request, env: { name: string }, extra: number) =>
        new Response(`${env.name} ${extra} ${await request.text()}`, { status: 201, headers: { 'x-own': '1' } }),
    )
    const response = await handle(new Request('http://test/', { method: 'POST', body: 'hello' }), { name: 'env' }, 42)
    expect([response.status, response.headers.get('x-own'), response.headers.get('x-policy'), await response.text()]).toEqual([
      201,
      null,
      'seen',
      'env 42 hello',
    ])
  })

  it('returns the very response of the handler when nothing changed it', async () => {
    const own = new Response('hello')
    for (const policy of [(call, next) => next(call), async (call, next) => await next(call)] satisfies Policy[]) {
      expect(await forFetch(policy, () => own)(new Request('http://test/'))).toBe(own)
    }
  })

  it('never changes the response of a handler, which may be shared', async () => {
    const shared = new Response(null, { status: 404, headers: { 'x-own': '1' } })
    const handle = forFetch(adding, () => shared)
    for (let round = 0; round < 2; round++) expect((await handle(new Request('http://test/'))).headers.get('x-policy')).toBe('seen')
    expect([shared.headers.get('x-policy'), shared.headers.get('x-own')]).toEqual([null, '1'])
  })

  it('hands a changed call to the handler as a changed request', async () => {
    let seen: unknown
    const handle = forFetch(upgrading, async (request) => {
      seen = [request.method, request.url, request.headers.get('x-own'), await request.text(), callOfRequest(request) === currentCall()]
      return new Response('ok')
    })
    await handle(new Request('http://test/old', { method: 'POST', body: 'hello', headers: { 'x-own': 'old' } }))
    expect(seen).toEqual(['PUT', 'http://test/upgraded', 'new', 'HELLO', true])
  })

  it('keeps fields of a response that came from elsewhere and cannot be changed', async () => {
    const frozen = Response.redirect('http://test/elsewhere', 303)
    const response = await forFetch(adding, () => frozen)(new Request('http://test/'))
    expect([response.status, response.headers.get('location'), response.headers.get('x-policy')]).toEqual([
      303,
      'http://test/elsewhere',
      'seen',
    ])
  })
})

describe('the adapter for hono', () => {
  afterEach(closeServers)

  const start = (build: (app: Hono) => unknown): Promise<number> => {
    const app = new Hono()
    build(app)
    return listen(createServer(bridge(app.fetch)))
  }

  it('leaves one framing to an answer that was a stream and was captured', async () => {
    const port = await start((app) => {
      app.use(forHono(capturing))
      app.get('/', (c) => streamText(c, async (out) => void (await out.write('first'), await out.write('last'))))
    })
    const { headers, body } = await send(port)
    expect([headers['x-captured'], headers['transfer-encoding'] ?? headers['content-length'], String(body)]).toEqual([
      '9',
      '9',
      'firstlast',
    ])
  })

  it('lets every reader of hono read a body that was read ahead', async () => {
    const policy: Policy = async (call, next) => (await call.bytes(), next(call))
    const port = await start((app) =>
      app
        .use(forHono(policy))
        .post('/json', async (c) => c.json(await c.req.json()))
        .post('/text', async (c) => c.text(await c.req.text()))
        .post('/raw', async (c) => c.body(await c.req.raw.arrayBuffer()))
        .post('/stream', (c) => c.body(c.req.raw.body as ReadableStream))
        .post('/clone', async (c) => c.text(await c.req.raw.clone().text()))
        .post('/new', async (c) => c.text(await new Request(c.req.raw).text())),
    )
    for (const path of ['/json', '/text', '/raw', '/stream', '/clone', '/new']) {
      for (const body of ['{"a":1}', [Buffer.from('{"a'), Buffer.from('":1}')]]) {
        expect([path, String((await send(port, { method: 'POST', path, body })).body)]).toEqual([path, '{"a":1}'])
      }
    }
  })

  it('works off the server, on plain requests', async () => {
    const app = new Hono()
    // Twice, one inside the other: the body is read once, and the handler still finds it.
    app
      .use(forHono(capturing))
      .post('/', async (c) =>
        c.text(`${currentCall().method} ${await c.req.text()} ${Buffer.from(await currentCall().bytes()).toString()}`),
      )
    const reading: Policy = async (call, next) => (await call.bytes(), next(call))
    const outer = new Hono()
    outer.use(forHono(reading)).route('/', app)
    const response = await outer.request('/', { method: 'POST', body: 'hello' })
    expect([response.headers.get('x-captured'), await response.text()]).toEqual(['16', 'POST hello hello'])
  })

  it('answers an unknown route with the notFound of hono, and changes its fields', async () => {
    const { status, headers, body } = await send(await start((app) => app.use(forHono(adding)).notFound((c) => c.text('nowhere', 404))))
    expect([status, headers['x-policy'], String(body)]).toEqual([404, 'seen', 'nowhere'])
  })

  it('keeps what middleware before it has set for a refusal', async () => {
    const port = await start((app) =>
      app
        .use(async (c, next) => {
          c.header('access-control-allow-origin', '*')
          c.res.headers.set('x-before', '1')
          await next()
        })
        .use(forHono(() => createReply(400, {}, 'refused')))
        .get('/', (c) => c.text('hello')),
    )
    const { status, headers, body } = await send(port)
    expect([status, headers['access-control-allow-origin'], headers['x-before'], String(body)]).toEqual([400, '*', '1', 'refused'])
  })

  it('changes the fields of a response that cannot be changed in place', async () => {
    const port = await start((app) => app.use(forHono(adding)).get('/', () => Response.redirect('http://test/elsewhere', 303)))
    const { status, headers } = await send(port)
    expect([status, headers.location, headers['x-policy']]).toEqual([303, 'http://test/elsewhere', 'seen'])
  })

  it('hands a changed call to the handler as a changed request', async () => {
    let seen: unknown
    const port = await start((app) =>
      app.use(forHono(upgrading)).all('*', async (c) => {
        seen = [c.req.method, new URL(c.req.url).pathname, c.req.header('x-own'), await c.req.text()]
        return c.text('ok')
      }),
    )
    await send(port, { method: 'POST', path: '/old', body: 'hello' })
    expect(seen).toEqual(['PUT', '/upgraded', 'new', 'HELLO'])
  })

  it('lets an error that no policy answers reach the app', async () => {
    const boom = new Error('boom')
    const port = await start((app) =>
      app
        .use(forHono(adding))
        .onError((error, c) => c.text(String(error === boom), 418))
        .get('/', () => {
          throw boom
        }),
    )
    const { status, headers, body } = await send(port)
    expect([status, headers['x-policy'], String(body)]).toEqual([418, 'seen', 'true'])
  })

  it('gives handlers their call by the context', async () => {
    const port = await start((app) => app.use(forHono(adding)).put('/', (c) => c.text(callOfContext(c).method)))
    expect(String((await send(port, { method: 'PUT' })).body)).toBe('PUT')
  })
})
