import { monotonic, waitingClock } from '../../core/clock.ts'
import type { Clock } from '../../core/clock.ts'
import { HoldfastError } from '../../core/errors.ts'
import { deadlineFact } from '../../core/facts.ts'
import type { HeaderReader } from '../../core/fields.ts'
import type { Call, RequestHead } from '../../core/call.ts'
import type { Next, Policy } from '../../core/policy.ts'
import type { Reply } from '../../core/reply.ts'
import { pause } from '../../retry/pause.ts'
import { originOf, perOrigin } from '../../retry/per-origin.ts'
import { recordOf } from '../../retry/record.ts'
import { parseRetryAfter } from '../../retry/retry-after.ts'
import { hashOf } from '../hash.ts'
import { takeTurn, toPace, turnOf } from './decide.ts'
import type { Pace } from './decide.ts'
import { readStandings } from './fields.ts'

/** How calls are paced. */
export interface PaceOptions {
  /** Whose limits a call counts against; callers with credentials of their own have limits of their own. @default the Authorization field, hashed */
  readonly partition?: (head: RequestHead) => string
  readonly clock?: Clock
}

/** Paces by partition and name of the limit. */
type Paces = Map<string, Map<string, Pace>>

const sharedPaces = perOrigin<Paces>('paces', () => new Map())

/** So many partitions of an origin are remembered. */
const mostPartitions = 100

/**
 * Makes all calls of the process to an origin go no faster than the server's own RateLimit fields allow, so that none is refused. After a 429
 * everybody waits as long as it says. A call that would have to wait beyond its deadline is not sent (`pacing-refused`).
 *
 * @example
 * const fetch = fetchThrough(stack(deadline(), retry(), pace()))
 */
export function pace({ partition = byCredentials, clock = waitingClock }: PaceOptions = {}): Policy {
  return function pace(call, next) {
    const partitions = sharedPaces(originOf(call.url))
    const paces = partitions.size === 0 ? undefined : partitions.get(partition(call))
    const waitMs = paces === undefined ? 0 : turnOf(paces.values(), monotonic(clock))
    return waitMs > 0 ? later(call, next, waitMs, paces as Map<string, Pace>) : watch(call, next, paces)
  }

  async function later(call: Call, next: Next, waitMs: number, paces: Map<string, Pace>): Promise<Reply> {
    if (waitMs >= (call.facts.get(deadlineFact)?.remainingMs() ?? Number.POSITIVE_INFINITY))
      throw Object.assign(new HoldfastError('pacing-refused', `the next call may go in ${Math.ceil(waitMs)} ms, which is too late`), {
        retryAfterMs: waitMs,
      })
    takeTurn(paces.values(), monotonic(clock) + waitMs)
    recordOf(call).waitedMs += waitMs
    await pause(clock, waitMs, call.signal)
    return watch(call, next, undefined)
  }

  function watch(call: Call, next: Next, paces: Map<string, Pace> | undefined): Promise<Reply> {
    if (paces !== undefined) takeTurn(paces.values(), monotonic(clock))
    return Promise.resolve(next(call)).then((reply) => {
      learn(call, reply.status, reply.headers)
      return reply
    })
  }

  function learn(call: Call, status: number, headers: HeaderReader): void {
    let standings = readStandings(headers, clock)
    if (status === 429) {
      const hintMs = parseRetryAfter(headers.get('retry-after'), headers.get('date'), clock.now())
      if (hintMs !== undefined) standings = [...standings, { name: 'retry-after', remaining: 0, resetMs: hintMs, capacity: undefined }]
    }
    if (standings.length === 0) return
    const now = monotonic(clock)
    const partitions = sharedPaces(originOf(call.url))
    const owner = partition(call)
    let paces = partitions.get(owner)
    if (paces === undefined) {
      if (partitions.size >= mostPartitions) partitions.delete(partitions.keys().next().value as string)
      partitions.set(owner, (paces = new Map()))
    }
    for (const standing of standings) {
      const changed = toPace(standing, now, paces.get(standing.name))
      if (changed === undefined) paces.delete(standing.name)
      else paces.set(standing.name, changed)
    }
    if (paces.size === 0) partitions.delete(owner)
  }
}

/** Not the credentials themselves: what is shared by the process outlives the call. */
function byCredentials({ headers }: RequestHead): string {
  return String(hashOf(headers.get('authorization') ?? ''))
}
