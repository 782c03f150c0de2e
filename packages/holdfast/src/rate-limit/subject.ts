import { hash } from 'node:crypto'
import { accountFact, routeFact } from '../core/index.ts'
import type { Call } from '../core/index.ts'
import type { CallerAddress } from './caller-address.ts'
import type { LimitSubject } from './options.ts'

/** How the parts of a subject are found; the same for all calls. */
export interface SubjectSources {
  /** Begins the name of every owner. */
  readonly namespace: string
  readonly address: (call: Call) => CallerAddress
  readonly account: ((call: Call) => string | undefined) | undefined
}

/** A call, as limits see it. What few limits ask for is found when one does. */
export class Subject implements LimitSubject {
  readonly call: Call
  readonly account: string | undefined
  plan: string | undefined
  readonly #sources: SubjectSources
  #owner: string | undefined
  #address: CallerAddress | undefined
  #credential: string | undefined

  constructor(call: Call, sources: SubjectSources) {
    this.call = call
    this.#sources = sources
    this.account = call.facts.get(accountFact) ?? sources.account?.(call)
  }

  get route(): string | undefined {
    return this.call.facts.get(routeFact)
  }

  /** The account as an owner of counters. */
  get accountOwner(): string {
    this.#owner ??= `${this.#sources.namespace}/account/${this.account ?? ''}`
    return this.#owner
  }

  get address(): CallerAddress {
    this.#address ??= this.#sources.address(this.call)
    return this.#address
  }

  /** The credential, in a form that tells nobody what it is. */
  get credential(): string {
    this.#credential ??= shortened(this.call.headers.get('authorization') ?? '')
    return this.#credential
  }
}

/** A digest that is as good as the value for telling it from others. */
export function shortened(value: string): string {
  return hash('sha256', value, 'base64url').slice(0, 32)
}
