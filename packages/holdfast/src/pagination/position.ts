import type { Key } from './keys.ts'

/** The values of a row's sort keys, each in the database's own canonical text; `null` is NULL. */
export type KeyTuple = readonly (string | null)[]

/** What a cursor says once it is opened. */
export interface Cursor {
  /** Milliseconds since the Unix epoch. */
  readonly issuedAt: number
  /** Of path, filters and sort: the pages of one walk share it. 8 bytes. */
  readonly queryHash: Uint8Array
  /** Whether it leads to the rows before the position. */
  readonly backward: boolean
  /** Whether the row at the position itself belongs to the page. */
  readonly inclusive: boolean
  /** `undefined`: the very beginning. */
  readonly keys: KeyTuple | undefined
  /** The newest row a walk through a snapshot sees. */
  readonly bound: string | undefined
}

/** The bytes of a query's hash. */
export const hashBytes = 8
const headBytes = 1 + 6 + hashBytes
/** Header, nonce and tag: what sealing adds. */
export const sealBytes: number = 5 + 12 + 16
const backwardFlag = 1
const inclusiveFlag = 2
const beginningFlag = 4
const boundFlag = 8

/** How long a token can get, in characters, if its keys keep to what was declared. */
export function longestDeclaredToken(keys: readonly Key[], bound: Key | undefined): number {
  const values = [...keys, ...(bound ? [bound] : [])].reduce((sum, { maxBytes }) => sum + 2 + maxBytes, 0)
  return Math.ceil(((sealBytes + headBytes + 1 + values) * 4) / 3)
}

/** Writes a cursor as bytes. */
export function encodeCursor({ issuedAt, queryHash, backward, inclusive, keys, bound }: Cursor): Uint8Array {
  const values = [...(keys ?? []), ...(bound === undefined ? [] : [bound])]
  // A length of zero is NULL, so an empty text has the length one.
  const sizes = values.map((value) => (value === null ? 0 : Buffer.byteLength(value)))
  const bytes = Buffer.alloc(headBytes + 1 + sizes.reduce((sum, size) => sum + 2 + size, 0))
  bytes[0] =
    (backward ? backwardFlag : 0) |
    (inclusive ? inclusiveFlag : 0) |
    (keys === undefined ? beginningFlag : 0) |
    (bound === undefined ? 0 : boundFlag)
  bytes.writeUIntBE(issuedAt, 1, 6)
  bytes.set(queryHash, 7)
  bytes[headBytes] = values.length
  let at = headBytes + 1
  for (const [index, value] of values.entries()) {
    at = bytes.writeUInt16BE(value === null ? 0 : (sizes[index] as number) + 1, at)
    if (value !== null) at += bytes.write(value, at)
  }
  return bytes
}

/** Reads what `encodeCursor` wrote; `undefined` for anything else. */
export function decodeCursor(plain: Uint8Array): Cursor | undefined {
  const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  if (bytes.byteLength <= headBytes) return undefined
  const flags = bytes[0] as number
  const values: (string | null)[] = []
  let at = headBytes + 1
  for (let left = bytes[headBytes] as number; left > 0; left--) {
    if (at + 2 > bytes.byteLength) return undefined
    const size = bytes.readUInt16BE(at)
    at += 2
    if (size === 0) values.push(null)
    else {
      if (at + size - 1 > bytes.byteLength) return undefined
      values.push(bytes.toString('utf8', at, at + size - 1))
      at += size - 1
    }
  }
  if (at !== bytes.byteLength) return undefined
  const bound = (flags & boundFlag) === 0 ? undefined : values.pop()
  if (bound === null) return undefined
  return {
    issuedAt: bytes.readUIntBE(1, 6),
    queryHash: bytes.subarray(7, headBytes),
    backward: (flags & backwardFlag) !== 0,
    inclusive: (flags & inclusiveFlag) !== 0,
    keys: (flags & beginningFlag) === 0 ? values : undefined,
    bound,
  }
}
