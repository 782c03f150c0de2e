import { describe, expect, it } from 'vitest'
import { problemOf, updateWorld } from '../../../test/client/support/update-world.ts'
import { settle, virtual } from '../../../test/client/support/virtual.ts'
import { versionedServer } from '../../../test/client/support/versioned-server.ts'
import { update } from './update.ts'
import { bodyVersion } from './version.ts'

const url = 'https://api.example/wallets/w1'

describe('update', () => {
  it('reads, applies, and writes what changed on condition of the version that was read', async () => {
    const { server, run } = updateWorld({ value: { n: 1, name: 'Ann' } })
    const result = await run((value) => ({ ...value, n: value.n + 1 }))
    expect(server.value).toEqual({ n: 2, name: 'Ann' })
    expect(result).toMatchObject({
      outcome: 'written',
      value: { n: 2, name: 'Ann' },
      version: '"2"',
      meta: { attempts: 1, assumed: false },
    })
    const [read, write] = server.seen
    expect([read?.method, read?.headers.get('cache-control')]).toEqual(['GET', 'no-cache'])
    expect([
      write?.method,
      write?.body,
      write?.headers.get('if-match'),
      write?.headers.get('content-type'),
      write?.headers.get('prefer'),
    ]).toEqual(['PATCH', '{"n":2}', '"1"', 'application/merge-patch+json', 'return=representation'])
    expect(write?.headers.get('idempotency-key')).toMatch(/^"[0-9a-f-]{14}7[0-9a-f-]{21}"$/)
  })

  it('writes the whole value with PUT', async () => {
    const { server, run } = updateWorld({ value: { n: 1, name: 'Ann' } })
    await run((value) => ({ ...value, n: 2 }), { method: 'PUT', headers: { Authorization: 'Bearer k' } })
    expect(server.seen.map(({ method, body, headers }) => [method, body, headers.get('authorization')])).toEqual([
      ['GET', '', 'Bearer k'],
      ['PUT', '{"n":2,"name":"Ann"}', 'Bearer k'],
    ])
  })

  it('sends nothing but the GET when the function returns the same value [C31]', async () => {
    const { server, run } = updateWorld({ value: { n: 1 } })
    const result = await run((value) => ({ ...value }))
    expect([result.outcome, result.value, result.meta.attempts, server.seen.length]).toEqual(['unchanged', { n: 1 }, 0, 1])
  })

  it('stops when the function returns undefined', async () => {
    const { server, run } = updateWorld({ value: { n: 1 } })
    expect((await run(() => undefined)).outcome).toBe('stopped')
    expect(server.seen).toHaveLength(1)
  })

  it('lets the function change its argument in place', async () => {
    const { server, run } = updateWorld({ value: { n: 1 } })
    await run((value) => {
      value.n = 5
      return value
    })
    expect(server.value).toEqual({ n: 5 })
  })

  it('writes nothing when the function throws [65]', async () => {
    const { server, run } = updateWorld({ value: { n: 1 } })
    await expect(run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect([server.effects, server.seen.length]).toEqual([0, 1])
  })

  it.each([
    ['W/"1"', /weak ETag W\/"1"/],
    [undefined, /no ETag/],
  ])('refuses to write under the ETag %s [66]', async (etag, message) => {
    const { server, run } = updateWorld({ value: 1, etag: () => etag })
    await expect(run((n) => n + 1)).rejects.toMatchObject({ code: 'weak-etag', message: expect.stringMatching(message) as unknown })
    expect(server.effects).toBe(0)
  })

  it('writes without a condition when lost updates were accepted', async () => {
    const { server, run } = updateWorld({ value: 1, etag: () => 'W/"1"' })
    await run((n) => n + 1, { lastWriteWins: true })
    expect([server.value, server.seen[1]?.headers.get('if-match')]).toEqual([2, null])
  })

  it('trusts the etag member of the body where an intermediary weakened the field', async () => {
    const { server, run } = updateWorld({
      value: { n: 1, etag: '"1"' },
      fate: (count) => (count === 1 ? Response.json({ n: 1, etag: '"1"' }, { headers: { etag: 'W/"1"' } }) : undefined),
    })
    await run((value) => ({ ...value, n: 2 }))
    expect(server.seen[1]?.headers.get('if-match')).toBe('"1"')
  })
})

describe('update when it cannot go on', () => {
  it.each([
    [404, 'resource-gone'],
    [410, 'resource-gone'],
    [403, 'call-refused'],
  ])('ends on %s of the GET with %s', async (status, code) => {
    const { run } = updateWorld({ value: 1, fate: () => problemOf(status) })
    await expect(run((n) => n + 1)).rejects.toMatchObject({ code, status })
  })

  it.each([
    [404, undefined, 'resource-gone'],
    [428, 'precondition-required', 'call-refused'],
    [422, 'key-reused', 'call-refused'],
    [409, 'balance-not-zero', 'call-refused'],
    [409, 'outcome-unknown', 'outcome-unknown'],
    [412, 'key-expired', 'outcome-unknown'],
  ])('ends on %s %s of the write with %s', async (status, problem, code) => {
    const { server, run } = updateWorld({ value: 1, fate: (count) => (count === 2 ? problemOf(status, problem) : undefined) })
    await expect(run((n) => n + 1)).rejects.toMatchObject({ code })
    expect(server.seen).toHaveLength(2)
  })

  it('takes a write for done whose answer was too long to keep', async () => {
    const { run } = updateWorld({ value: 1, fate: (count) => (count === 2 ? problemOf(409, 'not-replayable') : undefined) })
    expect(await run((n) => n + 1)).toMatchObject({ outcome: 'written', value: 2 })
  })

  it('ends with the conflict when the deadline falls into a wait', async () => {
    const { server, run } = updateWorld<number>({
      value: 1,
      fate: (_count, { method }) => {
        if (method !== 'GET') server.version += 1
        return undefined
      },
    })
    await expect(run((n) => n + 1, { attempts: 1_000, deadlineMs: 2_000 })).rejects.toMatchObject({
      code: 'update-conflict',
      cause: { code: 'deadline-exceeded' },
    })
  })

  it('rejects with the reason of the signal, and sends nothing more', async () => {
    const { time, random, wait } = virtual()
    const controller = new AbortController()
    const server = versionedServer<number>({
      value: 1,
      wait,
      delay: () => 10,
      fate: (_count, { method }) => (method === 'GET' ? undefined : problemOf(429, undefined, { 'retry-after': '5' })),
    })
    time.after(100, () => controller.abort(new Error('enough')))
    await expect(
      settle(
        time,
        update<number>(server.fetch, url, (n) => n + 1, { clock: time, random, signal: controller.signal }),
      ),
    ).rejects.toThrow('enough')
    expect(server.seen).toHaveLength(2)
  })

  it('refuses to write a number back that it could not hold', async () => {
    const fate = (): Response => new Response('{"external_no":9007199254740993,"n":1}', { headers: { etag: '"1"' } })
    const { run } = updateWorld<{ external_no: number; n: number }>({
      value: { external_no: 0, n: 1 },
      fate: (count) => (count === 1 ? fate() : undefined),
    })
    await expect(run((value) => ({ ...value, n: 2 }), { method: 'PUT' })).rejects.toMatchObject({ code: 'lossy-number' })
    await expect(
      updateWorld<{ external_no: number; n: number }>({
        value: { external_no: 0, n: 1 },
        fate: (count) => (count === 1 ? fate() : undefined),
      }).run((value) => ({ ...value, n: 2 })),
    ).resolves.toMatchObject({ outcome: 'written' })
  })

  it.each([
    [{ attempts: 0 }, 'attempts: expected'],
    [{ deadlineMs: -1 }, 'deadlineMs: expected'],
    [{ resends: -1 }, 'resends: expected'],
    [{ method: 'POST' as 'PUT' }, 'method: expected PATCH or PUT, got "POST"'],
    [{ merge: 'two' as 'threeWay' }, 'merge: expected threeWay, got "two"'],
  ])('refuses the options %j', async (options, message) => {
    await expect(
      update(
        () => expect.fail('called'),
        url,
        (value) => value,
        options,
      ),
    ).rejects.toMatchObject({
      code: 'configuration-invalid',
      message: expect.stringContaining(message) as unknown,
    })
  })
})

describe('update with the version in the body', () => {
  it('writes the version that was read into the body, and sees a conflict in the 409 of Kubernetes', async () => {
    const { time, random } = virtual()
    const writes: unknown[] = []
    let version = 41
    const fetch = async (_input: string, init?: RequestInit): Promise<Response> => {
      if (init?.method === 'GET')
        return Response.json({ metadata: { name: 'web', resourceVersion: String(++version) }, spec: { replicas: 1 } })
      writes.push(JSON.parse(init?.body as string))
      if (writes.length === 1) return Response.json({ kind: 'Status', status: 'Failure', reason: 'Conflict', code: 409 }, { status: 409 })
      return Response.json({ metadata: { name: 'web', resourceVersion: '50' }, spec: { replicas: 3 } })
    }
    interface Deployment {
      metadata: { name: string; resourceVersion: string }
      spec: { replicas: number }
    }
    const result = await settle(
      time,
      update<Deployment>(fetch, url, (value) => ({ ...value, spec: { replicas: 3 } }), {
        clock: time,
        random,
        versioning: bodyVersion('metadata', 'resourceVersion'),
      }),
    )
    expect(writes).toEqual([
      { spec: { replicas: 3 }, metadata: { resourceVersion: '42' } },
      { spec: { replicas: 3 }, metadata: { resourceVersion: '43' } },
    ])
    expect(result.version).toBe('"50"')
  })
})
