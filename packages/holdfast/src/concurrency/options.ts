import { assertOneOf } from '../core/checks.ts'
import { configurationError, createProblem, systemClock } from '../core/index.ts'
import type { Call, Clock, Problem } from '../core/index.ts'

/** What a route declares about preconditions. */
export interface PreconditionRules {
  /** Whether a call without a precondition is refused with 428. GET and HEAD can only be `optional`. */
  readonly rule: 'required' | 'optional'
  /**
   * Which field satisfies `required`. `if-none-match` is for resources that are made and never changed.
   *
   * @default 'either' for PUT, 'if-match' for the rest
   */
  readonly field?: 'if-match' | 'if-none-match' | 'either'
  /** Whether `If-Match: *` satisfies `required`. It only says that something is there, so it does not prevent a lost update. @default 'allow' */
  readonly wildcard?: 'allow' | 'forbid'
  /** Takes a tag that an intermediary made weak for the strong one it was. Only where nothing on the way changes content in other ways. @default false */
  readonly acceptWeakened?: boolean
  /** Compares representations, not only states: a tag read under another API version or media type is refused. Does not apply to content codings. @default false */
  readonly strictRepresentation?: boolean
  /** The media type of the resource's representations, for `strictRepresentation`. @default 'application/json' */
  readonly mediaType?: string
  /** Whether If-Unmodified-Since satisfies `required`. Dates have whole seconds: two changes within one look like none. Only `verify` compares them; `condition()` does not. @default false */
  readonly datesSatisfy?: boolean
  /** Whether the method makes the resource where there is none; a condition on a missing one is then 412, and elsewhere the handler's 404 stands. @default true for PUT */
  readonly creates?: boolean
  /**
   * What state the target of a call is in; `undefined` where it is not there, or not for this caller. Asked when a precondition is missing: a 428 then shows the tag, and a
   * call for a resource that is not there gets the handler's own answer.
   *
   * @default a missing precondition is refused without looking
   */
  readonly current?: (call: Call) => CurrentState | Promise<CurrentState>
  /**
   * Also asks `current` when a precondition was sent, so that a stale call ends before its handler runs. Not where the handler would refuse some of these calls in
   * another way: a refusal comes before a precondition (RFC 9110 section 13.2.1). The write compares again in any case.
   *
   * @default false
   */
  readonly early?: boolean
  /** Says that handlers of this route make expectations of tags in the body, with `expectTag`. @default false */
  readonly tagsInBody?: boolean
  /**
   * What becomes of an answer below 400 whose handler ignored the expectation: an error, or a warning and an event on the diagnostics channel.
   *
   * @default 'report' where NODE_ENV is 'production', else 'throw'
   */
  readonly onIgnored?: 'throw' | 'report'
}

type CurrentState = number | bigint | string | undefined

/** Everything the policies need. */
export interface PreconditionOptions extends PreconditionRules {
  /** For dates with two-digit years. */
  readonly clock?: Clock
  readonly problem?: Problem
}

/** Options with every default that does not depend on the method filled in. */
export interface Settings extends Required<Omit<PreconditionOptions, 'field' | 'creates' | 'current'>> {
  readonly field: PreconditionRules['field'] | undefined
  readonly creates: boolean | undefined
  readonly current: PreconditionRules['current'] | undefined
}

/** The names of all rules, for whoever checks a declaration. */
export const preconditionRuleNames: readonly string[] = [
  'rule',
  'field',
  'wildcard',
  'acceptWeakened',
  'strictRepresentation',
  'mediaType',
  'datesSatisfy',
  'creates',
  'current',
  'early',
  'tagsInBody',
  'onIgnored',
]

/** Fills in defaults and refuses what cannot work, saying what was expected and what came. */
export function toSettings(options: PreconditionOptions): Settings {
  const settings: Settings = {
    rule: options.rule,
    field: options.field,
    wildcard: options.wildcard ?? 'allow',
    acceptWeakened: options.acceptWeakened ?? false,
    strictRepresentation: options.strictRepresentation ?? false,
    mediaType: options.mediaType ?? 'application/json',
    datesSatisfy: options.datesSatisfy ?? false,
    creates: options.creates,
    current: options.current,
    early: options.early ?? false,
    tagsInBody: options.tagsInBody ?? false,
    onIgnored: options.onIgnored ?? (process.env['NODE_ENV'] === 'production' ? 'report' : 'throw'),
    clock: options.clock ?? systemClock,
    problem: options.problem ?? createProblem(),
  }
  assertOneOf('rule', settings.rule, ['required', 'optional'])
  if (settings.field !== undefined) assertOneOf('field', settings.field, ['if-match', 'if-none-match', 'either'])
  assertOneOf('wildcard', settings.wildcard, ['allow', 'forbid'])
  assertOneOf('onIgnored', settings.onIgnored, ['throw', 'report'])
  for (const name of ['acceptWeakened', 'strictRepresentation', 'datesSatisfy', 'creates', 'early', 'tagsInBody'] as const) {
    const value = settings[name]
    if (value !== undefined && typeof value !== 'boolean')
      throw configurationError(`${name}: expected true or false, got ${JSON.stringify(value)}`)
  }
  if (settings.early && settings.current === undefined) throw configurationError('early: expected current beside it, to know the state by')
  if (settings.current !== undefined && typeof settings.current !== 'function')
    throw configurationError(`current: expected a function from a call to a state, got ${typeof settings.current}`)
  return settings
}
