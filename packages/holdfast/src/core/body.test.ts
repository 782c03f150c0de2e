import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { captureBody, concat, isLiveBody } from './body.ts'
import { isHoldfastError } from './errors.ts'

const encoder = new TextEncoder()

function streamOf(chunks: readonly Uint8Array[], error?: Error): ReadableStream<Uint8Array> {
  const left = [...chunks]
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = left.shift()
      if (next !== undefined) controller.enqueue(next)
      else if (error === undefined) controller.close()
      else controller.error(error)
    },
  })
}

describe('captureBody', () => {
  it.each([
    ['no body', null, ''],
    ['a string', 'é', 'é'],
    ['bytes', encoder.encode('hello'), 'hello'],
    ['a stream', streamOf([encoder.encode('hel'), encoder.encode('lo')]), 'hello'],
    ['the body of a Response', new Response('hello').body as ReadableStream<Uint8Array>, 'hello'],
    ['a live body', { capture: async () => encoder.encode('hello') }, 'hello'],
  ])('captures %s', async (_kind, body, expected) => {
    expect(Buffer.from((await captureBody(body, 5)).bytes ?? []).toString()).toBe(expected)
  })

  it('counts bytes, not characters', async () => {
    expect((await captureBody('é', 1)).bytes).toBeUndefined()
    expect((await captureBody('é', 2)).bytes).toHaveLength(2)
  })

  it('gives a live body back as it is', async () => {
    const live = { capture: async () => undefined }
    expect(await captureBody(live, 1)).toEqual({ body: live, bytes: undefined })
    expect([isLiveBody(live), isLiveBody('text'), isLiveBody(null), isLiveBody(streamOf([]))]).toEqual([true, false, false, false])
  })

  it('loses nothing of any stream at any limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }), fc.nat(60), async (chunks, limit) => {
        const whole = Buffer.concat(chunks)
        const { body, bytes } = await captureBody(streamOf(chunks), limit)
        expect(bytes === undefined).toBe(whole.byteLength > limit)
        expect(Buffer.from(await new Response(body as Uint8Array<ArrayBuffer>).arrayBuffer()).equals(whole)).toBe(true)
      }),
    )
  })

  it('rejects with body-incomplete when a stream breaks off, and keeps the cause', async () => {
    const boom = new Error('boom')
    const error = await captureBody(streamOf([encoder.encode('some')], boom), 100).catch((caught: unknown) => caught)
    expect([isHoldfastError(error) && error.code, (error as Error).cause]).toEqual(['body-incomplete', boom])
  })

  it('passes a break after the limit on to the reader', async () => {
    const { body } = await captureBody(streamOf([encoder.encode('longer')], new Error('boom')), 3)
    await expect(new Response(body as ReadableStream).text()).rejects.toThrow('boom')
  })

  it('cancels the source when the reader of the rest goes away', async () => {
    let reason: unknown
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encoder.encode('more')),
      cancel: (why) => void (reason = why),
    })
    const { body } = await captureBody(source, 3)
    await (body as ReadableStream).cancel('enough')
    expect(reason).toBe('enough')
  })
})

describe('concat', () => {
  it('joins chunks, and returns a single one as it is', () => {
    const only = encoder.encode('one')
    expect(concat([only], 3)).toBe(only)
    expect([...concat([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)], 3)]).toEqual([1, 2, 3])
    expect(concat([], 0)).toHaveLength(0)
  })
})
