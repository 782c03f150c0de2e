import type { ServerResponse } from 'node:http'

/** A response's own methods, from before they were intercepted, without Node's overloads. */
export interface Natives {
  writeHead(this: ServerResponse, status: number, ...rest: readonly unknown[]): ServerResponse
  write(this: ServerResponse, chunk: unknown, encoding?: unknown, callback?: unknown): boolean
  end(this: ServerResponse, chunk?: unknown, encoding?: unknown, callback?: unknown): ServerResponse
  flushHeaders(this: ServerResponse): void
  destroy(this: ServerResponse, error?: Error): ServerResponse
}

/** Remembers the methods of a response as they are now, whoever has wrapped them before. */
export function nativesOf(res: ServerResponse): Natives {
  const { writeHead, write, end, flushHeaders, destroy } = res as unknown as Natives
  return { writeHead, write, end, flushHeaders, destroy }
}
