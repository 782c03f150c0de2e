import { monotonic, waitingClock } from '../core/clock.ts'
import type { Call } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import type { Next, Policy } from '../core/policy.ts'
import { attempt, conclude } from '../retry/attempt.ts'
import { retryCosts, sharedBudget } from '../retry/budget.ts'
import type { RetryBudget } from '../retry/budget.ts'
import { discard } from '../retry/discard.ts'
import { createLatency } from '../retry/latency.ts'
import { safe } from '../retry/methods.ts'
import { notify } from '../retry/notify.ts'
import { complete } from '../retry/complete.ts'
import type { Outcome } from '../retry/outcome.ts'
import { originOf, perOrigin } from '../retry/per-origin.ts'
import { bodyFact } from '../retry/record.ts'

/** When a second request is sent beside a slow one. */
export interface HedgeOptions {
  /** The shortest wait before it, milliseconds. @default 50 */
  readonly leastMs?: number
  /** The part of calls to the same route that must be faster. @default 0.95 */
  readonly quantile?: number
  /** The budget of an origin. @default the one retries are paid from */
  readonly budget?: (origin: string) => RetryBudget
  readonly clock?: Clock
  /** Told when a second request is sent. */
  readonly onHedge?: (event: { readonly origin: string; readonly method: string; readonly afterMs: number }) => void
}

/** Parts of a path that name one thing of many: numbers, and identifiers with a digit. */
const names = /\/[^/?#]*\d[^/?#]*/g

const routeLatency = perOrigin('route-latencies', createLatency)

/**
 * Sends a second request beside one that is slower than nearly all to the same route, and takes the first answer; the other is aborted. Only
 * where a second effect is impossible: safe methods, and calls with an idempotency key. Paid from the retry budget, and off until enough calls
 * were seen to know what slow is.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * const fetch = createFetch({ hedge: { leastMs: 100 } })
 */
export function hedge(options: HedgeOptions = {}): Policy {
  const { leastMs, quantile, budget, clock, onHedge } = complete(
    { leastMs: 50, quantile: 0.95, budget: sharedBudget, clock: waitingClock },
    options,
  )
  return async function hedge(call, next) {
    const origin = originOf(call.url)
    const route = call.url
      .replace(/[?#].*/, '')
      .slice(origin.length)
      .replaceAll(names, '/:')
    const latency = routeLatency(`${call.method} ${origin}${route}`)
    const usualMs = latency.quantile(quantile)
    const startedAt = monotonic(clock)
    const mayHedge = usualMs !== undefined && (safe.has(call.method) || call.headers.has('idempotency-key'))
    const reply = await (mayHedge ? race(call, next, Math.max(usualMs, leastMs)).then(conclude) : next(call))
    latency.add(monotonic(clock) - startedAt)
    return reply
  }

  function race(call: Call, next: Next, afterMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const running = new Set<AbortController>()
      let failed: Outcome | undefined
      let isDone = false
      const origin = originOf(call.url)
      const cancelTimer = clock.after(afterMs, () => {
        if ((call.facts.get(bodyFact)?.isIntact ?? true) && budget(origin).take(retryCosts.hedge)) {
          notify(onHedge, { origin, method: call.method, afterMs })
          void start()
        }
      })
      void start()

      async function start(): Promise<void> {
        const aborter = new AbortController()
        running.add(aborter)
        // Without a listener on the caller's signal, which goes on to count while the winner's body flows.
        const signal = call.signal === undefined ? aborter.signal : AbortSignal.any([call.signal, aborter.signal])
        const outcome = await attempt(call.with({ signal }), next)
        running.delete(aborter)
        if (isDone) return
        // A failure wins only when nothing better can come, and so does a refusal: it may be of the second request alone.
        if (
          running.size > 0 &&
          !('reply' in outcome && outcome.reply.status < 500 && ![409, 421, 425, 429].includes(outcome.reply.status))
        ) {
          failed = outcome
          return
        }
        isDone = true
        cancelTimer()
        if (failed !== undefined && 'reply' in failed) discard(failed.reply, clock)
        for (const other of running) other.abort(new DOMException('another request was faster', 'AbortError'))
        resolve(outcome)
      }
    })
  }
}
