import { describe, expect, it } from 'vitest'
import type { Random } from '../core/index.ts'
import { memory } from '../stores/memory/index.ts'
import { fakeClock, seededRandom } from '../testing/index.ts'
import { largestLease } from './lease.ts'
import { leasedLimits } from './leased.ts'
import { compileLimit } from './limit.ts'
import type { LimitNumbers } from './limit.ts'
import type { LimitStore, TakeItem } from './store.ts'

const systems = Number(process.env['HOLDFAST_SCHEDULES'] ?? 300)

const stepMs = 10
const rounding = 1e-6
const startAt = Date.UTC(2026, 0, 1)

interface System {
  readonly numbers: LimitNumbers
  readonly nodes: number
  readonly leaseMs: number
  /** The longest an answer of the store takes. */
  readonly latencyMs: number
  readonly durationMs: number
}

interface Served {
  readonly at: number
  readonly cost: number
}

/** Lets everything run that waits for nothing but its turn. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

const between = (random: Random, least: number, most: number): number => least + Math.floor(random() * (most - least + 1))

function systemOf(random: Random, latencyMs: number): System {
  const isWindow = random() < 0.3
  const limit = between(random, 5, 400)
  return {
    numbers: {
      name: 'a',
      limit,
      windowSeconds: between(random, 1, 5),
      ...(isWindow ? { kind: 'window' } : { burst: between(random, 1, 1_000) }),
    },
    nodes: between(random, 1, 8),
    leaseMs: between(random, 100, 2_000),
    latencyMs,
    durationMs: 4_000,
  }
}

/** Runs a fleet whose callers come in spurts, mostly more of them than may pass. A node may die, and another takes its place without its lease. */
async function run({ numbers, nodes, leaseMs, latencyMs, durationMs }: System, random: Random): Promise<readonly Served[]> {
  const clock = fakeClock(startAt)
  const { limits } = memory({ clock })
  const meter = compileLimit(numbers).meterAt(clock.now())
  const store: LimitStore = {
    ...limits,
    async take(items) {
      const taken = await limits.take(items)
      if (latencyMs > 0) await new Promise<void>((resolve) => void clock.after(between(random, 1, latencyMs), resolve))
      return taken
    },
  }
  const open = (): LimitStore => leasedLimits(store, { nodes, leaseMs, clock })
  const fleet = Array.from({ length: nodes }, open)
  const served: Served[] = []
  for (const endAt = clock.now() + durationMs; clock.now() < endAt;) {
    const calls = random() < 0.2 ? between(random, 10, 60) : between(random, 0, 3)
    for (let call = 0; call < calls; call++) {
      const node = fleet[between(random, 0, nodes - 1)] as LimitStore
      const item: TakeItem = { owner: 'ada', counter: 'a', meter, cost: random() < 0.9 ? 1 : between(random, 1, 5), shadow: false }
      const note = ({ admitted }: { admitted: boolean }): void => {
        if (admitted) served.push({ at: clock.now(), cost: item.cost })
      }
      const taking = node.take([item])
      if ('then' in taking) void taking.then(note)
      else note(taking)
    }
    if (random() < 0.02) fleet[between(random, 0, nodes - 1)] = open()
    await turn()
    const until = clock.now() + (random() < 0.1 ? between(random, 50, 500) : between(random, 1, 20))
    // What answers while time moves is noted when the step is over, so steps are short where answers take time.
    while (clock.now() < until) {
      clock.advance(Math.min(until - clock.now(), latencyMs > 0 ? stepMs : 1_000))
      await turn()
    }
  }
  return served
}

/** The most that any interval has above `rate` times its length; with `fromStart`, only intervals that begin with the run. */
function excess(served: readonly Served[], ratePerMs: number, fromStart: boolean): number {
  let [level, worst, last] = [0, 0, startAt]
  for (const { at, cost } of served) {
    level = (fromStart ? level : Math.max(0, level)) - (at - last) * ratePerMs
    level = (fromStart ? level : Math.max(0, level)) + cost
    worst = Math.max(worst, level)
    last = at
  }
  return worst
}

function promised({ numbers, nodes, leaseMs }: System, latencyMs: number) {
  const meter = compileLimit(numbers).meterAt(0)
  const ratePerMs = numbers.limit / ((numbers.windowSeconds as number) * 1_000)
  const burst = numbers.burst ?? numbers.limit
  const held = nodes * largestLease(meter, { nodes, leaseMs, share: 0.1 })
  const ahead = ratePerMs * (leaseMs + (latencyMs > 0 ? 2 * latencyMs + stepMs : 0))
  return { ratePerMs, burst, held, ahead }
}

describe('a fleet of nodes with leases', () => {
  it('serves no more than the bound of the limit in the long run, and exceeds it by what is held, at most, in any interval [R28]', async () => {
    const eight: System = {
      numbers: { name: 'a', limit: 100, windowSeconds: 1, burst: 800 },
      nodes: 8,
      leaseMs: 1_000,
      latencyMs: 0,
      durationMs: 20_000,
    }
    expect(promised(eight, 0).held).toBe(8 * 10)
    let [inAdvance, total] = [0, 0]
    const violations: string[] = []
    for (let seed = 0; seed < systems; seed++) {
      const random = seededRandom(seed)
      const system = seed === 0 ? eight : systemOf(random, 0)
      const served = await run(system, random)
      const { ratePerMs, burst, held, ahead } = promised(system, 0)
      const origin = `seed ${seed}: ${JSON.stringify(system)}`
      if (excess(served, ratePerMs, true) > burst + rounding) violations.push(`in the long run: ${origin}`)
      if (excess(served, ratePerMs, false) > burst + Math.min(held, ahead) + rounding) violations.push(origin)
      if (excess(served, ratePerMs, false) > burst) inAdvance += 1
      total += served.length
    }
    expect(violations).toEqual([])
    // The search must come near the bound, or it shows nothing.
    expect(total).toBeGreaterThan(systems * 20)
    expect(inAdvance).toBeGreaterThan(0)
  }, 120_000)

  it('keeps to what comes in during a lease, however late answers are [R28]', async () => {
    const violations: string[] = []
    for (let seed = 0; seed < systems; seed++) {
      const random = seededRandom(1_000_000 + seed)
      const system = systemOf(random, between(random, 1, 50))
      const served = await run(system, random)
      const { ratePerMs, burst, ahead } = promised(system, system.latencyMs)
      const origin = `seed ${seed}: ${JSON.stringify(system)}`
      if (excess(served, ratePerMs, true) > burst + rounding) violations.push(`in the long run: ${origin}`)
      if (excess(served, ratePerMs, false) > burst + ahead + rounding) violations.push(origin)
    }
    expect(violations).toEqual([])
  }, 120_000)
})
