import { createReply, isHoldfastError, problem } from 'holdfast'
import type { Reply } from 'holdfast'

/** Every refusal of the ledger's own; those of its promises are Holdfast's. */
const refusals = {
  'already-reversed': [409, 'The transfer was reversed before'],
  'balance-not-zero': [409, 'The wallet holds money'],
  'currency-mismatch': [422, 'The wallets and the amount are not of one currency'],
  'insufficient-funds': [422, 'The source wallet does not hold enough money'],
  'internal-error': [500, 'The ledger failed'],
  'invalid-request': [400, 'The request is not valid'],
  'not-found': [404, 'There is nothing here'],
  'not-ready': [503, 'The store does not answer'],
  'transfer-not-found': [404, 'There is no such transfer'],
  'wallet-closed': [422, 'The wallet is closed'],
  'wallet-not-found': [404, 'There is no such wallet'],
} as const

/** The code of a refusal. */
export type RefusalCode = keyof typeof refusals

/** One thing that is wrong with a request: `pointer` leads to a member of the body (RFC 6901), `parameter` names one of the query. */
export type Issue = { readonly pointer: string; readonly detail: string } | { readonly parameter: string; readonly detail: string }

/** Makes the reply of a refusal (RFC 9457). */
export function refuse(code: RefusalCode, detail: string, members: Readonly<Record<string, unknown>> = {}): Reply {
  const [status, title] = refusals[code]
  const body = { type: `/errors/${code}`, title, status, detail, code, retryable: status >= 500, ...members }
  const retryAfter = status === 503 ? { 'retry-after': '1' } : {}
  return createReply(
    status,
    { 'content-type': 'application/problem+json', 'cache-control': 'no-store', ...retryAfter },
    JSON.stringify(body),
  )
}

/** Refuses a request with all that is wrong with it, so that its author can correct everything at once. */
export function invalid(issues: readonly Issue[]): Reply {
  const [first] = issues
  const where = first === undefined ? '' : 'pointer' in first ? first.pointer || 'the body' : first.parameter
  return refuse('invalid-request', `${where}: ${first?.detail}`, { errors: issues })
}

/** The reply to an error that a handler or a framework threw. What the error says stays in the log. */
export function failed(error: unknown): Reply {
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  if (isHoldfastError(error) && error.code === 'store-unavailable') return problem('store-unavailable', { retryAfterMs: 1000 })
  if (status === 413 || (isHoldfastError(error) && error.code === 'body-too-large')) return problem('body-too-large')
  if (status === 400 || error instanceof URIError) return refuse('invalid-request', 'The request could not be read.', { errors: [] })
  console.error(error)
  return refuse('internal-error', 'Something went wrong. Repeat the call with the same Idempotency-Key.')
}

/** What `type` of a refusal leads to. */
export function explain(code: string): Reply {
  const refusal = Object.hasOwn(refusals, code) ? refusals[code as RefusalCode] : undefined
  if (refusal === undefined) return refuse('not-found', `There is no error called ${JSON.stringify(code)}.`)
  return createReply(200, { 'content-type': 'text/plain; charset=utf-8' }, `${code} (${refusal[0]}): ${refusal[1]}.\n`)
}
