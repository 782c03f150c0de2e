import { configurationError, defineFact } from '../core/index.ts'
import type { Call, FactKey } from '../core/index.ts'
import type { VersionPlan } from './compile.ts'
import { rewriteJson } from './json/rewrite.ts'
import type { PlanNode, Trace } from './json/rewrite.ts'
import { fromValue, toValue } from './json/value.ts'
import { mergeThree } from './merge-three.ts'
import type { VersionSource } from './store.ts'
import type { Versions } from './versions.ts'

/** What the version step knows of a call. */
export interface VersionContext {
  readonly versions: Versions
  readonly plan: VersionPlan
  readonly source: VersionSource
  /** Changes that really altered something of this call, by their place in the chain. */
  readonly fired: Set<number>
}

/** Set by the version step. */
export const versionContextFact: FactKey<VersionContext> = defineFact<VersionContext>('version context')

/** A trace that notes in a context what fired. */
export const traceOf = ({ fired }: VersionContext): Trace => ({ fired: (change) => void fired.add(change) })

/**
 * Whether the caller's version has a change. The one thing a handler may ask of a version: a comparison of dates in a handler is a change
 * that nobody can find.
 *
 * @throws HoldfastError `configuration-invalid` for an id that no change has
 * @example
 * const status = applied(call, 'overdraft-422') ? 422 : 400
 */
export function applied(call: Call, change: string): boolean {
  const context = call.facts.get(versionContextFact)
  if (context === undefined) return true
  const place = context.versions.chain.changes.findIndex(({ id }) => id === change)
  if (place < 0) throw configurationError(`applied: expected the id of a change, got ${JSON.stringify(change)}`)
  if (!context.plan.missing.has(change)) return true
  // Who asks behaves otherwise: the caller would notice the change.
  context.fired.add(place)
  return false
}

/**
 * What a full write of the caller's makes of a resource. Members that the caller's version cannot express, or not in full, stay what they
 * are, unless the caller changed the part it can see; an explicit null clears. For callers of the newest version it is `next` itself.
 *
 * Call it where the write is compared and set, with the state that was read there: what it keeps must not be older than that.
 *
 * @param shape the name of the shape that is written
 * @param current the resource as it is, in the newest shape
 * @param next what the caller sent, as the handler sees it: in the newest shape already
 * @example
 * const row = put(call, 'wallet-write', current, body)
 */
export function put<T>(call: Call, shape: string, current: T, next: T): T {
  const translation = translationOf(call, shape)
  return translation === undefined ? next : mergeThree(translation.up(translation.down(current)), next, current)
}

/**
 * What an edit in the caller's own representation makes of a resource: how a JSON Patch or a merge patch of an older version is applied. `change`
 * gets the resource as the caller knows it, and gives it back changed. Members that the caller's version cannot express stay.
 *
 * @example
 * const row = edit(call, 'wallet-write', current, (seen) => applyPatch(seen, patch))
 */
export function edit<T>(call: Call, shape: string, current: T, change: (seen: unknown) => unknown): T {
  const translation = translationOf(call, shape)
  if (translation === undefined) return change(current) as T
  const seen = translation.down(current)
  return mergeThree(translation.up(seen), translation.up(change(structuredClone(seen))) as T, current)
}

/** What one caller is shown of a resource: the newest shape as the caller's version has it. */
export function seenBy(call: Call, shape: string, value: unknown): unknown {
  return translationOf(call, shape)?.down(value) ?? value
}

interface Translation {
  up(value: unknown): unknown
  down(value: unknown): unknown
}

/** `undefined` when nothing is between the caller's version and the newest one for this shape. */
function translationOf(call: Call, shape: string): Translation | undefined {
  const context = call.facts.get(versionContextFact)
  if (context === undefined) return undefined
  if (!context.versions.chain.snapshots.get(context.versions.newest)?.shapes.has(shape))
    throw configurationError(`expected the name of a shape, got ${JSON.stringify(shape)}`)
  const up = context.plan.up(shape)
  const down = context.plan.down(shape)
  if (up === undefined && down === undefined) return undefined
  const trace = traceOf(context)
  const through = (plan: PlanNode | undefined) => (value: unknown) =>
    plan === undefined ? value : toValue(rewriteJson(fromValue(value), plan, trace))
  return { up: through(up), down: through(down) }
}
