import { monotonic } from '../../core/clock.ts'
import type { Call } from '../../core/call.ts'
import { configurationError } from '../../core/errors.ts'
import { defineFact } from '../../core/facts.ts'
import type { FactKey } from '../../core/facts.ts'
import type { Policy } from '../../core/policy.ts'
import { discard } from '../../retry/discard.ts'
import { conclude } from '../../retry/attempt.ts'
import { originOf } from '../../retry/per-origin.ts'
import { idempotent } from '../../retry/methods.ts'
import { bodyFact } from '../../retry/record.ts'
import { isOpen } from './decide.ts'
import { sharedHealth, toHealthSettings, watched } from './shared.ts'
import type { HealthOptions } from './shared.ts'

/** Several servers of one API. */
export interface EndpointsOptions extends HealthOptions {
  /** Their base URLs, the preferred one first. Calls to the origin of any of them go to whichever works. */
  readonly endpoints: readonly string[]
  /**
   * Whether all of them know the same idempotency keys. Only then may a keyed POST that one of them may have processed be sent to another.
   * @default false
   */
  readonly sharedKeys?: boolean
}

/** Where the last attempt of a call went. */
const lastFact: FactKey<string> = defineFact<string>('endpoint')

/**
 * Sends calls to the first of several endpoints that works. One that took nothing is passed over within the same attempt, without a wait; one
 * that fails several times in a row gets nothing for a while, but at most half of them, and never the last one.
 *
 * @throws HoldfastError `configuration-invalid`
 * @example
 * const fetch = createFetch({ endpoints: ['https://eu.api.example', 'https://us.api.example'], sharedKeys: true })
 */
export function endpoints({ endpoints: urls, sharedKeys = false, ...options }: EndpointsOptions): Policy {
  const origins = urls.map(originOf)
  if (origins.length === 0 || origins.includes(''))
    throw configurationError(`endpoints: expected absolute URLs, got ${JSON.stringify(urls)}`)
  const settings = toHealthSettings(options)
  const { clock } = settings
  const mayEject = (now: number): boolean => origins.filter((one) => sharedHealth(one).until > now).length < Math.floor(origins.length / 2)

  /** The next endpoint to try: one that works, and rather another than the last one. When all are ejected, the one whose time ends first. */
  function choose(call: Call, tried: readonly string[]): string | undefined {
    const last = call.facts.get(lastFact)
    // A server that may have processed a keyed call is the only one that knows its key.
    if (last !== undefined && !sharedKeys && !idempotent.has(call.method)) return tried.includes(last) ? undefined : last
    const now = monotonic(clock)
    const left = origins.filter((one) => !tried.includes(one))
    const open = left.filter((one) => isOpen(sharedHealth(one), now))
    if (open.length > 0) return open.find((one) => one !== last) ?? open[0]
    return tried.length > 0 ? undefined : left.toSorted((a, b) => sharedHealth(a).until - sharedHealth(b).until)[0]
  }

  return async function endpoints(call, next) {
    const origin = originOf(call.url)
    if (!origins.includes(origin)) return next(call)
    const tried: string[] = []
    for (let endpoint = choose(call, tried) as string; ;) {
      call.facts.set(lastFact, endpoint)
      const there = endpoint === origin ? call : call.with({ url: endpoint + call.url.slice(origin.length) })
      const { outcome, kind } = await watched(settings, endpoint, there, next, mayEject)
      tried.push(endpoint)
      // A call that reached nobody belongs to nobody.
      if (kind === 'not-sent') call.facts.set(lastFact, undefined as unknown as string)
      const other = kind === 'not-sent' && (call.facts.get(bodyFact)?.isIntact ?? true) ? choose(call, tried) : undefined
      if (other === undefined) return conclude(outcome)
      if ('reply' in outcome) discard(outcome.reply, clock)
      endpoint = other
    }
  }
}
