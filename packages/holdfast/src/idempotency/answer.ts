import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { promisify } from 'node:util'
import { createReply } from '../core/index.ts'
import type { Fields, HeaderReader, Reply } from '../core/index.ts'

/** An answer as it is recorded. */
export interface Answer {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  /** `undefined`: the body was too long to keep, or a stream without an end. */
  readonly body: Uint8Array | undefined
  /** When it was first given, milliseconds since the epoch. */
  readonly answeredAt: number
}

const formatVersion = 1
const decoder = new TextDecoder()

/** Writes an answer as bytes: the length of the head, the head as JSON, the body. */
export function encodeAnswer({ status, headers, body, answeredAt }: Answer): Uint8Array {
  const head = JSON.stringify([formatVersion, status, headers, answeredAt, body !== undefined])
  const length = Buffer.byteLength(head)
  // A Buffer comes from a pool; an array of its own for each record costs the garbage collector more than everything else in it.
  const bytes = Buffer.allocUnsafe(4 + length + (body?.byteLength ?? 0))
  bytes.writeUInt32BE(length)
  bytes.write(head, 4)
  if (body !== undefined) bytes.set(body, 4 + length)
  return bytes
}

/** Reads what `encodeAnswer` wrote; `undefined` for a format this version does not know, as after a newer deploy was rolled back. */
export function decodeAnswer(bytes: Uint8Array): Answer | undefined {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0)
  const [version, status, headers, answeredAt, hasBody] = JSON.parse(decoder.decode(bytes.subarray(4, 4 + length))) as [
    number,
    number,
    [string, string][],
    number,
    boolean,
  ]
  if (version !== formatVersion) return undefined
  return { status, headers, answeredAt, body: hasBody ? bytes.subarray(4 + length) : undefined }
}

/**
 * Fields that belong to one exchange, not to the answer: hop-by-hop ones (RFC 9110 section 7.6.1), credentials and cookies of the first
 * caller, traces, what limits compute anew, and lengths that follow from the body.
 */
const notReplayed = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'date',
  'age',
  'set-cookie',
  'set-cookie2',
  'www-authenticate',
  'proxy-authenticate',
  'proxy-authentication-info',
  'authentication-info',
  'server-timing',
  'traceparent',
  'tracestate',
  'x-request-id',
  'content-length',
  'idempotent-replayed',
  'idempotency-original-date',
  'idempotency-should-retry',
])

function isReplayed(name: string): boolean {
  return !notReplayed.has(name) && !name.startsWith('ratelimit') && !name.startsWith('x-ratelimit')
}

/** The fields of a reply that are kept with it. */
export function keptHeaders(headers: Fields): [string, string][] {
  const kept: [string, string][] = []
  for (const [name, value] of headers) if (isReplayed(name)) kept.push([name, value])
  return kept
}

const allowOrigin = 'access-control-allow-origin'
const exposeHeaders = 'access-control-expose-headers'

/** The names a browser's script may read, for answers that are shared across origins. */
const exposed = 'Idempotent-Replayed, Idempotency-Original-Date, Idempotency-Should-Retry'

/** What the first answer to a key says about itself. */
export function firstAnswerHeaders(reply: Reply, isFinalFailure: boolean): Record<string, string> {
  const marks: Record<string, string> = { 'idempotent-replayed': 'false' }
  if (isFinalFailure) marks['idempotency-should-retry'] = '?0'
  if (reply.headers.has(allowOrigin)) {
    const before = reply.headers.get(exposeHeaders)
    marks[exposeHeaders] = before === null ? exposed : `${before}, ${exposed}`
  }
  return marks
}

/**
 * The recorded fields that a repeat may have. What was said of one origin is not said to another, whatever page the repeat comes from: who is shared
 * with whom is for the handler to say, and it does not run.
 */
function fieldsFor({ headers }: Answer, request: HeaderReader): Answer['headers'] {
  const origin = headers.find(([name]) => name === allowOrigin)?.[1]
  if (origin !== '*' && origin !== request.get('origin')) return headers.filter(([name]) => !name.startsWith('access-control-'))
  // Fields of one name are joined when they are written.
  return [...headers, [exposeHeaders, exposed]]
}

/** Builds the reply to a repeat from the recorded answer. The body is decoded again when the repeat does not accept its coding. */
export async function replayAnswer(answer: Answer & { readonly body: Uint8Array }, request: HeaderReader): Promise<Reply> {
  const headers = [
    ...fieldsFor(answer, request),
    ['idempotent-replayed', 'true'],
    ['idempotency-original-date', new Date(answer.answeredAt).toUTCString()],
  ] as [string, string][]
  if (answer.status >= 500) headers.push(['idempotency-should-retry', '?0'])
  const coding = answer.headers.find(([name]) => name === 'content-encoding')?.[1]
  const decoded = coding !== undefined && !accepts(request.get('accept-encoding'), coding) ? await decode(coding, answer.body) : undefined
  if (decoded === undefined) return createReply(answer.status, headers, bodyOf(answer.status, answer.body))
  return createReply(
    answer.status,
    headers.filter(([name]) => !ofEncodedBytes.has(name)),
    decoded,
  )
}

/** Fields that describe the bytes as they were encoded (RFC 9530): false of the decoded ones. */
const ofEncodedBytes = new Set(['content-encoding', 'content-digest', 'repr-digest', 'digest', 'content-md5'])

function bodyOf(status: number, body: Uint8Array): Uint8Array | null {
  return status === 204 || status === 205 || status === 304 ? null : body
}

function accepts(acceptEncoding: string | null, coding: string): boolean {
  if (acceptEncoding === null) return false
  const qualities = new Map(
    acceptEncoding
      .toLowerCase()
      .split(',')
      .map((entry) => {
        const [name = '', quality = ''] = entry.split(';', 2).map((part) => part.trim())
        return [plainName(name), quality] as const
      }),
  )
  // What is said of the coding itself outweighs the wildcard (RFC 9110 section 12.5.3).
  const quality = qualities.get(plainName(coding.toLowerCase())) ?? qualities.get('*')
  return quality !== undefined && !/^q=0(?:\.0*)?$/.test(quality)
}

/** `x-gzip` is an old name of `gzip` (RFC 9110 section 8.4.1.3). */
function plainName(coding: string): string {
  return coding.startsWith('x-') ? coding.slice(2) : coding
}

/** A recorded body was small enough to keep; one that grows beyond this when decoded is sent as it is. */
const largestDecoded = 67_108_864

const decoders: ReadonlyMap<string, (body: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>> = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
  ['br', promisify(brotliDecompress)],
])

async function decode(coding: string, body: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await decoders.get(plainName(coding.toLowerCase()))?.(body, { maxOutputLength: largestDecoded })
  } catch {
    return undefined
  }
}
