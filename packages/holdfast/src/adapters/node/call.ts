import type { IncomingMessage, ServerResponse } from 'node:http'
import { createCall } from '../../core/call.ts'
import type { Call, CallChange } from '../../core/call.ts'
import { HoldfastError, configurationError } from '../../core/errors.ts'
import { createFacts } from '../../core/facts.ts'
import type { Facts } from '../../core/facts.ts'
import { BodyMemo } from '../body-memo.ts'
import type { Reply } from '../../core/reply.ts'
import { ChangedCall } from '../changed-call.ts'
import { toBytes } from '../parsed-body.ts'
import { mayHaveBody, readBodyAhead } from '../request-body.ts'
import type { BareRun } from '../terminal.ts'
import { clientGone } from './client-gone.ts'
import { goneReply } from './gone-reply.ts'
import { RequestFields } from './request-fields.ts'

const callKey: unique symbol = Symbol('holdfast.call')

/** What frameworks and parsers add to a request. */
export interface ParsedRequest extends IncomingMessage {
  originalUrl?: string
  protocol?: string
  body?: unknown
  rawBody?: unknown
  [callKey]?: Call
}

const nothing = new Uint8Array(0)

/** A call over Node's own request. Everything in it is a view, made when asked for. */
export class NodeCall implements BareRun, Call {
  readonly req: ParsedRequest
  readonly res: ServerResponse
  /** Whether the request's body was read here, and so must be drained by whoever leaves it unread. */
  hasReadAhead = false
  /** The URL as it came, once the request shows another one to its framework. */
  keptUrl: string | undefined
  readonly #outer: Call | undefined
  #headers: RequestFields | undefined
  #facts: Facts | undefined
  #signal: AbortSignal | undefined
  #request: Request | undefined
  #memo: BodyMemo | undefined

  constructor(req: ParsedRequest, res: ServerResponse) {
    this.req = req
    this.res = res
    this.#outer = req[callKey]
    req[callKey] = this
  }

  get method(): string {
    return this.req.method ?? 'GET'
  }

  get url(): string {
    return this.keptUrl ?? this.req.originalUrl ?? this.req.url ?? '/'
  }

  get headers(): RequestFields {
    this.#headers ??= new RequestFields(this.req)
    return this.#headers
  }

  get facts(): Facts {
    this.#facts ??= this.#outer?.facts ?? createFacts()
    return this.#facts
  }

  get peer(): string | undefined {
    return this.req.socket.remoteAddress
  }

  whenClosed(action: () => void): void {
    const { res } = this
    if (res.closed || res.destroyed) action()
    else res.once('close', action)
  }

  get signal(): AbortSignal {
    this.#signal ??= clientGone(this.res)
    return this.#signal
  }

  bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.#memo ??= new BodyMemo((most) => this.#outer?.bytes(most) ?? this.load(most))
    return this.#memo.bytes(limit)
  }

  get request(): Request {
    this.#request ??= this.toRequest()
    return this.#request
  }

  with(change: Partial<CallChange>): Call {
    return new ChangedCall(this, change)
  }

  async sent(): Promise<Reply> {
    const { res } = this
    if (!res.writableEnded && !res.closed) await new Promise((resolve) => res.once('close', resolve))
    return goneReply(res)
  }

  /** Reads the body once: before a parser from the stream, after it from what the parser kept. */
  protected load(limit: number): Promise<Uint8Array> | Uint8Array {
    const { req } = this
    if (req.rawBody instanceof Uint8Array || typeof req.rawBody === 'string') return toBytes(req.rawBody)
    if (req.readableEnded || (req.readableDidRead && !this.hasReadAhead)) return this.parsed()
    askToContinue(req, this.res)
    this.hasReadAhead = true
    return readBodyAhead(req, limit)
  }

  protected parsed(): Uint8Array {
    const { req } = this
    if (req.body !== undefined) return toBytes(req.body)
    if (!mayHaveBody(req)) return nothing
    throw configurationError('the body was read before Holdfast saw it; mount the adapter first, or keep the bytes as req.rawBody')
  }

  protected toRequest(): Request {
    const { method, headers, signal } = this
    const body = mayHaveBody(this.req) ? { body: (limit: number) => this.bytes(limit) } : {}
    return createCall({ method, url: this.#absoluteUrl(), headers, signal, ...body }).request
  }

  protected get scheme(): string {
    return this.req.protocol ?? ('encrypted' in this.req.socket ? 'https' : 'http')
  }

  #absoluteUrl(): string {
    const { req, url } = this
    if (URL.canParse(url)) return url
    const authority = req.headers.host ?? req.headers[':authority'] ?? 'localhost'
    const path = url.startsWith('/') ? url : '/'
    const absolute = `${this.scheme}://${String(authority)}${path}`
    return URL.canParse(absolute) ? absolute : `${this.scheme}://localhost${path}`
  }
}

/** Makes a call findable by its request: the one a policy changed takes the place of the one before. */
export function remember(req: ParsedRequest, call: Call): void {
  req[callKey] = call
}

/**
 * The call of a request, for code that has the request at hand.
 *
 * @throws HoldfastError `no-current-call` for a request no adapter has seen
 * @example
 * const account = callOf(req).facts.get(accountFact)
 */
export function callOf(req: object): Call {
  const call = (req as { [callKey]?: Call })[callKey]
  if (call === undefined) throw new HoldfastError('no-current-call', 'this request has no call; mount the adapter before this route')
  return call
}

/** A server that listens for 'checkContinue' leaves the 100 to its handler, and the client waits for it (RFC 9110 section 10.1.1). */
function askToContinue(req: IncomingMessage, res: ServerResponse): void {
  const { expect } = req.headers
  if (expect?.toLowerCase() === '100-continue' && !(res as { _sent100?: boolean })._sent100) res.writeContinue()
}
