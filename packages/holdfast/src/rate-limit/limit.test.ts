import { describe, expect, it } from 'vitest'
import { largestCost, take, waitMs } from './decide.ts'
import { compileLimit } from './limit.ts'
import type { LimitNumbers } from './limit.ts'

const at = Date.UTC(2026, 0, 1)

describe('a compiled limit', () => {
  it.each<[LimitNumbers, object]>([
    [
      { name: 'a', limit: 60, windowSeconds: 60, burst: 20 },
      { kind: 'bucket', rate: 1, unit: 1_000, burst: 20, capacity: 20_000, ceiling: 40_000 },
    ],
    [
      { name: 'a', limit: 1_000, windowSeconds: 1 },
      { kind: 'bucket', rate: 1, unit: 1, burst: 100, capacity: 100, ceiling: 200 },
    ],
    [
      { name: 'a', limit: 3, windowSeconds: 0.1, burst: 1, maxDebt: 0 },
      { kind: 'bucket', rate: 3, unit: 100, burst: 1, capacity: 100, ceiling: 100 },
    ],
    [
      { name: 'a', limit: 100, windowSeconds: 60, burst: 40, strict: true },
      { kind: 'bucket', rate: 1, unit: 1_000, burst: 40, capacity: 40_000, ceiling: 80_000 },
    ],
    [
      { name: 'a', kind: 'window', limit: 5, windowSeconds: 60 },
      { kind: 'window', limit: 5, windowMs: 60_000, ceiling: 10 },
    ],
  ])('of %j is %j', (numbers, meter) => {
    expect(compileLimit(numbers).meterAt(at)).toEqual(meter)
  })

  it('counts large costs exactly, and is refused above 2^53 [R9]', () => {
    const { meterAt } = compileLimit({ name: 'bytes', limit: 1_000_000, windowSeconds: 86_400, burst: 1_000_000 })
    const meter = meterAt(at)
    const item = { owner: 'a', counter: 'bytes', meter, cost: 500_000, shadow: false }
    const first = take([item], [undefined], at)
    const second = take([item], [first.items[0]?.state], at)
    const third = take([{ ...item, cost: 1 }], [second.items[0]?.state], at)
    expect([first.admitted, second.admitted, third.admitted]).toEqual([true, true, false])
    expect(waitMs(meter, third.items[0]?.state ?? [], 1, at)).toBe(87)
    expect(largestCost(meter)).toBe(1_000_000)
    expect(() => compileLimit({ name: 'huge', limit: 7, windowSeconds: 1e9 + 1, burst: 1_000_000 })).toThrow('cannot be counted exactly')
  })

  it.each<[object, string]>([
    [{ name: '' }, 'expected a name of 1 to 64 printable ASCII characters, got ""'],
    [{ name: 'prüfen' }, 'expected a name of 1 to 64 printable ASCII characters, got "prüfen"'],
    [{ name: 'a\nb' }, 'printable ASCII'],
    [{ name: 'x'.repeat(65) }, '1 to 64'],
    [{ limit: 0 }, 'limit "a": limit: expected a whole number from 1, got 0'],
    [{ limit: 1.5 }, 'got 1.5'],
    [{ limit: '5' }, 'limit: expected a whole number from 1, got 5'],
    [{ limit: Number.NaN }, 'got NaN'],
    [{ windowSeconds: undefined }, 'windowSeconds: expected a number above 0 of whole milliseconds, got undefined'],
    [{ windowSeconds: 0 }, 'got 0'],
    [{ windowSeconds: -1 }, 'got -1'],
    [{ windowSeconds: 0.0005 }, 'got 0.0005'],
    [{ windowSeconds: Infinity }, 'got Infinity'],
    [{ burst: 0 }, 'burst: expected a whole number from 1, got 0'],
    [{ burst: 2 ** 53 }, 'burst'],
    [{ maxDebt: -1 }, 'maxDebt: expected a whole number from 0, got -1'],
    [{ strict: true, burst: 10 }, 'burst: expected less than the limit of 10 for a strict bucket, got 10'],
    [{ strict: true, limit: 1 }, 'expected less than the limit of 1 for a strict bucket, got 1'],
    [{ kind: 'leaky' }, 'kind: expected one of bucket, window, calendar, concurrency, got "leaky"'],
    [{ period: 'day' }, 'period: a bucket limit has none'],
    [{ kind: 'window', burst: 1 }, 'burst: a window limit has none'],
    [{ kind: 'calendar' }, 'windowSeconds: a calendar limit has none'],
    [
      { kind: 'calendar', windowSeconds: undefined, zone: 'Mars/Olympus' },
      'zone: expected an IANA time zone such as "Europe/Berlin" or "UTC", got "Mars/Olympus"',
    ],
    [
      { kind: 'calendar', windowSeconds: undefined, period: 'fortnight' },
      'period: expected one of hour, day, week, month, year, got "fortnight"',
    ],
  ])('is refused for %j', (change, message) => {
    expect(() => compileLimit({ name: 'a', limit: 10, windowSeconds: 60, ...change } as LimitNumbers)).toThrow(message)
  })
})
