import { createHash } from 'node:crypto'
import { accountFact, currentCall, defineFact, versionFact } from '../core/index.ts'
import type { Call, FactKey } from '../core/index.ts'
import { decideEnds } from './decide.ts'
import type { End } from './decide.ts'
import type { List } from './list.ts'
import { encodeCursor } from './position.ts'
import type { Cursor, KeyTuple } from './position.ts'
import type { ListQuery } from './query.ts'
import type { KeyedRow, RowsQuery, RowsReader, Total } from './reader.ts'
import type { CursorSealer } from './seal.ts'
import { mirrored } from './sorts.ts'

/** A page as callers get it. */
export interface PageEnvelope<Item> {
  readonly data: readonly Item[]
  /** Absent on the last page. */
  readonly next_cursor?: string
  /** Absent on the first page. */
  readonly prev_cursor?: string
  /** From where to read what is added later; lists that declare `tail` have it at their end. */
  readonly tail_cursor?: string
  /** For who asked with `?count=`; absent where counting would have held the page up. */
  readonly total?: Total
}

/** What a handler gets of a call to a list: what is wanted, checked. */
export interface Page {
  readonly list: List
  /** Items on a page. */
  readonly limit: number
  /** Whether the caller wants the whole list as NDJSON. */
  readonly streams: boolean
  /** The value of a filter, or its default. */
  filter(name: string): string | undefined
  /** The values of a filter that takes several; sorted, each once. */
  filterAll(name: string): readonly string[]
  /** Reads the rows of the page, in their order, and remembers where it ends. */
  read<Row>(reader: RowsReader<Row>): Promise<Row[]>
  /** Makes the page of its items, which may be fewer than the rows read. After `read`. */
  envelope<Item>(items: readonly Item[]): PageEnvelope<Item>
}

/** What the policy and the export know of a page beside. */
export interface OpenPage extends Page {
  readonly query: ListQuery
  readonly cursor: Cursor | undefined
  /** What `envelope` made, for the fields of the reply. */
  finished(): { readonly envelope: PageEnvelope<unknown>; readonly tag: string } | undefined
  toRows(at: { position: KeyTuple | undefined; inclusive: boolean; take: number; bound: string | undefined }): RowsQuery
  /** A cursor forward from a position, or from the very beginning. */
  seal(keys: KeyTuple | undefined, change?: Partial<Cursor>): string
}

/** The page of a call, once the policy has read it. */
export const pageFact: FactKey<OpenPage> = defineFact<OpenPage>('page')

/**
 * The page a handler is asked for.
 *
 * @param call the call, where it is at hand; the current one by default
 * @throws Error outside a route that declares `page`
 * @example
 * const page = pageOf()
 * const rows = await page.read(transfers.reader({ text: 'SELECT id, created_at FROM transfers WHERE account = $1', values: [account] }, run))
 * res.json(page.envelope(rows))
 */
export function pageOf(call: Call = currentCall()): Page {
  const page = call.facts.get(pageFact)
  if (page === undefined) throw new Error(`${call.method} ${call.url} is no list: declare its route with page: defineList(...)`)
  return page
}

/** What a page is made from. */
export interface PageInit {
  readonly list: List
  readonly query: ListQuery
  readonly cursor: Cursor | undefined
  readonly sealer: CursorSealer
  readonly call: Call
  readonly now: number
  readonly streams: boolean
}

/** Makes the page of a call. */
export function createPage({ list, query, cursor, sealer, call, now, streams }: PageInit): OpenPage {
  const account = call.facts.get(accountFact) ?? ''
  const backward = cursor?.backward ?? false
  const orders = backward ? mirrored(query.sort.orders) : query.sort.orders
  let bound = cursor?.bound
  let read: { rows: readonly KeyedRow<unknown>[]; hasMore: boolean; total: Total | undefined } | undefined
  let finished: { envelope: PageEnvelope<unknown>; tag: string } | undefined

  const page: OpenPage = {
    list,
    query,
    cursor,
    streams,
    limit: query.limit,
    filter: (name) => query.filters.get(name)?.[0],
    filterAll: (name) => query.filters.get(name) ?? [],
    toRows: (at) => ({ ...at, orders, consistency: list.consistency, now }),
    seal: (keys, change) =>
      sealer.seal(
        account,
        encodeCursor({
          issuedAt: Math.floor(now),
          queryHash: query.hash,
          backward: false,
          inclusive: false,
          keys,
          bound,
          ...change,
        }),
      ),
    async read(reader) {
      const position = cursor?.keys
      const wanted = { position, inclusive: cursor?.inclusive ?? false, take: query.limit + 1 }
      bound ??= await firstBound(page, reader)
      const rowsQuery = page.toRows({ ...wanted, bound })
      // Beside the page, not before it.
      const counting = query.count === 'none' ? undefined : reader.count(query.count, rowsQuery)
      const [found, total] = await Promise.all([reader.read(rowsQuery), counting])
      const rows = found.slice(0, query.limit)
      if (backward) rows.reverse()
      read = { rows, hasMore: found.length > query.limit, total }
      return rows.map(({ row }) => row)
    },
    envelope(items) {
      if (read === undefined) throw new Error('envelope: read the page first')
      const { rows, hasMore, total } = read
      const ends = decideEnds({ backward, hasPosition: cursor?.keys !== undefined, rows: rows.length, hasMore })
      const at = (end: End): KeyTuple | undefined => {
        if (end === 'position') return cursor?.keys
        return end === 'first row' ? rows[0]?.keys : rows.at(-1)?.keys
      }
      const cursorAt = (end: End, isBackward: boolean): string =>
        page.seal(at(end), {
          backward: isBackward,
          inclusive: end === 'position' && (isBackward !== backward || cursor?.inclusive === true),
        })
      const made = {
        data: items,
        ...(ends.next && { next_cursor: cursorAt(ends.next, false) }),
        ...(list.prev && ends.prev && { prev_cursor: cursorAt(ends.prev, true) }),
        ...(list.tail && ends.tail && { tail_cursor: ends.tail === 'beginning' ? page.seal(undefined) : cursorAt(ends.tail, false) }),
        ...(total && { total }),
      }
      const places = [ends.next && at(ends.next), list.prev && ends.prev && at(ends.prev), total, call.facts.get(versionFact)]
      finished = { envelope: made, tag: tagOf(items, places) }
      return made
    },
    finished: () => finished,
  }
  return page
}

/** The bound of a snapshot, fixed by its first page. An empty list has none: nothing of it has been seen. */
export async function firstBound<Row>(page: OpenPage, reader: RowsReader<Row>): Promise<string | undefined> {
  if (page.list.consistency.kind !== 'snapshot' || page.cursor !== undefined) return undefined
  return (await reader.highest(page.toRows({ position: undefined, inclusive: false, take: 1, bound: undefined }))) ?? undefined
}

/** Of what the page says and where it stands; not of its cursors, which are sealed anew each time. */
function tagOf(items: readonly unknown[], places: readonly unknown[]): string {
  const text = JSON.stringify([items, places], (_name, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
  return `W/"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
}
