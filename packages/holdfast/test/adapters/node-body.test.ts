import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { Readable, pipeline } from 'node:stream'
import { expect, it } from 'vitest'
import { captureBody, createReply, isHoldfastError } from '../../src/core/index.ts'
import { bodyOf, gate, nextChunk, open, raw, send } from './client.ts'
import { listen } from './matrix.ts'
import { adding, capturing, describeNode, replacing } from './node-kit.ts'

describeNode('the body of a Node response', (start, listener) => {
  it.each(['write', 'end'])('takes strings in any encoding: %s', async (how) => {
    const port = await start(
      capturing,
      (_req, res) => void (how === 'end' ? res.end('aGk=', 'base64') : (res.write('aGk=', 'base64'), res.end())),
    )
    const { headers, body } = await send(port)
    expect([headers['x-captured'], String(body)]).toEqual(['hi', 'hi'])
  })

  it.each([
    ['short', 4, false],
    ['short, where middleware has wrapped end()', 4, true],
    ['long', 20_000, false],
  ])('has every byte of a reply that a policy gives: %s', async (_what, size, isWrapped) => {
    const bytes = new Uint8Array(size).map((_, index) => 250 + 3 * index)
    const seen: unknown[] = []
    const answer = listener(
      () => createReply(200, {}, bytes),
      () => undefined,
    )
    const port = await listen(
      createServer((req, res) => {
        const { end } = res
        if (isWrapped) res.end = ((...all: unknown[]) => (seen.push(all[0]), Reflect.apply(end, res, all))) as typeof end
        answer(req, res)
      }),
    )
    const { body } = await send(port)
    expect(Buffer.compare(body, bytes)).toBe(0)
    // It may know no encoding but UTF-8.
    expect(seen).toEqual(isWrapped ? [bytes] : [])
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

  it.each([
    ['pipe', (res: ServerResponse) => Readable.from(['one ', 'two'], { objectMode: false }).pipe(res)],
    ['pipeline', (res: ServerResponse) => pipeline(Readable.from(['one ', 'two'], { objectMode: false }), res, () => {})],
  ])('takes a stream by %s', async (_how, produce) => {
    const { headers, body } = await send(await start(capturing, (_req, res) => void produce(res)))
    expect([headers['x-captured'], String(body)]).toEqual(['one two', 'one two'])
    expect(String((await send(await start(replacing, (_req, res) => void produce(res)))).body)).toBe('instead')
  })

  it('rejects a capture when the client goes away in the middle of the body', async () => {
    const { opened: capturingNow, open: begin } = gate()
    const { opened: rejected, open: end } = gate()
    let code: unknown
    const port = await start(
      async (call, next) => {
        const reply = await next(call)
        const captured = Promise.resolve(captureBody(reply.body, 1000))
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
