import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settle, virtual } from '../../../test/client/support/virtual.ts'
import { reset } from '../../../test/client/support/versioned-server.ts'
import type { FetchLike } from '../fetch-like.ts'
import { exportItems } from './export-items.ts'
import { readControl } from './control-line.ts'
import type { ExportOptions } from './export-items.ts'

interface Row {
  readonly id: number
}

let origins = 0
/** Each of its own, because origins have a budget for repeats that all of a process share. */
const newUrl = (): string => `https://api${++origins}.example/rows`
const url = newUrl()
const encoder = new TextEncoder()

/** What becomes of one stream: bytes until it is cut, or stands still, or nothing. */
interface Fate {
  readonly cutAt?: number
  readonly stallAt?: number
  readonly error?: boolean
  /** By hand: one row, and what the test writes after it. */
  readonly answer?: Response | Error | 'by hand'
}

interface Seen {
  readonly url: string
  readonly headers: Headers
  readonly signal: AbortSignal | null | undefined
  stream?: ReadableStreamDefaultController<Uint8Array>
}

/** An export of rows in batches of five, whose streams meet their fates one after the other. */
function exporting(count: number, fates: Fate[] = [], chunk = 16) {
  const seen: Seen[] = []
  const fetch: FetchLike = async (input, init) => {
    init?.signal?.throwIfAborted()
    const fate = fates[seen.length] ?? {}
    seen.push({ url: input, headers: new Headers(init?.headers), signal: init?.signal })
    if (fate.answer instanceof Error) throw fate.answer
    if (fate.answer === 'by hand') {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          Object.assign(seen.at(-1) as Seen, { stream: controller }).stream.enqueue(encoder.encode('{"id":0}\n'))
        },
      })
      return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
    }
    if (fate.answer !== undefined) return fate.answer
    const first = Number(new URL(input).searchParams.get('cursor') ?? 0)
    let text = ''
    for (let id = first; id < count; id++) {
      text += `${JSON.stringify({ id, note: 'line\nbreak é' })}\n`
      if ((id + 1) % 5 === 0) text += `{"_cursor":"${id + 1}"}\n`
    }
    text +=
      fate.error === true ? '{"_error":{"code":"store-unavailable","detail":"broke off"}}\n' : `{"_end":true,"count":${count - first}}\n`
    const bytes = encoder.encode(text)
    let at = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const end = Math.min(fate.cutAt ?? bytes.length, fate.stallAt ?? bytes.length, bytes.length)
        if (at < end) {
          controller.enqueue(bytes.slice(at, Math.min(at + chunk, end)))
          at += chunk
          return undefined
        }
        if (fate.stallAt !== undefined) return new Promise(() => {})
        if (fate.cutAt === undefined) controller.close()
        else controller.error(reset())
        return undefined
      },
    })
    return new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
  }
  return { fetch, seen }
}

async function collect<T>(source: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) if (found.push(one) >= most) break
  return found
}

const idsTo = (count: number): number[] => Array.from({ length: count }, (_, id) => id)
const idsOf = (rows: readonly Row[]): number[] => rows.map(({ id }) => id)

function reading(fetch: FetchLike, options: ExportOptions<Row> = {}) {
  const { time, random } = virtual()
  return settle(
    time,
    collect(exportItems<Row>(fetch, options.resumeFrom === undefined ? newUrl() : url, { clock: time, random, ...options })),
  )
}

describe('exportItems', () => {
  it('gives every line once, and asks for JSON lines', async () => {
    const { fetch, seen } = exporting(23)
    expect(idsOf(await reading(fetch, { headers: { authorization: 'Bearer k' } }))).toEqual(idsTo(23))
    expect(seen.map(({ headers }) => [headers.get('accept'), headers.get('authorization')])).toEqual([['application/x-ndjson', 'Bearer k']])
  })

  it('goes on from the last control line when the connection breaks anywhere: none twice, none missing [P27]', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 1_000 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 64 }),
        async (cuts, chunk) => {
          const { fetch } = exporting(
            23,
            cuts.map((cutAt) => ({ cutAt })),
            chunk,
          )
          expect(idsOf(await reading(fetch))).toEqual(idsTo(23))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('asks for the rest from the cursor', async () => {
    const { fetch, seen } = exporting(23, [{ cutAt: 500 }])
    await reading(fetch)
    expect(new URL(seen[1]?.url ?? '').searchParams.get('cursor')).toBe('10')
  })

  it('takes a stream that ends early without an error for cut off', async () => {
    const whole = exporting(8)
    const body = '{"id":0}\n{"id":1}\n{"id":2'
    const short = exporting(8, [{ answer: new Response(body, { headers: { 'content-type': 'application/x-ndjson' } }) }])
    expect(idsOf(await reading(short.fetch))).toEqual(idsOf(await reading(whole.fetch)))
  })

  it('keeps what arrived before a connection broke, also while the loop was at an earlier item', async () => {
    const { fetch, seen } = exporting(5, [{ answer: 'by hand' }])
    const { time, random } = virtual()
    const walk = exportItems<Row>(fetch, newUrl(), { clock: time, random })[Symbol.asyncIterator]()
    expect((await settle(time, walk.next())).value).toEqual({ id: 0 })
    for (const id of [1, 2, 3]) seen[0]?.stream?.enqueue(encoder.encode(`{"id":${id}}\n`))
    seen[0]?.stream?.error(reset())
    for (const id of [1, 2, 3]) expect((await settle(time, walk.next())).value).toEqual({ id })
    expect(seen).toHaveLength(1)
    expect((await settle(time, walk.next())).value).toMatchObject({ id: 4 })
    expect([(await settle(time, walk.next())).done, seen.length]).toEqual([true, 2])
  })

  it('does not wait for ever for a stream that stands still', async () => {
    const { time, random } = virtual()
    const { fetch, seen } = exporting(23, [{ stallAt: 300 }])
    const startedAt = time.now()
    const rows = await settle(time, collect(exportItems<Row>(fetch, url, { clock: time, random, idleTimeoutMs: 5_000 })))
    expect([idsOf(rows), seen.length]).toEqual([idsTo(23), 2])
    expect(time.now() - startedAt).toBeGreaterThanOrEqual(5_000)
  })

  it('throws at an error line instead of ending [P28]', async () => {
    const { fetch } = exporting(7, [{ error: true }])
    const { time, random } = virtual()
    const rows: Row[] = []
    const work = (async () => {
      for await (const row of exportItems<Row>(fetch, url, { clock: time, random })) rows.push(row)
    })()
    await expect(settle(time, work)).rejects.toMatchObject({
      code: 'export-failed',
      message: expect.stringContaining('store-unavailable: broke off') as unknown,
    })
    expect(idsOf(rows)).toEqual(idsTo(7))
  })

  it('throws when fewer items came than the end says', async () => {
    const answer = new Response('{"id":0}\n{"_end":true,"count":2}\n', { headers: { 'content-type': 'application/x-ndjson' } })
    await expect(reading(exporting(1, [{ answer }]).fetch)).rejects.toMatchObject({ code: 'export-failed' })
  })

  it('continues behind any item after a crash', async () => {
    for (let count = 1; count < 12; count++) {
      const { fetch } = exporting(12)
      const { time, random } = virtual()
      const walk = exportItems<Row>(fetch, url, { clock: time, random })
      const before = await settle(time, collect(walk, count))
      expect(idsOf([...before, ...(await reading(fetch, { resumeFrom: walk.cursor }))])).toEqual(idsTo(12))
    }
  })

  it('gives up when it breaks off again and again at one place, and not while it gets on', async () => {
    const stuck = exporting(
      23,
      Array.from({ length: 20 }, () => ({ cutAt: 100 })),
    )
    await expect(reading(stuck.fetch)).rejects.toMatchObject({ code: 'export-failed' })
    expect(stuck.seen.length).toBeLessThan(8)
    const slow = exporting(
      60,
      Array.from({ length: 9 }, () => ({ cutAt: 210 })),
    )
    expect(idsOf(await reading(slow.fetch))).toEqual(idsTo(60))
  })

  it.each([
    ['a cursor the server has forgotten', Response.json({}, { status: 410 }), 'cursor-expired'],
    ['a refusal', Response.json({}, { status: 403 }), 'call-refused'],
    ['a server that answers with something else', Response.json({ data: [] }), 'export-failed'],
  ])('ends on %s', async (_what, answer, code) => {
    await expect(reading(exporting(20, [{ cutAt: 400 }, { answer }]).fetch)).rejects.toMatchObject({ code })
  })

  it('asks again when no answer came at all', async () => {
    expect(idsOf(await reading(exporting(6, [{ answer: reset() }, { answer: new Response('', { status: 503 }) }]).fetch))).toEqual(idsTo(6))
  })

  it('refuses a line without an end', async () => {
    const answer = new Response('x'.repeat(5_000), { headers: { 'content-type': 'application/x-ndjson' } })
    await expect(reading(exporting(1, [{ answer }]).fetch, { maxLine: 1_000 })).rejects.toMatchObject({ code: 'body-too-large' })
  })

  it('gives the connection up when the loop is left', async () => {
    let isCancelled = false
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(encoder.encode('{"id":0}\n{"id":1}\n')),
      cancel: () => void (isCancelled = true),
    })
    const fetch = async (): Promise<Response> => new Response(body, { headers: { 'content-type': 'application/x-ndjson' } })
    expect(await collect(exportItems<Row>(fetch, url), 1)).toEqual([{ id: 0 }])
    expect(isCancelled).toBe(true)
  })
})

describe('readControl', () => {
  it.each([
    ['{"_cursor":"c"}', { kind: 'cursor', cursor: 'c' }],
    ['{"_end":true,"count":3}', { kind: 'end', count: 3 }],
    ['{"count":3,"_end":true}', { kind: 'end', count: 3 }],
    ['{"_error":{"code":"x"}}', { kind: 'error', detail: 'x' }],
    ['{"_error":null}', { kind: 'error', detail: 'the server does not say why' }],
    ['{"_cursor":"c","id":1}', undefined],
    ['{"count":3}', undefined],
    ['{"_end":false}', undefined],
    ['{"_cursor":"c', undefined],
    ['{"id":1,"_end":true}', undefined],
    ['7', undefined],
  ])('%s', (line, control) => {
    expect(readControl(line)).toEqual(control)
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => (readControl(text), readControl(`{"_end"${text}`), true)))
  })
})
