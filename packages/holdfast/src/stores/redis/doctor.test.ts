import { describe, expect, it, onTestFinished } from 'vitest'
import { describeWithRedis, startRedis } from '../../../../../test/servers/index.ts'
import { openIoredis, openNodeRedis } from '../../../test/redis/clients.ts'
import { systemClock } from '../../core/index.ts'
import { redis } from './index.ts'
import type { RedisCommand, RedisOptions } from './index.ts'

const healthy = {
  redis_version: '7.2.4',
  role: 'master',
  connected_slaves: '0',
  aof_enabled: '1',
  maxmemory: '1000',
  maxmemory_policy: 'noeviction',
}

/** A server that answers as told. */
function serverWith(info: Partial<typeof healthy> & Record<string, string>, appendfsync: string | Error = 'always'): RedisCommand {
  return (name) => {
    const seconds = Math.floor(Date.now() / 1000)
    if (name === 'TIME') return Promise.resolve([Buffer.from(String(seconds)), Buffer.from(String((Date.now() % 1000) * 1000))])
    if (name === 'CONFIG')
      return appendfsync instanceof Error
        ? Promise.reject(appendfsync)
        : Promise.resolve([Buffer.from('appendfsync'), Buffer.from(appendfsync)])
    const lines = Object.entries({ ...healthy, ...info }).map(([key, value]) => `${key}:${value}`)
    return Promise.resolve(Buffer.from(`# Server\r\n${lines.join('\r\n')}\r\n`))
  }
}

async function findingsOf(command: RedisCommand, options?: RedisOptions): Promise<string[]> {
  const findings = await redis(command, options).idempotency.doctor()
  return findings.map(({ severity, code }) => `${severity} ${code}`)
}

describe('the doctor', () => {
  it('finds nothing wrong with a server that keeps everything', async () => {
    expect(await findingsOf(serverWith({}))).toEqual([])
  })

  it('calls eviction an error, and a warning while memory has no limit', async () => {
    for (const policy of ['allkeys-lru', 'volatile-ttl']) {
      expect(await findingsOf(serverWith({ maxmemory_policy: policy }))).toEqual(['error redis-evicts-keys'])
      expect(await findingsOf(serverWith({ maxmemory_policy: policy, maxmemory: '0' }))).toEqual(['warning redis-evicts-keys'])
    }
  })

  it('calls a missing append-only file an error, and a warning where a replica could take over', async () => {
    expect(await findingsOf(serverWith({ aof_enabled: '0' }))).toEqual(['error redis-forgets-on-restart'])
    expect(await findingsOf(serverWith({ aof_enabled: '0', connected_slaves: '1' }))).toEqual(['warning redis-forgets-on-restart'])
  })

  it('warns of an append-only file that is not synced at every write', async () => {
    expect(await findingsOf(serverWith({}, 'everysec'))).toEqual(['warning redis-syncs-late'])
    expect(await findingsOf(serverWith({}, 'no'))).toEqual(['warning redis-syncs-late'])
  })

  it('says what it could not check where CONFIG is forbidden', async () => {
    expect(await findingsOf(serverWith({}, new Error("ERR unknown command 'CONFIG', with args beginning with: 'GET'")))).toEqual([
      'warning redis-not-checked',
    ])
    expect(await findingsOf(serverWith({ maxmemory_policy: 'allkeys-lru' }, new Error('NOPERM this user has no permissions')))).toEqual([
      'error redis-evicts-keys',
      'warning redis-not-checked',
    ])
  })

  it('calls a replica an error', async () => {
    expect(await findingsOf(serverWith({ role: 'slave' }))).toEqual(['error redis-is-replica'])
  })

  it('calls fewer replicas than every write waits for an error', async () => {
    expect(await findingsOf(serverWith({ connected_slaves: '1' }), { waitReplicas: { count: 2, timeoutMs: 100 } })).toEqual([
      'error redis-lacks-replicas',
    ])
  })

  it('warns of a clock that differs by more than a second, and says in which direction', async () => {
    for (const [offMs, direction] of [
      [-60_000, 'ahead of'],
      [60_000, 'behind'],
    ] as const) {
      const clock = { now: () => Date.now() + offMs, after: systemClock.after }
      const findings = await redis(serverWith({}), { clock }).idempotency.doctor()
      expect(findings).toMatchObject([{ severity: 'warning', code: 'redis-clock-skew', message: expect.stringContaining(direction) }])
    }
  })

  it('goes by the version of Valkey, not by that of the Redis it stands in for', async () => {
    expect(await findingsOf(serverWith({ redis_version: '6.0.20' }))).toEqual(['warning redis-too-old'])
    expect(await findingsOf(serverWith({ redis_version: '7.2.4', valkey_version: '8.1.0' }))).toEqual([])
  })
})

describeWithRedis('the doctor of a real server', () => {
  for (const [driver, open] of [
    ['ioredis', openIoredis],
    ['node-redis', openNodeRedis],
  ] as const) {
    it(`reads its settings over ${driver}`, async () => {
      const server = await startRedis({
        appendonly: true,
        settings: { appendfsync: 'everysec', maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' },
      })
      onTestFinished(() => server.stop())
      const opened = await open(server.url)
      onTestFinished(() => opened.disconnect())
      expect(await findingsOf(opened.command)).toEqual(['error redis-evicts-keys', 'warning redis-syncs-late'])
    })

    it(`tells over ${driver} what the user of the connection may not read`, async () => {
      const server = await startRedis({ appendonly: true })
      onTestFinished(() => server.stop())
      const opened = await open(server.url)
      onTestFinished(() => opened.disconnect())
      await opened.command('ACL', 'SETUSER', 'default', '-config')
      expect(await findingsOf(opened.command)).toEqual(['warning redis-not-checked'])
      await opened.command('ACL', 'SETUSER', 'default', '-info')
      expect(await findingsOf(opened.command)).toEqual(['warning redis-not-checked'])
    })
  }
})
