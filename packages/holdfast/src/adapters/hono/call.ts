import type { CallChange, Call } from '../../core/call.ts'
import { BodyMemo } from '../body-memo.ts'
import { ChangedCall } from '../changed-call.ts'
import { FetchCall } from '../fetch/call.ts'
import { readBodyAhead } from '../request-body.ts'
import type { IncomingHead, ReadAhead } from '../request-body.ts'

/** Node's own request, which Hono's Node server hands on in the environment. */
export interface Incoming extends IncomingHead, ReadAhead {
  readonly readableDidRead: boolean
  readonly readableFlowing: boolean | null
}

/**
 * A call over Hono's request. On Node its body is read from the socket's own stream and put back: cloning the `Request` would
 * cost more than the rest of the exchange.
 */
export class HonoCall extends FetchCall {
  readonly #incoming: Incoming | undefined
  #memo: BodyMemo | undefined

  constructor(request: Request, env: unknown) {
    super(request)
    this.#incoming = incomingOf(env)
  }

  override bytes(limit: number = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    this.#memo ??= new BodyMemo((most) => this.#load(most))
    return this.#memo.bytes(limit)
  }

  override with(change: Partial<CallChange>): Call {
    return new ChangedCall(this, change)
  }

  #load(limit: number): Promise<Uint8Array> {
    const incoming = this.#incoming
    const isUntouched = incoming !== undefined && !incoming.readableDidRead && incoming.readableFlowing === null
    return isUntouched ? readBodyAhead(incoming, limit) : super.bytes(limit)
  }
}

function incomingOf(env: unknown): Incoming | undefined {
  const incoming = (env as { incoming?: Partial<Incoming> } | null | undefined)?.incoming
  return typeof incoming?.unshift === 'function' && typeof incoming.read === 'function' ? (incoming as Incoming) : undefined
}
