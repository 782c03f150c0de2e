import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { callOf, transactionsLast } from './support/calls.ts'
import { describeStores } from './support/cells.ts'
import { ask, essence, send, sendUntilSettled } from './support/client.ts'
import { fateHeader, startFaultProxy } from './support/fault-proxy.ts'
import { openSite } from './support/site.ts'
import type { FixtureServer, Site } from './support/site.ts'
import { stopCall } from './support/stopped.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describeStores('an answer that does not arrive', (cell) => {
  const guarantees = transactionsLast(cell.guarantees)
  let site: Site
  let server: FixtureServer
  let other: FixtureServer
  beforeAll(async () => {
    // Calls that wait keep their keys, however busy the machine is.
    site = await openSite(cell.url, { leaseMs: 30_000 })
    ;[server, other] = await Promise.all([site.start(), site.start()])
  })
  afterAll(() => site?.close())

  it('[56] is kept when the caller goes away in the middle of the handler: a retry replays, one effect', async () => {
    const calls = guarantees.map((guarantee) => ({ guarantee, call: callOf(guarantee, 'gone'), caller: new AbortController() }))
    for (const { call, caller } of calls) {
      const { answer } = await stopCall(server, { ...call, signal: caller.signal }, 'after effect')
      caller.abort()
      await expect(answer).rejects.toThrow('aborted')
    }
    await ask(server.url, '/control/open', 'POST')
    for (const { guarantee, call } of calls) {
      const retried = await sendUntilSettled([other.url], call)
      expect([guarantee, retried.status, retried.headers['idempotent-replayed']]).toEqual([guarantee, 201, 'true'])
      expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
    }
  })

  it.each(['drop response', 'cut response'])('[57] is replayed to a retry after the connection failed: %s', async (fate) => {
    const proxy = await startFaultProxy(server.url)
    try {
      for (const guarantee of guarantees) {
        const call = callOf(guarantee, fate)
        await expect(send(proxy.url, { ...call, headers: { [fateHeader]: fate } })).rejects.toThrow(/hang up|ECONNRESET|aborted|broke off/)
        const retried = await send(other.url, call)
        expect([guarantee, retried.status, retried.headers['idempotent-replayed']]).toEqual([guarantee, 201, 'true'])
        expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
      }
    } finally {
      await proxy.close()
    }
  })

  it('[58] is given before a process that got SIGTERM ends: new calls are turned away with 503, no record is lost, exit code 0', async ({
    expect,
  }) => {
    const leaving = await site.start()
    const calls = guarantees.map((guarantee) => ({ guarantee, call: callOf(guarantee, 'sigterm') }))
    const answers: Awaited<ReturnType<typeof stopCall>>[] = []
    for (const { call } of calls) answers.push(await stopCall(leaving, call, 'after effect'))
    leaving.kill('SIGTERM')
    let attempt = 0
    // A new key each time: what arrives before the signal does still runs.
    const later = () => send(leaving.url, callOf('at-most-once', `later ${(attempt += 1)}`))
    await expect.poll(async () => (await later()).body, { timeout: 60_000 }).toContain('shutting-down')
    expect((await later()).status).toBe(503)
    await ask(leaving.url, '/control/open', 'POST')
    for (const [place, { guarantee, call }] of calls.entries()) {
      const answer = await answers[place]?.answer
      expect([guarantee, answer?.status]).toEqual([guarantee, 201])
      expect([guarantee, essence(await sendUntilSettled([other.url], call))]).toEqual([guarantee, answer && essence(answer)])
      expect([guarantee, await site.effectsOf(guarantee, call.key)]).toEqual([guarantee, 1])
    }
    expect(await leaving.ended).toEqual({ code: 0, signal: null })
  })
})
