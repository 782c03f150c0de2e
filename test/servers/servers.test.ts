import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithPostgres, describeWithRedis, startPostgres, startRedis, type RunningServer } from './index.ts'

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    const { rows } = await client.query(text)
    return rows
  } finally {
    await client.end().catch(() => {})
  }
}

async function command(url: string, ...args: [string, ...string[]]): Promise<unknown> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.call(...args)
  } finally {
    client.disconnect()
  }
}

describeWithPostgres('a private Postgres', (sharedUrl) => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startPostgres()
  })
  afterAll(() => server.stop())

  it('is another server than the shared one', async () => {
    expect(server.url).not.toBe(sharedUrl)
    expect(await query(sharedUrl, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('keeps what it acknowledged through SIGKILL and restart on the same port', async () => {
    const { port, pid } = server
    await query(server.url, 'create table kept as select 7 as n')
    await server.kill()
    await expect(query(server.url, 'select 1')).rejects.toThrow(/ECONNREFUSED/)
    await server.restart()
    expect(server.port).toBe(port)
    expect(server.pid).not.toBe(pid)
    expect(await query(server.url, 'select n from kept')).toEqual([{ n: 7 }])
  })

  it('answers nobody while it is paused, not even open connections', async () => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    await server.pause()
    const answer = client.query('select 1')
    expect(await Promise.race([answer, sleep(200, 'silent')])).toBe('silent')
    await server.resume()
    await answer
    await client.end()
  })

  it('takes settings', async () => {
    const small = await startPostgres({ durable: true, settings: { max_connections: '21' } })
    expect(await query(small.url, "select current_setting('fsync') || current_setting('max_connections') as set")).toEqual([
      { set: 'on21' },
    ])
    await small.stop()
    expect(() => small.pid).toThrow(/not running/)
  })
})

describeWithRedis('a private Redis', (sharedUrl) => {
  it('starts empty, never evicts, and forgets everything at SIGKILL', async () => {
    const server = await startRedis()
    expect(server.url).not.toBe(sharedUrl)
    expect(await command(server.url, 'CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
    await command(server.url, 'SET', 'key', 'value')
    await server.kill()
    await server.restart()
    expect(await command(server.url, 'GET', 'key')).toBeNull()
    await server.stop()
  })

  it('keeps every acknowledged write with an append-only file', async () => {
    const server = await startRedis({ appendonly: true })
    await command(server.url, 'SET', 'key', 'value')
    await server.kill()
    await server.restart()
    expect(await command(server.url, 'GET', 'key')).toBe('value')
    await server.stop()
  })

  it('says what the server logged when it does not start', async () => {
    await expect(startRedis({ settings: { 'no-such-setting': 'x' } })).rejects.toThrow(/did not start[^]*no-such-setting/)
  })

  it('ends with the process that started it, also when that one is killed', async () => {
    const script = `
      const { startRedis } = await import(${JSON.stringify(join(import.meta.dirname, 'redis.ts'))})
      const server = await startRedis()
      console.log(server.port)
      process.kill(process.pid, 'SIGKILL')`
    const killed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
    const { signal, stdout } = (await killed.catch((error: { signal: string; stdout: string }) => error)) as {
      signal: string
      stdout: string
    }
    expect(signal).toBe('SIGKILL')
    await expect.poll(() => command(`redis://127.0.0.1:${stdout.trim()}`, 'PING').catch(() => 'gone'), { timeout: 10_000 }).toBe('gone')
  })
})
