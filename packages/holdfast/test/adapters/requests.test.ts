import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { createReply, isHoldfastError, problem } from '../../src/core/index.ts'
import type { Call, Policy } from '../../src/core/index.ts'
import { gate, oneConnection, raw, readUntil, send } from './client.ts'
import { describeAdapters } from './matrix.ts'
import type { Handler } from './matrix.ts'

const echo: Handler = async ({ body }) => ({ headers: { 'content-type': 'application/octet-stream' }, body: await body() })
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
const binary = Buffer.from([0, 255, 128, 13, 10, 0xc3, 0x28])

describeAdapters('requests', (start, kit) => {
  it.each([
    ['content-length', binary],
    ['chunks', [binary.subarray(0, 3), binary.subarray(3)]],
  ])('reads a binary body sent with %s before the parser, which still finds it', async (_framing, body) => {
    const seen: string[] = []
    const reading: Policy = async (call, next) => {
      seen.push(Buffer.from(await call.bytes()).toString('hex'), Buffer.from(await call.bytes(100)).toString('hex'))
      return next(call)
    }
    const port = await start(reading, echo)
    const { status, body: echoed } = await send(port, { method: 'POST', body })
    expect([status, echoed.toString('hex'), seen]).toEqual([200, binary.toString('hex'), [binary.toString('hex'), binary.toString('hex')]])
  })

  it('reads the body after the handler has', async () => {
    let seen = ''
    const reading: Policy = async (call, next) => {
      await call.bytes()
      const reply = await next(call)
      seen = Buffer.from(await call.bytes()).toString('hex')
      return reply
    }
    const port = await start(reading, echo)
    await send(port, { method: 'PUT', body: binary })
    expect(seen).toBe(binary.toString('hex'))
  })

  it('reads no body where none was sent', async () => {
    const sizes: number[] = []
    const reading: Policy = async (call, next) => {
      sizes.push((await call.bytes(0)).byteLength)
      return next(call)
    }
    const port = await start(reading, echo)
    await send(port)
    await send(port, { method: 'POST' })
    await send(port, { method: 'POST', body: [] })
    expect(sizes).toEqual([0, 0, 0])
  })

  it('reads a body larger than any buffer, and hands it on whole', async () => {
    const big = randomBytes(3_000_000)
    let seen = ''
    const reading: Policy = async (call, next) => {
      seen = hash(await call.bytes(4_000_000))
      return next(call)
    }
    const port = await start(reading, echo)
    const { body } = await send(port, { method: 'POST', body: big })
    expect([seen, hash(body)]).toEqual([hash(big), hash(big)])
  })

  it.each([
    ['content-length', Buffer.alloc(2_000_000, 'x')],
    ['chunks', Array.from({ length: 200 }, () => Buffer.alloc(10_000, 'x'))],
  ])('rejects a body over the limit sent with %s, and the connection stays usable', async (_framing, body) => {
    const codes: unknown[] = []
    const limiting: Policy = async (call, next) => {
      try {
        await call.bytes(1000)
      } catch (error) {
        codes.push(isHoldfastError(error) && error.code)
        return problem('body-too-large')
      }
      return next(call)
    }
    const port = await start(limiting, echo)
    const agent = oneConnection()
    const refused = await send(port, { method: 'POST', body, agent })
    // The server behind fetch-style handlers gives up on a connection whose body was half read through a clone.
    const next = await send(port, { method: 'POST', body: 'small', ...(kit.name !== 'fetch' && { agent }) })
    agent.destroy()
    expect([refused.status, next.status, String(next.body), codes]).toEqual([413, 200, 'small', ['body-too-large']])
  })

  it('answers 413 for a policy that does not catch a body over the limit', async () => {
    const port = await start(async (call, next) => (await call.bytes(3), next(call)), echo)
    const { status, body } = await send(port, { method: 'POST', body: 'longer' })
    expect([status, JSON.parse(String(body)).code]).toEqual([413, 'body-too-large'])
  })

  it('reads more when asked again with a larger limit', async () => {
    let seen = ''
    const patient: Policy = async (call, next) => {
      await call.bytes(3).catch(() => {})
      seen = Buffer.from(await call.bytes(100)).toString()
      return next(call)
    }
    const port = await start(patient, echo)
    const { body } = await send(port, { method: 'POST', body: 'longer' })
    expect([seen, String(body)]).toEqual(['longer', 'longer'])
  })

  it('uses a connection again after a refusal that left the body unread', async () => {
    const port = await start(
      (call, next) => (call.method === 'POST' ? problem('key-missing') : next(call)),
      () => ({ body: 'hello' }),
    )
    const agent = oneConnection()
    for (const size of [10, 100_000, 2_000_000]) {
      expect((await send(port, { method: 'POST', body: Buffer.alloc(size), agent })).status).toBe(400)
      expect(String((await send(port, { agent })).body)).toBe('hello')
    }
    agent.destroy()
  })

  it('uses a connection again after a refusal that had read the body', async () => {
    const reading: Policy = async (call, next) => (call.method === 'POST' ? (await call.bytes(), problem('key-missing')) : next(call))
    const port = await start(reading, () => ({ body: 'hello' }))
    const agent = oneConnection()
    for (const size of [10, 100_000, 2_000_000]) {
      expect((await send(port, { method: 'POST', body: Buffer.alloc(size), agent })).status).toBe(400)
      expect(String((await send(port, { agent })).body)).toBe('hello')
    }
    agent.destroy()
  })

  it('asks for a body that waits for 100 Continue', async () => {
    const port = await start(async (call, next) => (await call.bytes(), next(call)), echo)
    const socket = await raw(port)
    socket.write('POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 5\r\nconnection: close\r\n\r\n')
    await readUntil(socket, (text) => text.includes('100 Continue'))
    socket.write('hello')
    expect(await readUntil(socket, (text) => text.includes('hello'))).toContain('200 OK')
  })

  it.skipIf(kit.parsesFirst)('rejects the body, and aborts the signal, of a client that goes away in the middle', async () => {
    const { opened: reading, open: begin } = gate()
    const { opened: ended, open: end } = gate()
    let code: unknown
    const port = await start(
      async (call, next) => {
        const aborted = once(call.signal as AbortSignal, 'abort')
        const bytes = call.bytes()
        begin()
        await bytes.catch((error: unknown) => (code = isHoldfastError(error) && error.code))
        await aborted
        end()
        return next(call)
      },
      () => ({}),
    )
    const socket = await raw(port)
    socket.write('POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 500\r\n\r\nhalf')
    await reading
    socket.destroy()
    await ended
    expect(code).toBe('body-incomplete')
  })

  it('aborts the signal when the client goes away before the answer', async () => {
    const { opened, open } = gate()
    const { opened: running, open: run } = gate()
    let signal: AbortSignal | undefined
    const port = await start(
      (call, next) => {
        signal = call.signal
        return next(call)
      },
      async () => {
        run()
        await opened
        return {}
      },
    )
    const socket = await raw(port)
    socket.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n')
    await running
    expect(signal?.aborted).toBe(false)
    socket.destroy()
    if (signal?.aborted === false) await once(signal, 'abort')
    open()
    expect(signal?.aborted).toBe(true)
  })

  it('leaves the signal alone when the answer was sent', async () => {
    let signal: AbortSignal | undefined
    const port = await start(
      async (call, next) => ((signal = call.signal), await next(call)),
      () => ({ body: 'hello' }),
    )
    await send(port)
    expect(signal?.aborted).toBe(false)
  })

  it('gives a real Request, with the body that the handler reads too', async () => {
    let seen: unknown
    const asking: Policy = async (call, next) => {
      const { request } = call
      await call.bytes()
      seen = [request instanceof Request, new URL(request.url).pathname, request.method, request.headers.get('x-own')]
      return next(call)
    }
    const port = await start(asking, echo)
    const { body } = await send(port, { method: 'POST', path: '/deep/path?q=1', headers: { 'x-own': '1' }, body: 'hello' })
    expect([seen, String(body)]).toEqual([[true, '/deep/path', 'POST', '1'], 'hello'])
  })

  it('gives the head of the call: method, target, fields whatever their case', async () => {
    let seen: unknown
    const port = await start(
      (call: Call) => {
        seen = [
          call.method,
          call.url.endsWith('/a%2Fb?q=%20'),
          call.headers.get('X-OWN'),
          call.headers.get('x-none'),
          call.headers.has('x-own'),
          call.headers.get('constructor'),
        ]
        return createReply(200)
      },
      () => ({}),
    )
    await send(port, { method: 'PATCH', path: '/a%2Fb?q=%20', headers: { 'x-own': ['1', '2'] } })
    expect(seen).toEqual(['PATCH', true, '1, 2', null, true, null])
  })

  it('answers pipelined requests in order, refused and handled', async () => {
    const policy: Policy = async (call, next) => {
      if (call.headers.has('x-refuse')) return createReply(400, {}, 'refused')
      await call.bytes()
      return await next(call)
    }
    const port = await start(policy, async ({ path, body }) => ({ body: `${path} ${String(await body())};` }))
    const socket = await raw(port)
    socket.write(
      'POST /1 HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\none' +
        'POST /2 HTTP/1.1\r\nhost: test\r\nx-refuse: 1\r\ncontent-length: 3\r\n\r\ntwo' +
        'GET /3 HTTP/1.1\r\nhost: test\r\n\r\n' +
        'POST /4 HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n4\r\nfour\r\n0\r\n\r\n',
    )
    const text = await readUntil(socket, (all) => all.includes('/4 four;'))
    expect(text.match(/\/1 one;|refused|\/3 ;|\/4 four;/g)).toEqual(['/1 one;', 'refused', '/3 ;', '/4 four;'])
  })
})
