import { HoldfastError, addHeaders, defineFact, isHoldfastError, publish, routeFact, stack, versionFact } from '../core/index.ts'
import type { Call, FactKey, Next, Policy, Reply } from '../core/index.ts'
import { decide } from './decide.ts'
import type { Preconditions } from './decide.ts'
import type { TagCondition } from './entity-tags.ts'
import { etagOf } from './etag-of.ts'
import { readStateTag, representationOf } from './etag.ts'
import { CallExpectation, anyState, guardFact } from './expectation.ts'
import type { ExpectationRules, Guard, GuardedCall } from './expectation.ts'
import { toSettings } from './options.ts'
import type { PreconditionOptions, Settings } from './options.ts'
import { completedFields, judgeRead } from './outgoing.ts'
import { noPreconditions, readPreconditions } from './preconditions.ts'
import { refuseConflict, refuseMalformed, refuseMissing } from './refusals.ts'

/** The two parts of preconditions, for a stack with other policies between them. */
export interface PreconditionPolicies {
  /** Outside whatever records answers: refuses what can be refused without looking, evaluates the preconditions of reads, completes tags. */
  readonly check: Policy
  /** Right round the handler, inside its transaction: gives it the expectation, and sees whether it was consumed. */
  readonly guard: Policy
}

/**
 * Evaluates preconditions (RFC 9110 section 13): 304 and 412 for reads; for writes an expectation that the handler's write must be conditional on, 428 where none was sent.
 *
 * @throws HoldfastError `configuration-invalid` when an option cannot work
 * @example
 * const policy = stack(account, preconditions({ rule: 'required' }))
 */
export function preconditions(options: PreconditionOptions): Policy {
  const { check, guard } = preconditionPolicies(options)
  return stack(check, guard)
}

/** As `preconditions`, in two parts: idempotency goes between them, so that a finished call is replayed before its precondition is evaluated. */
export function preconditionPolicies(options: PreconditionOptions): PreconditionPolicies {
  const settings = toSettings(options)
  // Once a route: a warning a call would fill the log.
  let hasWarned = false
  const warn = (message: string): void => {
    if (!hasWarned) process.emitWarning(message, { type: 'Warning', code: 'HOLDFAST_EXPECTATION_IGNORED' })
    hasWarned = true
  }
  const now = (): number => settings.clock.now()
  return {
    check: function precondition(call, next) {
      const read = readPreconditions(call.headers, now)
      if ('malformed' in read) return refuseMalformed(settings.problem, read.malformed, read.reason)
      if (isRead(call)) return read === noPreconditions ? tagged(call, next) : readConditionally(settings, call, next, read)
      const missing = settings.rule === 'required' ? whatIsMissing(settings, call, read) : undefined
      if (missing !== undefined) return refuseUnconditional(settings, call, next, missing)
      // Nobody looks at the answer then, which makes the call as cheap as one without this policy.
      if (read === noPreconditions && !settings.tagsInBody) return next(call)
      if (read.ifMatch?.kind === 'any') publish('concurrency', 'wildcard', call.facts.get(routeFact))
      call.facts.set(readFact, read)
      return tagged(call, next)
    },
    guard: function expectation(call, next) {
      if (isRead(call)) return next(call)
      const read = call.facts.get(readFact)
      if (read !== undefined) return guarded(settings, call, next, read, warn)
      call.facts.set(guardFact, unguarded)
      return next(call)
    },
  }
}

/** A call that sent no precondition: any state will do. */
const unguarded: GuardedCall = { expectation: anyState, tags: undefined }

const readFact: FactKey<Preconditions> = defineFact<Preconditions>('preconditions')

const isRead = ({ method }: Call): boolean => method === 'GET' || method === 'HEAD'

/** The answer to come, with a tag that is complete. */
function tagged(call: Call, next: Next): Promise<Reply> | Reply {
  return addHeaders(next(call), (head) => completedFields(call, head))
}

async function readConditionally({ problem, clock }: Settings, call: Call, next: Next, read: Preconditions): Promise<Reply> {
  return judgeRead(problem, await tagged(call, next), read, () => clock.now())
}

interface Missing {
  readonly field: 'if-match' | 'if-none-match' | 'either'
  readonly why: string | undefined
}

/** What a call lacks that has to say which state it is about. */
function whatIsMissing({ field, wildcard, datesSatisfy }: Settings, { method }: Call, read: Preconditions): Missing | undefined {
  const wanted = field ?? (method === 'PUT' ? 'either' : 'if-match')
  const isForbidden = wildcard === 'forbid' && read.ifMatch?.kind === 'any'
  const byMatch = wanted !== 'if-none-match' && read.ifMatch !== undefined && !isForbidden
  const byNoneMatch = wanted !== 'if-match' && read.ifNoneMatch !== undefined
  const byDate = datesSatisfy && wanted !== 'if-none-match' && read.ifUnmodifiedSince !== undefined
  if (byMatch || byNoneMatch || byDate) return undefined
  const hasDate = read.ifUnmodifiedSince !== undefined
  return { field: wanted, why: isForbidden ? 'If-Match: * names no state' : hasDate ? 'a date is too coarse to name a state' : undefined }
}

/** 428, unless there is nothing to be careful about: then the handler says that it is not there. */
async function refuseUnconditional(settings: Settings, call: Call, next: Next, { field, why }: Missing): Promise<Reply> {
  const { problem, current } = settings
  const found = current === undefined ? undefined : await current(call)
  if (current !== undefined && found === undefined && !creates(settings, call)) {
    // Should it appear after all, nothing may be written: no tag matches.
    call.facts.set(readFact, { ifMatch: { kind: 'tags', tags: [] } })
    const reply = await next(call)
    return reply.status === 412 || reply.status < 400 ? refuseMissing(problem, field, why) : reply
  }
  publish('concurrency', 'precondition-required', call.facts.get(routeFact))
  return refuseMissing(problem, field, why, found === undefined ? undefined : etagOf(found, call, settings.mediaType))
}

function creates({ creates }: Settings, { method }: Call): boolean {
  return creates ?? method === 'PUT'
}

async function guarded(settings: Settings, call: Call, next: Next, read: Preconditions, warn: (message: string) => void): Promise<Reply> {
  const rules: ExpectationRules = {
    comparison: { isRead: false, by: 'state', acceptsWeakened: settings.acceptWeakened },
    creates: creates(settings, call),
  }
  const guard: Guard = { conflict: undefined, all: [] }
  const judged = settings.strictRepresentation ? ofThisRepresentation(settings, call, read) : read
  const expectation = new CallExpectation(judged, rules, guard)
  call.facts.set(guardFact, { expectation, tags: settings.tagsInBody ? { rules, guard } : undefined })
  if (settings.early && !expectation.isEmpty) {
    const state = await settings.current?.(call)
    const verdict =
      state === undefined
        ? undefined
        : decide(judged, { tag: { opaque: etagOf(state, call).slice(1, -1), isWeak: false } }, rules.comparison)
    if (verdict?.kind === 'failed') return conflicting(settings, call, { verdict, current: { state: state as string } })
  }
  let reply: Reply
  try {
    reply = await next(call)
  } catch (error) {
    if (guard.conflict !== undefined && isHoldfastError(error) && error.code === 'version-conflict')
      return conflicting(settings, call, guard.conflict)
    throw error
  }
  // A handler that was told of the conflict answers as for a missing resource, or throws, and frameworks make of that what they like.
  if (reply.status >= 400) return guard.conflict === undefined ? reply : conflicting(settings, call, guard.conflict)
  if (guard.all.every((one) => one.isConsumed)) return reply
  ignored(settings, call, warn)
  return guard.conflict === undefined ? reply : conflicting(settings, call, guard.conflict)
}

function conflicting({ problem, mediaType }: Settings, call: Call, conflict: NonNullable<Guard['conflict']>): Reply {
  publish('concurrency', conflict.verdict.isWeakened ? 'weak-etag' : 'version-conflict', call.facts.get(routeFact))
  return refuseConflict(problem, call, conflict, mediaType)
}

/** A handler answered with success and did not make its write conditional: whatever it wrote may have undone another's change. */
function ignored({ onIgnored }: Settings, call: Call, warn: (message: string) => void): void {
  const route = call.facts.get(routeFact) ?? call.method
  publish('concurrency', 'expectation-ignored', call.facts.get(routeFact))
  const message = `the handler of ${route} answered with success and did not consume the caller's expectation; write through a helper, or verify() a locked row`
  if (onIgnored === 'throw') throw new HoldfastError('expectation-ignored', message)
  warn(message)
}

const codings: readonly (string | undefined)[] = [undefined, 'gzip', 'br', 'deflate', 'zstd']

/** Preconditions without the tags of other representations than this caller would get, in whatever coding. */
function ofThisRepresentation({ mediaType }: Settings, call: Call, read: Preconditions): Preconditions {
  const version = call.facts.get(versionFact)
  const wanted = new Set(codings.map((coding) => representationOf({ version, mediaType, coding })))
  const { ifMatch } = read
  if (ifMatch?.kind !== 'tags') return read
  const tags = ifMatch.tags.filter(({ opaque }) => wanted.has(readStateTag(opaque)?.representation ?? ''))
  return { ...read, ifMatch: { kind: 'tags', tags } satisfies TagCondition }
}
