import { gzipSync } from 'node:zlib'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createFetch, meta } from '../../src/client/index.ts'
import type { ClientOptions } from '../../src/client/index.ts'
import { startFaultyServer } from './support/faulty-server.ts'
import { cleanups, overUndici, serve } from './support/served.ts'

const transports: readonly (readonly [string, () => Pick<ClientOptions, 'fetch'>])[] = [
  ['the global fetch', () => ({})],
  ['undici', () => ({ fetch: overUndici() })],
]
const post = { method: 'POST', body: '{"amount":100}', headers: { 'content-type': 'application/json' } }

describe.each(transports)('over real sockets, with %s', (_name, transport) => {
  const client = (options: ClientOptions = {}) => createFetch({ random: () => 0, ...transport(), ...options })

  it('a call whose answer is lost twice is sent three times, under one key [1]', async () => {
    const server = await serve((_req, res) => (server.seen.length < 3 ? res.socket?.resetAndDestroy() : res.end('paid')))
    const response = await client()(`${server.origin}/transfers`, post)
    expect([response.status, await response.text(), meta(response).attempts]).toEqual([200, 'paid', 3])
    expect(new Set(server.seen.map(({ headers, body }) => `${String(headers['idempotency-key'])}${body}`)).size).toBe(1)
  })

  it('a connection that is closed without an answer counts as maybe sent [4]', async () => {
    const server = await serve((_req, res) => res.socket?.end())
    await expect(client()(server.origin, { ...post, holdfast: { key: false } })).rejects.toMatchObject({ code: 'outcome-unknown' })
    expect(server.seen).toHaveLength(1)
  })

  it('a write whose answer leads in circles may have had its effect', async () => {
    const server = await serve((req, res) => res.writeHead(req.method === 'POST' ? 303 : 302, { location: '/again' }).end())
    await expect(client({ retries: 0 })(server.origin, post)).rejects.toMatchObject({ code: 'outcome-unknown' })
  })

  it('a port that is closed counts as not sent [5]', async () => {
    const server = await startFaultyServer()
    await server.close()
    const error = await client()(server.origin, { ...post, holdfast: { key: false } }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect([meta(error).stop, meta(error).attempts]).toEqual(['attempts', 3])
  })

  it('garbage in the place of an answer is asked for again where that is safe [18]', async () => {
    let answers = 0
    const garbage = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () =>
        socket.end(++answers === 1 ? 'nonsense\r\n\r\n' : 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok'),
      )
    })
    await new Promise<void>((resolve) => garbage.listen(0, '127.0.0.1', resolve))
    cleanups.push(() => new Promise((resolve) => garbage.close(resolve)))
    const response = await client()(`http://127.0.0.1:${(garbage.address() as AddressInfo).port}/`)
    expect([await response.text(), answers]).toEqual(['ok', 2])
  })

  it('a redirect with 307 carries the key on, and one with 303 does not [8]', async () => {
    for (const [status, method, hasKey] of [
      [307, 'POST', true],
      [308, 'POST', true],
      [303, 'GET', false],
    ] as const) {
      const server = await serve((req, res) => {
        if (req.url === '/target') res.end('there')
        else res.writeHead(status, { location: '/target' }).end()
      })
      const response = await client()(`${server.origin}/start`, post)
      const { [0]: first, [1]: second } = server.seen
      expect([await response.text(), response.url, response.redirected]).toEqual(['there', `${server.origin}/target`, true])
      expect([second?.method, second?.headers['idempotency-key'] === first?.headers['idempotency-key'], second?.body]).toEqual([
        method,
        hasKey,
        hasKey ? post.body : '',
      ])
      const manual = await client()(`${server.origin}/start`, { ...post, redirect: 'manual' })
      expect(manual.status).toBe(status)
    }
  })

  it('a form that is led elsewhere is described as what it is there', async () => {
    const server = await serve((req, res) => {
      if (req.url === '/target') res.end('there')
      else res.writeHead(307, { location: '/target' }).end()
    })
    const form = new FormData()
    form.set('note', 'rent')
    expect(await (await client()(`${server.origin}/start`, { method: 'POST', body: form })).text()).toBe('there')
    const { headers, body } = server.seen[1] ?? {}
    const boundary = /boundary=(.+)$/.exec(String(headers?.['content-type']))?.[1]
    expect([String(body).startsWith(`--${boundary}`), String(body).includes('rent')]).toEqual([true, true])
  })

  it('a redirect to another origin takes no credentials along', async () => {
    const other = await serve((_req, res) => res.end())
    const server = await serve((_req, res) => void res.writeHead(307, { location: `${other.origin}/there` }).end())
    await client()(server.origin, { ...post, headers: { ...post.headers, authorization: 'Bearer secret' } })
    expect([other.seen[0]?.headers.authorization, typeof other.seen[0]?.headers['idempotency-key']]).toEqual([undefined, 'string'])
  })

  it('failed answers with long bodies do not pile up connections [55]', async () => {
    const long = 'x'.repeat(300_000)
    const server = await serve((_req, res) =>
      res.writeHead(server.seen.length % 2 === 1 ? 503 : 200).end(server.seen.length % 2 === 1 ? long : 'ok'),
    )
    const fetch = client()
    for (let call = 0; call < 20; call++) expect(await (await fetch(server.origin)).text()).toBe('ok')
    expect(server.sockets.most).toBeLessThanOrEqual(20)
    expect(server.sockets.open).toBeLessThanOrEqual(2)
  })

  it('a failed answer whose body never ends is given up [56]', async () => {
    let closed: () => void = () => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const server = await serve((_req, res) => {
      if (server.seen.length > 1) return res.end('ok')
      res.writeHead(503)
      res.write('never ')
      res.on('close', closed)
    })
    expect(await (await client()(server.origin)).text()).toBe('ok')
    await isClosed
  })

  it('an attempt that is not answered is ended, and its connection with it', async () => {
    let closed: () => void = () => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const server = await serve((_req, res) => (server.seen.length > 1 ? res.end('ok') : void res.on('close', closed)))
    expect(await (await client({ attemptTimeoutMs: 50 })(server.origin)).text()).toBe('ok')
    await isClosed
  })

  it('an attempt that was led elsewhere is ended there', async () => {
    let closed: () => void = () => {}
    const isClosed = new Promise<void>((resolve) => (closed = resolve))
    const server = await serve((req, res) => {
      if (req.url === '/target') return void res.on('close', closed)
      res.writeHead(307, { location: '/target' })
      res.write('a body that goes on')
    })
    const fetch = client({ attemptTimeoutMs: 200, retries: 0 })
    await expect(fetch(`${server.origin}/start`, post)).rejects.toMatchObject({ code: 'outcome-unknown' })
    await isClosed
    expect(server.seen.map(({ url }) => url)).toEqual(['/start', '/target'])
  })

  it('a body that stalls is an error, and buffered it is asked for again [42]', async () => {
    const server = await serve((_req, res) => {
      res.writeHead(200)
      res.write('part ')
      if (server.seen.length > 1) res.end('and rest')
    })
    const fetch = client({ bodyIdleMs: 50 })
    await expect((await fetch(server.origin)).text()).rejects.toMatchObject({ code: 'body-idle' })
    server.seen.length = 0
    expect(await (await fetch(server.origin, { holdfast: { buffer: true } })).text()).toBe('part and rest')
  })

  it('an abort while a body flows ends it with its reason [44]', async () => {
    const server = await serve((_req, res) => void res.writeHead(200).write('part'))
    const aborter = new AbortController()
    const response = await client()(server.origin, { signal: aborter.signal })
    const text = response.text()
    aborter.abort(new Error('enough'))
    await expect(text).rejects.toThrow('enough')
  })
})

describe('the undici transport', () => {
  it.each<[string, Record<string, string>, string | Uint8Array]>([
    ['twice', { 'content-encoding': 'gzip, GZIP' }, gzipSync(gzipSync('body'))],
    ['though there is nothing', { 'content-encoding': 'gzip', 'content-length': '0' }, ''],
    ['in a way nobody knows', { 'content-encoding': 'rot13, gzip' }, 'body'],
  ])('reads a body that was compressed %s as fetch does', async (_how, headers, body) => {
    const server = await serve((_req, res) => res.writeHead(200, headers).end(body))
    const [ours, theirs] = [await overUndici()(server.origin), await globalThis.fetch(server.origin)]
    expect(await ours.text()).toBe(await theirs.text())
  })

  it('answers as fetch does [76]', async () => {
    const server = await serve((req, res) => {
      if (req.url === '/gzip') return res.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('zipped'))
      if (req.url === '/none') return res.writeHead(204).end()
      if (req.url === '/stream') {
        res.write('a')
        setImmediate(() => res.end('b'))
        return
      }
      res.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'], 'x-two': ['1', '2'] }).end('\uFEFF{"a":1}')
    })
    const fetch = overUndici()
    for (const path of ['/', '/none', '/stream']) {
      const [ours, theirs] = [await fetch(`${server.origin}${path}`), await globalThis.fetch(`${server.origin}${path}`)]
      expect(ours).toBeInstanceOf(Response)
      expect(ours.headers).toBeInstanceOf(Headers)
      const shape = ({ status, ok, statusText, url, type, redirected, body, bodyUsed, headers }: Response) => [
        status,
        ok,
        statusText,
        url,
        type,
        redirected,
        body === null,
        bodyUsed,
        headers.getSetCookie(),
        headers.get('X-Two'),
        headers.has('nothing'),
      ]
      expect(shape(ours)).toEqual(shape(theirs))
      expect([...ours.headers].filter(([name]) => name !== 'date')).toEqual([...theirs.headers].filter(([name]) => name !== 'date'))
      const copy = ours.clone()
      expect(await copy.text()).toBe(await theirs.text())
      if (path === '/') expect(await ours.json()).toEqual({ a: 1 })
      else expect(Buffer.from(await ours.arrayBuffer()).toString()).toBe(path === '/none' ? '' : 'ab')
      if (path !== '/none') await expect(ours.text()).rejects.toThrow(TypeError)
    }
    expect(await (await fetch(`${server.origin}/gzip`)).text()).toBe('zipped')
    const chunks: Uint8Array[] = []
    for await (const chunk of (await fetch(`${server.origin}/stream`)).body as ReadableStream<Uint8Array>) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('ab')
    const head = await fetch(server.origin, { method: 'HEAD' })
    expect([head.status, head.body]).toEqual([201, null])
  })

  it('sends bodies of every kind as fetch does [52]', async () => {
    const server = await serve((_req, res) => res.end())
    const fetch = overUndici()
    const form = () => {
      const data = new FormData()
      data.set('a', '1')
      return data
    }
    const stream = () => new Blob(['streamed']).stream()
    for (const make of [
      () => 'text',
      () => new TextEncoder().encode('bytes'),
      () => new URLSearchParams({ a: '1' }),
      () => new Blob(['blob'], { type: 'text/x' }),
      form,
      stream,
    ]) {
      server.seen.length = 0
      await fetch(server.origin, { method: 'PUT', body: make(), duplex: 'half' })
      await globalThis.fetch(server.origin, { method: 'PUT', body: make(), duplex: 'half' })
      const boundary = /-{4,}[\w-]+/g
      const [ours, theirs] = server.seen.map(({ body, headers }) =>
        [body, headers['content-type']].map((text) => text?.replaceAll(boundary, 'B')),
      )
      expect(ours).toEqual(theirs)
    }
  })

  it('pauses a connection whose answer nobody reads', async () => {
    const chunk = 'x'.repeat(65_536)
    let written = 0
    const server = await serve((_req, res) => {
      const more = () => {
        while (written < 400) {
          written += 1
          if (!res.write(chunk)) return void res.once('drain', more)
        }
        res.end()
      }
      more()
    })
    const fetch = overUndici()
    const response = await fetch(server.origin)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(written).toBeLessThan(300)
    expect((await response.arrayBuffer()).byteLength).toBe(400 * 65_536)
  })

  it('refuses what it cannot do', async () => {
    const fetch = overUndici()
    await expect(fetch('ftp://example.org/')).rejects.toThrow(TypeError)
    await expect(fetch('no url')).rejects.toThrow(TypeError)
    await expect(fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort(new Error('never')) })).rejects.toThrow('never')
  })
})
