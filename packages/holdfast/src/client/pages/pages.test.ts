import { describe, expect, it } from 'vitest'
import { emptyBudget } from '../../retry/budget.ts'
import { collect, listOf, rowsTo, start } from '../../../test/client/support/list-server.ts'
import type { Row } from '../../../test/client/support/list-server.ts'
import { settle, virtual } from '../../../test/client/support/virtual.ts'
import { reset } from '../../../test/client/support/versioned-server.ts'
import type { FetchLike } from '../fetch-like.ts'
import { items, pages } from './pages.ts'
import type { WalkOptions } from './options.ts'

describe('items', () => {
  it.each(['next_cursor', 'next', 'cursor', 'link'] as const)('gives every item once, the next page named by %s [P29]', async (naming) => {
    const list = listOf(rowsTo(35), { naming })
    expect(await collect(items<Row>(list.fetch, start))).toEqual(list.rows)
    expect(list.seen).toHaveLength(4)
    expect(list.seen.every(({ url }) => url.includes('status=open'))).toBe(true)
  })

  it('asks a function for the next page where the server has its own way', async () => {
    const list = listOf(rowsTo(25))
    const options: WalkOptions<Row> = {
      next: ({ items }) => (items.length === 10 ? (items.at(-1) as Row).id : undefined),
      items: (body) => (body as { data: Row[] }).data,
    }
    expect(await collect(items<Row>(list.fetch, start, options))).toEqual(list.rows)
  })

  it.each([[{ transfers: [1, 2], next: null }], [{ items: [1, 2], other: [] }], [{ data: [1, 2], errors: [] }], [[1, 2]]])(
    'finds the items of %j',
    async (body) => {
      expect(await collect(items(async () => Response.json(body), start))).toEqual([1, 2])
    },
  )

  it('says so when a page has its items in none of the usual places', async () => {
    await expect(collect(items(async () => Response.json({ a: [], b: [] }), start))).rejects.toMatchObject({ code: 'page-invalid' })
    await expect(collect(items(async () => new Response('<html>'), start))).rejects.toMatchObject({ code: 'page-invalid' })
  })

  it('ends after the second page of a server that gives the same cursor for ever [68] [P31]', async () => {
    let count = 0
    const fetch = async (): Promise<Response> => Response.json({ data: [{ id: ++count }], next_cursor: 'same' })
    const found: unknown[] = []
    await expect(
      (async () => {
        for await (const item of items(fetch, start)) found.push(item)
      })(),
    ).rejects.toMatchObject({ code: 'pagination-loop', name: 'PaginationLoopError' })
    expect([count, found.length]).toEqual([2, 2])
  })

  it('ends on a server that ignores its cursors, however they differ [68]', async () => {
    let count = 0
    const fetch = async (): Promise<Response> => Response.json({ data: rowsTo(3), next_cursor: `sealed-${++count}` })
    await expect(collect(items(fetch, start))).rejects.toMatchObject({ code: 'pagination-loop' })
    expect(count).toBe(2)
  })

  it('does not take equal values for a circle', async () => {
    const answers = [1, 2, 3].map((page) => Response.json({ data: [7, 7], ...(page < 3 && { next_cursor: page }) }))
    expect(await collect(items(async () => answers.shift() as Response, start))).toHaveLength(6)
  })

  it.each([
    'https://evil.example/rows?cursor=b',
    'http://api.example/rows?cursor=b',
    '//evil.example/rows',
    'https://api.example:8443/rows',
  ])('refuses the next page at %s, and sends it nothing [P30]', async (target) => {
    const seen: string[] = []
    const fetch = async (input: string): Promise<Response> => {
      seen.push(input)
      return Response.json({ data: [1], next: null }, { headers: { link: `<${target}>; rel=next` } })
    }
    const walk = collect(items(fetch, start, { headers: { authorization: 'Bearer secret' } }))
    await expect(walk).rejects.toMatchObject({ code: 'next-refused' })
    expect(seen).toEqual([start])
  })

  it('follows to another origin that was named', async () => {
    const fetch = async (input: string): Promise<Response> =>
      input.startsWith('https://eu.')
        ? Response.json([2])
        : Response.json([1], { headers: { link: '<https://eu.example/rows>; rel=next' } })
    expect(await collect(items(fetch, start, { allowOrigins: ['https://eu.example'] }))).toEqual([1, 2])
  })

  it('tells the last item when the cursor has expired', async () => {
    const list = listOf(rowsTo(25))
    list.meet((count) => (count === 2 ? Response.json({ code: 'cursor-expired' }, { status: 410 }) : undefined))
    await expect(collect(items<Row>(list.fetch, start))).rejects.toMatchObject({ code: 'cursor-expired', lastItem: { id: 'r0009' } })
    list.meet(() => Response.json({}, { status: 410 }))
    await expect(collect(items<Row>(list.fetch, start))).rejects.toMatchObject({ code: 'call-refused', status: 410 })
  })

  it('waits for a rate limit on page 4, and loses no page [P32]', async () => {
    const { time, random } = virtual()
    const list = listOf(rowsTo(50))
    list.meet((count) => (count === 4 ? Response.json({}, { status: 429, headers: { 'retry-after': '7' } }) : undefined))
    const startedAt = time.now()
    expect(await settle(time, collect(items<Row>(list.fetch, start, { clock: time, random })))).toEqual(list.rows)
    expect(time.now() - startedAt).toBeGreaterThanOrEqual(7_000)
    expect(time.now() - startedAt).toBeLessThan(8_000)
    expect(list.seen).toHaveLength(6)
  })

  it('pays for what it asks again from the budget it is given', async () => {
    const { seen, fetch, meet } = listOf(rowsTo(5))
    meet(() => new TypeError('fetch failed'))
    await expect(collect(items(fetch, start, { budget: () => emptyBudget }))).rejects.toThrow('fetch failed')
    expect(seen).toHaveLength(1)
  })

  it('asks again for a page whose answer was lost, and gives up in the end', async () => {
    const { time, random } = virtual()
    const list = listOf(rowsTo(30))
    list.meet((count) => (count === 2 ? reset() : undefined))
    expect(await settle(time, collect(items<Row>(list.fetch, start, { clock: time, random })))).toEqual(list.rows)
    list.meet(() => reset())
    await expect(settle(time, collect(items<Row>(list.fetch, start, { clock: time, random })))).rejects.toThrow('fetch failed')
  })

  it('leaves out what has a name that was there before', async () => {
    const bodies = [{ data: rowsTo(3), next_cursor: 'b' }, { data: rowsTo(5).slice(2) }]
    const walk = items<Row>(async () => Response.json(bodies.shift()), start, { dedupeBy: ({ id }) => id })
    expect(await collect(walk)).toEqual(rowsTo(5))
  })

  it('ends after maxPages, with a checkpoint behind them', async () => {
    const list = listOf(rowsTo(35))
    const walk = items<Row>(list.fetch, start, { maxPages: 2 })
    expect(await collect(walk)).toEqual(list.rows.slice(0, 20))
    expect(await collect(items<Row>(list.fetch, start, { resumeFrom: walk.cursor }))).toEqual(list.rows.slice(20))
  })

  it('ends with the reason of the signal', async () => {
    const list = listOf(rowsTo(35))
    const controller = new AbortController()
    const walk = (async () => {
      for await (const { id } of items<Row>(list.fetch, start, { signal: controller.signal }))
        if (id === 'r0009') controller.abort(new Error('enough'))
    })()
    await expect(walk).rejects.toThrow('enough')
    expect(list.seen).toHaveLength(1)
    await expect(items(list.fetch, start, { signal: AbortSignal.abort(new Error('before')) }).next()).rejects.toThrow('before')
  })

  it.each([
    [{ prefetch: 2 as 1 }, 'prefetch: expected 0 or 1'],
    [{ maxPages: 0 }, 'maxPages: expected'],
    [{ pageDeadlineMs: 0 }, 'pageDeadlineMs: expected'],
    [{ resends: -1 }, 'resends: expected'],
  ])('refuses the options %j', (options, message) => {
    expect(() => items(fetch, start, options)).toThrow(message)
  })

  it('refuses a URL that is none', () => {
    expect(() => items(fetch, '/rows')).toThrow('expected an absolute URL')
  })
})

describe('items with prefetch', () => {
  /** A list whose pages come when they are let. */
  function slow() {
    const waiting: { url: string; answer: (body: unknown) => void; signal: AbortSignal }[] = []
    const fetch: FetchLike = (input, init) =>
      new Promise((resolve, reject) => {
        const signal = init?.signal as AbortSignal
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        waiting.push({ url: input, signal, answer: (body) => resolve(Response.json(body)) })
      })
    return { waiting, fetch }
  }
  const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

  it('asks for one page ahead and no more; leaving the loop aborts it [P33]', async () => {
    const { waiting, fetch } = slow()
    const walk = items<number>(fetch, start, { prefetch: 1 })
    const first = walk.next()
    await tick()
    expect(waiting).toHaveLength(1)
    waiting[0]?.answer({ data: [1, 2], next_cursor: 'b' })
    expect((await first).value).toBe(1)
    await tick()
    expect(waiting).toHaveLength(2)
    expect((await walk.next()).value).toBe(2)
    await tick()
    expect([waiting.length, waiting[1]?.signal.aborted]).toEqual([2, false])
    await walk.return?.()
    expect([waiting.length, waiting[1]?.signal.aborted]).toEqual([2, true])
  })

  it('asks for nothing ahead without it', async () => {
    const list = listOf(rowsTo(20))
    await collect(items<Row>(list.fetch, start), 10)
    expect(list.seen).toHaveLength(1)
  })

  it('gives the same items in the same order', async () => {
    const list = listOf(rowsTo(35))
    expect(await collect(items<Row>(list.fetch, start, { prefetch: 1 }))).toEqual(list.rows)
    expect(list.seen).toHaveLength(4)
  })

  it('tells a page that failed ahead of time when its turn comes, after all items before it', async () => {
    const list = listOf(rowsTo(20))
    list.meet((count) => (count === 2 ? Response.json({}, { status: 403 }) : undefined))
    const found: Row[] = []
    const walk = (async () => {
      for await (const row of items<Row>(list.fetch, start, { prefetch: 1 })) found.push(row)
    })()
    await expect(walk).rejects.toMatchObject({ code: 'call-refused', status: 403 })
    expect(found).toHaveLength(10)
  })

  it('ends at once when it is closed while it waits for a page', async () => {
    const { waiting, fetch } = slow()
    const walk = items<number>(fetch, start)
    const next = walk.next()
    await tick()
    await walk.return?.()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(waiting[0]?.signal.aborted).toBe(true)
  })
})

describe('pages', () => {
  it('gives the pages, with a checkpoint behind each', async () => {
    const list = listOf(rowsTo(25))
    const walk = pages<Row>(list.fetch, start)
    const [first] = await collect(walk, 1)
    expect([first?.number, first?.items.length, first?.isLast, first?.url]).toEqual([1, 10, false, start])
    const rest = await collect(pages<Row>(list.fetch, start, { resumeFrom: walk.checkpoint() }))
    expect(rest.map(({ items, isLast }) => [items.length, isLast])).toEqual([
      [10, false],
      [5, true],
    ])
  })

  it('gives an empty list as one empty page', async () => {
    const [page, ...others] = await collect(pages(async () => Response.json({ data: [] }), start))
    expect([page?.items, page?.isLast, others]).toEqual([[], true, []])
  })
})
