import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { CommandError } from '../../cli/io.ts'
import type { Io } from '../../cli/io.ts'

/** A log to read. */
export interface Source {
  readonly name: string
  /** Bytes before decompression; `undefined` for a pipe. */
  readonly size: number | undefined
  open(): AsyncIterable<Uint8Array>
}

/**
 * The logs that the arguments name; `-` is standard input.
 *
 * @throws CommandError when one cannot be read
 */
export async function findSources(paths: readonly string[], io: Io): Promise<readonly Source[]> {
  return Promise.all(paths.map((path) => toSource(path, io)))
}

async function toSource(path: string, io: Io): Promise<Source> {
  if (path === '-') return { name: 'stdin', size: undefined, open: () => io.stdin }
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(`${path} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}`)
  })
  if (found.isDirectory()) throw new CommandError(`${path} is a folder; name the log files in it`)
  // Text of this size is young when it is dropped; larger pieces would wait for a full collection, and the heap would grow meanwhile.
  const open = (): AsyncIterable<Uint8Array> => createReadStream(path, { highWaterMark: 1 << 16 })
  return { name: path, size: found.isFile() ? found.size : undefined, open }
}

/** What reading a source came to. */
export interface Reading {
  /** Why the source ended before its end, such as a `.gz` that was cut off. */
  readonly damage: string | undefined
}

/**
 * Reads a source to its end, decompressed if it is gzip, whatever its name says. Damage ends it early and is no error: rotated logs are
 * sometimes cut off.
 *
 * @param onRead told the bytes before decompression, for progress
 */
export async function readSource(source: Source, onRead: (bytes: number) => void, onChunk: (chunk: Uint8Array) => void): Promise<Reading> {
  const input = counted(source.open(), onRead)[Symbol.asyncIterator]()
  try {
    const first = await input.next()
    if (first.done === true) return { damage: undefined }
    const bytes = resumed(first.value, input)
    for await (const chunk of isGzip(first.value) ? gunzipped(bytes) : bytes) onChunk(chunk)
    return { damage: undefined }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code?.startsWith('Z_') !== true) throw new CommandError(`${source.name} cannot be read: ${message}`)
    return { damage: message }
  }
}

function isGzip(chunk: Uint8Array): boolean {
  return chunk[0] === 0x1f && chunk[1] === 0x8b
}

async function* counted(chunks: AsyncIterable<Uint8Array>, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onRead(chunk.length)
    yield chunk
  }
}

async function* resumed(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: 1 << 16 })
  const fed = feed(chunks, gunzip)
  // Reported through the stream; without this it would be unhandled before the loop ends.
  fed.catch(() => undefined)
  for await (const chunk of gunzip) yield chunk as Uint8Array
  await fed
}

async function feed(chunks: AsyncIterable<Uint8Array>, gunzip: ReturnType<typeof createGunzip>): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (!gunzip.write(chunk)) await new Promise<void>((resolve) => void gunzip.once('drain', resolve).once('close', resolve))
    }
    gunzip.end()
  } catch (error) {
    gunzip.destroy(error as Error)
  }
}
