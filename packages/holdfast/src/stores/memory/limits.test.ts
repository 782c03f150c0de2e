import { describe, expect, it } from 'vitest'
import { compileLimit, parseAddress } from '../../rate-limit/index.ts'
import type { Meter, TakeItem } from '../../rate-limit/index.ts'
import { networkOf } from '../../rate-limit/address.ts'
import { fakeClock } from '../../testing/index.ts'
import { memoryLimits } from './limits.ts'
import { memory } from './index.ts'

const start = Date.UTC(2026, 0, 1)
const hourly = compileLimit({ name: 'hourly', limit: 10, windowSeconds: 3_600, burst: 10 }).meterAt(start)
const item = (owner: string, meter: Meter = hourly, more: Partial<TakeItem> = {}): TakeItem => ({
  owner,
  counter: 'c',
  meter,
  cost: 1,
  shadow: false,
  ...more,
})

function open(maxKeys: number) {
  const clock = fakeClock(start)
  const { store, size } = memoryLimits(maxKeys, clock)
  const take = (...items: TakeItem[]): boolean => {
    const result = store.take(items)
    if ('then' in result) throw new Error('the memory store answers at once')
    return result.admitted
  }
  return {
    clock,
    store,
    size,
    take,
    admitted: (times: number, one: TakeItem) => Array.from({ length: times }, () => take(one)).filter(Boolean).length,
  }
}

describe('the limits of the memory store', () => {
  it('take no more room under a flood of random keys than for the most it keeps [R35]', () => {
    // HOLDFAST_FLOOD=100000 is one million keys on a table of a hundred thousand; what it takes is in docs/benchmarks.md.
    const most = Number(process.env['HOLDFAST_FLOOD'] ?? 20_000)
    const { take, size } = open(most)
    for (let key = 0; key < most; key++) take(item(`known ${key}`))
    const before = process.memoryUsage().arrayBuffers
    for (let key = 0; key < 10 * most; key++) take(item(`flood ${key}`))
    expect(size()).toBeLessThanOrEqual(most)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 1_048_576)
    expect(take(item('one more'))).toBe(true)
  })

  it('do not forget an attacker who has used a limit up, whatever floods follow [R36]', () => {
    const { take, admitted } = open(1_000)
    expect(admitted(11, item('attacker'))).toBe(10)
    for (let key = 0; key < 20_000; key++) take(item(`flood ${key}`))
    expect(admitted(5, item('attacker'))).toBe(0)
  })

  it('let a flood from one network slow itself down, and nobody else [R37]', () => {
    const { take, admitted } = open(100)
    const legitimate = item('ip/198.51.100.7', hourly, { overflow: '198.51.100.0/24' })
    expect(admitted(3, legitimate)).toBe(3)
    const network = parseAddress('2001:db8:1::') ?? []
    const flooder = (key: number): TakeItem => {
      const address = network.with(6, key >> 8).with(7, key & 255)
      return item(`ip/${networkOf(address, 64)}`, hourly, { overflow: networkOf(address, 48), cost: 6 })
    }
    let passed = 0
    for (let key = 0; key < 10_000; key++) if (take(flooder(key))) passed += 1
    // One hundred find room, at more than half of their limit each; all others share one limit.
    expect(passed).toBeLessThanOrEqual(101)
    expect(admitted(20, legitimate)).toBeGreaterThanOrEqual(7)
    expect(admitted(5, item('ip/203.0.113.1', hourly, { overflow: '203.0.113.0/24' }))).toBe(5)
  })

  it('forget the least used first', () => {
    const { take, admitted } = open(16)
    admitted(5, item('half'))
    for (let key = 0; key < 200; key++) take(item(`flood ${key}`))
    admitted(2, item('new'))
    expect(admitted(20, item('half'))).toBeGreaterThanOrEqual(5)
  })

  it('forget what has drained, a few at each new key, all when asked', async () => {
    const { take, size, clock, store } = open(100_000)
    for (let key = 0; key < 5_000; key++) take(item(`early ${key}`))
    clock.advance(3_600_000)
    for (let key = 0; key < 1_000; key++) take(item(`late ${key}`))
    expect(size()).toBeLessThan(3_500)
    expect(await store.collect?.(10)).toBeLessThanOrEqual(10)
    await store.collect?.(100_000)
    expect(size()).toBe(1_000)
  })

  it('keep what has drained while there are few, and at most as many as they may', async () => {
    const { take, size, clock, store } = open(300)
    for (let key = 0; key < 200; key++) take(item(`early ${key}`))
    clock.advance(3_600_000)
    for (let key = 0; key < 50; key++) take(item(`late ${key}`))
    expect(size()).toBe(250)
    for (let key = 0; key < 60; key++) expect(take(item(`latest ${key}`, hourly, { cost: 10 }))).toBe(true)
    expect(size()).toBe(300)
    await store.collect?.(1_000)
    expect(size()).toBeLessThanOrEqual(110)
  })

  it('find every counter again through growth, deletion and eviction', () => {
    const { take, clock } = open(1_000_000)
    const used = new Map<string, number>()
    const wrong: string[] = []
    for (let step = 0; step < 60_000; step++) {
      const key = `key ${(step * 7_919) % 4_001}`
      const before = used.get(key) ?? 0
      if (take(item(key)) !== before < 10) wrong.push(key)
      used.set(key, before + 1)
    }
    expect(wrong).toEqual([])
    clock.advance(3_600_000)
    for (let key = 0; key < 5_000; key++) take(item(`other ${key}`))
    for (let key = 0; key < 200; key++) expect(take(item(`key ${key}`, hourly, { cost: 10 }))).toBe(true)
  })

  it('keep several tables for many keys, each within its part', () => {
    const { take, size, admitted } = open(70_000)
    for (let key = 0; key < 90_000; key++) take(item(`key ${key}`))
    expect(size()).toBeLessThanOrEqual(70_000)
    expect(size()).toBeGreaterThan(65_000)
    expect(admitted(20, item('one more'))).toBe(10)
  })

  it('take less than 64 bytes a key', () => {
    const { take } = open(1_000_000)
    const before = process.memoryUsage().arrayBuffers
    for (let key = 0; key < 100_000; key++) take(item(`key ${key}`))
    globalThis.gc?.()
    expect((process.memoryUsage().arrayBuffers - before) / 100_000).toBeLessThan(64 * (globalThis.gc === undefined ? 4 : 1))
  })

  it('reject when the store was closed', async () => {
    const store = memory()
    await store.close()
    await expect(store.limits.take([item('a')])).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(store.limits.settle({ token: 't', takenAt: 0, items: [] })).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(() => memory({ maxLimitKeys: 0 })).toThrow('maxLimitKeys: expected a whole number from 1, got 0')
  })
})
