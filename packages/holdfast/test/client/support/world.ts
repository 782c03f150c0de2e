import type { Clock } from '../../../src/core/index.ts'
import { createFetch } from '../../../src/client/index.ts'
import type { ClientOptions, Fetch, FetchInit } from '../../../src/client/index.ts'
import { createVirtualTime } from '../../simulate/time.ts'
import type { VirtualTime } from '../../simulate/time.ts'

/** One request as it left the client. */
export interface Sent {
  /** Milliseconds since the world began. */
  readonly at: number
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array
  readonly signal: AbortSignal | undefined
}

/** What the server does with a request: answers, breaks off, or never answers. */
export type Step = Response | Error | 'hang'
export type Script = (sent: Sent, number: number) => Step | Promise<Step>

export interface World {
  readonly time: VirtualTime
  readonly clock: Clock
  readonly sent: Sent[]
  /** An origin of this world alone: budgets and latencies are shared by origin. */
  readonly origin: string
  readonly url: string
  readonly fetch: Fetch
  readonly transport: Fetch
  /** Runs virtual time until a promise has settled. */
  until<T>(promise: Promise<T>): Promise<T>
  /** A call, run until it has settled. */
  call(init?: FetchInit, path?: string): Promise<Response>
  now(): number
}

let worlds = 0
export const startAt = Date.UTC(2026, 6, 1)

/** A client in virtual time over a server that follows a script. Waits are in the middle of their range unless `random` says otherwise. */
export function createWorld(script: Script | readonly (() => Step)[], options: ClientOptions = {}): World {
  // Bodies are read in real time; virtual time waits for them.
  let reading = 0
  const time = createVirtualTime(startAt, () => reading > 0)
  const origin = `https://world-${worlds++}.example`
  const sent: Sent[] = []
  const follow: Script = typeof script === 'function' ? script : (_sent, number) => (script[number - 1] ?? script.at(-1))?.() as Step
  const transport: Fetch = async (input, init) => {
    const request = new Request(input, init)
    reading += 1
    const one: Sent = {
      at: time.now() - startAt,
      method: request.method,
      url: request.url,
      headers: request.headers,
      body: new Uint8Array(await request.arrayBuffer().finally(() => (reading -= 1))),
      signal: init?.signal ?? undefined,
    }
    sent.push(one)
    const step = await follow(one, sent.length)
    if (step instanceof Error) throw step
    if (step === 'hang') return untilAborted(one.signal)
    return step
  }
  const fetch = createFetch({ fetch: transport, clock: time, random: () => 0.5, ...options })
  const until = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const settled = promise.finally(() => (isSettled = true))
    settled.catch(() => {})
    await time.run(() => isSettled)
    return settled
  }
  const url = `${origin}/things`
  return {
    time,
    clock: time,
    sent,
    origin,
    url,
    fetch,
    transport,
    until,
    call: (init, path = '/things') => until(fetch(`${origin}${path}`, init)),
    now: () => time.now() - startAt,
  }
}

export function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error))
  })
}

/** An answer. */
export function answer(status: number, headers: Record<string, string> = {}, body: string | null = ''): () => Response {
  return () => new Response(status === 204 || status === 304 ? null : body, { status, headers })
}

/** A problem, as our server and others answer it. */
export function problemAnswer(status: number, code: string, headers: Record<string, string> = {}): () => Response {
  return answer(
    status,
    { 'content-type': 'application/problem+json', ...headers },
    JSON.stringify({ type: `/errors/${code}`, status, code }),
  )
}

/** What Node's fetch rejects with. */
export function networkError(code: string, syscall?: string): () => Error {
  return () => new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code, ...(syscall && { syscall }) }) })
}

export const reset: () => Error = networkError('ECONNRESET', 'read')
export const refused: () => Error = networkError('ECONNREFUSED', 'connect')
