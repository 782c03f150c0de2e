import { accountFact, isHoldfastError, targetOf } from '../core/index.ts'
import type { Call, Next, Reply } from '../core/index.ts'
import { CanonicalJsonError } from './canonical-json.ts'
import { clockToleranceMs, mintedAt } from './key.ts'
import type { Claim } from './record.ts'
import type { KeyName } from './seal.ts'
import type { Settings } from './settings.ts'

/** A call with everything that is known of its key before the store is asked. */
export interface KeyedCall {
  readonly call: Call
  readonly next: Next
  readonly name: KeyName
  readonly claim: Claim
  /** How long the answer is kept: at least until the key is too old to be executed, also when its maker's clock is ahead. */
  readonly retentionMs: number
}

/** Reads what the claim needs: account, body, fingerprint. Comes back as a refusal when one of them is no good; nothing is recorded then. */
export async function toKeyedCall(settings: Settings, call: Call, next: Next, key: string): Promise<KeyedCall | Reply> {
  const account = call.facts.get(accountFact) ?? (await settings.account?.(call))
  if (typeof account !== 'string' || account === '') return settings.problem('account-unknown')
  const minted = mintedAt(key, call.headers)
  if (minted !== undefined && minted > settings.clock.now() + clockToleranceMs) {
    return settings.problem('key-invalid', {
      detail: `the key says it was made at ${new Date(minted).toISOString()}, which is in the future; check the caller's clock`,
    })
  }
  let description: string
  try {
    description = settings.describe(call, await call.bytes(settings.maxBodyBytes))
  } catch (error) {
    return refuseBody(settings, error)
  }
  const { sealer } = settings
  const name: KeyName = {
    account,
    key,
    endpoint: settings.keyScope === 'endpoint' ? `${call.method} ${targetOf(call.url).path}` : undefined,
  }
  const { retentionMs: remembered } = settings
  const retentionMs = minted === undefined ? remembered : remembered + clockToleranceMs
  const claim: Claim = {
    id: sealer.id(name),
    scope: sealer.scope(account),
    fingerprint: sealer.fingerprint(description),
    owner: settings.newOwner(),
    leaseMs: settings.leaseMs,
    onOrphan: settings.guarantee === 'resumable' || settings.guarantee === 'at-least-once' ? 'rerun' : 'unknown',
    // Nor may an unknown outcome be forgotten while its key can still be executed.
    unknownRetentionMs: Math.max(settings.unknownRetentionMs, retentionMs),
    mintedAt: minted,
    retentionMs: remembered,
    quota: settings.keysPerAccount,
  }
  return { call, next, name, claim, retentionMs }
}

function refuseBody(settings: Settings, error: unknown): Reply {
  if (error instanceof CanonicalJsonError) return settings.problem('body-invalid', { detail: error.message })
  if (isHoldfastError(error) && error.code === 'body-too-large') return settings.problem('body-too-large', { detail: error.message })
  throw error
}
