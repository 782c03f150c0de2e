import { expect, it } from 'vitest'
import { mapBody, withBody, withHeaders } from '../../src/core/index.ts'
import type { BodyMap, Policy } from '../../src/core/index.ts'
import { send } from '../adapters/client.ts'
import { describeAdapters, reported } from '../adapters/matrix.ts'

/** Doubles every byte, and says at the end how many there were. */
function doubling(): BodyMap {
  let count = 0
  return {
    chunk(bytes) {
      count += bytes.byteLength
      return Buffer.from([...bytes].flatMap((byte) => [byte, byte]))
    },
    end: () => Buffer.from(`|${count}`),
  }
}

const through =
  (map: () => BodyMap): Policy =>
  async (call, next) => {
    const reply = await next(call)
    return withHeaders(withBody(reply, mapBody(reply.body, map()) ?? null), { 'content-length': undefined })
  }

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (const chunk of ['a', 'bc', 'd']) yield Buffer.from(chunk)
}

describeAdapters('a body that passes through a map', (start) => {
  it.each<[string, () => string | Uint8Array | AsyncIterable<Uint8Array>]>([
    ['text', () => 'abcd'],
    ['bytes', () => Buffer.from('abcd')],
    ['a stream', chunks],
  ])('leaves as the map makes it: %s', async (_kind, body) => {
    const port = await start(through(doubling), () => ({ headers: { 'content-type': 'text/plain' }, body: body() }))
    expect((await send(port)).body.toString()).toBe('aabbccdd|4')
  })

  it('breaks off when the map throws', async () => {
    const broken: BodyMap = {
      chunk() {
        throw new Error('no such chunk')
      },
      end: () => new Uint8Array(0),
    }
    const port = await start(
      through(() => broken),
      () => ({ headers: { 'content-type': 'text/plain' }, body: chunks() }),
    )
    // Either no whole answer arrives, or one that says that it failed.
    const answer = await send(port).catch(() => undefined)
    expect(answer === undefined || answer.status >= 400).toBe(true)
    reported.length = 0
  })
})
