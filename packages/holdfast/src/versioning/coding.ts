import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { promisify } from 'node:util'

const decoders: Readonly<Record<string, (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>>> = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
}

/** Whether a content coding leaves the bytes as they are. */
export const isPlain = (coding: string | null): boolean => coding === null || coding === '' || coding.trim().toLowerCase() === 'identity'

/**
 * Takes a content coding off. `undefined` for a coding that is not known, for broken bytes, and for what is longer than `limit` decoded: a few
 * bytes may stand for gigabytes.
 */
export async function decodeBytes(bytes: Uint8Array, coding: string | null, limit: number): Promise<Uint8Array | undefined> {
  if (isPlain(coding)) return bytes
  const decoder = decoders[(coding as string).trim().toLowerCase()]
  try {
    return await decoder?.(bytes, { maxOutputLength: limit })
  } catch {
    return undefined
  }
}
