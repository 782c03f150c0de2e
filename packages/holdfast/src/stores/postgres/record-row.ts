import type { KeyRecord, KeyState } from '../../idempotency/record.ts'
import type { PostgresResult } from './driver.ts'

/** One row by column name. */
export type Row = PostgresResult['rows'][number]

/** The row version a record was read at: any change to the record changes it. */
export interface VersionedRecord {
  readonly record: KeyRecord
  readonly version: string
}

/** Reads a record from a row of `selectRecord` or of the start of a transaction; `undefined` when the row says there is none. */
export function toRecord(id: string, row: Row | undefined): VersionedRecord | undefined {
  if (row === undefined || row['state'] === null) return undefined
  const record: KeyRecord = {
    id,
    scope: String(row['scope']),
    fingerprint: String(row['fingerprint']),
    state: row['state'] as KeyState,
    owner: String(row['owner']),
    attempt: Number(row['attempt']),
    leaseUntil: toNumber(row['lease']),
    progress: toBytes(row['progress']),
    answer: toBytes(row['answer']),
    createdAt: Number(row['created']),
    completedAt: toNumber(row['completed']),
    expiresAt: toNumber(row['expires']),
  }
  return { record, version: String(row['version']) }
}

/** A number that may be absent. Drivers may be told to give numbers as text. */
export function toNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}

/** Bytes that may be absent: drivers give a Buffer, unless they were told to leave text alone. */
export function toBytes(value: unknown): Uint8Array | undefined {
  if (value === null || value === undefined) return undefined
  if (value instanceof Uint8Array) return value
  return Buffer.from(String(value).slice(2), 'hex')
}
