import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable, pipeline } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { exportItems } from '../../src/client/index.ts'
import { defineApi, storeUnavailable } from '../../src/index.ts'
import { holdfast } from '../../src/adapters/node/index.ts'
import { defineList, memoryList, ndjson, ndjsonReply, pageOf } from '../../src/pagination/index.ts'
import type { NdjsonOptions, RowsReader } from '../../src/pagination/index.ts'
import { memory } from '../../src/stores/memory/index.ts'
import { seededRandom } from '../../src/testing/index.ts'
import { closeServers, describeAdapters } from '../adapters/matrix.ts'
import { closeTablesAfterwards, describeTables } from './stores.ts'
import type { TestRow } from './stores.ts'

closeTablesAfterwards()

interface Line {
  readonly id?: string
  readonly _cursor?: string
  readonly _end?: boolean
  readonly _error?: { readonly code: string }
  readonly count?: number
}

const list = defineList({ name: 'lines', keys: { id: { type: 'integer' } }, unique: 'id', sorts: { default: ['id'] }, stream: true })
const readerOf = memoryList<TestRow>(list, { id: (row) => row['id'] ?? null })
const rowsOf = (count: number): TestRow[] => Array.from({ length: count }, (_, n) => ({ id: String(n) }))
/** Finds a batch without sorting all rows for it, as a database does. */
const numbered = (count: number, text = ''): RowsReader<TestRow> => ({
  ...readerOf([]),
  read: async ({ position, take }) => {
    const from = position === undefined ? 0 : Number(position[0]) + 1
    return Array.from({ length: Math.max(0, Math.min(take, count - from)) }, (_, n) => ({
      row: { id: String(from + n), text },
      keys: [String(from + n)],
    }))
  },
})
const accept = { accept: 'application/x-ndjson' }

const apiOf = () => defineApi({ store: memory(), singleTenant: true, routes: { 'GET /lines': { page: list } } })

/** An export on node:http. */
async function serve(reader: RowsReader<TestRow>, options: NdjsonOptions<TestRow> = {}): Promise<{ port: number; close(): void }> {
  const server = createServer(
    holdfast(apiOf(), (_req, res) => {
      const page = pageOf()
      res.writeHead(200, { 'content-type': 'application/x-ndjson' })
      pipeline(Readable.from(ndjson(page, reader, options)), res, () => {})
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function get(port: number, cursor?: string): Promise<IncomingMessage> {
  const call = request({ port, path: `/lines${cursor === undefined ? '' : `?cursor=${cursor}`}`, headers: accept })
  call.end()
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  return response
}

/** Reads lines until `cutAfter` rows, then cuts the connection; or to the end. */
async function read(response: IncomingMessage, cutAfter = Number.POSITIVE_INFINITY): Promise<{ lines: Line[]; isWhole: boolean }> {
  const lines: Line[] = []
  let rest = ''
  let rows = 0
  let isWhole = false
  try {
    for await (const chunk of response) {
      const texts = (rest + String(chunk)).split('\n')
      rest = texts.pop() ?? ''
      for (const text of texts) {
        const line = JSON.parse(text) as Line
        lines.push(line)
        if (line.id !== undefined) rows += 1
        if (rows >= cutAfter) {
          response.destroy()
          return { lines, isWhole: false }
        }
      }
    }
    isWhole = response.complete
  } catch {
    // Cut off; what was read stays.
  }
  return { lines, isWhole }
}

const idsIn = (lines: readonly Line[]): string[] => lines.flatMap(({ id }) => (id === undefined ? [] : [id]))
const lastCursor = (lines: readonly Line[]): string | undefined => lines.findLast(({ _cursor }) => _cursor !== undefined)?._cursor

describe('an export', () => {
  it('has a cursor after each batch, and ends with a count', async () => {
    const { port, close } = await serve(readerOf(rowsOf(12)), { batch: 5 })
    const { lines, isWhole } = await read(await get(port))
    expect(lines.map(({ _cursor, ...line }) => (_cursor === undefined ? line : 'cursor'))).toEqual([
      ...rowsOf(5),
      'cursor',
      ...rowsOf(10).slice(5),
      'cursor',
      { id: '10' },
      { id: '11' },
      'cursor',
      { _end: true, count: 12 },
    ])
    expect(isWhole).toBe(true)
    const nothing = await read(await get(port, lastCursor(lines)))
    expect(nothing.lines.map(({ _cursor, ...line }) => line)).toEqual([{}, { _end: true, count: 0 }])
    close()
  })

  it('cut at a random row a hundred times, and resumed each time from the last cursor, is whole in the end [P27]', async () => {
    const rows = rowsOf(5_000)
    const { port, close } = await serve(numbered(5_000), { batch: 20 })
    const random = seededRandom(27)
    const seen = new Map<string, number>()
    let cursor: string | undefined
    let cuts = 0
    let isWhole = false
    while (!isWhole) {
      const isLast = cuts === 100
      const { lines } = await read(await get(port, cursor), isLast ? undefined : 1 + Math.floor(random() * 70))
      // What comes after the last cursor comes again: a client that keeps only what a cursor confirmed has every row once.
      const confirmed = lines.slice(0, lines.findLastIndex(({ _cursor }) => _cursor !== undefined) + 1)
      for (const id of idsIn(confirmed)) seen.set(id, (seen.get(id) ?? 0) + 1)
      cursor = lastCursor(lines) ?? cursor
      isWhole = lines.at(-1)?._end === true
      if (!isWhole) cuts += 1
    }
    expect(cuts).toBe(100)
    expect([...seen.keys()]).toEqual(rows.map(({ id }) => id))
    expect([...seen.values()].every((times) => times === 1)).toBe(true)
    close()
  })

  it('is whole in the end for a client whose every connection is cut within a batch', async () => {
    const { port, close } = await serve(numbered(600, 'x'.repeat(1000)))
    let calls = 0
    const cutting: Parameters<typeof exportItems>[0] = async (input, init) => {
      calls += 1
      const { body, headers } = await fetch(input, init)
      let left = 100_000
      const cut = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          controller.enqueue(chunk.subarray(0, left))
          left -= chunk.length
          if (left <= 0) controller.error(new TypeError('terminated'))
        },
      })
      return new Response(body?.pipeThrough(cut), { headers })
    }
    const ids: string[] = []
    for await (const { id } of exportItems<{ id: string }>(cutting, `http://127.0.0.1:${port}/lines`, { random: () => 0 })) ids.push(id)
    expect(ids).toEqual(rowsOf(600).map(({ id }) => id))
    expect(calls).toBeLessThan(12)
    close()
  })

  it('reads a batch only when the one before was taken, and none for who has gone [P26]', async () => {
    let reads = 0
    const reader = numbered(40_000, 'x'.repeat(1000))
    const counted: RowsReader<TestRow> = {
      ...reader,
      read: (query) => {
        reads += 1
        return reader.read(query)
      },
    }
    const { port, close } = await serve(counted, { batch: 500 })
    const response = await get(port)
    await once(response, 'readable')
    const held = reads
    // Sockets and streams hold some megabytes; the other rows stay where they are until they are asked for.
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    expect(reads).toBeLessThan(40)
    expect(held).toBeGreaterThan(0)
    const { lines } = await read(response, 20_000)
    expect(idsIn(lines)).toHaveLength(20_000)
    const whenCut = reads
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate)
    expect(reads).toBeLessThanOrEqual(whenCut + 8)
    expect(reads).toBeLessThan(80)
    close()
  })

  it('may be charged for each batch, and wait', async () => {
    const charged: number[] = []
    const { port, close } = await serve(readerOf(rowsOf(10)), { batch: 4, beforeBatch: async (batch) => void charged.push(batch) })
    await read(await get(port))
    expect(charged).toEqual([0, 1, 2])
    close()
  })

  it('is refused with a cursor that leads back', async () => {
    const server = createServer(
      holdfast(apiOf(), async (_req, res) => {
        const page = pageOf()
        res.end(JSON.stringify(page.envelope(await page.read(readerOf(rowsOf(30))))))
      }),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/lines?limit=5`
    const { next_cursor } = (await (await fetch(url)).json()) as { next_cursor: string }
    const { prev_cursor } = (await (await fetch(`${url}&cursor=${next_cursor}`)).json()) as { prev_cursor: string }
    const refused = await fetch(`${url}&cursor=${prev_cursor}`, { headers: accept })
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([400, 'query-invalid'])
    server.closeAllConnections()
    server.close()
  })
})

describeAdapters('a failing export', (start) => {
  it('says so in its last line and breaks the connection, and is never taken for a whole one [P28]', async () => {
    let reads = 0
    const reader = readerOf(rowsOf(100))
    const failing: RowsReader<TestRow> = {
      ...reader,
      read: (query) => ((reads += 1) > 3 ? Promise.reject(storeUnavailable('the secret name of a host')) : reader.read(query)),
    }
    const port = await start(apiOf(), () => ({
      headers: { 'content-type': 'application/x-ndjson' },
      body: encoded(ndjson(pageOf(), failing, { batch: 10 })),
    }))
    const { lines, isWhole } = await read(await get(port))
    expect(idsIn(lines)).toHaveLength(30)
    expect([isWhole, lines.some(({ _end }) => _end === true)]).toEqual([false, false])
    const error = lines.at(-1)?._error
    expect(error).toMatchObject({ code: 'store-unavailable', status: 503, retryable: true })
    expect(JSON.stringify(lines)).not.toContain('secret name')
    closeServers()
  })
})

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const text of texts) yield Buffer.from(text)
}

describeTables('an export of a store', (kit) => {
  it('gives every row once, whatever the batch, also as a reply', async () => {
    const table = await kit.open(list, { id: 'integer' })
    await table.insert(rowsOf(1234))
    const policy = apiOf().policy
    for (const batch of [1000, 617, 100]) {
      const { createCall, toFields } = await import('../../src/core/index.ts')
      const reply = await policy(createCall({ method: 'GET', url: '/lines', headers: toFields(accept) }), (call) =>
        ndjsonReply(pageOf(call), table.reader(), { batch }),
      )
      const text = await new Response(reply.body as ReadableStream).text()
      const lines = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
      expect(idsIn(lines)).toEqual(rowsOf(1234).map(({ id }) => id))
      expect(lines.at(-1)).toEqual({ _end: true, count: 1234 })
      expect(reply.headers.get('vary')).toBe('accept')
    }
  })
})
