import { monotonic } from '../core/clock.ts'
import { deadlineFact } from '../core/facts.ts'
import type { Call } from '../core/call.ts'
import type { Next, Policy } from '../core/policy.ts'
import type { Reply } from '../core/reply.ts'
import { attempt } from './attempt.ts'
import { retryCosts, successEarns } from './budget.ts'
import { classifyFailure } from './classify-failure.ts'
import { classifyReply } from './classify-reply.ts'
import { complete } from './complete.ts'
import { decideRetry, stop } from './decide.ts'
import type { RetryVerdict } from './decide.ts'
import { discard } from './discard.ts'
import { sharedLatency } from './latency.ts'
import { idempotent } from './methods.ts'
import { notify } from './notify.ts'
import { rulesFact, toRetrySettings } from './options.ts'
import type { RetryOptions, RetrySettings } from './options.ts'
import type { Outcome, OutcomeClass } from './outcome.ts'
import { pause } from './pause.ts'
import { originOf } from './per-origin.ts'
import { bodyFact, recordOf } from './record.ts'
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
  const { clock, onRetry, onStop } = settings
  const { method, signal } = call
  const record = recordOf(call)
  const origin = originOf(call.url)
  let outcome = first
  for (let attempts = 1, polls = 0; ;) {
    const { reply, error }: Either = outcome
    const kind =
      reply !== undefined ? classifyReply(reply.status, await readAdvice(reply, clock)) : signal?.aborted ? 'final' : classifyFailure(error)
    if (reply === undefined && kind === 'maybe') record.isUnknown = true
    const verdict = decide(settings, call, outcome, kind, kind === 'in-progress' ? ++polls : attempts)
    const event = { origin, method, class: kind }
    if (verdict.kind === 'stop') {
      const reason = signal?.aborted ? 'abort' : verdict.reason
      record.stop = reason
      if (verdict.retryAfterMs !== undefined) record.retryAt = clock.now() + verdict.retryAfterMs
      notify(onStop, { ...event, attempts: record.attempts, reason })
      if (reply === undefined) throw error
      return reply
    }
    const { waitMs } = verdict
    notify(onRetry, { ...event, attempt: record.attempts, waitMs })
    if (reply !== undefined) discard(reply, clock)
    record.waitedMs += waitMs
    await pause(clock, waitMs, signal)
    // Asking for the answer of a call that still runs is no new attempt at it.
    if (kind !== 'in-progress') attempts += 1
    const startedAt = monotonic(clock)
    outcome = await attempt(call, next)
    if ('reply' in outcome && outcome.reply.status < 400)
      return succeed(settings, call, outcome.reply, startedAt, costOf(kind) || successEarns)
  }
}

/** An outcome by its parts. */
type Either = { readonly reply?: Reply; readonly error?: unknown }

function succeed({ clock, budget }: RetrySettings, { url }: Call, reply: Reply, startedAt: number, earned: number): Reply {
  const origin = originOf(url)
  sharedLatency(origin).add(monotonic(clock) - startedAt)
  budget(origin).put(earned)
  return reply
}

function decide(settings: RetrySettings, call: Call, outcome: Outcome, kind: OutcomeClass, attempts: number): RetryVerdict {
  const rules = complete(settings, call.facts.get(rulesFact) ?? {})
  const { reply, error }: Either = outcome
  const field = (name: string): string | null => reply?.headers.get(name) ?? null
  const origin = originOf(call.url)
  const verdict = decideRetry(
    {
      ...rules,
      class: kind as Exclude<OutcomeClass, 'ok'>,
      attempts,
      mostAttempts: 1 + rules.retries,
      isRepeatable: idempotent.has(call.method) || rules.unsafe || call.headers.has('idempotency-key'),
      isBodyIntact: call.facts.get(bodyFact)?.isIntact ?? true,
      // A failure may come from a policy further in that says when to come back: a breaker, a pacer.
      hintMs:
        (error as { retryAfterMs?: number } | null | undefined)?.retryAfterMs ??
        parseRetryAfter(field('retry-after'), field('date'), settings.clock.now()),
      baseMs: reply?.status === 429 ? settings.limitedBaseMs : settings.baseMs,
      remainingMs: call.facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY,
      usualMs: sharedLatency(origin).quantile(0.5) ?? 0,
    },
    settings.random,
  )
  if (verdict.kind === 'stop') return verdict
  // Another layer has already done what can be done: retries of several layers multiply.
  if (field('holdfast-retries') === 'handled') return stop('handled')
  if (rules.shouldRetry?.(outcome, kind) === false) return stop('declined')
  return settings.budget(origin).take(costOf(kind)) ? verdict : stop('budget')
}

function costOf(kind: OutcomeClass): number {
  return retryCosts[kind as keyof typeof retryCosts]
}
