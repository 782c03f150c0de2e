import { configurationError } from '../../core/index.ts'

/** How bytes travel and are stored. */
export type Encoding = 'binary' | 'base64'

/** Bytes as an argument of a command. */
export function encodeBytes(bytes: Uint8Array, encoding: Encoding): string | Buffer {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return encoding === 'base64' ? view.toString('base64') : view
}

/** Bytes from a reply. */
export function decodeBytes(value: unknown, encoding: Encoding): Uint8Array {
  if (encoding === 'base64') return plain(Buffer.from(toText(value), 'base64'))
  if (value instanceof Uint8Array) return plain(value)
  throw notBinary()
}

// Drivers hand out Buffers, whose methods of the same name (slice) do other things than those of a Uint8Array.
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Fails where a client turns replies into text, before an answer is lost by it. */
export function assertBinary(value: unknown, encoding: Encoding): void {
  if (encoding === 'binary' && !(value instanceof Uint8Array)) throw notBinary()
}

function notBinary(): Error {
  return configurationError(
    "expected the command function to reply with Buffers, got text: make it with fromIoredis or fromNodeRedis, or set encoding: 'base64'",
  )
}

/** Text from a reply, whichever form the client gave it. */
export function toText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString() : String(value)
}

/** A number from a reply; an absent one is `undefined`. */
export function toNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value instanceof Uint8Array ? toText(value) : value)
}

// Far enough for any retention, and small enough that a time so far ahead is still a whole number in Lua and in PEXPIREAT.
const longestMs = 4e15

/** Milliseconds as an argument. Rounded up, since Redis takes whole ones and nothing may end early. */
export function encodeMs(ms: number): string {
  return String(Math.min(Math.ceil(ms), longestMs))
}
