import { createCall, createReply, defineApi, defineList, pageOf, toFields } from 'holdfast'
import type { List, PageEnvelope } from 'holdfast'
import { memory } from 'holdfast/memory'
import { sqlList } from 'holdfast/pagination'
import { account } from '../database/place.ts'
import type { Place } from '../database/place.ts'
import { sortTexts } from '../database/rows.ts'
import type { Subject } from './subject.ts'

/** One page leads to any depth. */
const furthest = 10_000_000

/** The list of wallets with all the ledger's sorts. */
export const walletList = (dialect: Place['dialect']): List =>
  defineList({
    name: 'wallets',
    keys: {
      created_at: { type: dialect === 'postgres' ? 'timestamptz' : 'integer' },
      display_name: { type: 'text', maxBytes: 240 },
      nickname: { type: 'text', maxBytes: 240, nullable: true, nulls: 'last' },
      balance: { type: 'integer' },
      id: { type: 'text', maxBytes: 32 },
      seq: { type: 'integer' },
    },
    unique: 'id',
    sorts: { default: '-created_at', ...Object.fromEntries(Object.entries(sortTexts).filter(([name]) => name !== 'seq')) },
    limit: { max: furthest },
  })

/** The list of entries: its one key is its order. */
export const entryList: List = defineList({
  name: 'entries',
  keys: { seq: { type: 'integer' } },
  unique: 'seq',
  sorts: { default: 'seq', seq: ['seq'] },
  limit: { max: furthest },
})

/** What a list asks of its table. */
export const base = { text: 'SELECT * FROM wallets WHERE account = $1', values: [account] }

/** Whole calls to an API, cursors sealed and opened, without a socket. */
export function holdfast(place: Place): Subject {
  const wallets = walletList(place.dialect)
  const api = defineApi({
    store: memory(),
    singleTenant: true,
    routes: { 'GET /wallets': { page: wallets }, 'GET /entries': { page: entryList } },
  })
  const columns = ['id']
  const bound = {
    wallets: sqlList(wallets, { dialect: place.dialect, columns, placeholder: '$n' }),
    entries: sqlList(entryList, { dialect: place.dialect, columns, placeholder: '$n' }),
  }
  return {
    name: 'holdfast',
    nulls: 'last',
    pages(sort) {
      const of = sort === 'seq' ? 'entries' : 'wallets'
      const reader = bound[of].reader<{ readonly id: string }>(base, (text, values) => place.query(text, values))
      return async ({ cursor, limit }) => {
        const url = `/${of}?sort=${sort}&limit=${limit}${cursor === undefined ? '' : `&cursor=${cursor}`}`
        const reply = await api.policy(createCall({ method: 'GET', url, headers: toFields({}) }), async (call) => {
          const page = pageOf(call)
          return createReply(200, {}, JSON.stringify(page.envelope(await page.read(reader))))
        })
        if (reply.status !== 200) throw new Error(`${url}: ${reply.status} ${String(reply.body)}`)
        const { data, next_cursor, prev_cursor } = JSON.parse(reply.body as string) as PageEnvelope<{ readonly id: string }>
        return { ids: data.map(({ id }) => id), next: next_cursor, prev: prev_cursor }
      }
    },
  }
}
