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

interface Entry {
  readonly key: FactKey<unknown>
  value: unknown
  readonly next: Entry | undefined
}

/** A call has a handful of facts: to walk along them is cheaper than to hash, and a chain of them smaller than a map. */
class FactChain implements Facts {
  #first: Entry | undefined

  get<T>(key: FactKey<T>): T | undefined {
    return this.#find(key)?.value as T | undefined
  }

  set<T>(key: FactKey<T>, value: T): void {
    const known = this.#find(key)
    if (known === undefined) this.#first = { key, value, next: this.#first }
    else known.value = value
  }

  #find(key: FactKey<unknown>): Entry | undefined {
    let entry = this.#first
    while (entry !== undefined && entry.key !== key) entry = entry.next
    return entry
  }
}

/** Makes an empty bag of facts. */
export function createFacts(): Facts {
  return new FactChain()
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
