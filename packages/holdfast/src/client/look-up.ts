import { HoldfastError } from '../core/errors.ts'
import { originOf } from '../retry/per-origin.ts'
import type { Fetch, HeadersInput } from './types.ts'

/** What a server knows of a key. */
export interface KeyOutcome {
  /** `done`: `status` and `location` are those of the answer. `absent`: no call with this key has had an effect; one that is still on its way may. `unknown`: the server cannot tell either. */
  readonly state: 'done' | 'running' | 'unknown' | 'absent'
  readonly status?: number
  readonly location?: string
}

/** Which key is asked for. An `OutcomeUnknown` is one. */
export interface AskedKey {
  /** Any URL of the server. */
  readonly url: string
  readonly key: string | undefined
}

/**
 * Asks a Holdfast server what became of a key, without sending the call again. `headers` say who asks, as they did with the call.
 *
 * @param waitSeconds how long the server may wait for a call that is still running
 * @throws HoldfastError `outcome-unknown` when the server has no such look-up
 * @example
 * const { state } = await lookUpKey(fetch, error, { headers: { authorization } })
 */
export async function lookUpKey(
  fetch: Fetch,
  { url, key = '' }: AskedKey,
  { headers = {}, waitSeconds = 0 }: { readonly headers?: HeadersInput; readonly waitSeconds?: number } = {},
): Promise<KeyOutcome> {
  const target = `${originOf(url)}/.well-known/idempotency/${encodeURIComponent(key)}?wait=${Math.ceil(waitSeconds)}`
  const response = await fetch(target, { headers })
  const told = (await response.json().catch(() => undefined)) as { readonly state?: KeyOutcome['state'] | 'released' } | undefined
  if (told?.state === 'absent' || told?.state === 'released') return { state: 'absent' }
  if (response.ok && told?.state !== undefined) return told as KeyOutcome
  throw new HoldfastError('outcome-unknown', `the server does not tell what became of a key: it answered ${response.status}`)
}
