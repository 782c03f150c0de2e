import { publish, routeFact, sleep } from '../core/index.ts'
import type { Call, Next, Policy, Reply } from '../core/index.ts'
import type { Attempt } from './attempt.ts'
import { openAnswer, replay } from './conclude.ts'
import type { Flight, Settlement } from './in-flight.ts'
import { findKey } from './key.ts'
import { toKeyedCall } from './keyed-call.ts'
import type { KeyedCall } from './keyed-call.ts'
import { join } from './join.ts'
import { attemptLeased } from './leased.ts'
import type { IdempotencyOptions } from './options.ts'
import { reconcile } from './reconcile.ts'
import { refuseRunning, refuseTaken } from './refusals.ts'
import { toSettings } from './settings.ts'
import type { Settings } from './settings.ts'
import { isStoreFailure } from './store-calls.ts'
import { attemptTransaction, runUnkeyed } from './transactional.ts'

/**
 * Runs each keyed call once and gives every repeat the recorded answer (draft-ietf-httpapi-idempotency-key-header-07).
 *
 * Applies to the methods it is told, POST and PATCH by default; all other calls pass untouched. Refusals are problem replies;
 * none of them uses the key up. Inside a handler `idempotencyOf()` gives the key's context.
 *
 * @throws HoldfastError `configuration-invalid` when the store cannot give the guarantee, or an option cannot work
 * @example
 * const policy = idempotency({ store: memory().idempotency, guarantee: 'at-most-once', account: (head) => head.headers.get('x-account') ?? undefined })
 */
export function idempotency(options: IdempotencyOptions): Policy {
  const settings = toSettings(options)
  return function idempotency(call, next) {
    if (!settings.methods.has(call.method)) return next(call)
    const parsed = findKey(call.headers, settings.headerNames)
    if (parsed === undefined) return withoutKey(settings, call, next)
    if ('invalid' in parsed) return settings.problem('key-invalid', { detail: parsed.invalid })
    return withKey(settings, call, next, parsed.key)
  }
}

function withoutKey(settings: Settings, call: Call, next: Next): Promise<Reply> | Reply {
  if (settings.key === 'required') return settings.problem('key-missing', { detail: `send a ${settings.headerNames[0]} header with a new key for each logical call` })
  if (settings.guarantee !== 'exactly-once') return next(call)
  return runUnkeyed(settings, call, next).catch((error: unknown) => refuse(settings, call, error))
}

async function withKey(settings: Settings, call: Call, next: Next, key: string): Promise<Reply> {
  if (settings.inFlight.draining) return settings.problem('shutting-down', { retryAfterMs: 1_000 })
  const keyed = await toKeyedCall(settings, call, next, key)
  if (!('claim' in keyed)) return keyed
  try {
    return await settle(settings, keyed)
  } catch (error) {
    if (settings.failOpen && isStoreFailure(error)) {
      publish('idempotency', 'unprotected', call.facts.get(routeFact))
      return next(call)
    }
    return refuse(settings, call, error)
  }
}

/** A store that failed is a refusal to the caller; everything else is the handler's own error and stays one. */
function refuse(settings: Settings, call: Call, error: unknown): Reply {
  if (!isStoreFailure(error)) throw error
  publish('idempotency', 'store-unavailable', call.facts.get(routeFact))
  return settings.problem('store-unavailable', { retryAfterMs: 1_000 })
}

const firstPollMs = 25
const longestPollMs = 1_000

/** Attempts the key until there is a reply: repeats wait for the run under way, in this process or by asking the store again. */
async function settle(settings: Settings, keyed: KeyedCall): Promise<Reply> {
  const { inFlight, clock, random } = settings
  const { id, fingerprint } = keyed.claim
  const until = clock.now() + settings.joinTimeoutMs
  for (let poll = firstPollMs; ; ) {
    const flight = inFlight.find(id)
    if (flight !== undefined) {
      const joined = await join(settings, keyed, flight, until)
      if (joined !== undefined) return joined
      continue
    }
    const attempt = await attemptOnce(settings, keyed, inFlight.enter(id, fingerprint))
    publish('idempotency', attempt.kind, keyed.call.facts.get(routeFact))
    if (attempt.kind === 'replied') return attempt.reply
    if (attempt.kind === 'done') return replay(settings, keyed, openAnswer(settings, keyed, attempt.answer))
    if (attempt.kind === 'unknown') {
      const reconciled = await reconcile(settings, keyed, attempt.attempt)
      if (reconciled !== undefined) return reconciled
      continue
    }
    if (attempt.kind !== 'running') return refuseTaken(settings, attempt)
    if (settings.whileRunning === 'conflict' || clock.now() >= until) return refuseRunning(settings, attempt.leaseLeftMs, attempt.attempt)
    await sleep(clock, Math.min(poll * (0.5 + random() / 2), Math.max(1, until - clock.now())))
    poll = Math.min(poll * 2, longestPollMs)
  }
}

async function attemptOnce(settings: Settings, keyed: KeyedCall, flight: Flight): Promise<Attempt> {
  let settlement: Settlement = { kind: 'open' }
  try {
    const attempt = await (settings.guarantee === 'exactly-once' ? attemptTransaction : attemptLeased)(settings, keyed, flight)
    settlement = toSettlement(settings, keyed, attempt)
    return attempt
  } catch (error) {
    if (isStoreFailure(error)) settlement = { kind: 'unavailable' }
    throw error
  } finally {
    settings.inFlight.leave(keyed.claim.id)
    flight.settle(settlement)
  }
}

function toSettlement(settings: Settings, keyed: KeyedCall, attempt: Attempt): Settlement {
  if (attempt.kind === 'replied') return attempt.settlement
  if (attempt.kind !== 'done') return { kind: 'open' }
  const answer = openAnswer(settings, keyed, attempt.answer)
  return answer === undefined ? { kind: 'open' } : { kind: 'answered', answer, fingerprint: keyed.claim.fingerprint }
}
