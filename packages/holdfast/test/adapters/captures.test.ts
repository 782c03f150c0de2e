import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { captureBody, createReply, isHoldfastError, withBody, withHeaders } from '../../src/core/index.ts'
import type { Policy } from '../../src/core/index.ts'
import { bodyOf, gate, nextChunk, open, raw, readUntil, send } from './client.ts'
import { describeAdapters } from './matrix.ts'

const encoder = new TextEncoder()
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function capturing(limit: number, onBytes: (text: string | undefined) => void): Policy {
  return async (call, next) => {
    const reply = await next(call)
    const { body, bytes } = await captureBody(reply.body, limit)
    onBytes(bytes && Buffer.from(bytes).toString('latin1'))
    return withHeaders(withBody(reply, body), { 'x-captured': String(bytes?.byteLength) })
  }
}

async function* chunks(count: number, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < count; at++) yield Buffer.alloc(size, at % 256)
}

describeAdapters('captures', (start) => {
  it.each([
    ['text', () => ({ body: 'hello' }), 'hello'],
    ['bytes', () => ({ body: Uint8Array.from([0, 255, 1]) }), '\x00ÿ\x01'],
    [
      'a stream',
      () => ({
        body: (async function* () {
          yield encoder.encode('hel')
          yield encoder.encode('lo')
        })(),
      }),
      'hello',
    ],
    ['nothing', () => ({}), ''],
    ['nothing under 204', () => ({ status: 204 }), ''],
  ])('captures %s and sends it on', async (_kind, handler, expected) => {
    let seen: string | undefined
    const port = await start(
      capturing(100, (text) => (seen = text)),
      handler,
    )
    const { headers, body } = await send(port)
    expect([seen, headers['x-captured'], body.toString('latin1')]).toEqual([expected, String(expected.length), expected])
  })

  it('captures a body of exactly the limit', async () => {
    let seen: string | undefined
    const port = await start(
      capturing(5, (text) => (seen = text)),
      () => ({ body: 'hello' }),
    )
    await send(port)
    expect(seen).toBe('hello')
  })

  it.each([
    ['at once', () => ({ body: 'hello world' })],
    [
      'in a stream',
      () => ({
        body: (async function* () {
          yield encoder.encode('hello')
          yield encoder.encode(' world')
        })(),
      }),
    ],
  ])('sends a body longer than the limit on, nothing lost: %s', async (_kind, handler) => {
    let seen: string | undefined = 'unset'
    const port = await start(
      capturing(7, (text) => (seen = text)),
      handler,
    )
    const { body, headers } = await send(port)
    expect([seen, headers['x-captured'], String(body)]).toEqual([undefined, 'undefined', 'hello world'])
  })

  it('lets a body flow on as soon as it is longer than the limit', async () => {
    const { opened, open: release } = gate()
    const port = await start(
      capturing(7, () => {}),
      () => ({
        body: (async function* () {
          yield encoder.encode('longer than that')
          await opened
          yield encoder.encode('last')
        })(),
      }),
    )
    const res = await open(port)
    expect(await nextChunk(res)).toBe('longer than that')
    release()
    expect(String(await bodyOf(res))).toBe('last')
  })

  it.each([
    ['under the limit', 50_000_000],
    ['over the limit', 1_000_000],
  ])('takes a big body with backpressure, %s', async (_kind, limit) => {
    const expected = createHash('sha256')
    for await (const chunk of chunks(100, 50_000)) expected.update(chunk)
    const port = await start(
      capturing(limit, () => {}),
      () => ({ body: chunks(100, 50_000) }),
    )
    const { body } = await send(port)
    expect([body.byteLength, hash(body)]).toEqual([5_000_000, expected.digest('hex')])
  })

  it('takes a big body with backpressure when nobody captures it', async () => {
    const port = await start(
      async (call, next) => withHeaders(await next(call), { 'x-policy': 'seen' }),
      () => ({ body: chunks(100, 50_000) }),
    )
    expect((await send(port)).body.byteLength).toBe(5_000_000)
  })

  it('holds a body until the policy has decided, however long that takes', async () => {
    const { opened, open: decide } = gate()
    const { opened: produced, open: done } = gate()
    const slow: Policy = async (call, next) => {
      const reply = await next(call)
      await opened
      return capturing(1000, () => {})(call, () => reply)
    }
    const port = await start(slow, () => ({
      body: (async function* () {
        yield encoder.encode('one ')
        yield encoder.encode('two')
        done()
      })(),
    }))
    const answer = send(port)
    setImmediate(decide)
    expect(String((await answer).body)).toBe('one two')
    await produced
  })

  it('captures, and then answers something else', async () => {
    let seen = ''
    const replacing: Policy = async (call, next) => {
      const reply = await next(call)
      const { bytes } = await captureBody(reply.body, 1000)
      seen = Buffer.from(bytes ?? []).toString()
      return createReply(409, { 'content-type': 'text/plain' }, 'instead')
    }
    const port = await start(replacing, () => ({ headers: { 'x-own': '1' }, body: 'hello' }))
    const { status, headers, body } = await send(port)
    expect([seen, status, headers['x-own'], String(body)]).toEqual(['hello', 409, undefined, 'instead'])
  })

  it('sends the captured bytes, changed, under the head of the handler', async () => {
    const shouting: Policy = async (call, next) => {
      const reply = await next(call)
      const { bytes } = await captureBody(reply.body, 1000)
      return withBody(
        reply,
        `${Buffer.from(bytes ?? [])
          .toString()
          .toUpperCase()}!`,
      )
    }
    const port = await start(shouting, () => ({ status: 203, headers: { 'x-own': '1', 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }))
    const { status, headers, body } = await send(port)
    expect([status, headers['x-own'], headers['set-cookie'], headers['content-length'], String(body)]).toEqual([
      203,
      '1',
      ['a=1', 'b=2'],
      '6',
      'HELLO!',
    ])
  })

  it('sends the reply as it is when a policy captured it and returns it untouched', async () => {
    const port = await start(
      async (call, next) => {
        const reply = await next(call)
        if (typeof reply.body === 'object' && reply.body !== null && 'capture' in reply.body) await reply.body.capture(100)
        return reply
      },
      () => ({ headers: { 'set-cookie': ['a=1', 'b=2'] }, body: 'hello' }),
    )
    const { headers, body } = await send(port)
    expect([headers['set-cookie'], String(body)]).toEqual([['a=1', 'b=2'], 'hello'])
  })

  it('rejects a capture whose producer breaks off', async () => {
    let code: unknown
    const policy: Policy = async (call, next) => {
      const reply = await next(call)
      try {
        await captureBody(reply.body, 1000)
      } catch (error) {
        code = isHoldfastError(error) && error.code
        return createReply(502, {}, 'broken')
      }
      return reply
    }
    const port = await start(policy, () => ({
      body: (async function* () {
        yield encoder.encode('some')
        throw new Error('boom')
      })(),
    }))
    const answer = await send(port).then(
      ({ status, body }) => `${status} ${String(body)}`,
      () => 'cut',
    )
    expect(code).toBe('body-incomplete')
    expect(['502 broken', 'cut']).toContain(answer)
  })

  it('gives a policy the whole answer of a handler whose client went away before it', async () => {
    const { opened, open: finish } = gate()
    const { opened: running, open: run } = gate()
    const captured = gate()
    let seen: string | undefined
    const policy = capturing(1000, (text) => {
      seen = text
      captured.open()
    })
    let signal: AbortSignal | undefined
    const port = await start(
      (call, next) => ((signal = call.signal), policy(call, next)),
      async () => {
        run()
        await opened
        return { body: 'recorded' }
      },
    )
    const socket = await raw(port)
    socket.write('GET / HTTP/1.1\r\nhost: test\r\n\r\n')
    await running
    socket.destroy()
    if (signal?.aborted === false) await once(signal, 'abort')
    finish()
    await captured.opened
    expect(seen).toBe('recorded')
  })

  it('holds one answer of a pipeline without holding up its order', async () => {
    const { opened, open: release } = gate()
    const port = await start(
      async (call, next) => {
        const reply = await next(call)
        if (call.url.endsWith('/1')) await opened
        return withHeaders(reply, { 'x-policy': 'seen' })
      },
      ({ path }) => ({ body: `answer ${path};` }),
    )
    const socket = await raw(port)
    socket.write('GET /1 HTTP/1.1\r\nhost: test\r\n\r\nGET /2 HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n')
    setImmediate(release)
    const text = await readUntil(socket, (all) => all.includes('answer /2;'))
    expect(text.match(/answer .;|answer ..;/g)).toEqual(['answer /1;', 'answer /2;'])
  })
})
