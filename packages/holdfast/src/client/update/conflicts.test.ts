import { describe, expect, it, vi } from 'vitest'
import { problemOf, updateWorld } from '../../../test/client/support/update-world.ts'
import { settle } from '../../../test/client/support/virtual.ts'
import { update } from './update.ts'

describe('update among other writers', () => {
  it('brings 100 clients that add one to 100, with calls of the order of the AWS simulation [63]', async () => {
    const { time, random, server, url } = updateWorld({ value: { n: 0 } }, 7)
    const counts = new Map<string, number>()
    const one = (id: number) =>
      update<{ n: number }>(
        server.fetch,
        url,
        (value, { version }) => {
          counts.set(`${id} ${version}`, (counts.get(`${id} ${version}`) ?? 0) + 1)
          return { n: value.n + 1 }
        },
        { clock: time, random, attempts: 100, deadlineMs: 120_000 },
      )
    const results = await settle(time, Promise.all(Array.from({ length: 100 }, (_, id) => one(id))))
    expect([server.value, server.version, server.effects]).toEqual([{ n: 100 }, 101, 100])
    expect(new Set(results.map(({ version }) => version)).size).toBe(100)
    expect(Math.max(...counts.values())).toBe(1)
    const writes = server.seen.filter(({ method }) => method === 'PATCH').length
    // 796 in the simulation, which waits one more hop after a conflict.
    expect(writes).toBeGreaterThan(550)
    expect(writes).toBeLessThan(1_000)
  })

  it('loses none of 8 x 25 updates, with default options [C5]', async () => {
    const { time, random, server, url } = updateWorld({ value: 0 }, 3)
    const client = async (): Promise<void> => {
      for (let count = 0; count < 25; count++) await update<number>(server.fetch, url, (n) => n + 1, { clock: time, random })
    }
    await settle(time, Promise.all(Array.from({ length: 8 }, client)))
    expect(server.value).toBe(200)
  })

  it('tells what stood against it after the last attempt, with jittered gaps between them [C32]', async () => {
    const at: number[] = []
    const { time, server, run } = updateWorld<{ n: number }>({
      value: { n: 0 },
      showsCurrent: true,
      fate: (_count, { method }) => {
        if (method === 'GET') return undefined
        at.push(time.now())
        server.version += 1
        server.value = { n: server.version * 10 }
        return undefined
      },
    })
    const error: unknown = await run((value) => ({ n: value.n + 1 }), { attempts: 5 }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ code: 'update-conflict', attempts: 5, base: { n: 50 }, mine: { n: 51 }, theirs: { n: 60 }, paths: [] })
    expect(at).toHaveLength(5)
    const gaps = at.slice(1).map((time, index) => time - (at[index] as number))
    expect(new Set(gaps).size).toBe(4)
    expect(server.effects).toBe(0)
  })

  it('uses a new key for each version, and the same for repeats of one', async () => {
    let sent = 0
    const { server, run } = updateWorld<{ n: number }>({
      value: { n: 0 },
      fate: (_count, { method }) => {
        if (method === 'GET') return undefined
        sent += 1
        if (sent === 1) return 'lose-request'
        if (sent === 2) server.version += 1
        return undefined
      },
    })
    await run((value) => ({ n: value.n + 1 }))
    const keys = server.seen.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers.get('idempotency-key'))
    expect(keys).toHaveLength(3)
    expect(keys[0]).toBe(keys[1])
    expect(keys[2]).not.toBe(keys[1])
  })

  it('uses the current value of a refusal instead of reading it again, when it is fresh', async () => {
    let isFirst = true
    const { server, run } = updateWorld<{ n: number }>({
      value: { n: 0 },
      showsCurrent: true,
      fate: (_count, { method }) => {
        if (method !== 'GET' && isFirst) {
          isFirst = false
          server.version += 1
          server.value = { n: 5 }
        }
        return undefined
      },
    })
    await run((value) => ({ n: value.n + 1 }), { random: () => 0.1 })
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'PATCH', 'PATCH'])
    expect(server.value).toEqual({ n: 6 })
  })

  it('merges changes of other members, and calls the function once [C33]', async () => {
    const fn = vi.fn<(value: { nickname: string; status: string }) => { nickname: string; status: string }>((value) => ({
      ...value,
      nickname: 'mine',
    }))
    const { server, run } = updateWorld({
      value: { nickname: 'old', status: 'open' },
      fate: (count) => {
        if (count === 2) {
          server.version += 1
          server.value = { nickname: 'old', status: 'closed' }
        }
        return undefined
      },
    })
    await run(fn, { merge: 'threeWay' })
    expect(server.value).toEqual({ nickname: 'mine', status: 'closed' })
    expect(fn).toHaveBeenCalledTimes(1)
  })

  it('names the paths where both sides changed the same [C33]', async () => {
    const { server, run } = updateWorld({
      value: { nickname: 'old', status: 'open' },
      fate: (count) => {
        if (count === 2) {
          server.version += 1
          server.value = { nickname: 'theirs', status: 'open' }
        }
        return undefined
      },
    })
    await expect(run((value) => ({ ...value, nickname: 'mine' }), { merge: 'threeWay' })).rejects.toMatchObject({
      code: 'update-conflict',
      paths: ['/nickname'],
      base: { nickname: 'old' },
      mine: { nickname: 'mine' },
      theirs: { nickname: 'theirs' },
      attempts: 1,
    })
    expect(server.effects).toBe(0)
  })

  it('does not call the function again for a version it has seen', async () => {
    const fn = vi.fn<(n: number) => number>((n) => n + 1)
    const { server, run } = updateWorld({ value: 1, fate: (count) => (count === 2 ? problemOf(412, 'version-conflict') : undefined) })
    await run(fn)
    expect([server.value, fn.mock.calls.length]).toEqual([2, 1])
  })
})
