import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Guarantee } from '../../src/idempotency/index.ts'
import { orderHeaders } from './fixture/config.ts'
import type { StopPoint } from './fixture/config.ts'
import { describeStores } from './support/cells.ts'
import { callOf, transactionsLast } from './support/calls.ts'
import { essence, send, sendUntilSettled } from './support/client.ts'
import type { Answer, KeyedCall } from './support/client.ts'
import { createPool } from './support/pool.ts'
import type { ServerPool } from './support/pool.ts'
import { openSite } from './support/site.ts'
import type { FixtureServer, Site } from './support/site.ts'
import { stopCall } from './support/stopped.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

/** What a guarantee makes of a crash: how often the call took effect before the retry, and after it; and what the retry is told. */
interface Outcome {
  readonly before: number
  readonly after: number
  readonly retry: 'runs' | 'replays' | 'outcome-unknown'
}

const runs = (before: number, after: number): Outcome => ({ before, after, retry: 'runs' })
const nobodyKnows = (effects: number): Outcome => ({ before: effects, after: effects, retry: 'outcome-unknown' })
const replays: Outcome = { before: 1, after: 1, retry: 'replays' }

const once = { 'exactly-once': runs(0, 1), resumable: runs(0, 1), 'at-most-once': runs(0, 1), 'at-least-once': runs(0, 1) }
const beforeEffect = { ...once, 'at-most-once': nobodyKnows(0) }
const afterEffect = { 'exactly-once': runs(0, 1), resumable: runs(1, 1), 'at-most-once': nobodyKnows(1), 'at-least-once': runs(1, 2) }
const recorded = { 'exactly-once': replays, resumable: replays, 'at-most-once': replays, 'at-least-once': replays }

const table: readonly { readonly title: string; readonly point: StopPoint; readonly outcomes: Readonly<Record<Guarantee, Outcome>> }[] = [
  { title: '[37] before the claim: a retry runs, one effect', point: 'before claim', outcomes: once },
  {
    title: '[38] after the claim, before the handler: a retry runs, or the outcome is unknown, but nothing happens twice',
    point: 'after claim',
    outcomes: beforeEffect,
  },
  { title: '[38] in the handler, before its effect: the same', point: 'before effect', outcomes: beforeEffect },
  {
    title: '[39] in the handler, after its effect: rolled back and run, resumed, or unknown and never run again',
    point: 'after effect',
    outcomes: afterEffect,
  },
  { title: '[39] after the handler, before the record: the same', point: 'before complete', outcomes: afterEffect },
  { title: '[40] after the record, before the reply: a retry replays', point: 'after complete', outcomes: recorded },
]

function toldOf(answer: Answer): string {
  if (answer.status === 201) return answer.headers['idempotent-replayed'] === 'true' ? 'replays' : 'runs'
  return (JSON.parse(answer.body) as { code: string }).code
}

describeStores('a process that is killed', (cell) => {
  let site: Site
  let pool: ServerPool
  let survivor: FixtureServer
  beforeAll(async () => {
    site = await openSite(cell.url)
    pool = createPool(site, 2)
    survivor = await pool.take()
  })
  afterAll(() => site?.close())

  const guarantees = transactionsLast(cell.guarantees)

  it.each(table.map(({ title, point, outcomes }) => [title, point, outcomes] as const))('%s', async (_title, point, outcomes) => {
    const calls = guarantees.map((guarantee) => ({ guarantee, call: callOf(guarantee, point), wanted: outcomes[guarantee] }))
    const victim = await pool.take()
    for (const { call } of calls) await stopCall(victim, call, point)
    victim.kill('SIGKILL')
    expect((await victim.ended).signal).toBe('SIGKILL')

    const effects = (guarantee: Guarantee, { key }: KeyedCall) => site.effectsOf(guarantee, key)
    for (const { guarantee, call, wanted } of calls) expect([guarantee, await effects(guarantee, call)]).toEqual([guarantee, wanted.before])
    await Promise.all(
      calls.map(async ({ guarantee, call, wanted }) => {
        const retried = await sendUntilSettled([survivor.url], call)
        expect([guarantee, toldOf(retried), await effects(guarantee, call)]).toEqual([guarantee, wanted.retry, wanted.after])
        // An at-most-once key is held by its lease: until it is over, a repeat is told that the call is running. All others wait, or need not.
        if (wanted.retry !== 'outcome-unknown') expect([guarantee, retried.passed]).toEqual([guarantee, []])
        expect(retried.passed.every((status) => status === 409)).toBe(true)
        const again = await send(survivor.url, call)
        expect([guarantee, essence(again)]).toEqual([guarantee, essence(retried)])
        expect([guarantee, await effects(guarantee, call)]).toEqual([guarantee, wanted.after])
      }),
    )
  })

  if (guarantees.includes('resumable'))
    it('[41] at each boundary of four steps: the next run goes on there, and each step takes effect once', async () => {
      const [unsaved, saved] = [callOf('resumable', 'steps unsaved'), callOf('resumable', 'steps saved')]
      for (const step of [1, 2, 3, 4] as const) {
        const victim = await pool.take()
        await stopCall(victim, saved, `step ${step} saved`)
        await stopCall(victim, unsaved, `step ${step} before save`)
        victim.kill('SIGKILL')
        await victim.ended
      }
      // A step whose record was lost is asked for again under the same derived key, and the other system knows it.
      for (const [call, requests] of [[saved, 1] as const, [unsaved, 2] as const]) {
        const answer = await sendUntilSettled([survivor.url], call)
        expect([answer.status, JSON.parse(answer.body)]).toEqual([201, { key: call.key, attempt: 5, run: expect.any(String) }])
        expect(await site.effectsOf('resumable', call.key)).toBe(1)
        for (const label of ['charge', 'ship', 'mail']) expect(site.provider.seen(call.key, label)).toEqual({ requests, effects: 1 })
      }
    })

  describe.each(guarantees)('%s, with a handler that fails', (guarantee) => {
    it('[43] throws after its effect: what its guarantee says is left of it', async () => {
      const [status, effects, retry, effectsAfter] = afterThrow[guarantee]
      const call = callOf(guarantee, 'throws')
      const thrown = await send(survivor.url, { ...call, headers: { [orderHeaders.fail]: 'throw' } })
      expect([thrown.status, await site.effectsOf(guarantee, call.key)]).toEqual([status, effects])
      const retried = await send(survivor.url, call)
      expect([retried.status, await site.effectsOf(guarantee, call.key)]).toEqual([retry, effectsAfter])
      if (retry === 500) expect(essence(retried)).toEqual(essence(thrown))
    })

    it('[44] throws Retryable before its effect: the key is free, and a retry runs', async () => {
      const call = callOf(guarantee, 'retryable')
      const thrown = await send(survivor.url, { ...call, headers: { [orderHeaders.fail]: 'retryable' } })
      expect([thrown.status >= 500, await site.effectsOf(guarantee, call.key)]).toEqual([true, 0])
      const retried = await send(survivor.url, call)
      expect([retried.status, await site.effectsOf(guarantee, call.key)]).toEqual([201, 1])
    })
  })
})

const afterThrow: Readonly<Record<Guarantee, readonly [status: number, effects: number, retry: number, effectsAfter: number]>> = {
  'exactly-once': [500, 0, 201, 1],
  resumable: [500, 1, 201, 1],
  // Recorded: only so can a repeat be kept from a second effect.
  'at-most-once': [500, 1, 500, 1],
  'at-least-once': [500, 1, 201, 2],
}
