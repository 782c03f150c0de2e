import { currentCall, versionFact } from '../core/index.ts'
import type { Call } from '../core/index.ts'
import { representationOf, stateTag } from './etag.ts'

/**
 * The entity tag of a resource's state, as this call would get it: for the ETag field of an answer, and for the `etag` member of items in lists.
 *
 * The tag names the representation as well: API version, media type, language and content coding. The policy writes the last two into the ETag field when they are known.
 *
 * @param state the resource's version column
 * @example
 * response.setHeader('ETag', etagOf(wallet.version))
 */
export function etagOf(state: number | bigint | string, call: Call = currentCall(), mediaType = 'application/json'): string {
  return stateTag(state, representationOf({ version: call.facts.get(versionFact), mediaType }))
}
