import type { OutboxStore } from '../store.ts'
import { assert, assertSame, fill, hour, newEntry, shapeOf, take } from './check.ts'

/** The sentence a check proves, and how. */
export interface Directed {
  readonly sentence: string
  prove(store: OutboxStore): Promise<void>
}

const idOf = async (taken: ReturnType<OutboxStore['take']>): Promise<string | undefined> => (await taken)?.id
const done = { state: 'done', result: { status: 201 } } as const

export const directed: readonly Directed[] = [
  {
    sentence: 'gives every entry back as it was added',
    async prove(store) {
      const empty = newEntry('empty', { body: undefined, headers: [] })
      await fill(store, newEntry('a', { lane: 'l' }), empty)
      const [first, second] = await store.list({ limit: 10 })
      for (const [entry, added] of [
        [first, newEntry('a', { lane: 'l' })],
        [second, empty],
      ] as const) {
        assert(entry !== undefined, 'an entry is missing')
        const { id, lane, key, fingerprint, method, url, headers, body } = entry
        assertSame(
          { id, lane, key, fingerprint, method, url, headers, body: body && [...body] },
          { ...added, body: added.body && [...added.body] },
          'the entry',
        )
      }
      assertSame(shapeOf(await store.find('a')), shapeOf(first), 'the entry that is found')
      assertSame(await store.find('none'), undefined, 'an entry that is not there')
    },
  },
  {
    sentence: 'adds an id once, however many add it at the same time',
    async prove(store) {
      const added = await Promise.all(Array.from({ length: 8 }, (_, at) => store.add(newEntry('same', { key: `key-${at}` }), 100)))
      const fresh = added.filter((one) => one !== 'full' && one.isNew)
      assertSame(fresh.length, 1, 'new entries')
      const keys = added.map((one) => (one === 'full' ? 'full' : one.entry.key))
      assertSame(new Set(keys).size, 1, 'keys that were told')
    },
  },
  {
    sentence: 'holds no more open entries than it is told, and takes more once some are settled',
    async prove(store) {
      await fill(store, newEntry('a'), newEntry('b'))
      assertSame(await store.add(newEntry('c'), 2), 'full', 'a third one')
      const again = await store.add(newEntry('a'), 2)
      assert(again !== 'full' && !again.isNew, 'an entry that is there is told, also when the outbox is full')
      await store.take(take('w', { id: 'a' }))
      await store.settle('a', 'w', done)
      assert((await store.add(newEntry('c'), 2)) !== 'full', 'there is room again')
    },
  },
  {
    sentence: 'gives every entry to one of many who take at the same time',
    async prove(store) {
      await fill(store, ...Array.from({ length: 12 }, (_, at) => newEntry(`e${at}`)))
      const taken: string[] = []
      const worker = async (name: string): Promise<void> => {
        for (let misses = 0; misses < 3;) {
          const entry = await store.take(take(name))
          if (entry === undefined) misses += 1
          else taken.push(entry.id)
        }
      }
      await Promise.all(Array.from({ length: 6 }, (_, at) => worker(`w${at}`)))
      assertSame(
        taken.toSorted((left, right) => (left < right ? -1 : 1)).join(),
        [...new Set(taken)].toSorted((left, right) => (left < right ? -1 : 1)).join(),
        'each once',
      )
      assertSame(taken.length, 12, 'all of them')
    },
  },
  {
    sentence: 'sends a lane in order, one entry after the other, and other lanes beside it',
    async prove(store) {
      await fill(store, newEntry('a1', { lane: 'a' }), newEntry('a2', { lane: 'a' }), newEntry('b1', { lane: 'b' }), newEntry('free'))
      assertSame(
        [await idOf(store.take(take('w'))), await idOf(store.take(take('w'))), await idOf(store.take(take('w')))],
        ['a1', 'b1', 'free'],
        'taken',
      )
      assertSame(await idOf(store.take(take('w'))), undefined, 'a2 while a1 is sent')
      assertSame(await idOf(store.take(take('w', { id: 'a2' }))), undefined, 'a2 by name while a1 is sent')
      await store.settle('a1', 'w', { state: 'pending', waitMs: hour, result: {} })
      assertSame(await idOf(store.take(take('w'))), undefined, 'a2 while a1 waits')
    },
  },
  {
    sentence: 'lets a lane go on after a refusal, and holds it after an unknown outcome',
    async prove(store) {
      await fill(store, newEntry('a1', { lane: 'a' }), newEntry('a2', { lane: 'a' }), newEntry('a3', { lane: 'a' }))
      await store.take(take('w'))
      await store.settle('a1', 'w', { state: 'dead', result: { status: 422 } })
      assertSame(await idOf(store.take(take('w'))), 'a2', 'after a refusal')
      await store.settle('a2', 'w', { state: 'unknown', result: {} })
      assertSame(await idOf(store.take(take('w'))), undefined, 'after an unknown outcome')
      assertSame(await store.nextDueMs(), undefined, 'when something is due')
      assert(await store.forget('a2'), 'an unknown entry can be forgotten')
      assertSame(await idOf(store.take(take('w'))), 'a3', 'once somebody has looked')
    },
  },
  {
    sentence: 'hands an entry over with its key when the lease has ended, and not before',
    async prove(store) {
      await fill(store, newEntry('a'))
      const first = await store.take(take('w1', { leaseMs: hour }))
      assertSame(await idOf(store.take(take('w2'))), undefined, 'while the lease runs')
      assert(await store.renew('a', 'w1', 0), 'the owner may renew')
      const second = await store.take(take('w2'))
      assertSame([second?.key, second?.attempts, second?.owner], [first?.key, 2, 'w2'], 'the second owner')
      assertSame(await store.renew('a', 'w1', hour), false, 'a renewal by the first owner')
      assertSame(await store.settle('a', 'w1', done), undefined, 'a settlement by the first owner')
      assertSame((await store.settle('a', 'w2', done))?.state, 'done', 'a settlement by the second')
    },
  },
  {
    sentence: 'lets the owner settle and renew after the lease, when nobody took over',
    async prove(store) {
      await fill(store, newEntry('a'))
      await store.take(take('w', { leaseMs: 0 }))
      assert(await store.renew('a', 'w', 0), 'renewed')
      const settled = await store.settle('a', 'w', { state: 'done', result: { status: 201, location: '/things/1', replayed: true } })
      assertSame(settled?.result, { status: 201, location: '/things/1', replayed: true }, 'the result')
    },
  },
  {
    sentence: 'waits between sends as long as it is told',
    async prove(store) {
      await fill(store, newEntry('a'), newEntry('b'))
      await store.take(take('w', { id: 'a' }))
      await store.settle('a', 'w', { state: 'pending', waitMs: hour, result: { status: 503 } })
      assertSame(await idOf(store.take(take('w', { id: 'a' }))), undefined, 'before the wait is over')
      await store.take(take('w', { id: 'b' }))
      await store.settle('b', 'w', { state: 'pending', waitMs: 0, result: {} })
      assert(((await store.nextDueMs()) ?? hour) <= 0, 'b is due')
      assertSame(await idOf(store.take(take('w'))), 'b', 'after the wait')
      const due = await store.nextDueMs()
      assert(due !== undefined && due > hour / 2 && due <= hour, `the next is due in about an hour, found ${due}`)
    },
  },
  {
    sentence: 'never sends again what was first sent longer ago than keys are kept',
    async prove(store) {
      await fill(store, newEntry('a', { lane: 'l' }))
      await store.take(take('w', { leaseMs: 0 }))
      const old = await store.take(take('w', { keyLifetimeMs: 0 }))
      assertSame([old?.state, old?.owner, old?.attempts, old?.key], ['unknown', undefined, 1, 'key-a'], 'the old entry')
      assertSame(await idOf(store.take(take('w'))), undefined, 'another take')
    },
  },
  {
    sentence: 'gives a fresh key to what was never sent for so long, and to nothing else',
    async prove(store) {
      await fill(store, newEntry('a'), newEntry('b'))
      assertSame((await store.take(take('w', { keyLifetimeMs: 0, freshKey: 'new' })))?.key, 'new', 'a key that grew old unsent')
      assertSame((await store.take(take('w', { freshKey: 'new' })))?.key, 'key-b', 'a young key')
    },
  },
  {
    sentence: 'retries a dead entry under a new key, an unknown one under its own, and nothing else',
    async prove(store) {
      await fill(store, newEntry('dead'), newEntry('unknown'), newEntry('done'), newEntry('open'))
      for (const state of ['dead', 'unknown', 'done'] as const) {
        await store.take(take('w', { id: state }))
        await store.settle(state, 'w', { state, result: { status: 400 } })
      }
      const retried = await Promise.all(['dead', 'unknown', 'done', 'open', 'none'].map((id) => store.retry(id, 'new')))
      assertSame(
        retried.map((entry) => entry && [entry.state, entry.key, entry.attempts, entry.result]),
        [['pending', 'new', 0, undefined], ['pending', 'key-unknown', 1, undefined], undefined, undefined, undefined],
        'what was retried',
      )
      assertSame((await store.take(take('w', { id: 'unknown' })))?.state, 'sending', 'the unknown one can be sent')
    },
  },
  {
    sentence: 'forgets and prunes only what is settled',
    async prove(store) {
      await fill(store, newEntry('a'), newEntry('b'), newEntry('c'), newEntry('d'))
      assertSame([await store.forget('a'), await store.forget('none')], [false, false], 'open ones')
      for (const id of ['b', 'c', 'd']) await store.take(take('w', { id }))
      await store.settle('b', 'w', done)
      await store.settle('c', 'w', { state: 'dead', result: {} })
      assertSame(await store.prune(hour), 0, 'too young')
      assertSame(await store.prune(0), 1, 'done')
      assertSame(
        (await store.list({ limit: 10 })).map(({ id }) => id),
        ['a', 'c', 'd'],
        'what is left',
      )
      assertSame(await store.forget('c'), true, 'a dead one')
    },
  },
  {
    sentence: 'lists in order of arrival, by state, as many as asked for',
    async prove(store) {
      await fill(store, newEntry('z'), newEntry('a'), newEntry('m'))
      await store.take(take('w', { id: 'a' }))
      const ids = async (query: Parameters<OutboxStore['list']>[0]): Promise<string[]> => (await store.list(query)).map(({ id }) => id)
      assertSame(
        [
          await ids({ limit: 10 }),
          await ids({ limit: 2 }),
          await ids({ state: 'pending', limit: 10 }),
          await ids({ state: 'dead', limit: 10 }),
        ],
        [['z', 'a', 'm'], ['z', 'a'], ['z', 'm'], []],
        'lists',
      )
    },
  },
]
