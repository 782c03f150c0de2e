import { describe, expect, it } from 'vitest'
import { collect, idsOf, listOf, origin, rowsTo, start } from '../../../test/client/support/list-server.ts'
import type { Row } from '../../../test/client/support/list-server.ts'
import type { Checkpoint } from './checkpoint.ts'
import { items } from './pages.ts'

describe('a walk that is resumed', () => {
  it('continues behind item 7 of page 2 after a crash: none twice, none missing [67]', async () => {
    const list = listOf(rowsTo(35))
    const walk = items<Row>(list.fetch, start)
    const before = await collect(walk, 17)
    const kept = walk.cursor
    const after = await collect(items<Row>(list.fetch, start, { resumeFrom: kept }))
    expect([...before, ...after]).toEqual(list.rows)
    expect(list.seen[2]?.url).toBe(list.seen[1]?.url)
  })

  it('continues behind every item, with every way of naming pages, from text and value [67]', async () => {
    for (const naming of ['next_cursor', 'link'] as const) {
      const list = listOf(rowsTo(23), { naming })
      for (let count = 1; count <= 23; count++) {
        const walk = items<Row>(list.fetch, start)
        const before = await collect(walk, count)
        const resumeFrom = count % 2 === 0 ? walk.cursor : (JSON.parse(JSON.stringify(walk.checkpoint())) as Checkpoint)
        expect([...before, ...(await collect(items<Row>(list.fetch, start, { resumeFrom })))]).toEqual(list.rows)
      }
    }
  })

  it('leaves nothing out and gives nothing twice when the page has changed meanwhile', async () => {
    const list = listOf(rowsTo(30))
    const walk = items<Row>(list.fetch, start)
    const before = await collect(walk, 17)
    // Two of those handed out are deleted, one is added before them, one behind.
    list.rows.splice(11, 2)
    list.rows.push({ id: 'r0009a' }, { id: 'r0018a' })
    list.rows.sort((left, right) => (left.id < right.id ? -1 : 1))
    const after = await collect(items<Row>(list.fetch, start, { resumeFrom: walk.checkpoint() }))
    const all = idsOf([...before, ...after])
    expect(new Set(all).size).toBe(all.length)
    expect(all).toEqual(expect.arrayContaining(idsOf(list.rows)))
  })

  it('tells items without a name apart by all they hold, also equal ones', async () => {
    const pages = [Response.json({ data: [1, 1, 2, 1], next_cursor: 'b' }), Response.json({ data: [1, 1, 2, 1] })]
    const walk = items<number>(async () => pages.shift() as Response, start)
    expect(await collect(walk, 2)).toEqual([1, 1])
    expect(await collect(items<number>(async () => pages.shift() as Response, start, { resumeFrom: walk.cursor }))).toEqual([2, 1])
  })

  it('goes on with what was added after the end', async () => {
    const list = listOf(rowsTo(15))
    const walk = items<Row>(list.fetch, start)
    await collect(walk)
    const kept = walk.cursor
    expect(await collect(items<Row>(list.fetch, start, { resumeFrom: kept }))).toEqual([])
    list.rows.push({ id: 'r9999' })
    expect(await collect(items<Row>(list.fetch, start, { resumeFrom: kept }))).toEqual([{ id: 'r9999' }])
  })

  it('counts the items of a page that is too long to name them', async () => {
    const list = listOf(rowsTo(2_500), { size: 2_400 })
    const walk = items<Row>(list.fetch, start)
    const before = await collect(walk, 1_500)
    expect(walk.cursor.length).toBeLessThan(200)
    const second = items<Row>(list.fetch, start, { resumeFrom: walk.cursor })
    const more = await collect(second, 10)
    expect([...before, ...more, ...(await collect(items<Row>(list.fetch, start, { resumeFrom: second.cursor })))]).toEqual(list.rows)
  })

  it.each([
    ['of another query', `${origin}/rows?status=closed`, (it: string) => it],
    ['of another path', `${origin}/others?status=open`, (it: string) => it],
    ['of another origin', 'https://other.example/rows?status=open', (it: string) => it],
    ['that is no JSON', start, () => 'x'],
    ['that is no object', start, () => '7'],
    ['of a later version', start, (it: string) => it.replace('"version":1', '"version":2')],
    ['with a wrong member', start, (it: string) => it.replace('"index":2', '"index":-2')],
  ])('refuses a checkpoint %s, and sends nothing [69]', async (_what, url, change) => {
    const list = listOf(rowsTo(5))
    const walk = items<Row>(list.fetch, start)
    await collect(walk, 2)
    expect(() => items<Row>(() => expect.fail('sent'), url, { resumeFrom: change(walk.cursor) })).toThrow(
      expect.objectContaining({ code: 'checkpoint-refused' }) as Error,
    )
  })

  it('takes a checkpoint of the same query with its parameters in another order', async () => {
    const list = listOf(rowsTo(15))
    const walk = items<Row>(list.fetch, `${origin}/rows?a=1&status=open`)
    await collect(walk, 12)
    const rest = items<Row>(list.fetch, `${origin}/rows?status=open&a=1`, { resumeFrom: walk.cursor })
    expect(await collect(rest)).toEqual(list.rows.slice(12))
  })
})
