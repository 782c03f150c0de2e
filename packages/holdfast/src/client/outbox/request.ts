import { HoldfastError, configurationError } from '../../core/index.ts'
import type { NewEntry } from './entry.ts'

/** A request to be sent, once it is known to be kept. */
export interface OutboxRequest {
  readonly url: string | URL
  /** @default 'POST' */
  readonly method?: string
  /** Without credentials: those belong to `authorize`. */
  readonly headers?: RequestInit['headers']
  readonly body?: RequestInit['body']
  /** Requests of one lane are sent in the order of their `send`, one after the other. @default in no order */
  readonly lane?: string
}

/** What an outbox does with fields and parameters that look like credentials. */
export type Secrets = 'refuse' | 'strip'

const secret =
  /^cookie$|(^|[-_])((api|access|functions|subscription)[-_]?key|auth(entic|oriz)?(ation)?|bearer|jwt|token|secret|password|credentials?|session|signature)([-_]|$)/i
const longestName = 255

/**
 * Makes an entry of a request: the bytes that will be sent, whenever that is, and nothing that opens doors.
 *
 * @throws HoldfastError `secret-refused`, `body-too-large`, `configuration-invalid`
 */
export async function toNewEntry(
  id: string,
  { url, method = 'POST', headers, body, lane }: OutboxRequest,
  key: string,
  { secrets, maxBodyBytes }: { readonly secrets: Secrets; readonly maxBodyBytes: number },
): Promise<NewEntry> {
  assertName('intent', id)
  if (lane !== undefined) assertName('lane', lane)
  // Refuses what no fetch would send, and settles type and boundary of the body.
  const request = toRequest(url, { method, headers, body, duplex: 'half' } as RequestInit)
  const kept = [...request.headers].filter(([name]) => {
    if (name === 'idempotency-key') throw configurationError('idempotency-key: an outbox makes the keys itself')
    if (!secret.test(name)) return true
    if (secrets === 'refuse') throw secretRefused(`the field ${name}`)
    return false
  })
  const target = withoutSecrets(new URL(request.url), secrets)
  const bytes = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
  if (bytes !== undefined && bytes.byteLength > maxBodyBytes)
    throw new HoldfastError('body-too-large', `the body has ${bytes.byteLength} bytes, more than ${maxBodyBytes} (maxBodyBytes)`)
  const fingerprint = await fingerprintOf([request.method, target, lane ?? ''], kept, bytes)
  return { id, lane, key, fingerprint, method: request.method, url: target, headers: kept, body: bytes }
}

function toRequest(url: string | URL, init: RequestInit): Request {
  try {
    return new Request(String(url), init)
  } catch (cause) {
    throw configurationError(`expected a request, got: ${(cause as Error).message.slice(0, 200)}`)
  }
}

function withoutSecrets(url: URL, secrets: Secrets): string {
  const found = [...url.searchParams.keys()].filter((name) => /^(key|sig)$/i.test(name) || secret.test(name))
  if (url.username !== '' || url.password !== '') found.push('user name and password')
  if (found.length > 0 && secrets === 'refuse') throw secretRefused(`${found.join(', ')} in the URL`)
  for (const name of found) url.searchParams.delete(name)
  url.username = url.password = url.hash = ''
  return url.href
}

function secretRefused(what: string): Error {
  return new HoldfastError('secret-refused', `${what} would be kept; add it with authorize()`)
}

function assertName(what: string, name: string): void {
  if (typeof name !== 'string' || name === '' || name.length > longestName)
    throw configurationError(`${what}: expected a text of 1 to ${longestName} characters`)
}

/** What was asked for, whichever boundary a form was given this time. */
async function fingerprintOf(parts: readonly string[], headers: NewEntry['headers'], body: Uint8Array | undefined): Promise<string> {
  const boundary = /boundary=(.+)$/.exec(headers.find(([name]) => name === 'content-type')?.[1] ?? '')?.[1]
  let text = JSON.stringify([...parts, headers]) + new TextDecoder('latin1').decode(body)
  if (boundary !== undefined) text = text.replaceAll(boundary, '')
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
