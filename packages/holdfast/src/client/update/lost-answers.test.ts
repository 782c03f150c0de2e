import { describe, expect, it, vi } from 'vitest'
import { emptyBudget } from '../../retry/budget.ts'
import { problemOf, updateWorld } from '../../../test/client/support/update-world.ts'
import { settle, virtual } from '../../../test/client/support/virtual.ts'
import { reset } from '../../../test/client/support/versioned-server.ts'
import type { VersionedServerOptions } from '../../../test/client/support/versioned-server.ts'
import { update } from './update.ts'

const url = 'https://lost.example/wallets/w1'

describe('update over a connection that loses answers', () => {
  it('recognises its own write in the replayed answer, and calls the function once [64]', async () => {
    const fn = vi.fn<(n: number) => number>((n) => n + 1)
    const { server, run } = updateWorld({ value: 1, fate: (count) => (count === 2 ? 'lose-answer' : undefined) })
    const result = await run(fn)
    expect([server.value, server.effects, fn.mock.calls.length]).toEqual([2, 1, 1])
    expect(result.meta).toMatchObject({ attempts: 1, replayed: true, assumed: false })
  })

  it('pays for what it sends again from the budget it is given', async () => {
    const { server, run } = updateWorld({ value: 1, fate: () => 'lose-answer' })
    await expect(run((n) => n + 1, { budget: () => emptyBudget })).rejects.toThrow('fetch failed')
    expect(server.seen).toHaveLength(1)
  })

  it('recognises its own write behind the 412 of a server that keeps no keys [64]', async () => {
    const fn = vi.fn<(value: { n: number }) => { n: number }>((value) => ({ n: value.n + 1 }))
    const { server, run } = updateWorld({ value: { n: 1 }, keepsKeys: false, fate: (count) => (count === 2 ? 'lose-answer' : undefined) })
    const result = await run(fn)
    expect([server.value, server.effects, fn.mock.calls.length]).toEqual([{ n: 2 }, 1, 1])
    expect(result).toMatchObject({ outcome: 'written', value: { n: 2 }, version: '"2"', meta: { assumed: true, replayed: false } })
  })

  const overtaken = (more: Partial<VersionedServerOptions<{ n: number }>> = {}) =>
    updateWorld<{ n: number }>({
      value: { n: 1 },
      keepsKeys: false,
      fate: (count) => (count === 2 ? 'lose-answer' : undefined),
      ...more,
    })

  it('does not guess when the resource shows another value', async () => {
    const { server, run } = overtaken()
    const error: unknown = await run((value) => ({ n: value.n + 1 }), { confirm: () => false }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'OutcomeUnknown', code: 'outcome-unknown', base: { n: 1 }, intended: { n: 2 } })
    expect(server.effects).toBe(1)
  })

  it('applies a repeatable change to the newer version', async () => {
    const { server, run } = overtaken()
    const result = await run(() => ({ n: 7 }), { confirm: () => false, repeatable: true })
    expect([result.outcome, server.value]).toEqual(['unchanged', { n: 7 }])
  })

  it('says that the outcome is unknown when no answer comes, and resolves it under the same key', async () => {
    let isDown = true
    const { time, server, run } = updateWorld({
      value: 1,
      fate: (_count, { method }) => (method !== 'GET' && isDown ? 'lose-answer' : undefined),
    })
    const error = (await run((n) => n + 1).catch((caught: unknown) => caught)) as {
      code: string
      key: string
      resolve(): Promise<Response>
    }
    expect([error.code, server.effects]).toEqual(['outcome-unknown', 1])
    isDown = false
    const response = await settle(time, error.resolve())
    expect([response.headers.get('idempotent-replayed'), server.effects]).toEqual(['true', 1])
    expect(new Set(server.seen.slice(1).map(({ headers }) => headers.get('idempotency-key')))).toEqual(new Set([`"${error.key}"`]))
  })

  it('rejects with what fetch said when nothing was sent', async () => {
    const { time, random } = virtual()
    const refused = (): Error =>
      new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED', syscall: 'connect' }) })
    let count = 0
    const fetch = async (): Promise<Response> => {
      if (++count === 1) return Response.json(1, { headers: { etag: '"1"' } })
      throw refused()
    }
    await expect(
      settle(
        time,
        update<number>(fetch, url, (n) => n + 1, { clock: time, random }),
      ),
    ).rejects.toThrow('fetch failed')
    expect(count).toBe(4)
  })

  it('waits as long as the server asks, under the same key', async () => {
    const { time, server, run } = updateWorld({
      value: 1,
      fate: (count) =>
        [undefined, problemOf(429, undefined, { 'retry-after': '2' }), problemOf(409, 'in-progress', { 'retry-after': '1' })][count - 1],
    })
    const startedAt = time.now()
    await run((n) => n + 1)
    expect(server.value).toBe(2)
    expect(time.now() - startedAt).toBeGreaterThanOrEqual(3_000)
    expect(new Set(server.seen.slice(1).map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
  })

  it('takes a lost answer for lost also when the deadline ends the wait for it', async () => {
    const { time, random, wait } = virtual()
    const fetch = async (_input: string, init?: RequestInit): Promise<Response> => {
      if (init?.method === 'GET') return Response.json(1, { headers: { etag: '"1"' } })
      await Promise.race([
        wait(60_000),
        new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))),
      ])
      throw reset()
    }
    const error: unknown = await settle(
      time,
      update<number>(fetch, url, (n) => n + 1, { clock: time, random, deadlineMs: 1_000 }),
    ).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'outcome-unknown', cause: { code: 'deadline-exceeded' } })
  })
})
