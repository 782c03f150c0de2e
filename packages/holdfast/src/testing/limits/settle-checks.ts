import assert from 'node:assert/strict'
import { remaining } from '../../rate-limit/decide.ts'
import type { Meter, SettleResult } from '../../rate-limit/store.ts'
import { countAdmitted, itemOf, peek } from './ask.ts'
import { bucket, calendar, dayMs, secondMs, segments } from './meters.ts'
import type { LimitBench, LimitCheck } from './subject.ts'

const metersOf = ({ options }: LimitBench): readonly Meter[] => [
  bucket(100, 1_000 * dayMs, 100),
  segments(100, 1_000 * dayMs),
  calendar(100, 10_000 * dayMs, options.time?.now() ?? Date.now()),
]

async function reserve(bench: LimitBench, owner: string, meter: Meter, cost: number): Promise<(delta: number) => Promise<SettleResult>> {
  const { now } = await bench.store.take([itemOf(owner, meter, { cost })])
  const token = bench.token()
  return async (delta) => bench.store.settle({ token, takenAt: now, items: [{ owner, counter: meter.kind, meter, delta }] })
}

async function left(bench: LimitBench, owner: string, meter: Meter): Promise<number> {
  return remaining(meter, (await peek(bench, itemOf(owner, meter))).items[0]?.state ?? [])
}

export const settleChecks: readonly LimitCheck[] = [
  {
    sentence: 'gives back what was not used, and never more than everything',
    async prove(bench) {
      for (const meter of metersOf(bench)) {
        const owner = bench.owner()
        await (
          await reserve(bench, owner, meter, 100)
        )(-80)
        assert.equal(await left(bench, owner, meter), 80, meter.kind)
        await (
          await reserve(bench, owner, meter, 5)
        )(-1_000)
        assert.equal(await left(bench, owner, meter), 100, meter.kind)
      }
    },
  },
  {
    sentence: 'charges what was used beyond the estimate, up to the debt that is allowed',
    async prove(bench) {
      for (const meter of metersOf(bench)) {
        const owner = bench.owner()
        const settle = await reserve(bench, owner, meter, 100)
        await settle(1_000)
        const indebted = await peek(bench, itemOf(owner, meter))
        assert.equal(indebted.admitted, meter.kind === 'bucket' ? indebted.items[0]?.fits : false)
        await (
          await reserve(bench, owner, meter, 0)
        )(-150)
        assert.equal(await left(bench, owner, meter), 50, meter.kind)
      }
    },
  },
  {
    sentence: 'applies a settlement once, however often it is sent',
    async prove(bench) {
      for (const meter of metersOf(bench)) {
        const owner = bench.owner()
        const settle = await reserve(bench, owner, meter, 100)
        const applied = await Promise.all(Array.from({ length: 10 }, () => settle(-10)))
        assert.equal(applied.filter((result) => result.applied).length, 1)
        assert.equal((await settle(-10)).applied, false)
        assert.equal(await left(bench, owner, meter), 10, meter.kind)
      }
    },
  },
  {
    sentence: 'gives nothing back to a window or period that is over',
    needsTime: true,
    async prove(bench) {
      const now = bench.options.time?.now() ?? 0
      for (const meter of [segments(10, 12 * secondMs), calendar(10, 12 * secondMs, now)]) {
        const owner = bench.owner()
        const settle = await reserve(bench, owner, meter, 10)
        bench.options.time?.advance(13 * secondMs)
        assert.equal(await countAdmitted(bench, 12, itemOf(owner, meter)), 10)
        await settle(-10)
        assert.equal(await left(bench, owner, meter), 0, meter.kind)
      }
    },
  },
  {
    sentence: 'makes the next call wait until a debt is paid',
    needsTime: true,
    async prove(bench) {
      const meter = bucket(10, secondMs, 10)
      const owner = bench.owner()
      await (
        await reserve(bench, owner, meter, 10)
      )(5)
      for (const ms of [500, 99]) {
        bench.options.time?.advance(ms)
        assert.equal(await countAdmitted(bench, 1, itemOf(owner, meter)), 0)
      }
      bench.options.time?.advance(1)
      assert.equal(await countAdmitted(bench, 2, itemOf(owner, meter)), 1)
    },
  },
]
