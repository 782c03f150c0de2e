import type { Call } from '../core/call.ts'
import { recordOf } from '../retry/record.ts'
import type { CallRecord } from '../retry/record.ts'
import { keyOf } from './idempotency-key.ts'
import { createStamp } from './stamp.ts'
import type { Meta } from './types.ts'

interface Known {
  readonly record: CallRecord
  readonly headers: Call['headers']
}

const known = createStamp<Known>()

/** Remembers what became of a call, by its answer or its error. */
export function remember(result: object, call: Pick<Call, 'headers' | 'facts'>): void {
  // Not the call: platforms hold an answer for long, and everything that hangs on it.
  known.write(result, { record: recordOf(call), headers: call.headers })
}

/**
 * What became of a call besides its answer: attempts, key, whether the answer is a replay, waits. Also of the error a call rejected with. For
 * anything else it says that nothing was sent.
 *
 * @example
 * const response = await fetch(url, { method: 'POST', body })
 * meta(response).replayed // true: an earlier attempt had the effect, this is its answer
 */
export function meta(result: unknown): Meta {
  const found = typeof result === 'object' && result !== null ? known.read(result) : undefined
  const { attempts = 0, waitedMs = 0, stop, endpoint, retryAt } = found?.record ?? {}
  return {
    attempts,
    key: found && keyOf(found),
    replayed: (result as Response | undefined)?.headers?.get('idempotent-replayed') === 'true',
    waitedMs,
    stop,
    endpoint,
    retryAt: retryAt === undefined ? undefined : new Date(retryAt),
  }
}
