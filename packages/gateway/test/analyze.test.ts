import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { analyze } from '../src/analyze/analyze.ts'
import { parseOptions } from '../src/analyze/options.ts'
import type { Analysis } from '../src/analyze/result.ts'
import { analyzeLines, clfLine, ingestLines, nasaLines, silent } from './support/run.ts'

const nasa = nasaLines()
const nasaDay = Date.parse('1995-08-01T00:00:00-0400')

/** A host that sends 115 requests a second for 522 seconds, through the busiest second of the log. */
function spiker(): readonly string[] {
  const from = nasaDay + 36_000_000
  return Array.from({ length: 60_000 }, (_, index) =>
    clfLine('spiker.example.net', from + Math.floor(index / 115) * 1000, { path: '/flood', zone: '-0400' }),
  )
}

describe('the NASA log', () => {
  let analysis: Analysis
  beforeAll(async () => {
    ;({ analysis } = await analyzeLines(nasa))
  })

  it('needs the bursts that are known for it at each rate, and its limits throttle at most two of its hosts [R57]', () => {
    const [plan] = analysis.plans
    const burst = (limit: number, windowSeconds: number) =>
      plan?.envelope.find((point) => point.limit === limit && point.windowSeconds === windowSeconds)?.burst
    expect([burst(2, 60), burst(5, 60), burst(10, 60), burst(20, 60), burst(30, 60), burst(1, 1)]).toEqual([60, 26, 21, 16, 14, 10])
    expect(plan?.limits[0]).toEqual({ name: 'sustained', limit: 10, windowSeconds: 60, burst: 26 })
    expect(plan?.throttled.length).toBeLessThanOrEqual(2)
    expect(plan?.accounts).toBe(2365)
    expect(analysis).toMatchObject({ lines: 30_969, skipped: 0, requests: 30_969, accounts: 2365, abusive: [], spikes: [] })
  })

  it('refuses to claim 0.1 % of 2,365 hosts, and says how many it takes', () => {
    expect(analysis.plans[0]?.confidence).toMatchObject({ shown: false, accounts: 2365 })
    expect(analysis.plans[0]?.confidence.statement).toMatch(/3\/2365.*cannot show the 0.1 %.*takes 3000 accounts/)
  })

  it('is not a day long, and says so', () => {
    expect(analysis.warnings.join('\n')).toMatch(/less than a day of traffic \(12\.9 h\)/)
  })

  it('gives the same limits for two thirds of the day, which then throttle hardly anybody in the last third', () => {
    expect(analysis.plans[0]?.heldOut?.throttled).toBeLessThanOrEqual(2)
    expect(analysis.plans[0]?.heldOut?.accounts).toBeGreaterThan(1000)
  })
})

describe('the NASA log with a host that floods it', () => {
  it('loses the flood: the host is named, and the peak is a sixth or less [R58]', async () => {
    const { analysis } = await analyzeLines([...nasa, ...spiker()])
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['spiker.example.net'])
    expect(analysis.abusive[0]?.reason).toMatch(/99 % of the requests of the spike from 1995-08-01T14:00:00Z to 1995-08-01T14:08:/)
    const { peak_1s_before: before, peak_1s_after: after, peak_5s_after: afterFive, rejected } = analysis.replay
    expect(before).toBeGreaterThan(115)
    expect(after).toBeLessThanOrEqual(before / 6)
    expect(after).toBeLessThanOrEqual(22)
    expect(afterFive).toBeLessThanOrEqual(after)
    expect(rejected).toBeGreaterThan(59_000)
    expect(analysis.plans[0]?.throttled.filter((account) => account !== 'spiker.example.net').length).toBeLessThanOrEqual(2)
    // The same limits as without the flood.
    expect(analysis.plans[0]?.limits).toEqual([
      { name: 'sustained', limit: 10, windowSeconds: 60, burst: 26 },
      { name: 'peak', limit: 2, windowSeconds: 1, burst: 11 },
    ])
  })

  it('is told apart from many hosts that come together', async () => {
    const crowd = Array.from({ length: 12_000 }, (_, index) =>
      clfLine(`visitor-${index % 1500}`, nasaDay + 36_000_000 + Math.floor(index / 40) * 1000, { zone: '-0400' }),
    )
    const { analysis } = await analyzeLines([...nasa, ...crowd])
    expect(analysis.spikes).toMatchObject([{ kind: 'flash-crowd' }])
    expect(analysis.abusive).toEqual([])
    expect(analysis.plans[0]?.throttledCount).toBeLessThanOrEqual(4)
  })
})

describe('a large log', () => {
  it('is read in bounded memory, and every line is counted [R61]', async () => {
    const program = join(import.meta.dirname, 'large-log/main.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@holdfast/source', program, '48'])
    const { written, lines, skipped, requests, maxRssMiB } = JSON.parse(stdout) as Record<string, number>
    expect(lines).toBe(written)
    expect(skipped).toBe(Math.floor((written ?? 0) / 100_000))
    expect(requests).toBe((lines ?? 0) - (skipped ?? 0))
    // The same bound as for 2 GiB: what grows with a log is on the disk.
    expect(maxRssMiB).toBeLessThan(512)
  })
})

describe('a log', () => {
  const start = Date.parse('2026-11-24T08:00:00Z')

  it('that is full of 429 says that the demand is censored [R62]', async () => {
    const lines = Array.from({ length: 400 }, (_, index) =>
      clfLine(`host-${index % 20}`, start + index * 500, { status: index % 4 === 0 ? 429 : 200 }),
    )
    const { analysis } = await analyzeLines(lines)
    expect(analysis.warnings[0]).toMatch(/demand is censored: 100 of 400 requests \(25 %\) were answered 429/)
    expect((await analyzeLines(lines.slice(1, 4))).analysis.warnings.join('\n')).not.toMatch(/censored/)
  })

  it('of forty accounts shows no 0.1 %, and says what it does show [R63]', async () => {
    const lines = Array.from({ length: 4000 }, (_, index) => clfLine(`host-${index % 40}`, start + index * 900))
    const { analysis } = await analyzeLines(lines)
    const [plan] = analysis.plans
    expect(plan?.confidence).toMatchObject({ accounts: 40, throttled: 0, bound: 3 / 40, shown: false })
    expect(plan?.confidence.statement).toMatch(/fewer than 7.5 % of accounts.*rule of three, 3\/40.*cannot show the 0.1 %/)
    expect(analysis.warnings.join('\n')).toMatch(/cannot show the 0.1 %/)
    // The largest burst of all, and the margin.
    const chosen = plan?.envelope.find(
      ({ limit, windowSeconds }) => limit === plan.limits[0]?.limit && windowSeconds === plan.limits[0].windowSeconds,
    )
    expect(plan?.limits[0]?.burst).toBe(Math.ceil((chosen?.highest ?? 0) * 1.2))
  })

  it('of several plans gives limits for each, by the first group of --plan', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => {
      const isPro = index % 3 === 0
      return clfLine(`${isPro ? 'pro' : 'free'}-${index % 90}`, start + index * (isPro ? 100 : 400))
    })
    const { analysis } = await analyzeLines(lines, { plan: '^(free|pro)-' })
    expect(analysis.plans.map(({ name, accounts }) => [name, accounts])).toEqual([
      ['pro', 30],
      ['free', 60],
    ])
    const [pro, free] = analysis.plans.map(({ limits }) => limits[0])
    expect(pro?.limit).toBeGreaterThan(free?.limit ?? 0)
    expect(analysis.policyBlock).toContain(
      `plans: {\n      'pro': { limit: ${pro?.limit}, windowSeconds: ${pro?.windowSeconds}, burst: ${pro?.burst} },`,
    )
  })

  it('of more accounts than are kept still names who floods it, and throttles nobody for what others sent', async () => {
    const many = Array.from({ length: 3000 }, (_, index) => clfLine(`host-${index}`, start + index * 2000))
    const flood = Array.from({ length: 3000 }, (_, index) => clfLine('late.example', start + 5_000_000 + index * 20))
    const raw = { capacity: '10' }
    const traffic = await ingestLines([[...many, ...flood]], raw, { maxAccounts: 200 })
    const { analysis } = analyze(traffic, parseOptions(raw), undefined, silent)
    expect(analysis.accounts).toBe(200)
    expect(analysis.abusive.map(({ account }) => account)).toEqual(['late.example'])
    expect(analysis.replay.accounts.map(({ account }) => account)).toEqual(['late.example'])
    expect(analysis.warnings.join('\n')).toMatch(/5800 requests came from accounts beyond the first 200/)
  })

  it('whose field for the account is missing says so', async () => {
    const lines = Array.from({ length: 50 }, (_, index) => clfLine(`host-${index}`, start + index * 1000))
    const { analysis } = await analyzeLines(lines, { account: 'x-account' })
    expect(analysis.warnings.join('\n')).toMatch(/50 of 50 requests \(100 %\) do not have the field that names the account.*is it spelt/)
  })

  it('is only counted by its limits in shadow mode when it is asked to be', async () => {
    const lines = Array.from({ length: 300 }, (_, index) => clfLine(`host-${index % 20}`, start + index * 900))
    expect((await analyzeLines(lines, { shadowFirst: true })).analysis.policyBlock).toMatch(/shadow: true/)
  })

  it('counts bursts in the baseline alone when one is given', async () => {
    const calm = Array.from({ length: 400 }, (_, index) => clfLine(`host-${index % 20}`, start + index * 1000))
    const wild = Array.from({ length: 4000 }, (_, index) => clfLine(`host-${index % 20}`, start + 600_000 + index))
    const from = (at: number) => new Date(at).toISOString()
    const baseline = `${from(start)}..${from(start + 500_000)}`
    const highest = (analysis: Analysis) => analysis.plans[0]?.envelope[0]?.highest ?? 0
    expect(highest((await analyzeLines([...calm, ...wild], { baseline })).analysis)).toBeLessThan(25)
    expect(highest((await analyzeLines([...calm, ...wild])).analysis)).toBeGreaterThan(180)
  })
})
