import { describe, expect, it } from 'vitest'
import { isHoldfastError, storeUnavailable } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { fakeClock } from '../testing/index.ts'
import { guardedLimits } from './guard.ts'
import { leasedLimits } from './leased.ts'
import type { LeaseOptions } from './leased.ts'
import { compileLimit } from './limit.ts'
import type { LimitStore, TakeItem, TakeResult } from './store.ts'

const meterOf = (burst: number, limit: number) => compileLimit({ name: 'a', limit, windowSeconds: 1, burst }).meterAt(0)
const itemOf = (changes: Partial<TakeItem> = {}): TakeItem => ({
  owner: 'account:ada',
  counter: 'a',
  meter: wide,
  cost: 1,
  shadow: false,
  ...changes,
})
const wide = meterOf(800, 100)

/** How many tokens of its lease a node has left; spends them. */
function spentAtOnce(node: LimitStore): number {
  for (let spent = 0; ; spent++) {
    const taking = node.take([itemOf()])
    if (!('then' in taking)) continue
    void taking.catch(() => undefined)
    return spent
  }
}

/** Nodes that hold leases of one store, in virtual time. */
function fleet(count: number, options: Partial<LeaseOptions> = {}) {
  const clock = fakeClock()
  const { limits } = memory({ clock })
  let trips = 0
  let fails = false
  const store: LimitStore = {
    ...limits,
    take: async (items) => {
      trips += 1
      if (fails) throw storeUnavailable('away')
      return limits.take(items)
    },
  }
  const nodes = Array.from({ length: count }, () => leasedLimits(store, { nodes: 8, clock, ...options }))
  return {
    clock,
    limits,
    nodes,
    first: nodes[0] as LimitStore,
    trips: () => trips,
    failFromNowOn: (value: boolean) => (fails = value),
    /** How many of some calls pass, one after the other. */
    async passed(node: LimitStore, calls: number, item = itemOf()): Promise<number> {
      let admitted = 0
      for (let call = 0; call < calls; call++) if ((await node.take([item])).admitted) admitted += 1
      return admitted
    },
    /** How much of the burst the store has left. */
    async left(item = itemOf()): Promise<number> {
      const { items } = await limits.take([{ ...item, cost: 0 }])
      const [level = 0] = items[0]?.state ?? []
      return item.meter.kind === 'bucket' ? Math.floor((item.meter.capacity - level) / item.meter.unit) : 0
    },
  }
}

describe('a lease', () => {
  it('saves round trips: a busy counter costs one for each lease, which grows to its size', async () => {
    const { first, passed, trips, left } = fleet(1)
    expect(await passed(first, 200)).toBe(200)
    // 1 + 2 + 4 + 8, then leases of ten: a tenth of the burst for eight nodes.
    expect(trips()).toBeLessThanOrEqual(4 + Math.ceil((200 - 15) / 10))
    expect(800 - (await left())).toBeGreaterThanOrEqual(200)
    expect(800 - (await left())).toBeLessThanOrEqual(210)
  })

  it('answers without waiting while it lasts, and tells what is left for this node', async () => {
    const { first, passed, limits } = fleet(1)
    await passed(first, 16)
    const taken = first.take([itemOf()])
    expect('then' in taken).toBe(false)
    const { state } = (taken as TakeResult).items[0] as TakeResult['items'][number]
    expect(state[0]).toBe(17 * (wide as { unit: number }).unit)
    expect((await limits.take([itemOf({ cost: 0 })])).items[0]?.state[0]).toBeGreaterThan(state[0] as number)
  })

  it('is smaller when half of it was not wanted, and takes nothing ahead for those who seldom call', async () => {
    const { first, passed, clock, left, trips } = fleet(1)
    await passed(first, 16)
    for (let round = 0; round < 6; round++) {
      clock.advance(1_000)
      await passed(first, 1)
    }
    clock.advance(60_000)
    const before = trips()
    await passed(first, 1)
    expect([trips() - before, await left()]).toEqual([1, 799])
  })

  it('is not spent after its time', async () => {
    const { first, passed, clock, trips } = fleet(1)
    await passed(first, 16)
    clock.advance(999)
    const before = trips()
    expect('then' in first.take([itemOf()])).toBe(false)
    clock.advance(1)
    await passed(first, 1)
    expect(trips() - before).toBe(1)
  })

  it('refuses nobody who would pass without it: near exhaustion each call asks for itself', async () => {
    const { nodes, passed } = fleet(2)
    let admitted = 0
    for (let round = 0; round < 500; round++) for (const node of nodes) admitted += await passed(node, 1)
    expect(admitted).toBe(800)
  })

  it('brings tokens for all who call at once, in few round trips', async () => {
    const { first, passed, trips } = fleet(1)
    await passed(first, 16)
    const before = trips()
    const taken = await Promise.all(Array.from({ length: 10 }, () => first.take([itemOf()])))
    expect(taken.every(({ admitted }) => admitted)).toBe(true)
    expect(trips() - before).toBeLessThanOrEqual(2)
  })

  it('is kept when another limit of the call refuses', async () => {
    const { first, passed, left } = fleet(1)
    const narrow = itemOf({ counter: 'b', meter: meterOf(1, 1) })
    await passed(first, 16)
    const before = await left()
    expect((await first.take([itemOf(), narrow])).admitted).toBe(true)
    expect((await first.take([itemOf(), narrow])).admitted).toBe(false)
    expect((await first.take([itemOf(), narrow])).admitted).toBe(false)
    expect(await left()).toBe(before)
    expect(spentAtOnce(first)).toBe(8)
  })

  it('is kept when the store fails meanwhile', async () => {
    const { first, passed, failFromNowOn } = fleet(1)
    await passed(first, 16)
    failFromNowOn(true)
    await expect(first.take([itemOf(), itemOf({ counter: 'b' })])).rejects.toMatchObject({ code: 'store-unavailable' })
    expect(spentAtOnce(first)).toBe(9)
  })

  it('is of one set of numbers: a change of plan asks the store', async () => {
    const { first, passed, trips } = fleet(1)
    await passed(first, 16)
    const before = trips()
    await passed(first, 1, itemOf({ meter: meterOf(400, 50) }))
    expect(trips() - before).toBe(1)
  })

  it('is settled where it was taken: tokens of a window go back to their segment', async () => {
    const { first, limits, clock } = fleet(1)
    const meter = compileLimit({ name: 'w', kind: 'window', limit: 1_200, windowSeconds: 12 }).meterAt(0)
    const item = itemOf({ counter: 'w', meter })
    for (let call = 0; call < 16; call++) await first.take([item])
    clock.advance(900)
    const taken = await first.take([item])
    expect(taken.takenAt).toBe(clock.now() - 900)
    const used = async (): Promise<number> =>
      (await limits.take([{ ...item, cost: 0 }])).items[0]?.state.slice(2).reduce((a, b) => a + b) ?? 0
    const before = await used()
    await first.settle({ token: 't', takenAt: taken.takenAt ?? taken.now, items: [{ ...item, delta: -1 }] })
    expect(before - (await used())).toBe(1)
  })
})

describe('a node that dies with a lease', () => {
  it('wastes its lease at most, and all of it is there again one lease later [R29]', async () => {
    const { nodes, passed, left, clock } = fleet(2)
    const [dead, alive] = nodes as [LimitStore, LimitStore]
    await passed(dead, 16)
    // It dies here. What it has not spent is missing for the others, and nothing else is.
    expect(await passed(alive, 2_000)).toBeGreaterThanOrEqual(800 - 16 - 10)
    clock.advance(8_000 + 1_000)
    expect(await left()).toBe(800)
    expect(await passed(alive, 2_000)).toBe(800)
  })
})

describe('leasing', () => {
  it.each<[string, Partial<TakeItem>]>([
    ['a calendar', { meter: compileLimit({ name: 'c', kind: 'calendar', limit: 10_000 }).meterAt(0) }],
    ['a shadow', { shadow: true }],
    ['a look', { cost: 0 }],
  ])('leaves %s to the store', async (_what, changes) => {
    const { first, passed, trips } = fleet(1)
    await passed(first, 50, itemOf(changes))
    expect(trips()).toBe(50)
  })

  it('holds as many leases as it may', async () => {
    const { first, passed, trips } = fleet(1, { maxLeases: 2 })
    for (const owner of ['a', 'b', 'c']) await passed(first, 16, itemOf({ owner }))
    const before = trips()
    await passed(first, 1, itemOf({ owner: 'c' }))
    expect(trips() - before).toBe(0)
    await passed(first, 1, itemOf({ owner: 'a' }))
    expect(trips() - before).toBe(1)
  })

  it.each<[LeaseOptions, string]>([
    [{ nodes: 0 }, 'nodes: expected a whole number from 1, got 0'],
    [{ nodes: 1, leaseMs: 0 }, 'leaseMs: expected a number of milliseconds above 0, got 0'],
    [{ nodes: 1, share: 2 }, 'share: expected a number above 0, at most 1, got 2'],
  ])('refuses %j', (options, message) => {
    let refusal: unknown
    try {
      leasedLimits(memory().limits, options)
    } catch (error) {
      refusal = error
    }
    expect([isHoldfastError(refusal), (refusal as Error).message]).toEqual([true, message])
  })
})

describe('a guard round leases', () => {
  it('goes on with leases of the store until it misses one, then with its share', async () => {
    const { first, passed, failFromNowOn, clock } = fleet(1)
    const guarded = guardedLimits(first, { local: memory({ clock }).limits, nodes: 2, clock })
    await passed(guarded, 16)
    failFromNowOn(true)
    const weights: (number | undefined)[] = []
    for (let call = 0; call < 12; call++) weights.push((await guarded.take([itemOf()])).weight)
    expect(weights).toEqual([...Array.from({ length: 9 }, () => undefined), 2, 2, 2])
  })
})
