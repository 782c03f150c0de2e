import { createReply, isHoldfastError, sleep, systemClock } from '../core/index.ts'
import type { Reply } from '../core/index.ts'
import { problemKinds } from '../core/catalogue.ts'
import { firstBound } from './page.ts'
import type { OpenPage, Page } from './page.ts'
import type { RowsReader } from './reader.ts'

/** The media type of a stream of JSON lines. */
export const ndjsonType = 'application/x-ndjson'

/** An error breaks the connection at once, with all that is still on its way to the socket: the line about it gets this long to leave. */
const lastWordsMs = 100

/** Characters between two cursors of a batch: whoever loses each connection within one still gets on, and a cursor is next to nothing beside as much. */
const cursorEvery = 32_768

/** How a list is exported. */
export interface NdjsonOptions<Row> {
  /** Makes an item of a row. @default the row */
  readonly toItem?: (row: Row) => unknown
  /** Rows read at once, and the most between two cursors. @default 500 */
  readonly batch?: number
  /** Runs before each batch, and may wait: the place to charge a rate limit. An error ends the export with an `_error` line. */
  readonly beforeBatch?: (batch: number) => Promise<void> | void
  /** Ends the export, for a caller that has gone away. */
  readonly signal?: AbortSignal | undefined
  /** Writes an item as JSON without line breaks. @default JSON.stringify, which refuses bigint */
  readonly stringify?: (item: unknown) => string
}

/**
 * Writes a whole list as lines of JSON, from the caller's cursor on. Each batch is a query of its own, read when the one before was taken:
 * no transaction stays open, and no more than one batch is in memory.
 *
 * After each batch, and within a long one, comes a line `{"_cursor":"..."}`: `?cursor=` resumes from it. The last line is `{"_end":true,"count":n}`; an export
 * without one was cut off. A failure is a line `{"_error":{...}}`, after which the generator throws, so that the connection breaks.
 *
 * @example
 * if (page.streams) pipeline(Readable.from(ndjson(page, reader, { toItem: toTransfer })), res)
 */
export async function* ndjson<Row>(
  page: Page,
  reader: RowsReader<Row>,
  options: NdjsonOptions<Row> = {},
): AsyncGenerator<string, void, undefined> {
  const { toItem = (row) => row, batch = 500, beforeBatch, signal, stringify = JSON.stringify } = options
  const { cursor, toRows, seal, list } = page as OpenPage
  let position = cursor?.keys
  let inclusive = cursor?.inclusive ?? false
  let count = 0
  try {
    const bound = cursor?.bound ?? (await firstBound(page as OpenPage, reader))
    for (let batches = 0; ; batches++) {
      if (signal?.aborted) return
      await beforeBatch?.(batches)
      const rows = await reader.read(toRows({ position, inclusive, take: batch, bound }))
      let lines = ''
      let nextCursorAt = cursorEvery
      const addCursor = (): void => {
        lines += `${JSON.stringify({ _cursor: seal(position, { bound, inclusive }) })}\n`
        nextCursorAt = lines.length + cursorEvery
      }
      for (const { row, keys } of rows) {
        if (lines.length > nextCursorAt) addCursor()
        lines += `${stringify(toItem(row))}\n`
        position = keys
        inclusive = false
      }
      count += rows.length
      addCursor()
      if (rows.length < batch) {
        yield `${lines}${JSON.stringify({ _end: true, count })}\n`
        return
      }
      yield lines
    }
  } catch (error) {
    yield `${JSON.stringify({ _error: errorOf(error, list.name) })}\n`
    await sleep(systemClock, lastWordsMs)
    throw error
  }
}

/** What a caller may know of a failure: never what the driver said. */
function errorOf(error: unknown, list: string): Record<string, unknown> {
  const code = isHoldfastError(error) && error.code === 'store-unavailable' ? 'store-unavailable' : 'export-failed'
  const { title, status, retryable } = problemKinds[code]
  return { code, title, status, retryable, detail: `The export of ${list} broke off. Resume with the last _cursor.` }
}

const encoder = new TextEncoder()

/**
 * The same as a reply, for handlers that give one. The stream reads a batch when its receiver asks, and stops with it.
 *
 * @example
 * return ndjsonReply(page, reader, { toItem: toEntry, signal: call.signal })
 */
export function ndjsonReply<Row>(page: Page, reader: RowsReader<Row>, options: NdjsonOptions<Row> = {}): Reply {
  const lines = ndjson(page, reader, options)
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await lines.next()
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      cancel: async () => void (await lines.return()),
    },
    // Nothing is read ahead of a receiver that is slow.
    { highWaterMark: 0 },
  )
  return createReply(200, { 'content-type': ndjsonType, 'cache-control': 'no-store' }, body)
}
