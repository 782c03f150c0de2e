/** The name of one typed fact; made once, at module level, by the code that owns the fact. */
export interface FactKey<T> {
  readonly name: string
  /** Carries the type only; never present at run time. */
  readonly type?: T
}

/**
 * Makes the key of a fact. Two keys of one name are different facts.
 *
 * @example
 * const region = defineFact<string>('region')
 * call.facts.set(region, 'eu')
 */
export function defineFact<T>(name: string): FactKey<T> {
  return { name }
}

/** What the policies of one call have learned about it so far: a typed bag, shared by a call and the calls made from it by `with`. */
export interface Facts {
  get<T>(key: FactKey<T>): T | undefined
  set<T>(key: FactKey<T>, value: T): void
}

/** A call has a handful of facts: to walk through them is cheaper than to hash, and a list than a map. */
class FactList implements Facts {
  readonly #keys: FactKey<unknown>[] = []
  readonly #values: unknown[] = []

  get<T>(key: FactKey<T>): T | undefined {
    const at = this.#keys.indexOf(key)
    return at < 0 ? undefined : (this.#values[at] as T)
  }

  set<T>(key: FactKey<T>, value: T): void {
    const at = this.#keys.indexOf(key)
    if (at < 0) this.#keys.push(key)
    this.#values[at < 0 ? this.#keys.length - 1 : at] = value
  }
}

/** Makes an empty bag of facts. */
export function createFacts(): Facts {
  return new FactList()
}

/** The account a call belongs to: the scope of keys, limits, cursors and pins. Set by the account step. */
export const accountFact: FactKey<string> = defineFact<string>('account')

/** The API version a call is made under. Set by the version step. */
export const versionFact: FactKey<string> = defineFact<string>('version')

/** The API version a caller named itself; absent when its pin or the default decided. Set by the version step. */
export const namedVersionFact: FactKey<string> = defineFact<string>('named version')

/** The database transaction a handler must write through, when its route runs in one. */
export const transactionFact: FactKey<unknown> = defineFact<unknown>('transaction')

/** The route a call matched, as declared: `POST /transfers`. */
export const routeFact: FactKey<string> = defineFact<string>('route')

/** How long the caller still waits. Time that has run out is negative. */
export interface Deadline {
  remainingMs(): number
}

/** When the caller stops waiting. In a server set from the field Holdfast-Timeout, in a client by its deadline policy. */
export const deadlineFact: FactKey<Deadline> = defineFact<Deadline>('deadline')

/** Which attempt of the caller's a call is, counted from 1. Absent where the caller does not say. */
export const attemptFact: FactKey<number> = defineFact<number>('attempt')

/** The URL as the caller sent it. Set by a step that rewrites the URL, for those that write links back. */
export const sentUrlFact: FactKey<string> = defineFact<string>('sent-url')
