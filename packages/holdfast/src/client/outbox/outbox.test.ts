import { describe, expect, it } from 'vitest'
import { outboxWorld, problem, url } from '../../../test/client/support/outbox-world.ts'
import type { SeenSend } from '../../../test/client/support/outbox-world.ts'
import { memoryOutbox } from './memory/index.ts'
import { outbox } from './outbox.ts'

describe('an outbox', () => {
  it('keeps a request, sends it with a key and gives the answer', async () => {
    const { seen, make, run } = outboxWorld()
    const { entry, response } = await run(
      make().send('invoice-7', { url, body: '{"amount":1}', headers: { 'content-type': 'application/json' } }),
    )
    expect([entry.state, entry.attempts, entry.result]).toEqual(['done', 1, { status: 201, location: '/transfers/t1' }])
    expect(await response?.json()).toEqual({ id: 't1' })
    expect(seen.map((sent) => [sent.method, sent.body, sent.headers.get('idempotency-key'), sent.headers.get('content-type')])).toEqual([
      ['POST', '{"amount":1}', `"${entry.key}"`, 'application/json'],
    ])
    expect(entry.key).toMatch(/^[0-9a-f-]{14}7/)
  })

  it('has it kept before the first byte is sent', async () => {
    const { store, make, run, time } = outboxWorld()
    const states: unknown[] = []
    const box = make({
      fetch: async () => {
        states.push((await store.find('a'))?.state)
        return Response.json({})
      },
    })
    await run(box.send('a', { url }))
    expect([states, time.now() > 0]).toEqual([['sending'], true])
  })

  it('sends an intent once, however often it is asked for', async () => {
    const { seen, make, run } = outboxWorld()
    const box = make()
    await run(box.send('a', { url, body: 'x' }))
    const again = await run(box.send('a', { url, body: 'x' }))
    expect([again.entry.state, again.response, seen.length]).toEqual(['done', undefined, 1])
    const both = await run(Promise.all([box.send('b', { url }), box.send('b', { url })]))
    expect(both.filter(({ response }) => response !== undefined)).toHaveLength(1)
    expect(seen).toHaveLength(2)
  })

  it('refuses another request under the same intent', async () => {
    const { make, run } = outboxWorld()
    const box = make()
    await run(box.send('a', { url, body: 'x' }))
    for (const other of [
      { url, body: 'y' },
      { url: `${url}?a=1`, body: 'x' },
      { url, body: 'x', method: 'PUT' },
      { url, body: 'x', lane: 'l' },
    ])
      await expect(box.send('a', other)).rejects.toMatchObject({ code: 'intent-reused' })
  })

  it('sends again under the same key after a lost answer, with growing waits', async () => {
    const { seen, effects, make, run } = outboxWorld((count) => (count < 4 ? 'lose-answer' : undefined))
    const box = make({ random: () => 1 })
    const { entry } = await run(box.send('a', { url }))
    expect([entry.state, entry.result]).toEqual(['pending', { error: 'ECONNRESET' }])
    expect(await run(box.drain({ wait: true }))).toEqual({ done: 1, dead: 0, unknown: 0, pending: 2 })
    expect(new Set(seen.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(1)
    expect([...effects.values()]).toEqual([1])
    expect((await box.find('a'))?.result).toMatchObject({ status: 201, replayed: true })
    const gaps = seen.slice(1).map(({ at }, index) => at - (seen[index] as SeenSend).at)
    expect(gaps.map((gap) => Math.round(gap / 1_000))).toEqual([1, 2, 4])
  })

  it('comes back when the server wishes', async () => {
    const { seen, make, run } = outboxWorld((count) => (count === 1 ? problem(503, undefined, { 'retry-after': '3600' }) : undefined))
    const box = make()
    await run(box.send('a', { url }))
    await run(box.drain({ wait: true }))
    expect((seen[1]?.at ?? 0) - (seen[0]?.at ?? 0)).toBeGreaterThanOrEqual(3_600_000)
  })

  it.each([
    [400, undefined, 'dead'],
    [403, undefined, 'dead'],
    [422, 'key-reused', 'dead'],
    [409, 'balance-not-zero', 'dead'],
    [409, 'not-replayable', 'done'],
    [409, 'outcome-unknown', 'unknown'],
    [412, 'key-expired', 'unknown'],
    [409, 'in-progress', 'pending'],
    [401, undefined, 'pending'],
    [429, undefined, 'pending'],
    [500, undefined, 'pending'],
    [503, undefined, 'pending'],
  ])('takes %i %s for %s [73]', async (status, code, state) => {
    const { make, run } = outboxWorld(() => problem(status, code))
    const box = make()
    const { entry, response } = await run(box.send('a', { url }))
    expect([entry.state, entry.result]).toEqual([state, { status, ...(code && { code }) }])
    expect([response?.status, await response?.json()]).toEqual([status, code === undefined ? {} : { code }])
    expect(await box.list({ state: state as 'dead' })).toHaveLength(1)
  })

  it('takes a failure that is recorded under the key for an unknown outcome', async () => {
    const { make, run } = outboxWorld(() => problem(500, 'handler-failed', { 'idempotency-should-retry': '?0' }))
    expect((await run(make().send('a', { url }))).entry.state).toBe('unknown')
  })

  it('keeps what was refused for good, and sends it again under a new key when told [73]', async () => {
    const { seen, make, run } = outboxWorld((count) => (count === 1 ? problem(422) : undefined))
    const box = make()
    await run(box.send('a', { url }))
    await run(box.drain())
    expect(await box.list({ state: 'dead' })).toMatchObject([{ id: 'a', state: 'dead', result: { status: 422 } }])
    expect(seen).toHaveLength(1)
    expect([await box.retry('a'), await box.retry('none')]).toEqual([true, false])
    await run(box.drain())
    expect((await box.find('a'))?.state).toBe('done')
    expect(new Set(seen.map(({ headers }) => headers.get('idempotency-key'))).size).toBe(2)
    expect([await box.forget('a'), await box.find('a')]).toEqual([true, undefined])
  })

  it('sends lanes in order, and goes round one that waits', async () => {
    const { seen, make, run } = outboxWorld((count) => (count === 1 ? problem(503) : undefined))
    const box = make({ random: () => 0.5 })
    for (const id of ['a1', 'a2', 'a3']) await box.enqueue(id, { url, body: id, lane: 'a' })
    await box.enqueue('b1', { url, body: 'b1', lane: 'b' })
    await run(box.drain({ wait: true }))
    const order = seen.map(({ body }) => body)
    expect(order).toContain('b1')
    expect(order.filter((body) => body !== 'b1')).toEqual(['a1', 'a1', 'a2', 'a3'])
  })

  it('sends one of two workers that resume at once [71]', async () => {
    const { seen, make, run } = outboxWorld()
    const first = make()
    for (let at = 0; at < 20; at++) await first.enqueue(`e${at}`, { url, body: String(at) })
    await run(Promise.all([first.drain({ wait: true }), make().drain({ wait: true }), make().drain({ wait: true })]))
    expect(seen.map(({ body }) => body).toSorted((left, right) => Number(left) - Number(right))).toEqual(
      Array.from({ length: 20 }, (_, at) => String(at)),
    )
  })

  it('takes over what a worker left behind, under the same key, and no sooner than its lease ends', async () => {
    const { time, seen, effects, store, make, run } = outboxWorld()
    // A worker that dies between taking and sending.
    await make().enqueue('a', { url })
    const taken = await store.take({ owner: 'dead', leaseMs: 30_000, keyLifetimeMs: 1e9, freshKey: 'x' })
    expect(await run(make().drain())).toMatchObject({ done: 0 })
    const startedAt = time.now()
    await run(make().drain({ wait: true }))
    expect([seen.length, [...effects.keys()], time.now() - startedAt >= 29_000]).toEqual([1, [`"${taken?.key}"`], true])
  })

  it('renews its lease during a long send, and stops when it has lost it', async () => {
    const { time, store, make, run, seen } = outboxWorld((count) => (count === 1 ? 'hang' : undefined))
    const sending = make({ sendTimeoutMs: 500_000, leaseMs: 3_000 }).send('a', { url })
    let rival: unknown
    time.after(
      20_000,
      () =>
        void store.take({ owner: 'rival', leaseMs: 1, keyLifetimeMs: 1e9, freshKey: 'x' }).then((found) => (rival = found ?? 'nothing')),
    )
    // Another worker takes it over all the same, as after a pause of this process.
    time.after(30_000, () => void store.settle('a', 'unknown', { state: 'pending', waitMs: 0, result: {} }))
    time.after(31_000, () => void store.renew('a', 'nobody', 0))
    time.after(40_000, () => void stealFrom())
    async function stealFrom(): Promise<void> {
      const entry = await store.find('a')
      await store.renew('a', entry?.owner ?? '', 0)
      await store.take({ owner: 'thief', leaseMs: 600_000, keyLifetimeMs: 1e9, freshKey: 'x' })
    }
    const { entry } = await run(sending)
    expect([rival, entry.owner, entry.state, seen.length]).toEqual(['nothing', 'thief', 'sending', 1])
    expect(time.now() - (seen[0]?.at ?? 0)).toBeLessThan(60_000)
  })

  it('ends a send that takes too long, and sends again', async () => {
    const { make, run } = outboxWorld((count) => (count === 1 ? 'hang' : undefined))
    const box = make({ sendTimeoutMs: 5_000 })
    expect((await run(box.send('a', { url }))).entry).toMatchObject({ state: 'pending', result: { error: 'deadline-exceeded' } })
    await run(box.drain({ wait: true }))
    expect((await box.find('a'))?.state).toBe('done')
  })

  it('does not send again what is older than keys are kept', async () => {
    const { seen, make, run } = outboxWorld(() => 'lose-answer')
    const box = make({ keyLifetimeMs: 3_600_000 })
    await run(box.send('a', { url }))
    const drained = await run(box.drain({ wait: true }))
    expect([drained.unknown, (await box.find('a'))?.state]).toEqual([1, 'unknown'])
    expect((seen.at(-1)?.at ?? 0) - (seen[0]?.at ?? 0)).toBeLessThan(3_600_000)
  })

  it('refuses more than it may hold', async () => {
    const { make } = outboxWorld()
    const box = make({ maxOpen: 2 })
    await box.enqueue('a', { url })
    await box.enqueue('b', { url })
    await expect(box.enqueue('c', { url })).rejects.toMatchObject({ code: 'outbox-full' })
  })

  it('drains in the background until it is stopped, and lives through an outage of its store', async () => {
    const { time, wait, seen, store, make, run } = outboxWorld()
    let isAway = true
    const flaky = {
      ...store,
      take: (...args: Parameters<typeof store.take>) => (isAway ? Promise.reject(new Error('away')) : store.take(...args)),
    }
    const box = make({ store: flaky })
    await box.enqueue('a', { url })
    const stop = box.start()
    await run(wait(1_000))
    expect(seen).toHaveLength(0)
    isAway = false
    await run(wait(10_000))
    expect(seen).toHaveLength(1)
    await box.enqueue('b', { url })
    await run(wait(2_000))
    expect(seen).toHaveLength(2)
    await run(stop())
    await box.enqueue('c', { url })
    await run(wait(10_000))
    expect([seen.length, time.now() > 0]).toEqual([2, true])
  })

  it('remembers what is done as long as it is told', async () => {
    const { wait, make, run } = outboxWorld()
    const box = make({ keepDoneMs: 60_000 })
    await run(box.send('a', { url }))
    await run(box.drain())
    expect(await box.list()).toHaveLength(1)
    await run(wait(60_000))
    await run(box.drain())
    expect(await box.list()).toHaveLength(0)
  })

  it.each([
    [{ leaseMs: 0 }, 'leaseMs: expected'],
    [{ maxOpen: -1 }, 'maxOpen: expected'],
    [{ secrets: 'keep' as 'strip' }, 'secrets: expected refuse or strip'],
  ])('refuses the options %j', (options, message) => {
    expect(() => outbox({ store: memoryOutbox(), ...options })).toThrow(message)
  })
})
