import { HoldfastError, configurationError, currentCall, defineFact } from '../core/index.ts'
import type { Call, FactKey } from '../core/index.ts'
import { decide } from './decide.ts'
import type { Comparison, Preconditions, Target, Verdict } from './decide.ts'
import { readStateTag, stateTag, toState } from './etag.ts'
import type { State } from './etag.ts'

/** What a handler knows of a resource as it is now. */
export interface Current {
  readonly state: number | bigint | string
  /** When it last changed, milliseconds since the epoch; without it conditions on dates are ignored. */
  readonly modifiedAt?: number | undefined
  /**
   * The resource as this caller may see it, in the caller's version: goes into a 412 for callers that send `Prefer: return=representation`. Leave it out
   * where the caller may write but not read.
   */
  readonly representation?: unknown
}

/** A conditional write found the resource in another state. */
export interface Conflict {
  readonly verdict: Extract<Verdict, { kind: 'failed' }>
  readonly current: Current | undefined
}

/** What the states of one resource are compared with, for stores that compare in their own language. All of it must hold. */
export interface StateCondition {
  readonly presence: 'present' | 'absent' | 'any'
  /** The state must be one of these; an empty list is never met. */
  readonly oneOf: readonly State[] | undefined
  /** The state must be none of these. */
  readonly noneOf: readonly State[] | undefined
}

/**
 * Which state a caller expects a resource in. The handler's write must be made conditional on it: by a helper, by `verify` on a row it has locked, or by hand
 * with `condition()` and `settle()`. An answer below 400 whose expectation nobody consumed is a bug, and is treated as one.
 */
export interface Expectation {
  /** Whether the caller expects nothing: any state will do. */
  readonly isEmpty: boolean
  /** What to put into the write. */
  condition(): StateCondition
  /**
   * Says what the conditional write came to. With a row it succeeded, and the row comes back. Without one, `current` is asked what there is now: `undefined` comes
   * back, nothing was written, and the handler answers as it does for a resource that is not there. If it is there, Holdfast answers 412 in its place.
   */
  settle<Row>(rows: readonly Row[], current: () => Current | undefined | Promise<Current | undefined>): Promise<Row | undefined>
  /**
   * Compares with a state that cannot change before the handler's transaction ends: of a row it has locked, or in a database with one writer. Also right where nothing
   * will be written, because nothing would change. `false`: answer as for a resource that is not there.
   */
  verify(current: Current | undefined): boolean
  /** Whether a state would do. Consumes nothing and refuses nothing: for a look before the write. */
  admits(current: Current | undefined): boolean
}

/** What the expectations of one call share. */
export interface Guard {
  conflict: Conflict | undefined
  readonly all: CallExpectation[]
}

/** How the expectations of a route are compared. */
export interface ExpectationRules {
  readonly comparison: Comparison
  /** Whether the method makes the resource where there is none: then a condition on a missing one is false, and elsewhere it is not evaluated (RFC 9110 section 13.2.1). */
  readonly creates: boolean
}

/** An expectation, and whether it was consumed. */
export class CallExpectation implements Expectation {
  readonly isEmpty: boolean
  readonly #preconditions: Preconditions
  readonly #rules: ExpectationRules
  readonly #guard: Guard
  #isTaken = false
  #isMet = false

  constructor(preconditions: Preconditions, rules: ExpectationRules, guard: Guard) {
    const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = preconditions
    this.#preconditions = preconditions
    this.#rules = rules
    this.#guard = guard
    this.isEmpty = ifMatch === undefined && ifNoneMatch === undefined && ifUnmodifiedSince === undefined
    guard.all.push(this)
  }

  /** Whether the handler has made its write conditional, and the condition held. */
  get isConsumed(): boolean {
    return this.isEmpty || (this.#isTaken && this.#isMet)
  }

  condition(): StateCondition {
    this.#isTaken = true
    const { ifMatch, ifNoneMatch } = this.#preconditions
    const { acceptsWeakened } = this.#rules.comparison
    const oneOf = ifMatch?.kind === 'tags' ? statesOf(ifMatch.tags.filter(({ isWeak }) => acceptsWeakened || !isWeak)) : undefined
    const noneOf = ifNoneMatch?.kind === 'tags' ? statesOf(ifNoneMatch.tags) : undefined
    const mustBeAbsent = ifNoneMatch?.kind === 'any'
    const mustBePresent = ifMatch !== undefined
    if (mustBeAbsent && mustBePresent) return { presence: 'absent', oneOf: [], noneOf: undefined }
    return { presence: mustBeAbsent ? 'absent' : mustBePresent ? 'present' : 'any', oneOf, noneOf }
  }

  async settle<Row>(rows: readonly Row[], current: () => Current | undefined | Promise<Current | undefined>): Promise<Row | undefined> {
    const [row] = rows
    if (row !== undefined) this.#meet()
    else if (!this.isEmpty) this.#miss(await current())
    return row
  }

  verify(current: Current | undefined): boolean {
    this.#isTaken = true
    const verdict = this.#judge(current)
    if (verdict.kind === 'failed') this.#miss(current, verdict)
    else this.#meet()
    return verdict.kind !== 'failed'
  }

  admits(current: Current | undefined): boolean {
    return this.#judge(current).kind !== 'failed'
  }

  #judge(current: Current | undefined): Verdict {
    return decide(this.#preconditions, current && toTarget(current), this.#rules.comparison)
  }

  #meet(): void {
    this.#isMet = true
    // A handler may try again: what counts is the last attempt.
    if (this.#guard.all.every((one) => one === this || one.#isMet)) this.#guard.conflict = undefined
  }

  #miss(current: Current | undefined, verdict: Verdict = this.#judge(current)): void {
    this.#isMet = false
    if (current === undefined && !this.#rules.creates && this.#preconditions.ifNoneMatch?.kind !== 'any') return
    // The state may be right again by now, and still the write did not happen.
    const failed: Conflict['verdict'] = verdict.kind === 'failed' ? verdict : { kind: 'failed', field: 'if-match', isWeakened: false }
    this.#guard.conflict = { verdict: failed, current }
  }
}

function statesOf(tags: readonly { readonly opaque: string }[]): State[] {
  const states = tags.flatMap(({ opaque }) => readStateTag(opaque)?.state ?? [])
  return [...new Set(states)]
}

function toTarget({ state, modifiedAt }: Current): Target {
  return { tag: { opaque: stateTag(toState(state)).slice(1, -1), isWeak: false }, modifiedAt }
}

/** What the guard of a route puts on a call: the caller's expectation, and what all expectations of the call share. */
export interface GuardedCall {
  readonly expectation: Expectation
  /** What expectations of tags in the body are made with, on routes that declare some. */
  readonly tags: { readonly rules: ExpectationRules; readonly guard: Guard } | undefined
}

/** Set by the guard of a route. */
export const guardFact: FactKey<GuardedCall> = defineFact<GuardedCall>('expectation')

function guardOf(call: Call): GuardedCall {
  const found = call.facts.get(guardFact)
  if (found === undefined)
    throw configurationError(
      `${call.method} ${call.url.split('?', 1)[0]} has no expectation: declare its route with precondition: 'required' or 'optional', or pass anyState`,
    )
  return found
}

/**
 * What the caller expects of the resource it writes to.
 *
 * @throws HoldfastError `configuration-invalid` where the route declares no precondition
 * @example
 * const rows = await db.query('UPDATE wallets SET name = $1, version = version + 1 WHERE id = $2 AND version = ANY($3) RETURNING *', [name, id, expectationOf().condition().oneOf])
 * const wallet = await expectationOf().settle(rows, () => findWallet(id))
 */
export function expectationOf(call: Call = currentCall()): Expectation {
  return guardOf(call).expectation
}

/**
 * An expectation from a tag that came in the body: the `etag` of an item, for calls that change several resources. It counts as the caller's own does: not
 * consuming it is a bug.
 *
 * @throws HoldfastError `configuration-invalid` where the route's precondition does not say `tagsInBody: true`
 * @example
 * const [from, to] = [expectTag(body.source.etag), expectTag(body.destination.etag)]
 */
export function expectTag(etag: string, call: Call = currentCall()): Expectation {
  const { tags: made } = guardOf(call)
  if (made === undefined) throw configurationError(`expectTag: the route of ${call.method} needs precondition: { ..., tagsInBody: true }`)
  const { rules, guard } = made
  const [, opaque] = /^"([\x21\x23-\x7e]*)"$/.exec(etag) ?? []
  const tags = opaque === undefined ? [] : [{ opaque, isWeak: false }]
  return new CallExpectation({ ifMatch: { kind: 'tags', tags } }, rules, guard)
}

/** The expectation of those who have none: background jobs, migrations. They still count the version up. */
export const anyState: Expectation = {
  isEmpty: true,
  condition: () => ({ presence: 'any', oneOf: undefined, noneOf: undefined }),
  settle: async (rows) => rows[0],
  verify: () => true,
  admits: () => true,
}

/**
 * A conditional write of several resources that found one of them changed. Thrown, so that the transaction round it is undone; Holdfast answers 412.
 *
 * @example
 * try { await db.transaction(() => updateRows(sql, changes)) } catch (error) { if (error instanceof VersionConflict) retryLater() }
 */
export class VersionConflict extends HoldfastError {
  /** What frameworks answer with, where no policy does. */
  readonly status: number = 412
  readonly statusCode: number = 412

  constructor(message: string) {
    super('version-conflict', message)
  }
}
