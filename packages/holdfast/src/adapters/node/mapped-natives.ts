import type { ServerResponse } from 'node:http'
import type { BodyMap } from '../../core/body.ts'
import { reportFailure } from '../failure.ts'
import type { Natives } from './natives.ts'

type Chunk = Uint8Array | string | undefined

/** Node's own methods with a map before them: what a framework writes leaves as the map makes it. */
export function mappedNatives(natives: Natives, map: BodyMap, res: ServerResponse): Natives {
  /** A map that throws leaves a body that can never be whole: the connection must say so. */
  function attempt(run: () => Uint8Array): Uint8Array | undefined {
    try {
      return run()
    } catch (error) {
      reportFailure(error)
      res.destroy()
      return undefined
    }
  }

  // HTTP/2's own end() writes through the response's write().
  let isEnding = false

  return {
    ...natives,
    write(this: ServerResponse, chunk: Chunk, encoding?: unknown, callback?: unknown) {
      if (isEnding) return natives.write.call(this, chunk, encoding, callback)
      const done = (typeof encoding === 'function' ? encoding : callback) as ((error?: Error | null) => void) | undefined
      const mapped = attempt(() => map.chunk(toBytes(chunk, encoding)))
      if (mapped !== undefined && mapped.byteLength > 0) return natives.write.call(this, mapped, undefined, done)
      if (done !== undefined) process.nextTick(done)
      return mapped !== undefined
    },
    end(this: ServerResponse, chunk?: Chunk | (() => void), encoding?: unknown, callback?: unknown) {
      const done = (typeof chunk === 'function' ? chunk : typeof encoding === 'function' ? encoding : callback) as (() => void) | undefined
      const last = typeof chunk === 'function' ? undefined : chunk
      const mapped = attempt(() => {
        const before = last === undefined || last === null ? new Uint8Array(0) : map.chunk(toBytes(last, encoding))
        return Buffer.concat([before, map.end()])
      })
      if (mapped === undefined) return this
      isEnding = true
      return natives.end.call(this, mapped, undefined, done)
    },
  } as Natives
}

function toBytes(chunk: Chunk, encoding: unknown): Uint8Array {
  return typeof chunk === 'string'
    ? Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8')
    : (chunk as Uint8Array)
}
