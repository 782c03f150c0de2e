import { HoldfastError } from '../../core/index.ts'
import { fullJitter } from '../../retry/backoff.ts'
import { retryCosts, sharedBudget } from '../../retry/budget.ts'
import { complete } from '../../retry/complete.ts'
import { readText } from '../../retry/read-text.ts'
import { ask } from '../ask.ts'
import { eitherSignal, openScope } from '../call-scope.ts'
import type { CallScope } from '../call-scope.ts'
import type { FetchLike } from '../fetch-like.ts'
import { advance, alreadySeen, keyOf, progressFrom, toCheckpoint } from './checkpoint.ts'
import type { Progress } from './checkpoint.ts'
import { readControl } from './control-line.ts'
import { expired } from './errors.ts'
import { linesOf } from './lines.ts'
import { toWalkSettings } from './options.ts'
import type { WalkOptions, WalkSettings } from './options.ts'
import { resumable } from './pages.ts'
import type { Resumable } from './pages.ts'
import { recentNames } from './recent-names.ts'
import { urlOf } from './next.ts'

/** How an export is read. */
export interface ExportOptions<T = unknown> extends Omit<WalkOptions<T>, 'prefetch' | 'maxPages' | 'items' | 'next' | 'allowOrigins'> {
  /** The longest time without a byte, milliseconds; after it the export is asked for again from where it stood. @default 30_000 */
  readonly idleTimeoutMs?: number
  /** The longest line, characters. @default 1_048_576 */
  readonly maxLine?: number
}

/** How often an export that breaks off without a single new item is asked for again. */
const mostBreaks = 5
const backoff = { baseMs: 100, capMs: 20_000 }
const ndjson = 'application/x-ndjson'

/**
 * Reads a whole list as a stream of JSON lines (`Accept: application/x-ndjson`), with control lines as our servers write them: `{"_cursor":"..."}`
 * after each batch, `{"_end":true,"count":n}` at the end, `{"_error":{...}}` when it failed. A stream that ends without its end was cut off, and is asked
 * for again from the last cursor; items that came before are not given again.
 *
 * @throws HoldfastError `export-failed`; CursorExpiredError, RefusedError, and what `fetch` rejected with
 * @example
 * const entries = exportItems<Entry>(fetch, 'https://api.example/wallets/w1/entries')
 * for await (const entry of entries) await file.write(entry)
 */
export function exportItems<T = unknown>(fetch: FetchLike, url: string | URL, options: ExportOptions<T> = {}): Resumable<T> {
  const { idleTimeoutMs, maxLine } = complete({ idleTimeoutMs: 30_000, maxLine: 1_048_576 }, options, 1)
  const settings = toWalkSettings(url, options)
  const progress = progressFrom(settings.resumeFrom)
  const closing = new AbortController()

  async function* run(): AsyncGenerator<T, void, void> {
    const scope = openScope(settings.clock, Number.POSITIVE_INFINITY, eitherSignal(settings.signal, closing.signal))
    try {
      yield* attempts({ fetch, settings, scope, progress, idleMs: idleTimeoutMs, maxLine })
    } finally {
      scope.close()
    }
  }
  return resumable(run(), {
    checkpoint: () => toCheckpoint(settings.query, progress),
    abort: (reason) => closing.abort(reason),
  })
}

interface Export<T> {
  readonly fetch: FetchLike
  readonly settings: WalkSettings<T>
  readonly scope: CallScope
  readonly progress: Progress
  readonly idleMs: number
  readonly maxLine: number
}

/** Reads until the end has come, again from where it stood when the stream breaks off. */
async function* attempts<T>(job: Export<T>): AsyncGenerator<T, void, void> {
  const { settings, scope, progress } = job
  const budget = sharedBudget(settings.start.origin)
  const isKnown = settings.dedupeBy === undefined ? undefined : recentNames()
  const last: { item: T | undefined } = { item: undefined }
  for (let breaks = 1; ; breaks++) {
    const before = progress.index
    const at = progress.place
    const response = await open(job, last.item)
    const end = yield* read(job, response, isKnown, last)
    if (end === undefined) {
      if (breaks > 1) budget.put(retryCosts.maybe)
      return
    }
    if (scope.signal.aborted) throw scope.signal.reason
    if (progress.index > before || progress.place !== at) {
      // What got on was no failure.
      if (breaks > 1) budget.put(retryCosts.maybe)
      breaks = 1
    }
    if (breaks > mostBreaks || !budget.take(retryCosts.maybe))
      throw new HoldfastError('export-failed', 'the export broke off, again and again at the same place', { cause: end.error })
    await scope.wait(fullJitter(backoff, breaks, settings.random))
  }
}

async function open<T>({ fetch, settings, scope, progress }: Export<T>, lastItem: T | undefined): Promise<Response> {
  const { start, cursorParam } = settings
  const url = urlOf(progress.place, start, cursorParam, []).href
  const init = { headers: { ...settings.headers, accept: ndjson }, signal: scope.signal }
  const { response } = await ask(url, { ...settings, scope }, async () => {
    const response = await fetch(url, init)
    const { status, headers, ok } = response
    return { status, headers, text: ok ? '' : await readText(response).catch(() => ''), response }
  }).catch((error: unknown) => {
    throw expired(error, progress.place, lastItem)
  })
  if (response.body === null || !response.headers.get('content-type')?.includes('ndjson')) {
    response.body?.cancel().catch(() => {})
    throw new HoldfastError('export-failed', `the server does not export this list as ${ndjson}; walk it with items()`)
  }
  return response
}

/** Reads one stream. Gives nothing at its end, and why when it broke off. */
async function* read<T>(
  { settings, scope, progress, idleMs, maxLine }: Export<T>,
  response: Response,
  isKnown: ((name: string) => boolean) | undefined,
  last: { item: T | undefined },
): AsyncGenerator<T, { readonly error: unknown } | undefined, void> {
  let isSeen = alreadySeen(toCheckpoint(settings.query, progress))
  let count = 0
  const lines = linesOf(response.body as ReadableStream<Uint8Array>, { clock: settings.clock, maxLine, idleMs })
  try {
    for (;;) {
      const { done, value } = await nextOf(lines)
      if (done || value === undefined) return { error: value }
      if ('broken' in value) return { error: value.broken }
      const { line, isWhole } = value
      const control = readControl(line)
      if (control?.kind === 'end') {
        if (control.count !== undefined && control.count !== count)
          throw new HoldfastError('export-failed', `the export says it has ${control.count} items, and ${count} came`)
        return undefined
      }
      // Behind the last line break stands what was cut off, however much it looks like a whole line.
      if (!isWhole) return { error: undefined }
      if (control?.kind === 'error') throw new HoldfastError('export-failed', `the export failed: ${control.detail}`)
      if (control?.kind === 'cursor') {
        Object.assign(progress, { place: { cursor: control.cursor }, index: 0, seen: [] })
        isSeen = () => false
        continue
      }
      count += 1
      const item = parseItem<T>(line)
      const { key } = keyOf(item, settings.dedupeBy)
      if (isSeen(key) || isKnown?.(key)) continue
      scope.signal.throwIfAborted()
      last.item = item
      advance(progress, key)
      yield item
    }
  } finally {
    await lines.return()
  }
}

type Line = { readonly line: string; readonly isWhole: boolean }

/** The next line; a connection that breaks is a value, since the export goes on elsewhere. */
async function nextOf(lines: AsyncGenerator<Line, void, void>): Promise<{ done?: boolean; value?: Line | { readonly broken: unknown } }> {
  try {
    const { done = false, value } = await lines.next()
    return { done, ...(value && { value }) }
  } catch (broken) {
    if (broken instanceof HoldfastError && broken.code === 'body-too-large') throw broken
    return { value: { broken } }
  }
}

function parseItem<T>(line: string): T {
  try {
    return JSON.parse(line) as T
  } catch (cause) {
    throw new HoldfastError('export-failed', 'a line of the export is no JSON', { cause })
  }
}
