import { isHoldfastError, storeUnavailable } from '../../core/errors.ts'
import type { Names } from './names.ts'

// Node's socket errors, and the names postgres.js gives its own.
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
])

// Class 08 is connection exceptions; 57P01 to 57P05 end a session or refuse one; 25P03 and 25P04 are the server's transaction timeouts, which end it too.
const connectionStates = /^(08...|57P0[1-5]|25P0[34])$/

// `pg` throws these without a code.
const connectionMessages =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|Query read timeout|timeout (exceeded|expired)|Cannot use a pool after)/

/** The stable code a driver's error carries: an SQLSTATE, or a socket's. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether the server says an error is about a table of ours. `pg` calls the field `table`, postgres.js `table_name`. */
export function isOnTable(error: unknown, { bare }: Names): boolean {
  const fields = error as Partial<Record<'table' | 'table_name' | 'schema' | 'schema_name', unknown>>
  return (fields.table ?? fields.table_name) === bare.table && (fields.schema ?? fields.schema_name) === bare.schema
}

/** Whether an error means that the connection is gone, so that what was sent last may or may not have been done. */
export function isConnectionLoss(error: unknown): boolean {
  if (isHoldfastError(error)) return error.code === 'store-unavailable'
  const code = codeOf(error)
  if (code !== undefined && (connectionCodes.has(code) || connectionStates.test(code))) return true
  return error instanceof Error && connectionMessages.test(error.message)
}

/** Turns whatever a statement of the store's own failed with into the error callers expect. Errors of Holdfast's stay as they are. */
export function toUnavailable(error: unknown): Error {
  if (isHoldfastError(error)) return error
  const detail = codeOf(error) ?? (error instanceof Error ? error.message : String(error))
  return storeUnavailable(`Postgres did not do what the store asked (${detail})`, error)
}
