import { AsyncLocalStorage } from 'node:async_hooks'
import { HoldfastError, configurationError, currentCall, defineFact } from '../core/index.ts'
import type { Call, FactKey } from '../core/index.ts'
import { boundedTransaction } from './bounded-transaction.ts'
import type { KeyName } from './seal.ts'
import type { Settings } from './settings.ts'
import { isStoreFailure } from './store-calls.ts'
import type { IdempotencyStore } from './store.ts'

/** What a handler can do with the key it runs under. */
export interface IdempotencyContext {
  readonly key: string
  /** Which execution of the key this is, from 1: a fencing token for downstream systems that compare numbers. */
  readonly attempt: number
  /** Aborts when another process has taken the key over: stop, nothing this run does will be recorded. */
  readonly signal: AbortSignal
  /** Says that effects start now; a throw before it releases the key, where the route declares `effectsAfterBegin`. */
  begin(): void
  /** A key for a call to another system, the same in every attempt. */
  derive(label: string): string
  /**
   * Runs a step of a resumable call once: its result is saved, and a later attempt gets it instead of running the step again. A
   * crash between effect and save runs the step again, so give `derive(name)` to the system it calls. The result must be JSON.
   */
  step<T>(name: string, run: () => T | Promise<T>): Promise<T>
  /** Like `step`, for effects in the store's own database: rows and result in one commit, so that it happens exactly once. */
  stepInTransaction<T>(name: string, run: (transaction: unknown) => T | Promise<T>): Promise<T>
}

const contextFact: FactKey<IdempotencyContext> = defineFact<IdempotencyContext>('idempotency')

/**
 * The idempotency context of a call.
 *
 * @throws HoldfastError `configuration-invalid` when the call runs under no key
 * @example
 * const charge = await idempotencyOf().step('charge', () => provider.charge(amount, { idempotencyKey: idempotencyOf().derive('charge') }))
 */
export function idempotencyOf(call: Call = currentCall()): IdempotencyContext {
  const context = call.facts.get(contextFact)
  if (context === undefined)
    throw configurationError(
      'idempotencyOf() was called for a call without an idempotency key; declare its route with idempotency, and a required key',
    )
  return context
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Tells a step that is started inside the transaction of another: it would wait for itself. */
const insideStep = new AsyncLocalStorage<true>()

const noResults: Readonly<Record<string, unknown>> = {}

/** The context of one execution, as the policy sees it. */
export class ExecutionContext implements IdempotencyContext {
  readonly key: string
  readonly attempt: number
  readonly owner: string
  begun = false
  readonly #settings: Settings
  readonly #name: KeyName
  readonly #id: string
  /** Made when it is asked for: most handlers never look, and it costs more than a claim. */
  #aborter: AbortController | undefined
  #lost: HoldfastError | undefined
  #results: Readonly<Record<string, unknown>>
  #saving: Promise<unknown> | undefined
  /** Why it is not known what was saved. */
  #doubt: Error | undefined

  constructor(settings: Settings, name: KeyName, id: string, owner: string, attempt: number, progress: Uint8Array | undefined) {
    this.key = name.key
    this.attempt = attempt
    this.owner = owner
    this.#settings = settings
    this.#name = name
    this.#id = id
    this.#results =
      progress === undefined ? noResults : (JSON.parse(decoder.decode(settings.sealer.open(name, progress))) as Record<string, unknown>)
  }

  get signal(): AbortSignal {
    this.#aborter ??= new AbortController()
    if (this.#lost !== undefined) this.#aborter.abort(this.#lost)
    return this.#aborter.signal
  }

  /** Whether the lease is gone. */
  get isLost(): boolean {
    return this.#lost !== undefined
  }

  attachTo(call: Call): void {
    call.facts.set(contextFact, this)
  }

  begin(): void {
    this.begun = true
  }

  derive(label: string): string {
    return this.#settings.sealer.derive(this.#name, label)
  }

  step<T>(name: string, run: () => T | Promise<T>): Promise<T> {
    return this.#once(name, async () => {
      const result = await run()
      return this.#save(name, () => result)
    })
  }

  stepInTransaction<T>(name: string, run: (transaction: unknown) => T | Promise<T>): Promise<T> {
    return this.#once(name, () => this.#save(name, run))
  }

  /** Tells the handler that its lease is gone. */
  lose(): void {
    this.#lost ??= new HoldfastError(
      'lease-lost',
      'another process has taken this idempotency key over; nothing this run does will be recorded',
    )
    this.#aborter?.abort(this.#lost)
  }

  async #once<T>(name: string, perform: () => Promise<T>): Promise<T> {
    const { guarantee } = this.#settings
    if (guarantee !== 'resumable')
      throw configurationError(`step ${JSON.stringify(name)}: the route is declared ${guarantee}; steps need 'resumable'`)
    if (insideStep.getStore() === true)
      throw configurationError(`step ${JSON.stringify(name)}: it was started inside stepInTransaction; end that step first`)
    if (Object.hasOwn(this.#results, name)) return this.#results[name] as T
    this.signal.throwIfAborted()
    return perform()
  }

  /** One after the other: each saves the results of all before it. */
  #save<T>(name: string, run: (transaction: unknown) => T | Promise<T>): Promise<T> {
    const saved = (this.#saving ?? Promise.resolve()).then(() => this.#saveNow(name, run))
    this.#saving = saved.catch(() => undefined)
    return saved
  }

  async #saveNow<T>(name: string, run: (transaction: unknown) => T | Promise<T>): Promise<T> {
    if (this.#doubt !== undefined) throw this.#doubt
    const { sealer } = this.#settings
    const store = this.#settings.store as Required<IdempotencyStore>
    let result: T | undefined
    let results = this.#results
    const body = async (transaction: unknown): Promise<Uint8Array> => {
      result = await insideStep.run(true, () => run(transaction))
      results = { ...this.#results, [name]: result ?? null }
      return sealer.seal(this.#name, encoder.encode(JSON.stringify(results)))
    }
    const saved = await boundedTransaction(this.#settings, (bounded) => store.step(this.#id, this.owner, bounded), body).catch(
      (error: unknown) => {
        // A save that was not heard of may be there all the same: the next one must not put what is known here in its place.
        if (results !== this.#results && isStoreFailure(error)) this.#doubt = error as Error
        throw error
      },
    )
    if (saved === undefined) {
      this.lose()
      throw this.signal.reason as Error
    }
    this.#results = results
    return result as T
  }
}
