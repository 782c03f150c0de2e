import type { FetchLike } from '../../../src/client/fetch-like.ts'

/** A request as the server saw it. */
export interface SeenRequest {
  readonly method: string
  readonly headers: Headers
  readonly body: string
}

export interface VersionedServerOptions<T> {
  readonly value: T
  /** Whether it remembers answers by idempotency key. @default true */
  readonly keepsKeys?: boolean
  /** One way of the network, milliseconds. */
  delay?(): number
  wait?(ms: number): Promise<void>
  /** What happens to the n-th request, from 1. */
  fate?(count: number, request: SeenRequest): 'lose-request' | 'lose-answer' | Response | undefined
  etag?(version: number): string | undefined
  /** Whether a conflict brings the current value along. */
  readonly showsCurrent?: boolean
}

/** A server with one resource under optimistic concurrency, reached by a `fetch` of its own. */
export interface VersionedServer<T> {
  readonly fetch: FetchLike
  readonly seen: SeenRequest[]
  value: T
  version: number
  /** Writes that took effect. */
  effects: number
  conflicts: number
}

/** Makes such a server. */
export function versionedServer<T>(options: VersionedServerOptions<T>): VersionedServer<T> {
  const { keepsKeys = true, delay = () => 0, wait, showsCurrent = false, etag = (version) => `"${version}"` } = options
  const answers = new Map<string, () => Response>()
  const travel = async (signal: AbortSignal | null | undefined): Promise<void> => {
    if (wait !== undefined) await wait(delay())
    signal?.throwIfAborted()
  }

  const server: VersionedServer<T> = {
    seen: [],
    value: options.value,
    version: 1,
    effects: 0,
    conflicts: 0,
    async fetch(_input, init = {}) {
      const request: SeenRequest = { method: init.method ?? 'GET', headers: new Headers(init.headers), body: String(init.body ?? '') }
      await travel(init.signal)
      server.seen.push(request)
      const fate = options.fate?.(server.seen.length, request)
      if (fate instanceof Response) return fate
      if (fate === 'lose-request') throw reset()
      const response = handle(request)
      await travel(init.signal)
      if (fate === 'lose-answer') throw reset()
      return response
    },
  }

  function handle(request: SeenRequest): Response {
    if (request.method === 'GET') return represent(200)
    const key = request.headers.get('idempotency-key') ?? ''
    const replay = keepsKeys ? answers.get(key) : undefined
    if (replay !== undefined) return replay()
    const condition = request.headers.get('if-match')
    if (condition !== null && condition !== etag(server.version)) {
      server.conflicts += 1
      const body = { code: 'version-conflict', ...(showsCurrent && { current: server.value }) }
      return Response.json(body, { status: 412, headers: { etag: `"${server.version}"`, ...mark('false') } })
    }
    const sent = JSON.parse(request.body) as T
    server.value = request.method === 'PUT' || typeof sent !== 'object' ? sent : { ...server.value, ...sent }
    server.version += 1
    server.effects += 1
    const written = [server.value, server.version] as const
    answers.set(key, () => represent(200, 'true', ...written))
    return represent(200, 'false')
  }

  const mark = (replayed: string): Record<string, string> => (keepsKeys ? { 'idempotent-replayed': replayed } : {})
  function represent(status: number, replayed?: string, value = server.value, version = server.version): Response {
    const tag = etag(version)
    return Response.json(value, { status, headers: { ...(tag && { etag: tag }), ...(replayed && mark(replayed)) } })
  }
  return server
}

/** What Node's `fetch` rejects with when the connection is reset after the request was sent. */
export function reset(): Error {
  return new TypeError('fetch failed', { cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }) })
}
