import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createClient, order } from './support/client.ts'
import type { Client } from './support/client.ts'
import { durable, makeStore } from './support/ledger.ts'
import { inFolder } from './support/process.ts'

const shell = promisify(execFile)
const anyPort = ['--port', '0']

// Several processes start in one test, on a machine that may be busy.
describe('starting the ledger', { timeout: 60_000 }, () => {
  it('explains its flags', () =>
    inFolder(async (start) => {
      const ledger = start(['--help'])
      expect(await ledger.ended).toEqual({ code: 0, signal: null })
      for (const flag of ['--host', '--port', '--store', '--limits-store', '--adapter', '--http', '--rate', '--burst', '--test-hooks']) {
        expect(ledger.stdout()).toContain(flag)
      }
    }))

  it('speaks HTTPS with a certificate that the authority it made vouches for, and prints commands that work', () =>
    inFolder(async (start, folder) => {
      const ledger = start(anyPort)
      const url = await ledger.ready
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
      const ca = await readFile(join(folder, '.holdfast/ca.pem'), 'utf8')
      for (const host of ['127.0.0.1', 'localhost']) expect(await fetchSecurely(url.replace('127.0.0.1', host), ca)).toBe(200)
      await expect(fetchSecurely(url, undefined)).rejects.toThrow(/certificate/)
      for (const file of ['ca-key.pem', 'server-key.pem', 'secret']) {
        expect([file, (await stat(join(folder, '.holdfast', file))).mode & 0o777]).toEqual([file, 0o600])
      }

      const commands =
        ledger
          .stdout()
          .match(/^ {2}.*$/gm)
          ?.join('\n') ?? ''
      const first = await shell('bash', ['-ec', commands], { cwd: folder })
      expect(first.stdout).toMatch(/HTTP\/1.1 201 Created[^]*idempotent-replayed: false[^]*"value":"89.50"/i)
      const second = await shell('bash', ['-ec', commands], { cwd: folder })
      expect(second.stdout).toMatch(/idempotent-replayed: true[^]*"value":"89.50"/i)
      expect(ledger.stderr()).toBe('')
    }))

  it.each(durable)('lets four processes start at once on one new database and answer as one: %s', (name) =>
    inFolder(async (start, folder) => {
      const store = await makeStore(name)
      const ledgers = [0, 1, 2, 3].map(() => start([...anyPort, '--http', '--test-hooks', '--store', store.url]))
      const clients = (await Promise.all(ledgers.map(({ ready }) => ready))).map(createClient) as [Client, Client, Client, Client]
      const [ann, ben] = [await clients[0].openWallet('10.00'), await clients[1].openWallet()]
      const calls = Array.from({ length: 48 }, (_, at) =>
        (clients[at % 4] as Client).post('/transfers', order(ann, ben, '1.00'), { key: 'one' }),
      )
      const answers = await Promise.all(calls)
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
      expect(answers[0]?.status).toBe(201)
      expect(await clients[3].effects()).toMatchObject({ transfers: 1, by_key: { one: 1 }, sum: '0.00' })
      expect(await readdir(join(folder, '.holdfast'))).toEqual(['secret'])
      for (const { child } of ledgers) child.kill('SIGKILL')
      await store.remove()
    }),
  )

  it('lets four processes make one authority', () =>
    inFolder(async (start, folder) => {
      const ledgers = [0, 1, 2, 3].map(() => start([...anyPort, '--store', 'memory:']))
      const urls = await Promise.all(ledgers.map(({ ready }) => ready))
      const ca = await readFile(join(folder, '.holdfast/ca.pem'), 'utf8')
      for (const url of urls) expect(await fetchSecurely(url, ca)).toBe(200)
      expect((await readdir(join(folder, '.holdfast'))).toSorted()).toEqual(['ca-key.pem', 'ca.pem', 'secret', 'server-key.pem'])
    }))

  it('refuses a database that was used with another secret', () =>
    inFolder(async (start) => {
      const ledger = start([...anyPort, '--http'], { HOLDFAST_SECRET: 'the first secret of this database' })
      await ledger.ready
      ledger.child.kill('SIGTERM')
      await ledger.ended
      const other = start([...anyPort, '--http'], { HOLDFAST_SECRET: 'another secret, by mistake' })
      expect((await other.ended).code).toBe(1)
      expect(other.stderr()).toContain('HOLDFAST_SECRET')
    }))

  it('refuses a secret that is too short, and does not bind the database to it', () =>
    inFolder(async (start) => {
      const short = start([...anyPort, '--http'], { HOLDFAST_SECRET: 'short' })
      expect((await short.ended).code).toBe(1)
      expect(short.stderr()).toContain('at least 16 characters')
      await start([...anyPort, '--http']).ready
    }))

  it.each([
    [['--frobnicate'], '--frobnicate'],
    [['--store', 'postgres://user:hush@127.0.0.1:1/x'], 'ECONNREFUSED'],
  ])('says what is wrong with %j, and ends', (flags, message) =>
    inFolder(async (start) => {
      const ledger = start([...anyPort, '--http', ...flags])
      expect((await ledger.ended).code).toBe(1)
      expect(ledger.stderr()).toContain(message)
      expect(ledger.stderr()).not.toContain('hush')
      expect(ledger.stderr()).not.toMatch(/^ +at /m)
      expect(ledger.stdout()).toBe('')
    }),
  )

  it('says so when the port is taken, or the database cannot be opened', () =>
    inFolder(async (start, folder) => {
      const first = start([...anyPort, '--http', '--store', 'memory:'])
      const { port } = new URL(await first.ready)
      const second = start(['--http', '--store', 'memory:', '--port', port])
      expect((await second.ended).code).toBe(1)
      expect(second.stderr()).toContain('EADDRINUSE')
      await mkdir(join(folder, 'broken'))
      await writeFile(join(folder, 'broken/ledger.db'), 'this is no database, but long enough to look like a header of one'.repeat(20))
      const third = start([...anyPort, '--http', '--store', 'sqlite:broken/ledger.db'])
      expect((await third.ended).code).toBe(1)
      expect(third.stderr()).toContain('broken/ledger.db')
    }))
})

describe('stopping the ledger', { timeout: 60_000 }, () => {
  it.each(['node', 'express', 'fastify', 'hono'])('lets running calls finish on %s, takes no others, and exits with 0', (adapter) =>
    inFolder(async (start) => {
      const ledger = start([...anyPort, '--http', '--test-hooks', '--adapter', adapter])
      const client = createClient(await ledger.ready)
      const [ann, ben] = [await client.openWallet('10.00'), await client.openWallet()]
      await client.post('/_test/fault', { method: 'POST', path: '/transfers', kind: 'delay', ms: 1_000 })
      const running = client.post('/transfers', order(ann, ben, '1.00'), { key: 'last' })
      await expect.poll(async () => (await client.get('/.well-known/idempotency/last')).text).toContain('"state":"running"')
      ledger.child.kill('SIGTERM')
      const isRefused = () =>
        fetch(`${client.url}/healthz`, { headers: { connection: 'close' } }).then(
          () => false,
          () => true,
        )
      await expect.poll(isRefused, { timeout: 10_000 }).toBe(true)
      expect((await running).status).toBe(201)
      expect(await ledger.ended).toEqual({ code: 0, signal: null })
      expect(ledger.stderr()).toBe('')
    }),
  )
})

function fetchSecurely(url: string, ca: string | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(`${url}/readyz`, { ca, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}
