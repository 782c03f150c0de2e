import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { describeWithPostgres, describeWithRedis, startPostgres, startRedis } from '../../../../test/servers/index.ts'
import type { RunningServer } from '../../../../test/servers/index.ts'
import type { Guarantee } from '../../src/idempotency/index.ts'
import { completeScript } from '../../src/stores/redis/scripts.ts'
import { callOf } from './support/calls.ts'
import { ask, essence, send, sendUntilSettled } from './support/client.ts'
import type { Answer, KeyedCall } from './support/client.ts'
import { openSite } from './support/site.ts'
import type { FixtureServer, Site } from './support/site.ts'
import { stopCall } from './support/stopped.ts'
import { startStoreProxy } from './support/store-proxy.ts'
import type { StoreProxy } from './support/store-proxy.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const storeTimeoutMs = 1_000
// A claim is sent twice, and a busy machine is late: far below what a hang would be.
const promptMs = 15_000

interface Kind {
  readonly start: () => Promise<RunningServer>
  readonly guarantees: readonly Guarantee[]
  /** What records an answer, as it goes over the wire. */
  readonly recording: RegExp
}

const kinds: Readonly<Record<'postgres' | 'redis', Kind>> = {
  postgres: {
    start: () => startPostgres(),
    guarantees: ['exactly-once', 'resumable', 'at-most-once', 'at-least-once'],
    recording: /_(?:finish|complete)_v\d/g,
  },
  redis: {
    start: () => startRedis({ appendonly: true }),
    guarantees: ['at-most-once', 'at-least-once'],
    recording: new RegExp(completeScript.digest, 'g'),
  },
}

// Beside one another, because these tests mostly wait; those of one server one by one.
describe('a store that is away', { concurrent: true }, () => {
  describeWithPostgres('Postgres', () => describe('that stops', { concurrent: false }, () => outages(kinds.postgres)))
  describeWithRedis('Redis', () => describe('that stops', { concurrent: false }, () => outages(kinds.redis)))
})

function outages({ start, guarantees, recording }: Kind): void {
  let store: RunningServer
  let proxy: StoreProxy
  let site: Site
  let server: FixtureServer
  let other: FixtureServer
  beforeAll(async () => {
    store = await start()
    proxy = await startStoreProxy(store.url)
    // No lease ends by itself: what becomes of a key is decided by what was recorded.
    site = await openSite(store.url, { leaseMs: 60_000, storeTimeoutMs, joinTimeoutMs: 500 })
    ;[server, other] = await Promise.all([site.start({ store: proxy.url }), site.start()])
  })
  afterAll(async () => {
    await site?.close()
    await proxy?.close()
    await store?.stop()
  })

  const callsNamed = (name: string) => guarantees.map((guarantee) => ({ guarantee, call: callOf(guarantee, name) }))
  const stopAll = async (calls: readonly { readonly call: KeyedCall }[]) => {
    const stopped: { readonly answer: Promise<Answer> }[] = []
    for (const { call } of calls) stopped.push(await stopCall(server, call, 'before complete'))
    return stopped
  }
  const isAlive = async () => expect((await ask(server.url, '/control/health')).status).toBe(200)

  it.each(['pause', 'kill'] as const)(
    '[50] before the claim (%s): 503 within the timeout, no effect, the process lives on',
    async (how) => {
      const calls = callsNamed(`down by ${how}`)
      await store[how]()
      const startedAt = performance.now()
      const refused = await Promise.all(calls.map(({ call }) => send(server.url, call)))
      expect(performance.now() - startedAt).toBeLessThan(promptMs)
      expect(refused.map(({ status, body }) => [status, (JSON.parse(body) as { code: string }).code])).toEqual(
        calls.map(() => [503, 'store-unavailable']),
      )
      await isAlive()
      await (how === 'pause' ? store.resume() : store.restart())
      for (const { guarantee, call } of calls) {
        const retried = await sendUntilSettled([server.url], call)
        expect([guarantee, retried.status, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 201, 1])
      }
    },
  )

  it('[51] in the middle of the handler: the true answer or 503, never a second effect, and the record is made when it is back', async () => {
    const calls = callsNamed('down in the middle')
    const stopped = await stopAll(calls)
    await store.pause()
    await ask(server.url, '/control/open', 'POST')
    const answers = await Promise.all(stopped.map(({ answer }) => answer))
    const duplicates = await Promise.all(calls.flatMap(({ call }) => [send(server.url, call), send(other.url, call)]))
    expect(new Set(duplicates.map(({ status }) => status))).toEqual(new Set([503]))
    await isAlive()
    await store.resume()
    for (const [place, { guarantee, call }] of calls.entries()) {
      const given = answers[place]
      // Nobody else may run an at-most-once key, so its true answer can be given before it is recorded.
      expect([guarantee, given?.status]).toEqual([guarantee, guarantee === 'at-most-once' ? 201 : 503])
      const retried = await sendUntilSettled([other.url], call)
      expect([guarantee, retried.status]).toEqual([guarantee, 201])
      if (given?.status === 201) expect(essence(retried)).toEqual(essence(given))
      expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
    }
  })

  it.each(['messages', 'replies'] as const)('[42] killed while an answer is recorded (lost %s): no second effect', async (what) => {
    const calls = callsNamed(`lost ${what}`)
    const stopped = await stopAll(calls)
    const kept = proxy.keep(what, recording, calls.length)
    await ask(server.url, '/control/open', 'POST')
    await kept
    await store.kill()
    proxy.release()
    await store.restart()
    for (const [place, { guarantee, call }] of calls.entries()) {
      const given = await stopped[place]?.answer
      const retried = await sendUntilSettled([other.url], call)
      expect([guarantee, retried.status]).toEqual([guarantee, 201])
      if (given?.status === 201) expect([guarantee, essence(retried)]).toEqual([guarantee, essence(given)])
      expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
    }
  })

  it('[53] slower than a call may take: 503 within the timeout, no effect', async () => {
    const calls = callsNamed('latency')
    proxy.delayMs = 2 * storeTimeoutMs
    const startedAt = performance.now()
    const refused = await Promise.all(calls.map(({ call }) => send(server.url, call)))
    proxy.delayMs = 0
    expect(performance.now() - startedAt).toBeLessThan(promptMs)
    expect(refused.map(({ status }) => status)).toEqual(calls.map(() => 503))
    for (const { guarantee, call } of calls) expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 0])
    await isAlive()
    for (const { guarantee, call } of calls) {
      const retried = await sendUntilSettled([server.url], call)
      expect([guarantee, retried.status, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 201, 1])
    }
  })
}

describe('when another process holds the writer of SQLite', () => {
  it('[50] refuses with 503 within the timeout, without an effect, and goes on afterwards', async () => {
    const site = await openSite('sqlite:', { busyTimeoutMs: 500 })
    try {
      const [holder, server] = await Promise.all([site.start(), site.start()])
      const { answer } = await stopCall(holder, callOf('exactly-once', 'holder'), 'after effect')
      const calls = kinds.postgres.guarantees.map((guarantee) => ({ guarantee, call: callOf(guarantee, 'held') }))
      const startedAt = performance.now()
      const refused = await Promise.all(calls.map(({ call }) => send(server.url, call)))
      expect(performance.now() - startedAt).toBeLessThan(promptMs)
      expect(refused.map(({ status }) => status)).toEqual(calls.map(() => 503))
      for (const { guarantee, call } of calls) expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 0])
      await ask(holder.url, '/control/open', 'POST')
      expect((await answer).status).toBe(201)
      for (const { guarantee, call } of calls) {
        const retried = await sendUntilSettled([server.url], call)
        expect([guarantee, retried.status, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 201, 1])
      }
    } finally {
      await site.close()
    }
  })
})

describeWithRedis('when Redis comes back empty', () => {
  it('[54] runs a repeat again, as the doctor warned', async () => {
    const store = await startRedis()
    const site = await openSite(store.url)
    try {
      const server = await site.start()
      expect(JSON.parse((await ask(server.url, '/control/doctor')).body)).toContainEqual(
        expect.objectContaining({ severity: 'error', code: 'redis-forgets-on-restart' }),
      )
      const call = callOf('at-most-once', 'forgotten')
      expect((await send(server.url, call)).status).toBe(201)
      await store.kill()
      await store.restart()
      const repeated = await sendUntilSettled([server.url], call)
      expect([repeated.status, repeated.headers['idempotent-replayed'], await site.effectsOf('at-most-once', call.key)]).toEqual([
        201,
        'false',
        2,
      ])
    } finally {
      await site.close()
      await store.stop()
    }
  })
})
