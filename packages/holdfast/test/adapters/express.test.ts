import { once } from 'node:events'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { fileURLToPath } from 'node:url'
import { readFile } from 'node:fs/promises'
import express from 'express'
import { afterEach, describe, expect, it } from 'vitest'
import { callOf, holdfast } from '../../src/adapters/express/index.ts'
import { captureBody, createReply, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { open, send } from './client.ts'
import { closeServers, listen } from './matrix.ts'

const thisFile = fileURLToPath(import.meta.url)
const adding: Policy = async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' })
const capturing: Policy = async (call, next) => {
  const reply = await next(call)
  const { bytes } = await captureBody(reply.body, 100_000)
  return withHeaders(reply, { 'x-captured': String(bytes?.byteLength) })
}
const reading =
  (seen: string[]): Policy =>
  async (call, next) => {
    seen.push(Buffer.from(await call.bytes()).toString())
    return next(call)
  }

describe('the adapter for express', () => {
  afterEach(closeServers)

  const start = (build: (app: express.Express) => void): Promise<number> => {
    const app = express()
    build(app)
    return listen(createServer(app as RequestListener))
  }

  it('sends a file', async () => {
    const expected = await readFile(thisFile)
    for (const policy of [adding, capturing]) {
      const port = await start((app) => app.use(holdfast(policy)).get('/', (_req, res) => res.sendFile(thisFile)))
      const { headers, body } = await send(port)
      expect([headers['content-length'], body.equals(expected)]).toEqual([String(expected.byteLength), true])
      expect((await send(port, { headers: { 'if-none-match': headers.etag ?? '' } })).status).toBe(304)
      expect((await send(port, { headers: { range: 'bytes=0-3' } })).body).toHaveLength(4)
      expect((await send(port, { method: 'HEAD' })).headers['content-length']).toBe(String(expected.byteLength))
    }
  })

  it('keeps what express computes for json: content-length, etag, and 304 for a repeat', async () => {
    const port = await start((app) => app.use(holdfast(adding)).get('/', (_req, res) => void res.json({ ok: true })))
    const { headers } = await send(port)
    expect([headers['content-length'], headers['x-policy']]).toEqual(['11', 'seen'])
    const repeat = await send(port, { headers: { 'if-none-match': headers.etag ?? '' } })
    expect([repeat.status, repeat.headers['x-policy'], repeat.body.byteLength]).toEqual([304, 'seen', 0])
  })

  it('gives canonical JSON for a body that was parsed before', async () => {
    const seen: string[] = []
    const port = await start((app) =>
      app
        .use(express.json())
        .use(holdfast(reading(seen)))
        .post('/', (req, res) => void res.json(req.body)),
    )
    const json = { 'content-type': 'application/json' }
    await send(port, { method: 'POST', headers: json, body: '{ "b": [1, {"d": null, "c": "é"}], "a": 1.50 }' })
    await send(port, { method: 'POST', headers: json, body: '{"a":1.5,"b":[1,{"c":"\\u00e9","d":null}]}' })
    expect(seen).toEqual(['{"a":1.5,"b":[1,{"c":"é","d":null}]}', '{"a":1.5,"b":[1,{"c":"é","d":null}]}'])
  })

  it('gives the bytes a parser kept as rawBody', async () => {
    const seen: string[] = []
    const keeping = express.json({ verify: (req, _res, bytes) => Object.assign(req, { rawBody: bytes }) })
    const port = await start((app) =>
      app
        .use(keeping)
        .use(holdfast(reading(seen)))
        .post('/', (_req, res) => void res.end()),
    )
    await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{ "b": 1 }' })
    expect(seen).toEqual(['{ "b": 1 }'])
  })

  it.each([
    ['urlencoded', 'application/x-www-form-urlencoded', 'b=2&a=1', '{"a":"1","b":"2"}'],
    ['text', 'text/plain', 'hello', 'hello'],
  ])('gives the body after the parser of %s', async (_name, type, body, expected) => {
    const seen: string[] = []
    const port = await start((app) =>
      app
        .use(express.urlencoded(), express.text())
        .use(holdfast(reading(seen)))
        .post('/', (_req, res) => void res.end()),
    )
    await send(port, { method: 'POST', headers: { 'content-type': type }, body })
    expect(seen).toEqual([expected])
  })

  it('lets every parser of express read a body that was read ahead', async () => {
    const port = await start((app) =>
      app
        .use(holdfast(reading([])))
        .use(express.json(), express.text(), express.urlencoded())
        .post('/', (req, res) => void res.json({ got: req.body as unknown })),
    )
    const got = async (type: string, body: string | Uint8Array[]): Promise<unknown> =>
      (JSON.parse(String((await send(port, { method: 'POST', headers: { 'content-type': type }, body })).body)) as { got: unknown }).got
    expect(await got('application/json', '{"a":1}')).toEqual({ a: 1 })
    expect(await got('application/json', [Buffer.from('{"a'), Buffer.from('":1}')])).toEqual({ a: 1 })
    expect(await got('text/plain', 'hello')).toBe('hello')
    expect(await got('application/x-www-form-urlencoded', 'a=1')).toEqual({ a: '1' })
  })

  it('leaves the errors of parsers to express', async () => {
    const port = await start((app) => {
      app.use(holdfast(adding), express.json())
      app.use((error: { type: string }, _req: unknown, res: express.Response, _next: unknown) => void res.status(418).send(error.type))
    })
    const { status, headers, body } = await send(port, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' })
    expect([status, headers['x-policy'], String(body)]).toEqual([418, 'seen', 'entity.parse.failed'])
  })

  it('answers an unknown route with the 404 of express', async () => {
    const { status, headers } = await send(await start((app) => app.use(holdfast(adding))))
    expect([status, headers['x-policy'], headers['x-powered-by']]).toEqual([404, 'seen', 'Express'])
  })

  it('works round a mounted app and a router, with the whole URL', async () => {
    let url = ''
    const policy: Policy = async (call, next) => ((url = call.url), adding(call, next))
    const sub = express().get('/deep', (_req, res) => void res.json({ ok: true }))
    const routed = express.Router().use(holdfast(policy), sub)
    const port = await start((app) => app.use('/sub', routed))
    const { headers, body } = await send(port, { path: '/sub/deep?q=1' })
    expect([headers['x-policy'], String(body), url]).toEqual(['seen', '{"ok":true}', '/sub/deep?q=1'])
  })

  it('protects a single route', async () => {
    const port = await start((app) => {
      app.get('/one', holdfast(adding), (_req, res) => void res.end())
      app.get('/two', (_req, res) => void res.end())
    })
    expect([(await send(port, { path: '/one' })).headers['x-policy'], (await send(port, { path: '/two' })).headers['x-policy']]).toEqual([
      'seen',
      undefined,
    ])
  })

  it('keeps what middleware before it has set, also for refusals and replacements', async () => {
    for (const policy of [() => createReply(400), async (call, next) => (await next(call), createReply(400))] satisfies Policy[]) {
      const port = await start((app) => {
        app.use((_req, res, next) => (res.set('access-control-allow-origin', '*'), next()))
        app.use(holdfast(policy)).get('/', (_req, res) => void res.set('x-own', '1').send('hello'))
      })
      const { status, headers } = await send(port)
      expect([status, headers['access-control-allow-origin'], headers['x-own']]).toEqual([400, '*', undefined])
    }
  })

  it('streams server-sent events', async () => {
    const port = await start((app) =>
      app.use(holdfast(adding)).get('/', (_req, res) => {
        res.set('content-type', 'text/event-stream')
        res.flushHeaders()
        res.write('data: 1\n\n')
      }),
    )
    const res = await open(port)
    expect(String((await once(res, 'data'))[0])).toBe('data: 1\n\n')
    res.destroy()
  })

  it('gives handlers their call by the request, with a Request that honours the protocol express trusts', async () => {
    const port = await start((app) =>
      app
        .set('trust proxy', true)
        .use(holdfast(adding))
        .get('/a', (req, res) => void res.send(callOf(req).request.url)),
    )
    const { body } = await send(port, { path: '/a?b=1', headers: { host: 'api.example', 'x-forwarded-proto': 'https' } })
    expect(String(body)).toBe('https://api.example/a?b=1')
  })
})
