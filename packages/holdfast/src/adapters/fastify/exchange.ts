import type { Call } from '../../core/call.ts'
import { runWithCall } from '../../core/current.ts'
import { toFields } from '../../core/fields.ts'
import type { Policy } from '../../core/policy.ts'
import type { Reply } from '../../core/reply.ts'
import { failed, outcomeOf } from '../failure.ts'
import { remember } from '../node/call.ts'
import { isHttp1 } from '../node/held.ts'
import { addLateHeaders } from '../node/late-headers.ts'
import { goneReply } from '../node/gone-reply.ts'
import { toWireReply } from '../node/wire-reply.ts'
import { Terminal, assertReply, isPromised } from '../terminal.ts'
import type { FastifyCall } from './call.ts'
import { LiveFastifyReply, headOf } from './live-reply.ts'
import { unwrapResponse } from './payload.ts'
import { changeHead, restoreHead, setField } from './reply-head.ts'
import type { HeadSnapshot } from './reply-head.ts'
import type { FastifyReply, HookDone } from './types.ts'

const exchangeKey: unique symbol = Symbol('holdfast.exchange')

interface ExchangedReply extends FastifyReply {
  [exchangeKey]?: Exchange
}

/** The preHandler hook: its `done` is the policy's `next`. */
export function start(policy: Policy, call: FastifyCall, reply: ExchangedReply, done: HookDone): void {
  const terminal = new Terminal()
  const outcome = outcomeOf(policy, call, terminal.next)
  const isBare = outcome === terminal && !terminal.isObserved
  if (isBare && (!terminal.hasLateHeaders || isHttp1(reply.raw))) {
    if (terminal.hasLateHeaders) addLateHeaders(reply.raw, terminal)
    terminal.runBare(call)
    return run(call, terminal.call ?? call, done)
  }
  const exchange = new Exchange(call, reply, terminal)
  reply[exchangeKey] = exchange
  if (isBare) exchange.startBare(done)
  else exchange.start(outcome, done)
}

/** The exchange of a reply that has to be looked at before it is sent. */
export function exchangeOf(reply: ExchangedReply): Exchange | undefined {
  return reply[exchangeKey]
}

function run(first: FastifyCall, call: Call, done: HookDone): void {
  if (call !== first) {
    remember(first.req, call)
    first.handOver(call)
  }
  runWithCall(call, done)
}

/** One request on its way through a policy and Fastify's handler. */
class Exchange {
  readonly #call: FastifyCall
  readonly #reply: FastifyReply
  readonly #terminal: Terminal
  #before: HeadSnapshot | undefined
  #live: LiveFastifyReply | undefined
  #send: HookDone | undefined
  #isOver = false
  #isUntyped = false
  #isBare = false

  constructor(call: FastifyCall, reply: FastifyReply, terminal: Terminal) {
    this.#call = call
    this.#reply = reply
    this.#terminal = terminal
  }

  /** Nothing but fields are added, where that cannot be done as the head is written. */
  startBare(done: HookDone): void {
    this.#isOver = true
    this.#isBare = true
    this.#terminal.runBare(this.#call)
    run(this.#call, this.#terminal.call ?? this.#call, done)
  }

  start(outcome: Promise<Reply> | Reply, done: HookDone): void {
    this.#terminal.begin((call) => {
      this.#before = this.#reply.getHeaders()
      this.#reply.raw.once('close', () => this.#onClose())
      run(this.#call, call, done)
    })
    if (isPromised(outcome)) {
      outcome.then(
        (reply) => this.#answer(reply),
        (error: unknown) => this.#answer(failed(error)),
      )
    } else this.#answer(outcome)
  }

  /** The onSend hook: Fastify's answer is complete but for its writing. */
  intercept(payload: unknown, done: HookDone): void {
    if (this.#isOver || this.#terminal.call === undefined || this.#live !== undefined) {
      if (this.#isBare) this.#dress()
      if (this.#isUntyped) this.#reply.removeHeader('content-type')
      return done()
    }
    this.#send = done
    this.#live = new LiveFastifyReply(this.#reply, unwrapResponse(this.#reply, payload))
    const { raw } = this.#reply
    // By this Fastify knows what to ignore, and to tell of in its log: whatever a handler sends or throws after its answer.
    Object.defineProperty(raw, 'writableEnded', { configurable: true, get: () => !this.#isOver || raw.finished })
    this.#terminal.resolve(this.#live)
  }

  /** Adds fields to an answer that is Fastify's own otherwise. */
  #dress(): void {
    this.#isBare = false
    const live = headOf(this.#reply)
    changeHead(this.#reply, live, this.#terminal.dress(live))
  }

  #answer(reply: Reply): void {
    if (this.#isOver) return
    this.#close()
    const live = this.#live
    try {
      assertReply(reply)
      if (live === undefined) return this.#sendOwn(reply)
      if (reply.body !== live.body) return this.#replace(reply)
      if (reply !== live) changeHead(this.#reply, live, reply)
    } catch (error) {
      return this.#answerInstead(error)
    }
    this.#handOn(live.payload)
  }

  /** What Fastify will not write it answers itself, as an error of the handler. */
  #handOn(payload: unknown): void {
    try {
      this.#send?.(null, payload)
    } catch (error) {
      this.#send?.(error as Error)
    }
  }

  /** A reply that cannot be written is a bug in whatever made it. */
  #answerInstead(error: unknown): void {
    const reply = failed(error)
    if (this.#live === undefined) this.#sendOwn(reply)
    else this.#replace(reply)
  }

  /** A reply without Fastify's: sent as a handler would, so that other plugins' hooks see it. */
  #sendOwn(reply: Reply): void {
    const payload = this.#setHead(reply)
    this.#isUntyped = !reply.headers.has('content-type')
    this.#reply.send(payload ?? undefined)
  }

  #replace(reply: Reply): void {
    // Copied before the head is restored: the fields may be a view of it.
    const headers = toFields([...reply.headers])
    restoreHead(this.#reply, this.#before ?? {})
    this.#handOn(this.#setHead({ status: reply.status, headers, body: reply.body }))
  }

  /** Sets a reply's head; gives its body as Fastify takes it. */
  #setHead(reply: Reply): unknown {
    const { req } = this.#call
    const { head, body } = toWireReply(reply, req.method === 'HEAD', req.httpVersionMajor >= 2)
    // Fastify works the length out itself, and where the answer before had trailers there must be none.
    if (body !== null) delete head['content-length']
    for (const name in head) setField(this.#reply, name, head[name] ?? '')
    this.#reply.code(reply.status)
    if (body === null || body instanceof ReadableStream) return body
    return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  }

  /** A handler that took the response over (`reply.hijack()`) has answered without Fastify: the policy learns what it can. */
  #onClose(): void {
    const { raw } = this.#reply
    if (this.#isOver || this.#live !== undefined || !raw.headersSent) return
    this.#isOver = true
    this.#terminal.resolve(goneReply(raw))
  }

  #close(): void {
    this.#isOver = true
    this.#terminal.close()
  }
}
