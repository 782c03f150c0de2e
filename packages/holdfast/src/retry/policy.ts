import { monotonic } from '../core/clock.ts'
import { deadlineFact } from '../core/facts.ts'
import type { Call } from '../core/call.ts'
import type { Next, Policy } from '../core/policy.ts'
import type { Reply } from '../core/reply.ts'
import { attempt } from './attempt.ts'
import { retryCosts, successEarns } from './budget.ts'
import { classifyFailure } from './classify-failure.ts'
import { classifyReply } from './classify-reply.ts'
import { decideRetry } from './decide.ts'
import type { RetryVerdict } from './decide.ts'
import { discard } from './discard.ts'
import { sharedLatency } from './latency.ts'
import { notify } from './notify.ts'
import { rulesFact, toRetrySettings } from './options.ts'
import type { RetryOptions, RetryRules, RetrySettings } from './options.ts'
import type { Outcome, OutcomeClass } from './outcome.ts'
import { pause } from './pause.ts'
import { originOf } from './per-origin.ts'
import { bodyFact, recordOf } from './record.ts'
import type { CallRecord } from './record.ts'
import { readAdvice } from './reply-advice.ts'
import { parseRetryAfter } from './retry-after.ts'

/**
 * Sends a call again where that can help and cannot hurt: after full jitter or what Retry-After asks for, within the deadline and the
 * retry budget of the origin.
 *
 * Safe and idempotent methods, and calls with an idempotency key, are repeated after any passing failure; all others only when nothing was
 * sent, or the server says that it did not process them. The last answer is returned as it is, the last error thrown.
 * For clients and gateways: it calls `next` more than once.
 *
 * @throws HoldfastError `configuration-invalid` for an option that cannot work
 * @example
 * const policy = stack(idempotencyKey(), retry({ retries: 4 }))
 */
export function retry(options: RetryOptions = {}): Policy {
  const settings = toRetrySettings(options)
  return function retry(call, next) {
    return attemptUntilDone(settings, call, next)
  }
}

/** What one run of the policy keeps after an attempt that failed. */
interface Run {
  readonly settings: RetrySettings
  readonly rules: RetryRules
  readonly call: Call
  readonly record: CallRecord
  readonly origin: string
}

/** The usual case by itself, since what an asynchronous function keeps costs more than what it does. */
async function attemptUntilDone(settings: RetrySettings, call: Call, next: Next): Promise<Reply> {
  const startedAt = monotonic(settings.clock)
  let outcome: Outcome
  try {
    const reply = await next(call)
    if (reply.status < 400) return succeed(settings, call, reply, startedAt, successEarns)
    outcome = { reply }
  } catch (error) {
    outcome = { error }
  }
  return attemptAgain(settings, call, next, outcome)
}

async function attemptAgain(settings: RetrySettings, call: Call, next: Next, first: Outcome): Promise<Reply> {
  const { clock } = settings
  const run: Run = {
    settings,
    rules: { ...settings, ...call.facts.get(rulesFact) },
    call,
    record: recordOf(call),
    origin: originOf(call.url),
  }
  const { record, origin } = run
  let outcome = first
  for (let attempts = 1; ;) {
    const kind = await classify(run, outcome)
    const verdict = decide(run, outcome, kind, attempts)
    if (verdict.kind === 'stop') return end(run, outcome, kind, verdict)
    notify(settings.onRetry, { origin, method: call.method, attempt: record.attempts, class: kind, waitMs: verdict.waitMs })
    if ('reply' in outcome) void discard(outcome.reply, clock)
    record.waitedMs += verdict.waitMs
    await pause(clock, verdict.waitMs, call.signal)
    // Asking for the answer of a call that still runs is no new attempt at it.
    if (kind !== 'in-progress') attempts += 1
    const startedAt = monotonic(clock)
    outcome = await attempt(call, next)
    if ('reply' in outcome && outcome.reply.status < 400)
      return succeed(settings, call, outcome.reply, startedAt, retryCosts[kind as keyof typeof retryCosts] || successEarns)
  }
}

function succeed({ clock, budget }: RetrySettings, { url }: Call, reply: Reply, startedAt: number, earned: number): Reply {
  const origin = originOf(url)
  sharedLatency(origin).add(monotonic(clock) - startedAt)
  budget(origin).put(earned)
  return reply
}

async function classify({ call, record, settings }: Run, outcome: Outcome): Promise<OutcomeClass> {
  if ('reply' in outcome) return classifyReply(outcome.reply.status, await readAdvice(outcome.reply, settings.clock))
  if (call.signal?.aborted) return 'final'
  const kind = classifyFailure(outcome.error)
  if (kind === 'maybe') record.isUnknown = true
  return kind
}

/** Methods whose repetition changes nothing (RFC 9110 section 9.2.2; QUERY is safe). */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY', 'PUT', 'DELETE'])

function decide(run: Run, outcome: Outcome, kind: OutcomeClass, attempts: number): RetryVerdict {
  const { settings, rules, call, origin } = run
  const headers = 'reply' in outcome ? outcome.reply.headers : undefined
  const hint = headers?.get('retry-after') ?? null
  const verdict = decideRetry(
    {
      class: kind as Exclude<OutcomeClass, 'ok'>,
      attempts,
      mostAttempts: 1 + (rules.retries ?? 0),
      isRepeatable: idempotent.has(call.method) || rules.unsafe === true || call.headers.has('idempotency-key'),
      isBodyIntact: call.facts.get(bodyFact)?.isIntact ?? true,
      hintMs: 'error' in outcome ? hintOf(outcome.error) : parseRetryAfter(hint, headers?.get('date') ?? null, settings.clock.now()),
      longestHintMs: settings.longestHintMs,
      baseMs: 'reply' in outcome && outcome.reply.status === 429 ? settings.limitedBaseMs : settings.baseMs,
      capMs: settings.capMs,
      remainingMs: call.facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY,
      usualMs: sharedLatency(origin).quantile(0.5) ?? 0,
    },
    settings.random,
  )
  if (verdict.kind === 'stop') return verdict
  // Another layer has already done what can be done: retries of several layers multiply.
  if (headers?.get('holdfast-retries') === 'handled') return { kind: 'stop', reason: 'handled' }
  if (rules.shouldRetry?.(outcome, kind) === false) return { kind: 'stop', reason: 'declined' }
  return settings.budget(origin).take(retryCosts[kind as keyof typeof retryCosts]) ? verdict : { kind: 'stop', reason: 'budget' }
}

/** What a policy further in says about when to come back: a breaker, a pacer. */
function hintOf(error: unknown): number | undefined {
  return (error as { retryAfterMs?: number } | null | undefined)?.retryAfterMs
}

function end(
  { call, record, settings, origin }: Run,
  outcome: Outcome,
  kind: OutcomeClass,
  verdict: RetryVerdict & { kind: 'stop' },
): Reply {
  const reason = call.signal?.aborted ? 'abort' : verdict.reason
  record.stop = reason
  if (verdict.retryAfterMs !== undefined) record.retryAt = settings.clock.now() + verdict.retryAfterMs
  notify(settings.onStop, { origin, method: call.method, attempts: record.attempts, class: kind, reason })
  if ('error' in outcome) throw outcome.error
  return outcome.reply
}
