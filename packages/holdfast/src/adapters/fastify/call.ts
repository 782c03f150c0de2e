import { NodeCall } from '../node/call.ts'
import { toBytes } from '../parsed-body.ts'
import { mayHaveBody } from '../request-body.ts'
import type { KeptBody } from './kept-body.ts'
import type { FastifyRequest } from './types.ts'

const keptKey: unique symbol = Symbol('holdfast.kept')

interface KeepingRequest {
  [keptKey]?: KeptBody
}

/** Attaches the bytes of a request's body to it. */
export function attachKept(raw: object, kept: KeptBody): void {
  ;(raw as KeepingRequest)[keptKey] = kept
}

/** A call over Fastify's request, whose body Fastify has parsed before any policy runs. */
export class FastifyCall extends NodeCall {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest, res: NodeCall['res']) {
    super(request.raw, res)
    this.#request = request
  }

  override get url(): string {
    return this.#request.originalUrl
  }

  protected override parsed(): Uint8Array {
    const { raw, body } = this.#request
    const kept = (raw as KeepingRequest)[keptKey]
    const bytes = kept?.bytes()
    if (bytes !== undefined) return bytes
    if (body !== undefined && body !== null) return toBytes(body)
    if (kept !== undefined && mayHaveBody(raw)) throw kept.tooLarge()
    return super.parsed()
  }

  protected override get scheme(): string {
    return this.#request.protocol
  }
}
