import type { OutcomeClass } from './outcome.ts'

type Failure = Exclude<OutcomeClass, 'ok' | 'in-progress' | 'refused'>

/** The parts of an error that runtimes tell their failures by. */
interface Shape {
  readonly name?: unknown
  readonly message?: unknown
  readonly code?: unknown
  readonly syscall?: unknown
  readonly cause?: unknown
  readonly errors?: unknown
}

/**
 * What runtimes say, by class: codes of Node, undici, Bun and of our own, and the words of Deno and of browsers, which give no code. The first
 * match counts; a code that matches nothing, such as ECONNRESET, EPIPE, UND_ERR_SOCKET or HPE_INVALID_CONSTANT, is `maybe`.
 * So is UND_ERR_DESTROYED: destroying a pool ends requests that were already sent with it.
 */
const table = {
  final: /^(ERR_(TLS|SSL|INV|HTTP_INV)|UND_ERR_(INV|NOT_S|REQ_C)|UNABLE_TO_|HOSTNAME_|EPROTO)|cert(_|$|ificate)|handshake|\btls\b/i,
  'not-sent':
    /^(ECONNREFUSED|ENOTFOUND|UND_ERR_(CONNECT|CLOSED)|ConnectionRefused|FailedToOpen|(endpoint-unavailable|pacing-refused)$)|REFUSED_STREAM|client error \(Connect\)/,
  // Browsers say no more than this, whatever happened.
  maybe: /fetch failed|failed to fetch|load failed|network|terminated|connection|error (sending|reading)/i,
} satisfies Record<Failure, RegExp>

/** Causes are followed this far down; runtimes nest two or three. */
const deepest = 8

/**
 * Classifies what a `fetch` rejected with, from the one table for all runtimes. An error nobody knows counts as `final` when it is a
 * mistake in a program (a `TypeError` without a network cause, such as an invalid header), else as `maybe`.
 *
 * @example
 * classifyFailure(Object.assign(new Error(), { code: 'ECONNRESET', syscall: 'connect' })) // 'not-sent'
 */
export function classifyFailure(error: unknown): Failure {
  return find(error, 0) ?? (isMistake(error) ? 'final' : 'maybe')
}

function find(error: unknown, depth: number): Failure | undefined {
  if (typeof error !== 'object' || error === null || depth > deepest) return undefined
  const { name, message, code, syscall, cause, errors } = error as Shape
  if (Array.isArray(errors) && errors.length > 0) return ofAll(errors, depth)
  if (name === 'AbortError') return 'final'
  if (name === 'TimeoutError') return 'maybe'
  // The cause is nearer to what happened: "fetch failed" alone says nothing.
  const deeper = find(cause, depth + 1)
  if (deeper !== undefined) return deeper
  if (typeof code === 'string')
    return match(code) ?? (syscall === 'connect' || syscall === 'getaddrinfo' ? 'not-sent' : (match(message) ?? 'maybe'))
  return match(message)
}

/** One failure for each address tried: nothing was sent only when no address took anything. */
function ofAll(errors: readonly unknown[], depth: number): Failure {
  const classes = errors.map((one) => find(one, depth + 1) ?? 'maybe')
  return classes.find((one) => one !== 'not-sent') ?? 'not-sent'
}

function match(text: unknown): Failure | undefined {
  return (Object.keys(table) as Failure[]).find((kind) => table[kind].test(String(text)))
}

function isMistake(error: unknown): boolean {
  return !(error instanceof Error) || /^(Type|Range|Syntax|Reference)Error$/.test(error.name)
}
