import { describe, expect, it, onTestFinished } from 'vitest'
import { describeWithRedis, startRedis } from '../../../../../test/servers/index.ts'
import type { RunningServer } from '../../../../../test/servers/index.ts'
import { answerTo, claimWith, repeatOf } from '../../../test/redis/claims.ts'
import { openIoredis, openNodeRedis } from '../../../test/redis/clients.ts'
import { startRedisProxy } from '../../../test/redis/wire.ts'
import type { IdempotencyStore } from '../../idempotency/store.ts'
import { redis } from './index.ts'

// By default a primary waits five seconds for further replicas before it sends its data.
const syncingAtOnce = { settings: { 'repl-diskless-sync-delay': '0' } }
const patiently = { timeout: 10_000 }
const unavailable = { code: 'store-unavailable' }

async function start(options?: Parameters<typeof startRedis>[0]): Promise<RunningServer> {
  const server = await startRedis(options)
  onTestFinished(() => server.stop())
  return server
}

/** Claims until the client has reconnected. */
async function claimWhenBack(store: IdempotencyStore): Promise<void> {
  await expect.poll(() => store.claim(claimWith()).catch(() => undefined), patiently).toMatchObject({ kind: 'acquired' })
}

describeWithRedis('an outage of Redis', () => {
  for (const [driver, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    describe(`over ${driver}`, () => {
      async function openStore(url: string): Promise<IdempotencyStore> {
        const opened = await open(url, 300)
        onTestFinished(() => opened.disconnect())
        return redis(opened.command).idempotency
      }

      it('rejects while the server hangs, and works again when it goes on', async () => {
        const server = await start()
        const store = await openStore(server.url)
        const claim = claimWith()
        expect((await store.claim(claim)).kind).toBe('acquired')
        await server.pause()
        await expect(store.complete(answerTo(claim, 'answer'))).rejects.toMatchObject({ ...unavailable, cause: expect.any(Error) })
        await server.resume()
        await claimWhenBack(store)
        expect(await store.complete(answerTo(claim, 'answer'))).toMatch(/^recorded$|^already$/)
      })

      it('rejects at once while the server is down, and keeps its records when it has an append-only file', async () => {
        const server = await start({ appendonly: true })
        const store = await openStore(server.url)
        const [done, running] = [claimWith(), claimWith()]
        await store.claim(done)
        await store.complete(answerTo(done, 'answer'))
        await store.claim(running)
        await server.kill()
        const operations = [
          () => store.claim(claimWith()),
          () => store.complete(answerTo(running, 'answer')),
          () => store.release(running.id, running.owner, 1000),
          () => store.abandon(running.id, running.owner, 1000),
          () => store.heartbeat(running.id, running.owner, 1000),
          () => store.resolve({ id: running.id, owner: 'operator', answer: undefined, retentionMs: 1000 }),
          () => store.lookup(running.id),
          () => store.doctor(),
        ]
        for (const operation of operations) await expect(operation()).rejects.toMatchObject(unavailable)
        await server.restart()
        await claimWhenBack(store)
        expect(await store.claim(repeatOf(done))).toMatchObject({ kind: 'done' })
        expect(await store.claim(repeatOf(running))).toMatchObject({ kind: 'running' })
        expect(await store.complete(answerTo(running, 'answer'))).toBe('recorded')
      })

      it('is known to a caller who sends the same claim and completion again after a lost reply', async () => {
        const server = await start()
        const proxy = await startRedisProxy(server.port)
        onTestFinished(() => proxy.close())
        const store = await openStore(proxy.url)
        const claim = claimWith()
        await claimWhenBack(store)
        proxy.loseNextReply()
        await expect(store.claim(claim)).rejects.toMatchObject(unavailable)
        await claimWhenBack(store)
        expect(await store.claim(repeatOf(claim))).toMatchObject({ kind: 'running' })
        expect(await store.claim(claim)).toMatchObject({ kind: 'acquired', attempt: 1 })
        await store.complete(answerTo(claimWith(), 'loads the script'))
        proxy.loseNextReply()
        await expect(store.complete(answerTo(claim, 'answer'))).rejects.toMatchObject(unavailable)
        await claimWhenBack(store)
        expect(await store.complete(answerTo(claim, 'answer'))).toBe('already')
      })
    })
  }

  it('runs a call again after the server has restarted without its records, as the doctor said it would', async () => {
    const server = await start()
    const opened = await openIoredis(server.url)
    onTestFinished(() => opened.disconnect())
    const store = redis(opened.command).idempotency
    const findings = await store.doctor()
    expect(findings).toMatchObject([{ severity: 'error', code: 'redis-forgets-on-restart' }])
    const claim = claimWith()
    await store.claim(claim)
    await store.complete(answerTo(claim, 'answer'))
    await server.restart()
    await claimWhenBack(store)
    expect(await store.complete(answerTo(claim, 'answer'))).toBe('fenced')
    expect(await store.claim(repeatOf(claim))).toMatchObject({ kind: 'acquired', attempt: 1 })
  })

  it('rejects claims when memory is short, and leaves nothing behind', async () => {
    const server = await start({ settings: { maxmemory: '100kb' } })
    const opened = await openIoredis(server.url)
    onTestFinished(() => opened.disconnect())
    await expect(redis(opened.command).idempotency.claim(claimWith({ quota: 1 }))).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining('OOM'),
    })
    expect(await opened.client.dbsize()).toBe(0)
  })

  it('rejects claims on a replica', async () => {
    const primary = await start(syncingAtOnce)
    const replica = await start({ settings: { replicaof: `127.0.0.1 ${primary.port}` } })
    const opened = await openIoredis(replica.url)
    onTestFinished(() => opened.disconnect())
    await expect.poll(() => opened.client.info('replication'), patiently).toContain('master_link_status:up')
    const store = redis(opened.command).idempotency
    await expect(store.claim(claimWith())).rejects.toMatchObject({ ...unavailable, message: expect.stringContaining('READONLY') })
    expect((await store.doctor()).map(({ code }) => code)).toContain('redis-is-replica')
  })

  it('rejects claims and completions that too few replicas confirm, and confirms the repeat once they do', async () => {
    const primary = await start(syncingAtOnce)
    const replica = await start({ settings: { replicaof: `127.0.0.1 ${primary.port}` } })
    const opened = await openIoredis(primary.url)
    onTestFinished(() => opened.disconnect())
    // A replica is online a moment before it confirms its first write.
    await opened.client.set('seen', 'by the replica')
    await expect.poll(() => opened.client.wait(1, 100), patiently).toBe(1)
    const store = redis(opened.command, { waitReplicas: { count: 1, timeoutMs: 200 } }).idempotency
    const claim = claimWith()
    expect(await store.claim(claim)).toMatchObject({ kind: 'acquired' })
    await replica.pause()
    await expect(store.claim(claimWith())).rejects.toMatchObject({
      ...unavailable,
      message: '0 of 1 replicas confirmed the write within 200 ms',
    })
    await expect(store.complete(answerTo(claim, 'answer'))).rejects.toMatchObject(unavailable)
    // WAIT asks about the writes of its own connection, and the repeat may come over another one.
    const another = await openIoredis(primary.url)
    onTestFinished(() => another.disconnect())
    const repeat = redis(another.command, { waitReplicas: { count: 1, timeoutMs: 200 } }).idempotency.complete(answerTo(claim, 'answer'))
    await expect(repeat).rejects.toMatchObject(unavailable)
    await replica.resume()
    await expect.poll(() => store.complete(answerTo(claim, 'answer')).catch(() => 'unavailable'), patiently).toBe('already')
  })
})
