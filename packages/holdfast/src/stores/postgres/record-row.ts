import type { KeyRecord, KeyState } from '../../idempotency/record.ts'
import type { PostgresResult } from './driver.ts'

/** One row by column name. */
export type Row = PostgresResult['rows'][number]

/** A record, and the version of the row it was read from, which changes with the record. */
export interface VersionedRecord {
  readonly record: KeyRecord
  readonly version: string
}

interface RecordJson {
  readonly state: KeyState
  readonly scope: string
  readonly fingerprint: string
  readonly owner: string
  readonly attempt: number
  readonly lease: number | null
  readonly progress: string | null
  readonly answer: string | null
  readonly created: number
  readonly completed: number | null
  readonly expires: number | null
  readonly version: string
}

/** Reads a record from the JSON the SQL makes of it; `undefined` when there is none. */
export function toRecord(id: string, json: string | undefined): VersionedRecord | undefined {
  if (json === undefined) return undefined
  const { state, scope, fingerprint, owner, attempt, lease, progress, answer, created, completed, expires, version } = JSON.parse(
    json,
  ) as RecordJson
  const record: KeyRecord = {
    id,
    scope,
    fingerprint,
    state,
    owner,
    attempt,
    leaseUntil: lease ?? undefined,
    progress: progress === null ? undefined : toBytes(progress),
    answer: answer === null ? undefined : toBytes(answer),
    createdAt: created,
    completedAt: completed ?? undefined,
    expiresAt: expires ?? undefined,
  }
  return { record, version }
}

/** Reads a row of `selectRecord`. */
export function toReading(id: string, row: Row | undefined): { readonly record: KeyRecord | undefined; readonly now: number } {
  const json = row?.['record']
  return { record: toRecord(id, typeof json === 'string' ? json : undefined)?.record, now: Number(row?.['now']) }
}

/** Bytes from hex. */
export function toBytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

/** Splits at the first spaces, `count` of them; what comes after the last stays whole. */
export function splitAt(text: string, count: number): string[] {
  const parts: string[] = []
  let start = 0
  for (let index = 0; index < count; index += 1) {
    const end = text.indexOf(' ', start)
    parts.push(text.slice(start, end))
    start = end + 1
  }
  parts.push(text.slice(start))
  return parts
}
