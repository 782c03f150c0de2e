import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { exportItems } from 'holdfast/client'
import { seededRandom } from 'holdfast/testing'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import type { ServerProcess } from '../../harness/server-process.ts'
import type { Part } from '../part.ts'
import { startCuttingProxy } from '../server/cutting-proxy.ts'
import type { ServerSpec, Usage } from '../server/spec.ts'

const mostCuts = 100
/** A client gives up an export that breaks off at the same place again and again, so there must be batches between the breaks. */
const rowsACut = 10_000
/** A slow reader takes this much, and then nothing for a while. */
const gulpBytes = 256 * 1024
const pauseMs = 10
const megabyte = 1024 * 1024
/** A stream of rows makes garbage as fast as it runs, and V8 collects it when it sees fit; the whole export would be several times this. */
const mostGrowthMb = 128

/** What one whole reading came to. */
interface Reading {
  readonly seconds: number
  readonly megabytes: number
  readonly rows: number
  readonly isWhole: boolean
  /** How much the server's memory grew, at its highest. */
  readonly growthMb: number
}

const usageOf = async (server: ServerProcess): Promise<Usage> => (await server.ask({ ask: 'usage' })) as Usage

async function open(port: number): Promise<IncomingMessage> {
  const call = get({ port, host: '127.0.0.1', path: '/entries', headers: { accept: 'application/x-ndjson' }, agent: false })
  const [response] = (await once(call, 'response')) as [IncomingMessage]
  return response
}

/** Reads everything, counts lines, and looks at the server's memory meanwhile. */
async function readAll(server: ServerProcess, isSlow: boolean): Promise<Reading> {
  const before = (await usageOf(server)).rssBytes
  let highest = before
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      highest = Math.max(highest, (await usageOf(server)).rssBytes)
      await sleep(100)
    }
  })()
  const startedAt = performance.now()
  const response = await open((server.ready as { port: number }).port)
  let [bytes, lines, gulp] = [0, 0, 0]
  let tail = ''
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    gulp += chunk.length
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1
    tail = (tail + chunk.toString('latin1')).slice(-200)
    if (isSlow && gulp > gulpBytes) {
      gulp = 0
      await sleep(pauseMs)
    }
  }
  const seconds = (performance.now() - startedAt) / 1000
  isOver = true
  await watching
  const [, counted] = /\{"_end":true,"count":(\d+)\}\n$/.exec(tail) ?? []
  const rows = Number(counted ?? -1)
  // Beside the rows: a cursor for each 500, one for the rest, and the end.
  return {
    seconds,
    megabytes: bytes / megabyte,
    rows,
    isWhole: lines === rows + Math.floor(rows / 500) + 2,
    growthMb: (highest - before) / megabyte,
  }
}

/** Batches that are read for a caller that takes nothing, and how much memory they take. */
async function standStill(server: ServerProcess): Promise<{ batches: number; growthMb: number }> {
  const before = await usageOf(server)
  const response = await open((server.ready as { port: number }).port)
  response.pause()
  await sleep(2_000)
  const after = await usageOf(server)
  response.destroy()
  return { batches: after.batches - before.batches, growthMb: (after.rssBytes - before.rssBytes) / megabyte }
}

/** An export through a network that breaks again and again, read by the client. */
async function readThroughCuts(
  server: ServerProcess,
  { rows, seed, bytes, cuts }: { rows: number; seed: number; bytes: number; cuts: number },
) {
  const random = seededRandom(seed)
  let wanted = cuts
  const nextCut = (): number | undefined => (wanted-- > 0 ? 1 + Math.floor(random() * 2 * (bytes / (cuts * 1.5))) : undefined)
  const proxy = await startCuttingProxy((server.ready as { port: number }).port, nextCut)
  const startedAt = performance.now()
  let [given, outOfPlace] = [0, 0]
  try {
    for await (const { seq } of exportItems<{ readonly seq: number }>(fetch, `http://127.0.0.1:${proxy.port}/entries`)) {
      given += 1
      if (seq !== given) outOfPlace += 1
    }
    return { seconds: (performance.now() - startedAt) / 1000, wrong: outOfPlace + Math.abs(rows - given), cuts: proxy.cuts() }
  } finally {
    proxy.close()
  }
}

const one = (value: number): NonNullable<Row['measured']> => ({ median: value, min: value, max: value })

/** A long list as lines of JSON. */
export const exported: Part = {
  name: 'export',
  title: 'an export as NDJSON: slow readers, memory, and broken connections',
  isPromise: true,
  async run({ rows = 1_000_000, seed }) {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
    const spec: ServerSpec = { database: join(folder, 'entries.db'), rows }
    const server = await startProcess(new URL('../server/main.ts', import.meta.url), spec, { profileFolder: undefined })
    try {
      const cuts = Math.min(mostCuts, Math.floor(rows / rowsACut))
      const still = await standStill(server)
      progress('  a reader that stands still')
      const slow = await readAll(server, true)
      progress(`  a slow reader: ${slow.seconds.toFixed(1)} s`)
      const fast = await readAll(server, false)
      progress(`  a fast reader: ${fast.seconds.toFixed(1)} s`)
      const broken = await readThroughCuts(server, { rows, seed, bytes: fast.megabytes * megabyte, cuts })
      progress(`  ${broken.cuts} broken connections: ${broken.seconds.toFixed(1)} s`)
      const missing = (reading: Reading): number => Math.abs(rows - reading.rows) + (reading.isWhole ? 0 : 1)
      const table = (title: string, unit: string, made: readonly Row[], notes: readonly string[] = []): Table => ({
        title,
        unit,
        rows: made,
        notes,
      })
      return [
        table(
          'An export: seconds',
          's',
          [
            { name: 'fast reader', measured: one(fast.seconds) },
            { name: 'slow reader', measured: one(slow.seconds) },
            { name: `client, through ${broken.cuts} broken connections`, measured: one(broken.seconds) },
          ],
          [`${rows} rows, ${fast.megabytes.toFixed(0)} MB of text; a slow reader pauses ${pauseMs} ms after each ${gulpBytes / 1024} kB`],
        ),
        table(
          'An export: how much the memory of the server grew',
          'MB',
          [
            { name: 'slow reader', measured: one(slow.growthMb), target: { atMost: mostGrowthMb } },
            { name: 'fast reader, afterwards', measured: one(fast.growthMb), target: { atMost: mostGrowthMb } },
            { name: 'reader that takes nothing, 2 s', measured: one(still.growthMb), target: { atMost: mostGrowthMb } },
          ],
          [`${still.batches} batches of 500 rows were read for the reader that takes nothing`],
        ),
        table(
          'An export: rows missing, doubled or out of place',
          'rows',
          [
            { name: 'fast reader', measured: one(missing(fast)), target: { atMost: 0 } },
            { name: 'slow reader', measured: one(missing(slow)), target: { atMost: 0 } },
            { name: `client, through ${broken.cuts} broken connections`, measured: one(broken.wrong), target: { atMost: 0 } },
            { name: `broken connections fewer than ${cuts}`, measured: one(Math.max(0, cuts - broken.cuts)), target: { atMost: 0 } },
          ],
          [`cut at random bytes, seed ${seed}`],
        ),
      ]
    } finally {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    }
  },
}
