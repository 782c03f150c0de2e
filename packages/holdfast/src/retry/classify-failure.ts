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
 * Codes by class, as Node (undici), Bun and Deno report them. A code that is missing here is looked up in `patterns`.
 * UND_ERR_DESTROYED is no `not-sent`: destroying a pool ends requests that were already sent with it.
 */
const codes: Readonly<Record<Failure, string>> = {
  'not-sent':
    'ECONNREFUSED ENOTFOUND EAI_AGAIN EAI_FAIL EAI_NODATA EAI_NONAME ENETUNREACH EADDRNOTAVAIL UND_ERR_CONNECT_TIMEOUT UND_ERR_CLOSED' +
    ' ConnectionRefused FailedToOpenSocket endpoint-unavailable pacing-refused',
  maybe:
    'ECONNRESET ECONNABORTED EPIPE ETIMEDOUT EHOSTUNREACH UND_ERR_SOCKET UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_DESTROYED' +
    ' UND_ERR_ABORTED ConnectionClosed ConnectionReset Timeout attempt-timeout body-idle body-incomplete deadline-exceeded',
  final: 'EPROTO HOSTNAME_MISMATCH UND_ERR_INVALID_ARG UND_ERR_NOT_SUPPORTED UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
}

const classOfCode: ReadonlyMap<string, Failure> = new Map(
  (Object.keys(codes) as Failure[]).flatMap((name) => codes[name].split(' ').map((code) => [code, name] as const)),
)

/** Codes that come in families, then the words of runtimes that give no code. The first match counts. */
const patterns: readonly (readonly [RegExp, Failure])[] = [
  [/^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_INVALID|ERR_HTTP_INVALID)/, 'final'],
  [/^HPE_/, 'maybe'],
  [/REFUSED_STREAM/, 'not-sent'],
  [/certificate|handshake|\btls\b/i, 'final'],
  [/client error \(Connect\)/, 'not-sent'],
  [/error sending request|error reading a body|connection (reset|closed|error)/i, 'maybe'],
  // Browsers say no more than this, whatever happened.
  [/^(fetch failed|failed to fetch|load failed|networkerror|network error|network request failed|terminated)/i, 'maybe'],
]

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
  if (typeof code === 'string') {
    if (syscall === 'connect') return code === 'EPROTO' ? 'final' : 'not-sent'
    const known = classOfCode.get(code) ?? match(code)
    if (known !== undefined) return known
  }
  return typeof message === 'string' ? match(message) : undefined
}

/** One failure for each address tried: nothing was sent only when no address took anything. */
function ofAll(errors: readonly unknown[], depth: number): Failure {
  const classes = errors.map((one) => find(one, depth + 1) ?? 'maybe')
  return classes.find((one) => one !== 'not-sent') ?? 'not-sent'
}

function match(text: string): Failure | undefined {
  return patterns.find(([pattern]) => pattern.test(text))?.[1]
}

function isMistake(error: unknown): boolean {
  return !(error instanceof Error) || /^(Type|Range|Syntax|Reference)Error$/.test(error.name)
}
