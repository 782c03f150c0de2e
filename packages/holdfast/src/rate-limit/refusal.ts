import type { Problem, Random, Reply } from '../core/index.ts'
import { largestCost } from './decide.ts'
import type { Notice } from './dialects.ts'
import type { Applied } from './notice.ts'

/** The most that chance adds to a wait, seconds. */
const mostJitter = 30
const jitterShare = 0.1

/**
 * Seconds to wait, with some by chance on top: callers who were refused together must not come back together, and none before its time.
 */
export function jitteredSeconds(waitSeconds: number, random: Random): number {
  const spread = Math.max(1, Math.min(mostJitter, Math.floor(waitSeconds * jitterShare)))
  return waitSeconds + Math.floor(random() * (spread + 1))
}

function retryAfterMs(violated: readonly Notice[], random: Random): number {
  return jitteredSeconds(Math.max(1, ...violated.map(({ resetSeconds = 1 }) => resetSeconds)), random) * 1_000
}

/** Refuses a call whose limits are used up. */
export function refuseQuota(problem: Problem, violated: readonly Notice[], random: Random): Reply {
  const names = violated.map(({ about }) => about.name)
  return problem('quota-exceeded', {
    detail: `${listed(names)} used up; come back after Retry-After`,
    retryAfterMs: retryAfterMs(violated, random),
    members: { 'violated-policies': names },
  })
}

/** Refuses a call of a caller that goes on after many refusals. */
export function refuseAbuse(problem: Problem, violated: readonly Notice[], random: Random): Reply {
  return problem('abnormal-usage', {
    retryAfterMs: retryAfterMs(violated, random),
    members: { 'violated-policies': violated.map(({ about }) => about.name) },
  })
}

/** Refuses a call that no wait would let pass. */
export function refuseCost(problem: Problem, { rule, meter, cost }: Applied): Reply {
  return problem('cost-exceeds-policy', {
    ...(rule.unit === 'content-bytes' && { status: 413 }),
    detail: `this call costs ${cost}, and ${JSON.stringify(rule.name)} never allows more than ${largestCost(meter)} at once`,
    members: { 'violated-policies': [rule.name] },
  })
}

function listed(names: readonly string[]): string {
  return names.length === 1
    ? `the limit ${JSON.stringify(names[0])} is`
    : `the limits ${names.map((name) => JSON.stringify(name)).join(', ')} are`
}
