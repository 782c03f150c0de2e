import type { WalkOptions } from './walk.ts'

/** How pages are read over HTTP. */
export interface HttpPagesOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** The id of an item. @default its `id` */
  readonly idOf?: (item: Readonly<Record<string, unknown>>) => string
  /** @default the global one */
  readonly fetch?: (url: string, init: { readonly headers: Readonly<Record<string, string>> }) => Promise<Response>
}

/**
 * Reads pages of `{ data, next_cursor, prev_cursor }` for `walkList`.
 *
 * @param url of the list, with its filters and sort
 * @throws Error for an answer other than 200
 */
export function httpPages(url: string, options: HttpPagesOptions = {}): WalkOptions['page'] {
  const { headers = {}, idOf = (item) => String(item['id']), fetch: send = fetch } = options
  return async ({ cursor, limit }) => {
    const target = new URL(url)
    target.searchParams.set('limit', String(limit))
    if (cursor !== undefined) target.searchParams.set('cursor', cursor)
    const response = await send(target.href, { headers })
    const text = await response.text()
    if (response.status !== 200) throw new Error(`${target.pathname}: ${response.status} ${text.slice(0, 200)}`)
    const { data, next_cursor, prev_cursor } = JSON.parse(text) as {
      data: Readonly<Record<string, unknown>>[]
      next_cursor?: string
      prev_cursor?: string
    }
    return { ids: data.map(idOf), next: next_cursor, prev: prev_cursor }
  }
}
