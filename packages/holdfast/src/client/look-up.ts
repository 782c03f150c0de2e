import type { Call } from '../core/call.ts'
import { HoldfastError } from '../core/errors.ts'
import { originOf } from '../retry/per-origin.ts'
import type { KeyOutcome } from './outcome-unknown.ts'
import { toHeadersInput } from './request-fields.ts'
import type { Fetch } from './types.ts'

/** Where our server tells what became of a key. */
const path = '/.well-known/idempotency/'

/** Fields that belong to the call itself; everything else, such as who is calling, goes with the question too. */
const notAsked = ['content-type', 'content-encoding', 'content-length', 'idempotency-key', 'if-match', 'if-none-match', 'range']

/** Asks the server of a call what became of its key. */
export async function lookUpKey(fetch: Fetch, { url, headers, signal }: Call, key: string, waitSeconds: number): Promise<KeyOutcome> {
  const asked = new Headers(toHeadersInput(headers, {}))
  for (const name of notAsked) asked.delete(name)
  const query = waitSeconds > 0 ? `?wait=${Math.ceil(waitSeconds)}` : ''
  const response = await fetch(`${originOf(url)}${path}${encodeURIComponent(key)}${query}`, {
    headers: asked,
    ...(signal && { signal }),
    holdfast: { key: false },
  })
  const told = (await response.json().catch(() => undefined)) as Partial<KeyOutcome> | { readonly state: 'released' } | undefined
  const isAbsent = told?.state === 'released' || (response.status === 404 && told?.state === 'absent')
  if (isAbsent) return { state: 'absent' }
  if (response.ok && told?.state !== undefined) return told as KeyOutcome
  throw new HoldfastError('outcome-unknown', `${originOf(url)} does not tell what became of a key: it answered ${response.status}`)
}
