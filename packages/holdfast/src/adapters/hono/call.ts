import type { ServerResponse } from 'node:http'
import type { Call } from '../../core/call.ts'
import { FetchCall } from '../fetch/call.ts'
import { isHttp1 } from '../node/held.ts'
import { readBodyAhead } from '../request-body.ts'
import type { IncomingHead, ReadAhead } from '../request-body.ts'

/** Node's own request, which Hono's Node server hands on in the environment. */
export interface Incoming extends IncomingHead, ReadAhead {
  readonly socket?: { readonly remoteAddress?: string | undefined } | null
  readonly readableDidRead: boolean
  readonly readableFlowing: boolean | null
  rawBody?: Uint8Array
}

/**
 * A call over Hono's request. On Node its body is read from the socket's own stream and put back: cloning the `Request` would
 * cost more than the rest of the exchange.
 */
export class HonoCall extends FetchCall {
  readonly #incoming: Incoming | undefined
  readonly #outgoing: Outgoing | undefined
  #hasReadAhead = false

  constructor(request: Request, env: unknown, outer: Call | undefined) {
    super(request, outer)
    this.#incoming = incomingOf(env)
    this.#outgoing = outgoingOf(env)
  }

  override get peer(): string | undefined {
    return this.#incoming?.socket?.remoteAddress ?? super.peer
  }

  override whenClosed(action: () => void): void {
    const outgoing = this.#outgoing
    if (outgoing === undefined) super.whenClosed(action)
    else if (outgoing.closed || outgoing.destroyed) action()
    else outgoing.once('close', action)
  }

  /** Node's own response, where fields can be added to it as its head is written. */
  get response(): ServerResponse | undefined {
    const outgoing = this.#outgoing
    return outgoing !== undefined && 'writeHead' in outgoing && isHttp1(outgoing as ServerResponse)
      ? (outgoing as ServerResponse)
      : undefined
  }

  protected override load(limit: number): Promise<Uint8Array> {
    const incoming = this.#incoming
    const isUntouched = incoming !== undefined && !incoming.readableDidRead && incoming.readableFlowing === null
    return isUntouched || this.#hasReadAhead ? this.#readAhead(incoming as Incoming, limit) : super.load(limit)
  }

  async #readAhead(incoming: Incoming, limit: number): Promise<Uint8Array> {
    this.#hasReadAhead = true
    const bytes = await readBodyAhead(incoming, limit)
    // Hono's Node server reads no stream that was read before, but takes the body from here, where hosts leave it that parse first.
    incoming.rawBody = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return bytes
  }
}

/** Node's own response, handed on beside the request. */
interface Outgoing {
  readonly closed: boolean
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
}

function outgoingOf(env: unknown): Outgoing | undefined {
  const outgoing = (env as { outgoing?: Partial<Outgoing> } | null | undefined)?.outgoing
  return typeof outgoing?.once === 'function' ? (outgoing as Outgoing) : undefined
}

function incomingOf(env: unknown): Incoming | undefined {
  const incoming = (env as { incoming?: Partial<Incoming> } | null | undefined)?.incoming
  return typeof incoming?.unshift === 'function' && typeof incoming.read === 'function' ? (incoming as Incoming) : undefined
}
