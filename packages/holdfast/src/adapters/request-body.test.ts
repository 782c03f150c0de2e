import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHoldfastError } from '../core/errors.ts'
import { mayHaveBody, readAhead, readBodyAhead } from './request-body.ts'

async function rest(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const codeOf = (error: unknown): unknown => isHoldfastError(error) && error.code

describe('reading ahead', () => {
  it('leaves any stream as it was, whatever its chunks and the limit', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 50, minLength: 1 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(chunks, fc.nat(200), fc.boolean(), async (parts, limit, isLate) => {
        const whole = Buffer.concat(parts)
        const stream = new PassThrough({ highWaterMark: 16 })
        const write = (): void => void Readable.from(parts.map((part) => Buffer.from(part))).pipe(stream)
        if (isLate) setImmediate(write)
        else write()
        const outcome = await readAhead(stream, limit).then((bytes) => Buffer.from(bytes).toString('hex'), codeOf)
        expect(outcome).toBe(whole.byteLength > limit ? 'body-too-large' : whole.toString('hex'))
        expect((await rest(stream)).equals(whole)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  it('works for readers that listen for data and end', async () => {
    const stream = Readable.from([Buffer.from('hel'), Buffer.from('lo')], { objectMode: false })
    await readAhead(stream, 100)
    let text = ''
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
    await once(stream, 'end')
    expect(text).toBe('hello')
  })

  it('lets the end of an empty stream be seen by the next reader', async () => {
    const stream = new PassThrough()
    stream.end()
    expect(await readAhead(stream, 100)).toHaveLength(0)
    const ended = once(stream, 'end')
    stream.resume()
    await ended
  })

  it('rejects when the stream breaks, before or while it is read', async () => {
    const stream = new PassThrough()
    stream.write('some')
    const reading = readAhead(stream, 100).catch(codeOf)
    stream.destroy(new Error('boom'))
    expect(await reading).toBe('body-incomplete')
    expect(await readAhead(stream, 100).catch(codeOf)).toBe('body-incomplete')
  })

  it('leaves no listener behind', async () => {
    const stream = Readable.from([Buffer.from('hello')], { objectMode: false })
    const before = stream.eventNames()
    await readAhead(stream, 100)
    expect(stream.eventNames()).toEqual(before)
  })
})

describe('the body of a request', () => {
  it.each([
    [{}, 1, false],
    [{}, 2, true],
    [{ 'content-length': '0' }, 1, false],
    [{ 'content-length': '0' }, 2, false],
    [{ 'content-length': '5' }, 1, true],
    [{ 'transfer-encoding': 'chunked' }, 1, true],
  ])('may come with fields %j in HTTP/%i: %s', (headers, httpVersionMajor, expected) => {
    expect(mayHaveBody({ headers, httpVersionMajor })).toBe(expected)
  })

  it('is not touched when its declared length is over the limit', async () => {
    const stream = Object.assign(Readable.from([Buffer.from('hello')], { objectMode: false }), {
      headers: { 'content-length': '5' },
      httpVersionMajor: 1,
    })
    expect(await readBodyAhead(stream, 4).catch(codeOf)).toBe('body-too-large')
    expect([stream.readableDidRead, String(await rest(stream))]).toEqual([false, 'hello'])
  })
})
