import type { Call } from '../../core/call.ts'
import { targetOf } from '../../core/call.ts'
import { ChangedCall } from '../changed-call.ts'
import { NodeCall } from '../node/call.ts'
import { handOver, parsedLike } from '../node/hand-over.ts'
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
    return this.keptUrl ?? this.#request.originalUrl
  }

  /** Shows Fastify's handler the call as policies changed it: Fastify has parsed body and query before. */
  handOver(changed: Call): void {
    const request = this.#request
    handOver(this, changed)
    if (this.keptUrl !== undefined) request.query = toQuery(targetOf(changed.url).query)
    const bytes = changed instanceof ChangedCall ? changed.changedBody : undefined
    if (bytes === undefined || request.body === undefined || request.body === null) return
    request.body = parsedLike(request.body, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
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

/** As Fastify's own parser of queries gives it: a list for a name that is repeated. */
function toQuery(query: string): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>
  const given = new URLSearchParams(query)
  for (const name of new Set(given.keys())) {
    const all = given.getAll(name)
    values[name] = all.length > 1 ? all : (all[0] ?? '')
  }
  return values
}
