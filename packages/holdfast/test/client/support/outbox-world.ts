import type { FetchLike } from '../../../src/client/fetch-like.ts'
import { outbox } from '../../../src/client/outbox/index.ts'
import { memoryOutbox } from '../../../src/client/outbox/memory/index.ts'
import type { Outbox, OutboxOptions, OutboxStore } from '../../../src/client/outbox/index.ts'
import type { VirtualTime } from '../../simulate/time.ts'
import { reset } from './versioned-server.ts'
import { settle, virtual } from './virtual.ts'

export const url = 'https://api.example/transfers'

export interface SeenSend {
  readonly at: number
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string
}

export interface OutboxWorld {
  readonly time: VirtualTime
  readonly wait: (ms: number) => Promise<void>
  readonly seen: SeenSend[]
  readonly effects: ReadonlyMap<string, number>
  readonly store: OutboxStore
  make(options?: Partial<OutboxOptions>): Outbox
  run<T>(work: Promise<T>): Promise<T>
}

/** A server that counts effects by key, behind a network with fates. */
export function outboxWorld(fate: (count: number) => Response | Error | 'lose-answer' | 'hang' | undefined = () => undefined): OutboxWorld {
  const { time, random, wait } = virtual()
  const seen: SeenSend[] = []
  const effects = new Map<string, number>()
  const store = memoryOutbox({ clock: time })
  const fetch: FetchLike = async (input, init = {}) => {
    const headers = new Headers(init.headers)
    seen.push({ at: time.now(), url: input, method: init.method ?? '', headers, body: new TextDecoder().decode(init.body as Uint8Array) })
    const planned = fate(seen.length)
    await wait(10)
    init.signal?.throwIfAborted()
    if (planned instanceof Error) throw planned
    if (planned instanceof Response) return planned
    if (planned === 'hang')
      return new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error)))
    const key = headers.get('idempotency-key') ?? ''
    const isReplay = effects.has(key)
    effects.set(key, 1)
    if (planned === 'lose-answer') throw reset()
    return Response.json({ id: 't1' }, { status: 201, headers: { location: '/transfers/t1', 'idempotent-replayed': String(isReplay) } })
  }
  const make = (more: Partial<OutboxOptions> = {}) => outbox({ store, fetch, clock: time, random, ...more })
  return { time, wait, seen, effects, store, make, run: <T>(work: Promise<T>) => settle(time, work) }
}

export const problem = (status: number, code?: string, headers: Record<string, string> = {}): Response =>
  Response.json(code === undefined ? {} : { code }, { status, headers })
