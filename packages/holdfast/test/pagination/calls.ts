import { accountFact, createCall, jsonReply, sentUrlFact, toFields, versionFact } from '../../src/core/index.ts'
import type { Clock, Policy } from '../../src/core/index.ts'
import type { List } from '../../src/pagination/list.ts'
import { pageOf } from '../../src/pagination/page.ts'
import { pagination } from '../../src/pagination/policy.ts'
import type { RowsReader } from '../../src/pagination/reader.ts'
import type { WalkedPage } from '../../src/testing/walk/walk.ts'

/** What a call to a list came to. */
export interface Listed<Row> {
  readonly status: number
  readonly text: string
  readonly data: readonly Row[]
  readonly next: string | undefined
  readonly prev: string | undefined
  readonly tail: string | undefined
  readonly total: unknown
  readonly code: string | undefined
  readonly header: (name: string) => string | null
}

/** How a list is called. */
export interface ListCall {
  readonly account?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly version?: string
  readonly path?: string
  /** Before the version step rewrote it. */
  readonly sentUrl?: string
}

/** A list behind its policy, called without a server. */
export interface ListApi<Row> {
  get(query?: string, call?: ListCall): Promise<Listed<Row>>
  /** All pages from a cursor on, one way. */
  walk(query: string, way?: 'next' | 'prev', from?: string): Promise<Listed<Row>[]>
  /** For `walkList`. */
  page(query: string): (ask: { cursor: string | undefined; limit: number }) => Promise<WalkedPage>
}

export const secret = 'a secret for cursors, of some length'

/** Puts a reader behind the policy of its list. */
export function listApi<Row extends { readonly id?: unknown }>(
  list: List,
  reader: RowsReader<Row> | ((page: ReturnType<typeof pageOf>) => RowsReader<Row>),
  {
    secrets = [secret],
    clock,
    namespace = 'test',
    before,
  }: { secrets?: readonly string[]; clock?: Clock; namespace?: string; before?: Policy } = {},
): ListApi<Row> {
  const policy = pagination({ list, secrets, namespace, ...(clock && { clock }) })
  const api: ListApi<Row> = {
    async get(query = '', { account = 'ada', headers = {}, version, path = '/rows', sentUrl } = {}) {
      const call = createCall({ method: 'GET', url: `${path}${query === '' ? '' : `?${query}`}`, headers: toFields(headers) })
      call.facts.set(accountFact, account)
      if (version !== undefined) call.facts.set(versionFact, version)
      if (sentUrl !== undefined) call.facts.set(sentUrlFact, sentUrl)
      const reply = await policy(call, async (inner) => {
        const refused = before && (await before(inner, () => jsonReply(200, {})))
        if (refused && refused.status !== 200) return refused
        const page = pageOf(inner)
        return jsonReply(200, page.envelope(await page.read(typeof reader === 'function' ? reader(page) : reader)))
      })
      const text = (reply.body as string | null) ?? ''
      const json = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
      return {
        status: reply.status,
        text,
        data: (json['data'] ?? []) as readonly Row[],
        next: json['next_cursor'] as string | undefined,
        prev: json['prev_cursor'] as string | undefined,
        tail: json['tail_cursor'] as string | undefined,
        total: json['total'],
        code: json['code'] as string | undefined,
        header: (name) => reply.headers.get(name),
      }
    },
    async walk(query, way = 'next', from) {
      const pages: Listed<Row>[] = []
      for (let cursor = from; pages.length === 0 || cursor !== undefined;) {
        const listed = await api.get(`${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
        if (listed.status !== 200) throw new Error(listed.text)
        pages.push(listed)
        if (pages.length > 3000) throw new Error('the walk does not end')
        cursor = listed[way]
      }
      return pages
    },
    page: (query) => async (ask) => {
      const { status, text, data, next, prev } = await api.get(
        `${query}&limit=${ask.limit}${ask.cursor === undefined ? '' : `&cursor=${ask.cursor}`}`,
      )
      if (status !== 200) throw new Error(text)
      return { ids: data.map(({ id }) => String(id)), next, prev }
    },
  }
  return api
}

export const idsOf = (pages: readonly Listed<{ readonly id?: unknown }>[]): string[] =>
  pages.flatMap(({ data }) => data.map(({ id }) => String(id)))
