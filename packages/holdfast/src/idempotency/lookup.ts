import { accountFact, jsonReply, sleep, targetOf } from '../core/index.ts'
import type { Call, Reply } from '../core/index.ts'
import { openAnswer } from './conclude.ts'
import { parseKey } from './key.ts'
import type { KeySnapshot } from './record.ts'
import type { KeyName } from './seal.ts'
import type { Settings } from './settings.ts'
import { bounded, isStoreFailure } from './store-calls.ts'

/** Where the outcome of a key is asked for: `GET /.well-known/idempotency/{key}`. */
export const lookupPath = '/.well-known/idempotency/'

const longestWaitSeconds = 60
const pollMs = 100

/**
 * Makes the handler that tells an account what became of a key: `?wait=10` waits up to so many seconds for a running call,
 * `?endpoint=POST%20/transfers` names the route where keys are scoped to one.
 */
export function outcomeLookup(settings: Settings): (call: Call) => Promise<Reply> {
  const { problem, sealer, store, clock } = settings
  return async function outcomeLookup(call) {
    const account = call.facts.get(accountFact)
    if (account === undefined) return problem('account-unknown')
    const { path, query } = targetOf(call.url)
    const key = readKey(path)
    if (key === undefined) return problem('key-invalid')
    const parameters = new URLSearchParams(query)
    const name: KeyName = { account, key, endpoint: parameters.get('endpoint') ?? undefined }
    const until = clock.now() + Math.min(Number(parameters.get('wait') ?? 0) || 0, longestWaitSeconds) * 1_000
    try {
      for (;;) {
        const snapshot = await bounded(settings, store.lookup(sealer.id(name)))
        if (snapshot === undefined) return problem('key-unknown', { members: { state: 'absent' } })
        if (snapshot.state !== 'running' || clock.now() >= until) return describe(settings, name, snapshot)
        await sleep(clock, pollMs, call.signal)
      }
    } catch (error) {
      if (!isStoreFailure(error)) throw error
      return problem('store-unavailable', { retryAfterMs: 1_000 })
    }
  }
}

function readKey(path: string): string | undefined {
  try {
    const parsed = parseKey(decodeURIComponent(path.slice(lookupPath.length)))
    return parsed !== undefined && 'key' in parsed ? parsed.key : undefined
  } catch {
    return undefined
  }
}

function describe(settings: Settings, name: KeyName, snapshot: KeySnapshot): Reply {
  const { state, attempt, ageMs, expiresInMs, leaseLeftMs, answer } = snapshot
  const recorded = answer && openAnswer(settings, name, answer)
  const location = recorded?.headers.find(([header]) => header === 'location')?.[1]
  return jsonReply(
    200,
    {
      state,
      attempt,
      ageMs,
      expiresInMs,
      leaseLeftMs,
      ...(recorded && { status: recorded.status, location, replayable: recorded.body !== undefined }),
    },
    { 'cache-control': 'no-store' },
  )
}
