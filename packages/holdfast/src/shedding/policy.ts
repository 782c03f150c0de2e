import { publish, routeFact } from '../core/index.ts'
import type { Call, Next, Policy, Reply } from '../core/index.ts'
import type { Criticality } from './decide.ts'
import { createGate } from './gate.ts'
import type { Gate, Pass, Refusal } from './gate.ts'
import { isCriticality, toSettings } from './options.ts'
import type { Settings, SheddingOptions } from './options.ts'

/** The field by which a trusted caller says how much its call matters. */
const criticalityField = 'holdfast-criticality'

/** One gate for all routes of an API. */
export interface Shedding {
  readonly gate: Gate
  /** The policy of one route; `routeClass` are routes that take about as long. */
  policy(criticality?: Criticality, routeClass?: string): Policy
}

/**
 * Refuses calls that the process could only serve too late, so that those it serves are served in time: as many at once as latency
 * allows (Netflix Gradient2), what matters least first (Google SRE, criticality), and of equals those whose caller has most under way. A
 * refusal costs next to nothing: it comes before the body is read.
 *
 * Does not apply to limits of an account, which are its own doing and answered with 429: see `rateLimit`.
 *
 * @throws HoldfastError `configuration-invalid` when an option cannot work
 * @example
 * const policy = stack(shedding({ initialLimit: 100 }), account, idempotency(options))
 */
export function shedding(options: SheddingOptions = {}): Policy {
  return createShedding(options).policy()
}

/** As `shedding`, for routes of several classes and criticalities that share a process. */
export function createShedding(options: SheddingOptions = {}): Shedding {
  const settings = toSettings(options)
  const gate = createGate(settings)
  return { gate, policy: (criticality = settings.criticality, routeClass) => policyOf(settings, gate, criticality, routeClass) }
}

function policyOf(settings: Settings, gate: Gate, criticality: Criticality, routeClass: string | undefined): Policy {
  return function shedding(call, next) {
    const entrant = {
      caller: settings.caller(call) ?? '',
      criticality: claimed(settings, call) ?? criticality,
      routeClass: routeClass ?? call.facts.get(routeFact) ?? '',
    }
    const entered = gate.enter(entrant, () => call.signal)
    if (typeof entered === 'string') return refuse(settings, gate, call, entered)
    if ('then' in entered)
      return entered.then((outcome) => (typeof outcome === 'string' ? refuse(settings, gate, call, outcome) : serve(outcome, call, next)))
    return serve(entered, call, next)
  }
}

/** What the caller says of its call, if it is believed. */
function claimed({ trust }: Settings, call: Call): Criticality | undefined {
  const text = call.headers.get(criticalityField)
  return text !== null && isCriticality(text) && trust(call) ? text : undefined
}

function serve(pass: Pass, call: Call, next: Next): Promise<Reply> | Reply {
  call.whenClosed?.(() => pass.leave())
  const answered = (reply: Reply): Reply => {
    pass.answered(reply.status === 503 || reply.status === 504)
    if (call.whenClosed === undefined) pass.leave()
    return reply
  }
  const failed = (error: unknown): never => {
    pass.answered(false)
    pass.leave()
    throw error
  }
  let reply: Promise<Reply> | Reply
  try {
    reply = next(call)
  } catch (error) {
    return failed(error)
  }
  return 'then' in reply ? reply.then(answered, failed) : answered(reply)
}

const shortestWaitMs = 1_000
const longestWaitMs = 5_000

/** Callers who were refused together must not come back together: the wait grows with the pressure, and a part of it is chance. */
function refuse({ problem, random }: Settings, gate: Gate, call: Call, refusal: Refusal): Reply {
  publish('shedding', refusal, call.facts.get(routeFact))
  const waitMs = shortestWaitMs + gate.pressure * (longestWaitMs - shortestWaitMs)
  return problem('temporary-reduced-capacity', { retryAfterMs: waitMs + random() * Math.max(1_000, waitMs / 10) })
}
