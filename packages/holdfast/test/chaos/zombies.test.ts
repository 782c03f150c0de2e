import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Guarantee } from '../../src/idempotency/index.ts'
import { orderHeaders } from './fixture/config.ts'
import { callOf } from './support/calls.ts'
import { describeStores } from './support/cells.ts'
import { ask, essence, send, sendUntilSettled } from './support/client.ts'
import { openSite } from './support/site.ts'
import type { FixtureServer, Site } from './support/site.ts'
import { stopCall } from './support/stopped.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

// Heartbeats come every third of it: long enough for a machine with other work to send them in time.
const leaseMs = 2_000

describeStores('a process that is late', ({ url, guarantees }) => {
  const leased = guarantees.filter((guarantee) => guarantee !== 'exactly-once')
  let site: Site
  let rival: FixtureServer
  beforeAll(async () => {
    site = await openSite(url, { leaseMs })
    // Its clock is an hour behind; those of its rivals are an hour ahead.
    rival = await site.start({ clockOffsetMs: -3_600_000 })
  })
  afterAll(() => site?.close())

  it('[45] keeps its key by heartbeats while its handler takes longer than the lease: no takeover, one effect', async ({ expect }) => {
    const server = await site.start()
    await Promise.all(
      leased.map(async (guarantee) => {
        const call = callOf(guarantee, 'slow')
        const slow = send(server.url, { ...call, headers: { [orderHeaders.delayMs]: String(leaseMs * 2.5) } })
        await expect.poll(() => site.effectsOf(guarantee, call.key), { timeout: 30_000 }).toBe(1)
        const [answer, repeat] = [await slow, await sendUntilSettled([rival.url], call)]
        expect([answer.status, JSON.parse(answer.body)]).toEqual([201, { key: call.key, attempt: 1, run: expect.any(String) }])
        expect(essence(repeat)).toEqual(essence(answer))
        expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
      }),
    )
  })

  it('[48] [49] cannot move a lease by its own clock, be it an hour ahead, an hour behind, or set back in the middle', async () => {
    const server = await site.start({ clockOffsetMs: 3_600_000 })
    const calls = leased.map((guarantee) => ({ guarantee, call: callOf(guarantee, 'clocks') }))
    const stopped = await Promise.all(calls.map(({ call }) => stopCall(server, call, 'after effect')))
    await ask(server.url, '/control/clock-back', 'POST')
    const repeats = calls.map(({ call }) => sendUntilSettled([rival.url], call))
    // An hour of either clock is over at once, a lease is not: who believed the clock would run the call now.
    await Promise.race([...repeats, sleep(leaseMs * 1.5)])
    for (const { guarantee, call } of calls) expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
    await ask(server.url, '/control/open', 'POST')
    for (const [place, { guarantee, call }] of calls.entries()) {
      const [answer, repeat] = [await stopped[place]?.answer, await repeats[place]]
      expect([guarantee, answer?.status, answer && essence(answer)]).toEqual([guarantee, 201, repeat && essence(repeat)])
      expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
    }
  })

  it('[46] is fenced when another one took over while it was stopped: both callers end with the same bytes', async () => {
    const server = await site.start()
    await overtake(server, 'stopped', {
      halt: async () => server.kill('SIGSTOP'),
      wake: async () => server.kill('SIGCONT'),
    })
  })

  it('[59] is fenced when its event loop was blocked for longer than the lease: no second answer is recorded', async () => {
    const server = await site.start()
    await overtake(server, 'blocked', {
      halt: async () => void (await ask(server.url, '/control/block', 'POST')),
      // Answers when the event loop is free again.
      wake: async () => void (await ask(server.url, '/control/health')),
    })
  })

  async function overtake(
    server: FixtureServer,
    name: string,
    { halt, wake }: { halt(): Promise<void>; wake(): Promise<void> },
  ): Promise<void> {
    const calls = leased.map((guarantee) => ({ guarantee, call: callOf(guarantee, name) }))
    const stopped = await Promise.all(calls.map(({ call }) => stopCall(server, call, 'after effect')))
    await halt()
    const overtaking = await Promise.all(calls.map(({ call }) => sendUntilSettled([rival.url], call)))
    await wake()
    await ask(server.url, '/control/open', 'POST')
    for (const [place, { guarantee, call }] of calls.entries()) {
      const late = await stopped[place]?.answer
      const told = overtaking[place]
      const { status, key, attempt } =
        told?.status === 201 ? { status: 201, ...(JSON.parse(told.body) as { key: string; attempt: number }) } : { status: told?.status }
      // Nobody may run an at-most-once key again; only who ran it can still say what came of it, and then that is the answer.
      if (guarantee === 'at-most-once') expect([status, told?.body.includes('outcome-unknown')]).toEqual([409, true])
      else expect([status, key, attempt]).toEqual([201, call.key, 2])
      const again = await send(rival.url, call)
      expect([guarantee, again.status, essence(again)]).toEqual([guarantee, 201, essence(late ?? again)])
      if (guarantee !== 'at-most-once' && told !== undefined) expect([guarantee, essence(again)]).toEqual([guarantee, essence(told)])
      expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, effectsOfTwoRuns[guarantee]])
    }
  }

  if (guarantees.includes('exactly-once'))
    it('[46] keeps its transaction while it is stopped: nobody takes over, and both callers end with the same bytes', async () => {
      const call = callOf('exactly-once', 'stopped')
      const server = await site.start()
      const { answer } = await stopCall(server, call, 'after effect')
      server.kill('SIGSTOP')
      const repeat = sendUntilSettled([rival.url], call)
      await sleep(leaseMs)
      expect(await site.effectsOf('exactly-once', call.key)).toBe(0)
      server.kill('SIGCONT')
      await ask(server.url, '/control/open', 'POST')
      const [first, second] = await Promise.all([answer, repeat])
      expect([first.status, essence(first)]).toEqual([201, essence(second)])
      expect(await site.effectsOf('exactly-once', call.key)).toBe(1)
    })
})

/** At-least-once says so: the effect of a run that was overtaken stays beside that of the next. */
const effectsOfTwoRuns: Readonly<Record<Guarantee, number>> = { 'exactly-once': 1, resumable: 1, 'at-most-once': 1, 'at-least-once': 2 }
