import type { CallRecord } from '../retry/record.ts'
import type { Meta } from './types.ts'

interface Known {
  readonly record: CallRecord
  readonly key: string | undefined
}

const known = new WeakMap<object, Known>()

/** Remembers what became of a call, by its answer or its error. */
export function remember(result: object, record: CallRecord, key: string | undefined): void {
  known.set(result, { record, key })
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
  const found = typeof result === 'object' && result !== null ? known.get(result) : undefined
  const record = found?.record
  const retryAt = record?.retryAt
  return {
    attempts: record?.attempts ?? 0,
    key: found?.key,
    replayed: (result as Response | undefined)?.headers?.get('idempotent-replayed') === 'true',
    waitedMs: record?.waitedMs ?? 0,
    stop: record?.stop,
    endpoint: record?.endpoint,
    retryAt: retryAt === undefined ? undefined : new Date(retryAt),
  }
}
