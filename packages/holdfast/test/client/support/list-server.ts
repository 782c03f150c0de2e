import type { FetchLike } from '../../../src/client/fetch-like.ts'

export interface Row {
  readonly id: string
}

export const origin = 'https://api.example'
export const start = `${origin}/rows?status=open`

/** A list in pages of ten, by keyset: the cursor is the last id before the page. */
export function listOf(rows: Row[], { size = 10, naming = 'next_cursor' as 'next_cursor' | 'next' | 'cursor' | 'link' } = {}) {
  const seen: { url: string; headers: Headers }[] = []
  let fate: (count: number) => Response | Error | undefined = () => undefined
  const fetch: FetchLike = async (input, init) => {
    init?.signal?.throwIfAborted()
    seen.push({ url: input, headers: new Headers(init?.headers) })
    const planned = fate(seen.length)
    if (planned instanceof Error) throw planned
    if (planned !== undefined) return planned
    const url = new URL(input)
    const after = url.searchParams.get('cursor')
    const rest = rows.filter(({ id }) => after === null || id > after)
    const data = rest.slice(0, size)
    const cursor = rest.length > size ? data.at(-1)?.id : undefined
    if (naming !== 'link' || cursor === undefined) return Response.json({ data, ...(cursor && naming !== 'link' && { [naming]: cursor }) })
    url.searchParams.set('cursor', cursor)
    return Response.json(data, { headers: { link: `<${url.pathname}${url.search}>; title="x"; rel="next last"` } })
  }
  return { rows, seen, fetch, meet: (planned: typeof fate) => (fate = planned) }
}

export const rowsTo = (count: number): Row[] => Array.from({ length: count }, (_, index) => ({ id: `r${String(index).padStart(4, '0')}` }))
export const idsOf = (rows: readonly Row[]): string[] => rows.map(({ id }) => id)

export async function collect<T>(source: AsyncIterable<T>, most = Number.POSITIVE_INFINITY): Promise<T[]> {
  const found: T[] = []
  for await (const one of source) if (found.push(one) >= most) break
  return found
}
