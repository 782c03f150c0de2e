import { captureBody } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { concludeWith } from './conclude.ts'
import { clockToleranceMs } from './key.ts'
import type { KeyedCall } from './keyed-call.ts'
import type { KeyName } from './seal.ts'
import type { Settings } from './settings.ts'
import { bounded } from './store-calls.ts'

/**
 * Asks the route's `reconcile` what became of a run that vanished, and settles the key with what it says: claim it again then.
 * `false`: nobody knows. One process asks once at a time; of two processes the first to settle the key wins in the store.
 */
export async function reconcile(settings: Settings, keyed: KeyedCall, attempt: number): Promise<boolean> {
  const { sealer } = settings
  const { account, key } = keyed.name
  const derive = (label: string): string => sealer.derive(keyed.name, label)
  const found = await settings.reconcile?.({ call: keyed.call, account, key, attempt, derive })
  if (found === undefined) return false
  await resolveKey(settings, keyed.name, found === 'no-effect' ? 'rerun' : { response: found })
  return true
}

/** What is known of a key whose outcome was unknown: the answer its call should have given, or that it had no effect. */
export type Resolved = { readonly response: Reply } | 'rerun'

/** Settles an `unknown` key by hand. `false`: the key is not unknown (any more). */
export async function resolveKey(settings: Settings, name: KeyName, resolved: Resolved): Promise<boolean> {
  const { store, sealer, retentionMs, newOwner, maxAnswerBytes } = settings
  let answer: Uint8Array | undefined
  if (resolved !== 'rerun') {
    const { response } = resolved
    const { body, bytes } = await captureBody(response.body, maxAnswerBytes)
    answer = concludeWith(settings, name, response, body, bytes).sealed
  }
  return bounded(settings, store.resolve({ id: sealer.id(name), owner: newOwner(), answer, retentionMs: retentionMs + clockToleranceMs }))
}
