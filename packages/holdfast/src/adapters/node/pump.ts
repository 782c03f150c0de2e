import type { ServerResponse } from 'node:http'
import { reportFailure } from '../failure.ts'
import type { Natives } from './natives.ts'

/** Sends a stream as the rest of a response, no faster than the connection takes it. A stream that fails breaks the connection off. */
export async function pump(stream: ReadableStream<Uint8Array>, res: ServerResponse, natives: Natives): Promise<void> {
  const reader = stream.getReader()
  const onClose = (): void => void reader.cancel().catch(() => {})
  res.once('close', onClose)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      if (!natives.write.call(res, value)) await drained(res)
    }
    natives.end.call(res)
  } catch (error) {
    reportFailure(error)
    res.destroy()
  } finally {
    res.off('close', onClose)
  }
}

function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (res.destroyed) return resolve()
    const settle = (): void => {
      res.off('drain', settle)
      res.off('close', settle)
      resolve()
    }
    res.on('drain', settle)
    res.on('close', settle)
  })
}
