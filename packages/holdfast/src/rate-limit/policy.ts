import { addHeaders, publish, withHeaders } from '../core/index.ts'
import type { Next, Policy, Reply } from '../core/index.ts'
import type { Notice } from './dialects.ts'
import { noticeFields } from './fields.ts'
import { createLimiter } from './limiter.ts'
import type { Limiter } from './limiter.ts'
import { noticeOf } from './notice.ts'
import type { Applied } from './notice.ts'
import type { RateLimitOptions } from './options.ts'
import { jitteredSeconds, refuseAbuse, refuseCost, refuseQuota } from './refusal.ts'
import type { Rule } from './rule.ts'
import { arrange } from './rules.ts'
import { enterAll } from './seats.ts'
import type { Seats } from './seats.ts'
import { select } from './select.ts'
import type { TakeResult } from './store.ts'
import { Subject } from './subject.ts'
import { Use, remember } from './usage.ts'

/**
 * Refuses calls whose account, address or whatever else it is divided by has used up a limit, and tells every caller where it stands
 * (RFC 6585, draft-ietf-httpapi-ratelimit-headers-10). All limits that apply to a call are decided at once: it takes of each of them, or of none.
 *
 * Refusals cost nothing. A store that does not answer in time is a 503, `store-unavailable`.
 *
 * @throws HoldfastError `configuration-invalid` when a limit is mistyped, or cannot be counted exactly
 * @example
 * const policy = rateLimit({ store: memory().limits, limits: [{ name: 'per-minute', limit: 60, windowSeconds: 60, partition: 'ip' }] })
 */
export function rateLimit(options: RateLimitOptions): Policy {
  const limiter = createLimiter(options)
  return limitPolicy(limiter, limiter.book.compile(options.limits))
}

/** The policy of one route. */
export function limitPolicy(limiter: Limiter, rules: readonly Rule[]): Policy {
  const { stored, rejected, atOnce, sharesPools } = arrange(rules)
  const { store, problem, random, clock } = limiter
  const hasCounting = stored.some(({ countWhen }) => countWhen !== undefined)

  return function rateLimit(call, next) {
    const subject = new Subject(call, limiter.sources)
    const { account } = subject
    const plan = limiter.plan === undefined || account === undefined ? undefined : limiter.plan(account, call)
    if (typeof plan === 'object' && plan !== null) return planned(subject, plan, next)
    subject.plan = plan
    return run(subject, next)
  }

  async function planned(subject: Subject, plan: PromiseLike<string | undefined>, next: Next): Promise<Reply> {
    subject.plan = await plan
    return run(subject, next)
  }

  function run(subject: Subject, next: Next): Promise<Reply> | Reply {
    const { call } = subject
    const applied = select(stored, subject, clock, sharesPools)
    const seats = atOnce.length === 0 ? undefined : enterAll(atOnce, subject, limiter.inFlight)
    if (!Array.isArray(applied)) {
      seats?.leave()
      return told(refuseCost(problem, applied.never), seats?.notices ?? [])
    }
    if (seats?.refused !== undefined) return refused(subject, [seats.refused], seats.notices)
    if (applied.length === 0) return seats === undefined ? next(call) : proceed(subject, applied, undefined, seats, next)
    const taken = store.take(applied)
    return 'then' in taken ? later(subject, applied, taken, seats, next) : decided(subject, applied, taken, seats, next)
  }

  async function later(
    subject: Subject,
    applied: readonly Applied[],
    taking: Promise<TakeResult>,
    seats: Seats | undefined,
    next: Next,
  ): Promise<Reply> {
    let taken: TakeResult
    try {
      taken = await taking
    } catch (error) {
      seats?.leave()
      publish('rate-limit', 'store-unavailable', subject.route, store.name, error)
      return problem('store-unavailable', { retryAfterMs: jitteredSeconds(1, random) * 1_000 })
    }
    return decided(subject, applied, taken, seats, next)
  }

  function decided(
    subject: Subject,
    applied: readonly Applied[],
    taken: TakeResult,
    seats: Seats | undefined,
    next: Next,
  ): Promise<Reply> | Reply {
    for (let index = 0; index < applied.length; index++)
      if (applied[index]?.shadow === true && taken.items[index]?.fits === false)
        publish('rate-limit', 'would-throttle', subject.route, applied[index]?.rule.name)
    if (taken.admitted) return proceed(subject, applied, taken, seats, next)
    seats?.leave()
    const notices = noticesOf(applied, taken)
    const enforced = taken.items.filter((_, index) => applied[index]?.shadow !== true)
    const violated = notices.filter((_, index) => enforced[index]?.fits === false)
    return refused(subject, violated, [...(seats?.notices ?? []), ...notices])
  }

  function proceed(
    subject: Subject,
    applied: readonly Applied[],
    taken: TakeResult | undefined,
    seats: Seats | undefined,
    next: Next,
  ): Promise<Reply> | Reply {
    const { call } = subject
    const use = taken && new Use(store, call, applied, taken)
    if (use !== undefined) remember(call, use)
    const ours = taken === undefined ? [] : noticesOf(applied, taken)
    // Nothing but fields: the handler's answer need not be waited for.
    if (seats === undefined && !hasCounting)
      return ours.length === 0 ? next(call) : addHeaders(next(call), (head) => noticeFields(head, limiter.fields, ours))
    const notices = [...(seats?.notices ?? []), ...ours]
    const finish = (reply: Reply): Reply => {
      if (hasCounting) use?.release(reply.status)
      seats?.answered()
      return told(reply, notices)
    }
    const fail = (error: unknown): never => {
      if (hasCounting) use?.release(500)
      seats?.leave()
      throw error
    }
    let reply: Promise<Reply> | Reply
    try {
      reply = next(call)
    } catch (error) {
      return fail(error)
    }
    return 'then' in reply ? reply.then(finish, fail) : finish(reply)
  }

  /** Refuses a call, and counts the refusal where a limit is for those. */
  function refused(subject: Subject, violated: readonly Notice[], notices: readonly Notice[]): Promise<Reply> | Reply {
    publish('rate-limit', 'throttled', subject.route, violated[0]?.about.name)
    const refusal = (): Reply => told(refuseQuota(problem, violated, random), notices)
    const applied = rejected.length === 0 ? [] : select(rejected, subject, clock, false)
    if (!Array.isArray(applied) || applied.length === 0) return refusal()
    const judge = (taken: TakeResult): Reply => {
      if (taken.admitted) return refusal()
      publish('rate-limit', 'abnormal-usage', subject.route, applied[0]?.rule.name)
      const all = noticesOf(applied, taken)
      return told(
        refuseAbuse(
          problem,
          all.filter((_, index) => taken.items[index]?.fits === false),
          random,
        ),
        [...notices, ...all],
      )
    }
    const taken = store.take(applied)
    return 'then' in taken ? taken.then(judge, refusal) : judge(taken)
  }

  function noticesOf(applied: readonly Applied[], taken: TakeResult): Notice[] {
    const notices: Notice[] = []
    for (let index = 0; index < applied.length; index++) {
      const item = applied[index] as Applied
      const standing = taken.items[index]
      if (!item.shadow && standing !== undefined) notices.push(noticeOf(item, standing, taken, limiter.partitionKey))
    }
    return notices
  }

  function told(reply: Reply, notices: readonly Notice[]): Reply {
    return notices.length === 0 ? reply : withHeaders(reply, noticeFields(reply, limiter.fields, notices))
  }
}
