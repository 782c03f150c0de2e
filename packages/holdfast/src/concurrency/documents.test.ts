import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithRedis } from '../../../../test/servers/index.ts'
import { guarded } from '../../test/concurrency/guarded.ts'
import { openIoredis } from '../../test/redis/clients.ts'
import { memoryDocuments } from '../stores/memory/index.ts'
import { redisDocuments } from '../stores/redis/index.ts'
import { anyState, changeDocument, stateTag } from './index.ts'
import type { DocumentStore } from './index.ts'

interface Note {
  readonly text: string
}

function scenarios(open: () => DocumentStore): void {
  const write = (store: DocumentStore, headers: Readonly<Record<string, string>>, id: string, text: string | undefined, method = 'PUT') =>
    guarded(
      headers,
      (expected) =>
        changeDocument<Note>(store, id, (note) => (text === undefined || (note === undefined && method !== 'PUT') ? undefined : { text }), {
          expected,
          represent: (note) => note,
        }),
      { method },
    )
  const match = (state: number | undefined) => ({ 'if-match': stateTag(state ?? 0) })

  it('replaces, by compare-and-set, exactly what was read', async () => {
    const [store, id] = [open(), randomUUID()]
    const first = await store.replace(id, undefined, '1')
    expect(await store.replace(id, undefined, '2')).toBeUndefined()
    const second = await store.replace(id, first, '2')
    expect(await store.replace(id, first, '3')).toBeUndefined()
    expect(await store.read(id)).toEqual({ state: second, text: '2' })
    expect(await store.replace(id, second, undefined)).toBeGreaterThan(second ?? 0)
    expect([await store.read(id), await store.replace(id, second, '4')]).toEqual([undefined, undefined])
  })

  it('agrees with a model in every history of operations, and never gives a state twice', async () => {
    const step = fc.record({
      id: fc.constantFrom('a', 'b'),
      from: fc.constantFrom('none', 'current', 'stale'),
      text: fc.option(fc.string({ maxLength: 5 }), { nil: undefined }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const [store, prefix] = [open(), randomUUID()]
        const model = new Map<string, { state: number; text: string }>()
        const given = new Set<number>()
        for (const { id, from, text } of steps) {
          const current = model.get(id)
          const expected = from === 'none' ? undefined : from === 'current' ? current?.state : -1
          const state = await store.replace(`${prefix}${id}`, expected, text)
          expect(state !== undefined).toBe(expected === current?.state)
          if (state === undefined) continue
          expect(given.has(state)).toBe(false)
          given.add(state)
          if (text === undefined) model.delete(id)
          else model.set(id, { state, text })
          expect(await store.read(`${prefix}${id}`)).toEqual(model.get(id))
        }
      }),
      { numRuns: 20 },
    )
  })

  it('changes a document for who has read it [C1] [C2] [C27]', async () => {
    const [store, id] = [open(), randomUUID()]
    const made = await write(store, { 'if-none-match': '*' }, id, 'one')
    expect([made.status, (await write(store, { 'if-none-match': '*' }, id, 'two')).status]).toEqual([200, 412])
    const changed = await write(store, match(made.result?.state), id, 'two')
    expect([changed.status, changed.result?.changed]).toEqual([200, true])
    const stale = await write(store, { ...match(made.result?.state), prefer: 'return=representation' }, id, 'three')
    expect([stale.status, JSON.parse(stale.reply.body as string)['current']]).toEqual([412, { text: 'two' }])
    expect((await write(store, match(changed.result?.state), id, 'two')).result).toMatchObject({
      changed: false,
      state: changed.result?.state,
    })
  })

  it('knows what is missing [C9] [C26]', async () => {
    const [store, id] = [open(), randomUUID()]
    expect((await write(store, { 'if-match': '*' }, id, 'x')).status).toBe(412)
    for (const method of ['PATCH', 'DELETE']) {
      expect((await write(store, { 'if-match': '*' }, id, undefined, method)).status).toBe(404)
      expect((await write(store, {}, id, undefined, method)).status).toBe(404)
    }
    const made = await write(store, {}, id, 'x')
    expect((await write(store, match(made.result?.state), id, undefined, 'DELETE')).status).toBe(200)
    await write(store, {}, id, 'again')
    expect((await write(store, match(made.result?.state), id, 'stale')).status).toBe(412)
  })

  it('lets one of fifty writers with one tag through, and loses no change of who has none [C4]', async () => {
    const [store, id] = [open(), randomUUID()]
    const made = await write(store, {}, id, '0')
    const all = await Promise.all(Array.from({ length: 50 }, (_, at) => write(store, match(made.result?.state), id, `n${at}`)))
    expect(all.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 412)])
    const counter = randomUUID()
    const count = () => changeDocument<number>(store, counter, (number = 0) => number + 1, { expected: anyState })
    await Promise.all(Array.from({ length: 20 }, count))
    expect((await store.read(counter))?.text).toBe('20')
  })

  it('gives up on a document that changes before every attempt', async () => {
    const [store, id] = [open(), randomUUID()]
    const unlucky: DocumentStore = { ...store, replace: async () => undefined }
    await expect(changeDocument<Note>(unlucky, id, () => ({ text: 'x' }), { expected: anyState, attempts: 3 })).rejects.toThrow(
      'the document has changed before each of 3 attempts',
    )
  })
}

describe('documents in memory', () => {
  scenarios(() => memoryDocuments())
})

describeWithRedis('documents in Redis', (url) => {
  let opened: Awaited<ReturnType<typeof openIoredis>>
  beforeAll(async () => void (opened = await openIoredis(url)))
  afterAll(() => opened?.disconnect())
  scenarios(() => redisDocuments(opened.command, { prefix: `{documents-${randomUUID()}}:` }))

  it('rejects with store-unavailable when the server is gone', async () => {
    const broken = redisDocuments(() => Promise.reject(new Error('ECONNREFUSED')))
    await expect(broken.read('a')).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(broken.replace('a', undefined, 'x')).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})
