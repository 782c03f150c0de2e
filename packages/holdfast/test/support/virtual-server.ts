import { captureBody, createCall, createReply, jsonReply, runWithCall, toFields } from '../../src/core/index.ts'
import type { Call, Reply } from '../../src/core/index.ts'
import { createInFlight, idempotency } from '../../src/idempotency/index.ts'
import type { IdempotencyOptions, InFlight } from '../../src/idempotency/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { virtualStore } from './virtual-store.ts'
import type { VirtualStore } from './virtual-store.ts'

export type Handler = (call: Call) => Promise<Reply> | Reply

/** One call, as a caller sends it. */
export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly key?: string | undefined
  readonly account?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Replaces the server's handler for this call. */
  readonly handler?: Handler
}

/** What came back, its body read. */
export interface Received {
  readonly status: number
  readonly text: string
  readonly json: Record<string, unknown>
  readonly headers: Reply['headers']
}

export interface VirtualServer {
  readonly send: (sent?: Sent) => Promise<Received>
  readonly inFlight: InFlight
}

/** Time, a store, and servers ("processes") over it. */
export interface World extends VirtualStore {
  readonly clock: FakeClock
  /** Effects of the default handler, as seen from outside. */
  readonly effects: string[]
  server(options?: Partial<IdempotencyOptions>): VirtualServer
  /** Lets time pass, and everything happen that is due. */
  pass(ms: number): Promise<void>
}

const encoder = new TextEncoder()

/** Lets everything run that waits for nothing but its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}

/** Makes a world whose clock stands still until told. */
export function world(): World {
  const clock = fakeClock()
  const virtual = virtualStore(clock)
  const effects: string[] = []

  const transfer: Handler = async (call) => {
    effects.push(new TextDecoder().decode(await call.bytes()))
    return jsonReply(201, { effect: effects.length }, { location: `/transfers/${effects.length}` })
  }

  return {
    ...virtual,
    clock,
    effects,
    server(options = {}) {
      const inFlight = options.inFlight ?? createInFlight()
      const policy = idempotency({
        store: virtual.store,
        guarantee: 'at-most-once',
        secret: 'a secret of the tests, long enough',
        account: (head) => head.headers.get('x-account') ?? undefined,
        clock,
        random: () => 0.5,
        ...options,
        inFlight,
      })
      async function send({
        method = 'POST',
        path = '/transfers',
        key = 'k',
        account = 'ada',
        body = { amount: 5 },
        headers = {},
        handler = transfer,
      }: Sent = {}): Promise<Received> {
        const call = createCall({
          method,
          url: path,
          headers: toFields({
            'x-account': account,
            'content-type': 'application/json',
            ...(key !== '' && { 'idempotency-key': key }),
            ...headers,
          }),
          body: typeof body === 'string' ? encoder.encode(body) : encoder.encode(JSON.stringify(body)),
        })
        return read(await policy(call, async (inner) => runWithCall(inner, () => handler(inner))))
      }
      return { send, inFlight }
    },
    async pass(ms) {
      const step = Math.max(10, ms / 500)
      for (let left = ms; left > 0; left -= step) {
        await turn()
        clock.advance(Math.min(step, left))
      }
      await turn()
    },
  }
}

async function read(reply: Reply): Promise<Received> {
  const { bytes } = await captureBody(reply.body, Number.POSITIVE_INFINITY)
  const text = new TextDecoder().decode(bytes)
  const isJson = /json/.test(reply.headers.get('content-type') ?? '')
  return { status: reply.status, headers: reply.headers, text, json: isJson ? (JSON.parse(text) as Record<string, unknown>) : {} }
}

/** A handler that waits until it is let go. */
export function gate(reply: () => Reply = () => createReply(201, {}, 'done')): {
  readonly handler: Handler
  readonly runs: () => number
  open(): void
} {
  const opened = Promise.withResolvers<void>()
  let count = 0
  return {
    handler: async () => {
      count++
      await opened.promise
      return reply()
    },
    runs: () => count,
    open: () => opened.resolve(),
  }
}
