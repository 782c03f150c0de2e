import assert from 'node:assert/strict'
import { remaining } from '../../rate-limit/decide.ts'
import { countAdmitted, itemOf, peek } from './ask.ts'
import { bucket, dayMs, segments } from './meters.ts'
import type { LimitCheck } from './subject.ts'

const one = bucket(1, 1_000 * dayMs, 1)
const hundred = bucket(100, 1_000 * dayMs, 100)

export const severalChecks: readonly LimitCheck[] = [
  {
    sentence: 'debits no limit for a call that another one refuses',
    async prove(bench) {
      const owner = bench.owner()
      const short = itemOf(owner, one, { counter: 'short' })
      const long = itemOf(owner, hundred, { counter: 'long' })
      for (const items of [
        [short, long],
        [long, short],
      ])
        await countAdmitted(bench, 60, ...items)
      assert.equal(remaining(hundred, (await peek(bench, long)).items[0]?.state ?? []), 99)
    },
  },
  {
    sentence: 'says of each item whether it fits, in the order they came',
    async prove(bench) {
      const owner = bench.owner()
      const items = ['a', 'b', 'c'].map((counter) => itemOf(owner, counter === 'b' ? one : hundred, { counter }))
      await bench.store.take(items)
      const refused = await bench.store.take(items)
      assert.deepEqual(
        refused.items.map(({ fits }) => fits),
        [true, false, true],
      )
    },
  },
  {
    sentence: 'is not blocked by a shadow, and debits it only where the call is admitted and it fits',
    async prove(bench) {
      const owner = bench.owner()
      const shadow = itemOf(owner, bucket(2, 1_000 * dayMs, 2), { counter: 'shadow', shadow: true })
      const enforced = itemOf(owner, segments(3, 1_000 * dayMs), { counter: 'enforced' })
      const standings = []
      for (let time = 0; time < 5; time++) {
        const { admitted, items } = await bench.store.take([shadow, enforced])
        standings.push([admitted, items[0]?.fits, remaining(shadow.meter, items[0]?.state ?? [])])
      }
      assert.deepEqual(standings, [
        [true, true, 1],
        [true, true, 0],
        [true, false, 0],
        [false, false, 0],
        [false, false, 0],
      ])
    },
  },
  {
    sentence: 'does not debit a shadow that fits when the call is refused',
    async prove(bench) {
      const owner = bench.owner()
      const shadow = itemOf(owner, hundred, { counter: 'shadow', shadow: true })
      await countAdmitted(bench, 10, itemOf(owner, one, { counter: 'one' }), shadow)
      assert.equal(remaining(hundred, (await peek(bench, shadow)).items[0]?.state ?? []), 99)
    },
  },
  {
    sentence: 'decides the items of several owners together',
    async prove(bench) {
      const mine = itemOf(bench.owner(), hundred)
      const everybodys = itemOf(bench.owner(), bucket(5, 1_000 * dayMs, 5))
      assert.equal(await countAdmitted(bench, 20, mine, everybodys), 5)
      assert.equal(remaining(hundred, (await peek(bench, mine)).items[0]?.state ?? []), 95)
    },
  },
]
