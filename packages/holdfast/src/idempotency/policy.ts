import { monotonic, publish, routeFact } from '../core/index.ts'
import type { Call, Next, Policy, Reply } from '../core/index.ts'
import { findKey } from './key.ts'
import { toKeyedCall } from './keyed-call.ts'
import type { KeyedCall } from './keyed-call.ts'
import { join } from './join.ts'
import { lead } from './lead.ts'
import type { IdempotencyOptions } from './options.ts'
import { refuseDraining } from './refusals.ts'
import { toSettings } from './settings.ts'
import type { Settings } from './settings.ts'
import { isStoreFailure } from './store-calls.ts'
import { runUnkeyed } from './transactional.ts'

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
  if (settings.key === 'required')
    return settings.problem('key-missing', { detail: `send the ${settings.headerNames[0]} header with a new key for each logical call` })
  if (settings.guarantee !== 'exactly-once') return next(call)
  return runUnkeyed(settings, call, next).catch((error: unknown) => refuse(settings, call, error))
}

async function withKey(settings: Settings, call: Call, next: Next, key: string): Promise<Reply> {
  if (settings.inFlight.draining) return refuseDraining(settings)
  let hasRun = false
  const run: Next = settings.failOpen
    ? (inner) => {
        hasRun = true
        return next(inner)
      }
    : next
  const keyed = await toKeyedCall(settings, call, run, key)
  if (!('claim' in keyed)) return keyed
  try {
    return await settle(settings, keyed)
  } catch (error) {
    if (settings.failOpen && !hasRun && isStoreFailure(error)) {
      publish('idempotency', 'unprotected', call.facts.get(routeFact), settings.store.name, error)
      return next(call)
    }
    return refuse(settings, call, error)
  }
}

/** A store that failed is a refusal to the caller; everything else is the handler's own error and stays one. */
function refuse(settings: Settings, call: Call, error: unknown): Reply {
  if (!isStoreFailure(error)) throw error
  publish('idempotency', 'store-unavailable', call.facts.get(routeFact), settings.store.name, error)
  return settings.problem('store-unavailable', { retryAfterMs: 1_000 })
}

function settle(settings: Settings, keyed: KeyedCall): Promise<Reply> {
  const until = monotonic(settings.clock) + settings.joinTimeoutMs
  return settings.inFlight.find(keyed.claim.id) === undefined ? lead(settings, keyed, until) : joinOrLead(settings, keyed, until)
}

/** Waits for the run of another call in this process; when that leaves no answer, this call is the next to lead. */
async function joinOrLead(settings: Settings, keyed: KeyedCall, until: number): Promise<Reply> {
  for (;;) {
    const flight = settings.inFlight.find(keyed.claim.id)
    if (flight === undefined) return lead(settings, keyed, until)
    const joined = await join(settings, keyed, flight, until)
    if (joined !== undefined) return joined
  }
}
