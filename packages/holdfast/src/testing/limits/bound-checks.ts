import assert from 'node:assert/strict'
import { remaining } from '../../rate-limit/decide.ts'
import { countAdmitted, hintOf, itemOf, peek } from './ask.ts'
import { bucket, calendar, dayMs, hourMs, secondMs, segments } from './meters.ts'
import type { LimitCheck } from './subject.ts'

/** Slow enough that nothing drains while a check runs in real time. */
const slow = bucket(100, 1_000 * dayMs, 20)

export const boundChecks: readonly LimitCheck[] = [
  {
    sentence: 'admits a burst, and not one more',
    async prove(bench) {
      const item = itemOf(bench.owner(), slow)
      assert.equal(await countAdmitted(bench, 30, item), 20)
      const refused = await bench.store.take([item])
      assert.equal(refused.items[0]?.fits, false)
      assert.ok(hintOf(item, refused) > 0)
    },
  },
  {
    sentence: 'admits exactly one of many takes at once when the burst is one',
    prove: async (bench) => {
      const item = itemOf(bench.owner(), bucket(1, 30 * dayMs, 1))
      const results = await Promise.all(Array.from({ length: bench.options.takesAtOnce ?? 10_000 }, async () => bench.store.take([item])))
      assert.equal(results.filter(({ admitted }) => admitted).length, 1)
    },
  },
  {
    sentence: 'admits exactly the smallest of several limits of many takes at once, and charges the others as much',
    async prove(bench) {
      const owner = bench.owner()
      const items = [
        itemOf(owner, bucket(37, 30 * dayMs, 37)),
        itemOf(owner, calendar(1_000_000, 10_000 * dayMs, bench.options.time?.now() ?? Date.now())),
        itemOf(owner, segments(100, 30 * dayMs)),
      ] as const
      const results = await Promise.all(Array.from({ length: bench.options.takesAtOnce ?? 10_000 }, async () => bench.store.take(items)))
      assert.equal(results.filter(({ admitted }) => admitted).length, 37)
      const { items: after } = await bench.store.take(items.map((item) => ({ ...item, cost: 0 })))
      assert.deepEqual(
        after.map(({ state }, index) => remaining(items[index]?.meter ?? slow, state)),
        [0, 1_000_000 - 37, 63],
      )
    },
  },
  {
    sentence: 'looks without taking at a cost of 0',
    async prove(bench) {
      const item = itemOf(bench.owner(), slow)
      await bench.store.take([{ ...item, cost: 19 }])
      for (let time = 0; time < 5; time++) assert.equal((await peek(bench, item)).admitted, true)
      assert.equal(await countAdmitted(bench, 3, item), 1)
    },
  },
  {
    sentence: 'never admits a cost above the capacity, and charges nothing for it',
    async prove(bench) {
      for (const meter of [slow, segments(20, dayMs), calendar(20, 10_000 * dayMs, bench.options.time?.now() ?? Date.now())]) {
        const item = itemOf(bench.owner(), meter)
        for (const cost of [21, 1_000_000_000]) {
          const refused = await bench.store.take([{ ...item, cost }])
          assert.equal(refused.admitted, false)
          assert.equal(hintOf({ ...item, cost }, refused), Number.POSITIVE_INFINITY)
        }
        assert.equal(await countAdmitted(bench, 21, item), 20)
      }
    },
  },
  {
    sentence: 'keeps owners, and the counters of an owner, apart, whatever they are called',
    async prove(bench) {
      const names = ['', 'a', 'a:b', 'a b', '\0', '{a}', '}{', '"', 'é', '\u{1f600}', '%', '*', '?', '[a]', 'a\nb', 'x'.repeat(1_000)]
      const root = bench.owner()
      const one = bucket(1, 1_000 * dayMs, 1)
      for (const name of names) {
        assert.equal(await countAdmitted(bench, 2, itemOf(root + name, one)), 1, `owner ${JSON.stringify(name)}`)
        assert.equal(await countAdmitted(bench, 2, itemOf(root, one, { counter: `c${name}` })), 1, `counter ${JSON.stringify(name)}`)
      }
    },
  },
  {
    sentence: 'keeps what is used through a change of plan',
    async prove(bench) {
      const owner = bench.owner()
      await bench.store.take([itemOf(owner, bucket(1_000, 1_000 * dayMs, 100), { cost: 60 })])
      const larger = itemOf(owner, bucket(77, 1_000 * dayMs, 1_000))
      assert.equal(remaining(larger.meter, (await peek(bench, larger)).items[0]?.state ?? []), 940)
      assert.equal(await countAdmitted(bench, 3, itemOf(owner, bucket(50, 1_000 * dayMs, 61))), 1)
      const window = itemOf(owner, segments(10, 1_000 * dayMs), { cost: 7 })
      await bench.store.take([window])
      assert.equal(await countAdmitted(bench, 9, itemOf(owner, segments(12, 777 * dayMs))), 5)
    },
  },
  {
    sentence: 'gives hints that are exact to the millisecond',
    needsTime: true,
    async prove(bench) {
      for (const meter of [bucket(60, 60 * secondMs, 20), bucket(7, secondMs, 5), segments(10, 700), segments(5, 777)]) {
        const item = itemOf(bench.owner(), meter)
        for (let round = 0; round < 20; round++) {
          let refused = await bench.store.take([item])
          while (refused.admitted) refused = await bench.store.take([item])
          const wait = hintOf(item, refused)
          assert.ok(wait > 0)
          bench.options.time?.advance(wait - 1)
          assert.equal((await bench.store.take([item])).admitted, false, `${wait - 1} ms after a hint of ${wait} ms`)
          bench.options.time?.advance(1)
          assert.equal((await bench.store.take([item])).admitted, true, `${wait} ms after a hint of ${wait} ms`)
        }
      }
    },
  },
  {
    sentence: 'counts one call in thirty days for thirty days',
    needsTime: true,
    async prove(bench) {
      const item = itemOf(bench.owner(), bucket(1, 30 * dayMs, 1))
      assert.equal(await countAdmitted(bench, 1, item), 1)
      for (const ms of [20, dayMs - 20, 28 * dayMs, dayMs - 1]) {
        bench.options.time?.advance(ms)
        assert.equal(await countAdmitted(bench, 1, item), 0)
      }
      bench.options.time?.advance(1)
      assert.equal(await countAdmitted(bench, 1, item), 1)
    },
  },
  {
    sentence: 'gives nothing away when its clock goes back, nor more than a burst when it jumps ahead',
    needsTime: true,
    async prove(bench) {
      const owner = bench.owner()
      const now = bench.options.time?.now() ?? 0
      for (const meter of [bucket(60, 60 * secondMs, 20), segments(20, 60 * secondMs), calendar(20, hourMs, now)]) {
        const item = itemOf(owner, meter)
        assert.equal(await countAdmitted(bench, 15, item), 15)
        bench.options.time?.advance(-hourMs)
        assert.equal(await countAdmitted(bench, 30, item), 5)
        bench.options.time?.advance(366 * dayMs)
        assert.equal(await countAdmitted(bench, 50, item), 20)
        bench.options.time?.advance(-365 * dayMs - 23 * hourMs)
      }
    },
  },
]
