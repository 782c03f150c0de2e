import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { types } from 'node:util'
import { bodyIncomplete } from '../../core/errors.ts'
import { toFields } from '../../core/fields.ts'
import type { Reply } from '../../core/reply.ts'
import { failureReply, reportFailure } from '../failure.ts'
import { assertReply } from '../terminal.ts'
import type { Terminal } from '../terminal.ts'
import { changeHead, restoreHead } from './change-head.ts'
import { takeHead } from './head-args.ts'
import type { HeadFields } from './head-args.ts'
import { HeldBody } from './held-body.ts'
import type { WriteCallback } from './held-body.ts'
import { asEnded, divert, dropTrailers, markEnded, markHeld, unmark } from './held.ts'
import { LiveFields } from './live-fields.ts'
import type { NodeCall } from './call.ts'
import { mappedNatives } from './mapped-natives.ts'
import { nativesOf } from './natives.ts'
import type { Natives } from './natives.ts'
import { writeReply } from './write-reply.ts'

type Encoding = BufferEncoding | WriteCallback | null | undefined

/**
 * Stands between a framework and its response. Holds what the framework writes from the head on, until the policy says what
 * becomes of it; from then on everything passes, or nothing does.
 */
export class Interception {
  readonly #call: NodeCall
  readonly #terminal: Terminal
  #natives: Natives
  readonly #before: OutgoingHttpHeaders
  #phase: 'waiting' | 'held' | 'open' | 'discarding' = 'waiting'
  #live: Reply | undefined
  #body: HeldBody | undefined
  #isExplicit = false
  #isFlushed = false
  #isEnded = false
  #endsWithChunk = false
  #endCallback: WriteCallback | undefined
  #failure: Error | undefined

  constructor(call: NodeCall, terminal: Terminal) {
    const { res } = call
    this.#call = call
    this.#terminal = terminal
    this.#natives = nativesOf(res)
    this.#before = res.getHeaders()
    // Bound, not arrow functions: V8 carries those, hung on a response, with all they hold through every young collection to the next
    // full one, which made an intercepted call three times dearer.
    res.writeHead = this.#writeHead.bind(this) as ServerResponse['writeHead']
    res.write = this.#write.bind(this) as ServerResponse['write']
    res.end = this.#end.bind(this) as ServerResponse['end']
    res.flushHeaders = this.#flushHeaders.bind(this)
    res.destroy = this.#destroy.bind(this) as ServerResponse['destroy']
  }

  /** Carries out what the policy answered. */
  answer(reply: Reply): void {
    const live = this.#live
    try {
      assertReply(reply)
      if (live === undefined || reply.body !== live.body) return this.#replace(reply)
      unmark(this.#call.res)
      // What a handler sets after its head, by an error that comes too late say, has no effect.
      this.#call.res.statusCode = reply.status
      if (reply !== live) changeHead(this.#call.res, live, reply)
      this.#letGo()
    } catch (error) {
      reportFailure(error)
      this.#replace(failureReply(undefined))
    }
  }

  /** The handler failed by an exception; an answer it had begun will never be whole. */
  fail(error: unknown): void {
    if (this.#phase === 'waiting') return this.#terminal.reject(error)
    if (this.#phase === 'discarding' || this.#isEnded) return
    this.#failure = bodyIncomplete(error)
    this.#body?.break(this.#failure)
    if (this.#phase === 'open') this.#call.res.destroy()
  }

  #writeHead(status: number, reason: unknown, fields: HeadFields): ServerResponse {
    const { res } = this.#call
    if (this.#phase === 'discarding') return res
    if (this.#phase !== 'waiting') return this.#natives.writeHead.call(res, status, reason, fields)
    if (typeof reason === 'string') takeHead(res, status, reason, fields)
    else takeHead(res, status, undefined, (fields ?? reason) as HeadFields)
    this.#isExplicit = true
    this.#hold()
    return res
  }

  #write(chunk: Uint8Array | string, encoding: Encoding, callback: WriteCallback | undefined): boolean {
    const { res } = this.#call
    if (this.#phase === 'open' || !isChunk(chunk)) return this.#natives.write.call(res, chunk, encoding, callback)
    if (this.#phase === 'held' && this.#isEnded) return asEnded(res, () => this.#natives.write.call(res, chunk, encoding, callback))
    const done = typeof encoding === 'function' ? encoding : (callback ?? undefined)
    if (this.#phase === 'discarding') {
      if (done !== undefined) process.nextTick(done)
      return true
    }
    return this.#hold().push(chunk, toEncoding(encoding), done)
  }

  #end(chunk: unknown, encoding: Encoding, callback: WriteCallback | undefined): ServerResponse {
    const { res } = this.#call
    if (this.#phase === 'open' || (chunk && typeof chunk !== 'function' && !isChunk(chunk)))
      return this.#natives.end.call(res, chunk, encoding, callback)
    if (this.#phase === 'held' && this.#isEnded) return asEnded(res, () => this.#natives.end.call(res, chunk, encoding, callback))
    const done =
      typeof chunk === 'function' ? (chunk as WriteCallback) : typeof encoding === 'function' ? encoding : (callback ?? undefined)
    if (this.#phase === 'discarding') {
      if (done !== undefined) whenFinished(res, done)
      return res
    }
    const body = this.#hold()
    this.#endsWithChunk = isChunk(chunk)
    if (this.#endsWithChunk) body.push(chunk as string, toEncoding(encoding), undefined)
    this.#isEnded = true
    this.#endCallback = done
    markEnded(res)
    body.end()
    return res
  }

  #flushHeaders(): void {
    if (this.#phase === 'open') return this.#natives.flushHeaders.call(this.#call.res)
    if (this.#phase === 'discarding') return
    this.#hold()
    this.#isFlushed = true
  }

  #destroy(error: Error | undefined): ServerResponse {
    const broken = bodyIncomplete(error)
    if (this.#phase === 'waiting') this.#terminal.reject(broken)
    else this.#body?.break(broken)
    return this.#natives.destroy.call(this.#call.res, error)
  }

  /** The head is known: the policy goes on, the framework's further output waits. */
  #hold(): HeldBody {
    if (this.#body !== undefined) return this.#body
    const { res } = this.#call
    takeHead(res, res.statusCode)
    const body = new HeldBody(res.writableHighWaterMark, () => this.#untilClosed())
    this.#body = body
    this.#phase = 'held'
    this.#live = { status: res.statusCode, headers: new LiveFields(res), body }
    markHeld(res)
    this.#terminal.resolve(this.#live)
    return body
  }

  /** A capture lets the framework run on, and must not wait for a producer that stopped because the client went away. */
  #untilClosed(): void {
    const { res } = this.#call
    this.#giveDrain()
    res.once('close', () => this.#body?.break(bodyIncomplete()))
  }

  #giveDrain(): void {
    const body = this.#body
    if (body === undefined || !body.owesDrain) return
    body.owesDrain = false
    process.nextTick(() => this.#call.res.emit('drain'))
  }

  #letGo(): void {
    const { res } = this.#call
    const body = this.#hold()
    const writes = body.take()
    if (body.mapping !== undefined) this.#natives = mappedNatives(this.#natives, body.mapping, res)
    this.#phase = 'open'
    if (this.#isExplicit) this.#natives.writeHead.call(res, res.statusCode)
    // The last chunk goes with end(), for which Node works out the content-length, unless the framework did it otherwise.
    const last = this.#endsWithChunk ? writes.pop() : undefined
    let isFlowing = true
    for (const { chunk, encoding, callback } of writes) isFlowing = this.#natives.write.call(res, chunk, encoding, callback)
    if (this.#isEnded) this.#natives.end.call(res, last?.chunk, last?.encoding, this.#endCallback)
    else if (this.#isFlushed && writes.length === 0) this.#natives.flushHeaders.call(res)
    if (this.#failure !== undefined) res.destroy()
    else if (isFlowing) this.#giveDrain()
  }

  /** The natives, with the way open while they run: some call the response's own methods in turn, HTTP/2's end() its write(). */
  #passing(): Natives {
    const pass =
      <A extends unknown[], R>(native: (this: ServerResponse, ...args: A) => R) =>
      (...args: A): R => {
        this.#phase = 'open'
        try {
          return native.apply(this.#call.res, args)
        } finally {
          this.#phase = 'discarding'
        }
      }
    const { writeHead, write, end, flushHeaders, destroy } = this.#natives
    return { writeHead: pass(writeHead), write: pass(write), end: pass(end), flushHeaders, destroy }
  }

  #replace(reply: Reply): void {
    const { req, res } = this.#call
    if (this.#phase === 'open' && res.headersSent) return void res.destroy()
    const isLate = this.#phase === 'waiting'
    const fields = [...reply.headers]
    const held = this.#body?.take() ?? []
    this.#phase = 'discarding'
    unmark(res)
    dropTrailers(res)
    restoreHead(res, this.#before)
    writeReply(req, res, { ...reply, headers: toFields(fields) }, this.#passing())
    for (const { callback } of held) if (callback !== undefined) process.nextTick(callback)
    if (this.#endCallback !== undefined) whenFinished(res, this.#endCallback)
    this.#giveDrain()
    if (isLate) divert(res)
  }
}

/** What Node takes. Anything else it is given at once, to refuse it inside the handler's own call, before it does anything. */
function isChunk(chunk: unknown): chunk is Uint8Array | string {
  return typeof chunk === 'string' || types.isUint8Array(chunk)
}

function toEncoding(encoding: Encoding): BufferEncoding | undefined {
  return typeof encoding === 'string' ? encoding : undefined
}

function whenFinished(res: ServerResponse, callback: WriteCallback): void {
  if (res.writableFinished || res.destroyed) process.nextTick(callback)
  else res.once('finish', () => callback())
}
