import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { frailLimits } from '../../test/support/frail-limits.ts'
import type { Behaviour } from '../../test/support/frail-limits.ts'
import { isHoldfastError } from '../core/index.ts'
import type { PolicyEvent } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { fakeClock, seededRandom } from '../testing/index.ts'
import { guardedLimits } from './guard.ts'
import type { GuardOptions } from './guard.ts'
import { compileLimit } from './limit.ts'
import type { LimitStore, TakeItem, TakeResult } from './store.ts'

const perSecond = compileLimit({ name: 'a', limit: 10, windowSeconds: 1, burst: 30 }).meterAt(0)
const item: TakeItem = { owner: 'account:ada', counter: 'a', meter: perSecond, cost: 1, shadow: false }

/** Lets everything run that waits for nothing but its turn. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

/** Nodes that share a store which can go away, in virtual time. */
function nodes(count: number, options: Partial<GuardOptions> = {}) {
  const clock = fakeClock()
  const frail = frailLimits(clock)
  const guarded = Array.from({ length: count }, (_, seed) =>
    guardedLimits(frail.store, { local: memory({ clock }).limits, nodes: count, clock, random: seededRandom(seed), ...options }),
  )
  const changes: string[] = []
  const listener = (event: unknown): void => {
    const { verdict } = event as PolicyEvent
    if (verdict.startsWith('store-')) changes.push(verdict)
  }
  subscribe('holdfast:policy', listener)
  onTestFinished(() => void unsubscribe('holdfast:policy', listener))

  /** Takes, and lets as much time pass as the answer needs. */
  async function take(node: LimitStore, items: readonly TakeItem[] = [item]): Promise<{ taken: TakeResult; waitedMs: number }> {
    const taking = node.take(items)
    if (!('then' in taking)) return { taken: taking, waitedMs: 0 }
    let taken: TakeResult | undefined
    let failure: unknown
    void taking.then(
      (result) => (taken = result),
      (error: unknown) => (failure = error),
    )
    const startedAt = clock.now()
    for (;;) {
      await turn()
      if (failure !== undefined) throw failure
      if (taken !== undefined) return { taken, waitedMs: clock.now() - startedAt }
      clock.advance(1)
    }
  }

  /** How many calls pass in a time, when every node asks every `everyMs`. */
  async function passed(ms: number, everyMs: number): Promise<number> {
    let count = 0
    for (const endAt = clock.now() + ms; clock.now() < endAt; clock.advance(everyMs))
      for (const node of guarded) {
        const taking = node.take([item])
        await turn()
        if ('then' in taking) void taking.then(({ admitted }) => (count += admitted ? 1 : 0))
        else count += taking.admitted ? 1 : 0
      }
    await turn()
    return count
  }

  return { clock, frail, guarded, changes, take, passed, only: guarded[0] as LimitStore }
}

/** What all that can be wrong with a store has in common. */
async function expectPatience(behaviour: Behaviour): Promise<void> {
  const { frail, only, take, changes } = nodes(1)
  for (let call = 0; call < 5; call++) expect((await take(only)).waitedMs).toBe(0)
  frail.behaviour = behaviour
  expect((await take(only)).waitedMs).toBeLessThanOrEqual(50)
  for (let call = 0; call < 1_000; call++) expect((await take(only)).waitedMs).toBe(0)
  expect(changes).toEqual(['store-away'])
}

/** No more than the limit passes in a minute without the store, however many nodes there are. */
async function expectBound(behaviour: Behaviour): Promise<void> {
  const { frail, passed } = nodes(3)
  frail.behaviour = behaviour
  const count = await passed(60_000, 50)
  expect(count).toBeLessThanOrEqual(30 + 10 * 60)
  // It must not be kept by refusing what the nodes may let pass.
  expect(count).toBeGreaterThan(10 * 60 * 0.9)
}

describe('a limit store that is down', () => {
  it('costs one call its time-out at most, and the next thousand nothing [R30]', () => expectPatience('refuses'))
  it('lets three nodes together pass no more than the limit in a minute [R30]', () => expectBound('refuses'))

  it('grants no new burst: what it has last said goes on [R30]', async () => {
    const { frail, guarded, take, passed } = nodes(3)
    while ((await take(guarded[0] as LimitStore)).taken.admitted);
    for (const node of guarded) expect((await take(node)).taken.admitted).toBe(false)
    frail.behaviour = 'refuses'
    for (const node of guarded) expect((await take(node)).taken.admitted).toBe(false)
    const count = await passed(10_000, 50)
    expect([count <= 100, count > 90]).toEqual([true, true])
  })

  it('comes back without a replay: its own counters hold again [R30]', async () => {
    const { clock, frail, only, take, changes } = nodes(1)
    frail.behaviour = 'refuses'
    while ((await take(only)).taken.admitted);
    frail.behaviour = 'works'
    clock.advance(40_000)
    await take(only)
    await turn()
    expect([(await take(only)).taken.admitted, frail.asked > 0, changes]).toEqual([true, true, ['store-away', 'store-back']])
  })
})

describe('a limit store that accepts and never answers', () => {
  it('costs one call its time-out at most, and the next thousand nothing [R31]', () => expectPatience('hangs'))
  it('lets three nodes together pass no more than the limit in a minute [R31]', () => expectBound('hangs'))
})

describe('a limit store that answers nonsense', () => {
  it('costs one call its time-out at most, and the next thousand nothing [R32]', () => expectPatience('babbles'))
  it('lets three nodes together pass no more than the limit in a minute [R32]', () => expectBound('babbles'))

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a word', 'OK'],
    ['an admission without standings', { admitted: true, now: 1, items: [] }],
    ['no instant', { admitted: true, items: [{ fits: true, state: [0, 1, 1] }] }],
    ['a state of another kind', { admitted: true, now: 1, items: [{ fits: true, state: [0, 1] }] }],
    ['no number', { admitted: true, now: 1, items: [{ fits: true, state: [Number.NaN, 1, 1] }] }],
  ])('is known by %s [R32]', async (_what, nonsense) => {
    const { frail, only, take, changes } = nodes(1)
    frail.behaviour = 'babbles'
    frail.nonsense = nonsense
    expect((await take(only)).taken.admitted).toBe(true)
    expect(changes).toEqual(['store-away'])
  })
})

describe('calls without the store', () => {
  it('are decided by a share of the capacity and of the rate, told as such, and settled where they were taken [R33]', async () => {
    const { frail, only, take } = nodes(1, { nodes: 3 })
    frail.behaviour = 'refuses'
    const { taken } = await take(only)
    expect([taken.weight, taken.items[0]?.state[0]]).toEqual([3, 3 * 100])
    await taken.keptBy?.settle({ token: 't', takenAt: taken.now, items: [{ ...item, delta: -1 }] })
    expect((await take(only, [{ ...item, cost: 0 }])).taken.items[0]?.state[0]).toBe(0)
  })

  it('pass one at a time where a cost is above the share, and are charged in full [R33]', async () => {
    const { clock, frail, only, take } = nodes(1, { nodes: 3 })
    frail.behaviour = 'refuses'
    const costly = [{ ...item, cost: 20 }]
    expect([(await take(only, costly)).taken.admitted, (await take(only, costly)).taken.admitted]).toEqual([true, false])
    // Twenty tokens at a third of ten a second are six seconds.
    clock.advance(5_999)
    expect((await take(only, costly)).taken.admitted).toBe(false)
    clock.advance(1)
    expect((await take(only, costly)).taken.admitted).toBe(true)
  })

  it('pass when so declared, or are refused at once when the store is left alone [R33]', async () => {
    const open = nodes(1, { onStoreFailure: 'open' })
    open.frail.behaviour = 'refuses'
    for (let call = 0; call < 100; call++) expect((await open.take(open.only)).taken.admitted).toBe(true)
    const closed = nodes(1, { onStoreFailure: 'closed' })
    closed.frail.behaviour = 'hangs'
    for (let call = 0; call < 5; call++) await expect(closed.take(closed.only)).rejects.toMatchObject({ code: 'store-unavailable' })
    const at = closed.clock.now()
    for (let call = 0; call < 1_000; call++) await expect(closed.take(closed.only)).rejects.toMatchObject({ code: 'store-unavailable' })
    expect([closed.clock.now() - at, closed.frail.asked]).toEqual([0, 5])
  })
})

describe('a limit store that comes and goes', () => {
  it('is looked at by one call at a time, less and less often, and never stormed [R34]', async () => {
    const { clock, frail, guarded, changes } = nodes(3)
    const asked: number[] = []
    for (let second = 0; second < 120; second++) {
      frail.behaviour = second % 2 === 0 ? 'hangs' : 'works'
      const before = frail.asked
      for (let step = 0; step < 20; step++) {
        for (const node of guarded) for (let call = 0; call < 10; call++) void Promise.resolve(node.take([item])).catch(() => undefined)
        await turn()
        clock.advance(50)
        await turn()
      }
      if (frail.behaviour === 'hangs') asked.push(frail.asked - before)
    }
    // In its first bad second each node finds out with the calls that were under way, and with single looks; later it stays away for long.
    expect(Math.max(...asked)).toBeLessThanOrEqual(3 * (10 + 5))
    expect(asked.slice(-30).reduce((sum, count) => sum + count, 0)).toBeLessThan(3 * 30)
    expect(changes.length).toBeGreaterThan(1)
  })

  it('is not looked at by all nodes at the same moment [R34]', async () => {
    const { clock, frail, guarded } = nodes(8)
    frail.behaviour = 'refuses'
    const looks: number[] = []
    for (let ms = 0; ms < 1_500; ms++) {
      for (const node of guarded) {
        const before = frail.asked
        void node.take([item])
        await Promise.resolve()
        if (frail.asked > before && ms > 500) looks.push(ms)
      }
      clock.advance(1)
    }
    expect(looks.length).toBeGreaterThanOrEqual(8)
    expect(new Set(looks.slice(0, 8)).size).toBeGreaterThanOrEqual(6)
  })
})

describe('guarding', () => {
  it('leaves alone what answers without waiting', () => {
    const { limits } = memory()
    expect('then' in guardedLimits(limits).take([item])).toBe(false)
  })

  it('takes an answer that came in time, though the process was too busy to look', async () => {
    const due: (() => void)[] = []
    const clock = { now: () => 0, after: (_delayMs: number, action: () => void) => (due.push(action), () => void due.splice(0)) }
    const { limits } = memory()
    const arrived: (() => void)[] = []
    const slow = {
      ...limits,
      take: (items: readonly TakeItem[]) => new Promise<void>((resolve) => arrived.push(resolve)).then(() => limits.take(items)),
    }
    const taking = guardedLimits(slow, { onStoreFailure: 'closed', clock }).take([item])
    // All timers that are due run before anything is read from a socket.
    for (const action of due.splice(0)) action()
    arrived[0]?.()
    await turn()
    for (const action of due.splice(0)) action()
    expect((await taking).admitted).toBe(true)
  })

  it('brings what the store says to the clock of the node', async () => {
    const clock = fakeClock()
    const frail = frailLimits(fakeClock(clock.now() - 3_600_000))
    const node = guardedLimits(frail.store, { local: memory({ clock }).limits, clock })
    for (const kind of ['bucket', 'window', 'calendar'] as const) {
      const more = kind === 'calendar' ? {} : { windowSeconds: 60, ...(kind === 'bucket' && { burst: 5 }) }
      const meter = compileLimit({ name: kind, kind, limit: 5, ...more }).meterAt(clock.now())
      const asked = [{ ...item, counter: kind, meter, cost: 5 }]
      frail.behaviour = 'works'
      expect((await node.take(asked)).admitted).toBe(true)
      frail.behaviour = 'refuses'
      expect((await node.take(asked)).admitted).toBe(false)
      clock.advance(kind === 'calendar' ? 86_400_000 : 70_000)
      expect((await node.take(asked)).admitted).toBe(true)
      frail.behaviour = 'works'
      await node.take(asked)
      await turn()
    }
  })

  it.each<[GuardOptions, string]>([
    [{ timeoutMs: 0 }, 'timeoutMs: expected a number of milliseconds above 0, got 0'],
    [{ onStoreFailure: 'ignore' as 'open' }, 'onStoreFailure: expected one of local, open, closed, got "ignore"'],
    [{ onStoreFailure: 'local' }, "onStoreFailure: 'local' needs a store for it"],
    [{ nodes: 0 }, 'nodes: expected a whole number from 1, or a function, got 0'],
  ])('refuses %j', (options, message) => {
    let refusal: unknown
    try {
      guardedLimits(memory().limits, options)
    } catch (error) {
      refusal = error
    }
    expect([isHoldfastError(refusal), (refusal as Error).message]).toEqual([true, expect.stringContaining(message)])
  })
})
