import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PolicyEvent } from 'holdfast'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { describeWithPostgres, describeWithRedis, startRedis } from '../../../test/servers/index.ts'
import { createClient } from './support/client.ts'
import type { Client } from './support/client.ts'
import { makeStore, startTestLedger } from './support/ledger.ts'
import type { TestLedger } from './support/ledger.ts'
import { inFolder } from './support/process.ts'

const few = ['--rate', '1', '--burst', '3']

async function start(limitsStore: string, flags: readonly string[] = few): Promise<TestLedger> {
  const ledger = await startTestLedger('node', 'memory', [...flags, '--limits-store', limitsStore])
  onTestFinished(() => ledger.stop())
  return ledger
}

const ask = (ledger: Client, as = 'key_alice'): Promise<number> => ledger.get('/wallets/none', { as }).then(({ status }) => status)

/** How many of twelve calls of an account pass that go to several ledgers in turn. `undefined`: this machine was too busy for the store. */
async function passed(ledgers: readonly Client[], as = 'key_alice'): Promise<number | undefined> {
  let wasAway = false
  const listen = (message: unknown): void => void (wasAway ||= (message as PolicyEvent).verdict === 'store-away')
  subscribe('holdfast:policy', listen)
  let count = 0
  for (let call = 0; call < 12; call++) count += (await ask(ledgers[call % ledgers.length] as Client, as)) === 404 ? 1 : 0
  unsubscribe('holdfast:policy', listen)
  return wasAway ? undefined : count
}

/** Two ledgers whose only common thing is where limits are kept. */
async function expectShared(limitsStore: string): Promise<void> {
  const ledgers = [await start(limitsStore), await start(limitsStore)]
  let count: number | undefined
  for (const account of ['key_alice', 'key_bob', 'key_admin']) count ??= await passed(ledgers, account)
  // Apart, they would admit six at least; a token comes each second.
  expect([3, 4, 5]).toContain(count)
}

describe('limits kept apart from the ledger', () => {
  it('are those of each process in memory', async () => {
    const ledgers = [await start('memory:'), await start('memory:')]
    expect(await passed(ledgers)).toBeGreaterThanOrEqual(6)
  })

  it('are shared by processes in a file of SQLite', async () => {
    const store = await makeStore('sqlite')
    onTestFinished(() => store.remove())
    await expectShared(store.url)
  })

  describeWithPostgres('with a server', () => {
    it('are shared by processes in Postgres', async () => {
      const store = await makeStore('postgres')
      onTestFinished(() => store.remove())
      await expectShared(store.url)
    })
  })

  it.each([
    ['memcached://x', '--limits-store: expected redis://'],
    ['redis://:hush@127.0.0.1:1', 'limits cannot be kept at redis://:***@127.0.0.1:1'],
    ['redis://:hush@127.0.0.1:1', 'ECONNREFUSED'],
    ['postgres://user:hush@127.0.0.1:1/x', 'limits cannot be kept at postgres://user:***@127.0.0.1:1/x'],
    ['sqlite:broken/limits.db', 'broken/limits.db'],
  ])('are refused at the start for %s, with the reason: %s', (url, message) =>
    inFolder(async (spawn, folder) => {
      await mkdir(join(folder, 'broken'))
      await writeFile(
        join(folder, 'broken/limits.db-limits'),
        'this is no database, but long enough to look like a header of one'.repeat(20),
      )
      const ledger = spawn(['--port', '0', '--http', '--store', 'memory:', '--limits-store', url])
      expect((await ledger.ended).code).toBe(1)
      expect(ledger.stderr()).toContain(message)
      expect(ledger.stderr()).not.toContain('hush')
      expect(ledger.stdout()).toBe('')
    }),
  )
})

describeWithRedis('limits kept in Redis', () => {
  it('are shared by processes', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    await expectShared(server.url)
    const client = new Redis(server.url)
    expect((await client.keys('ledger:meters:*alice*')).length).toBe(1)
    client.disconnect()
  })

  it('are refused on a server that drops keys', async () => {
    const server = await startRedis({ settings: { maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' } })
    onTestFinished(() => server.stop())
    await expect(startTestLedger('node', 'memory', ['--limits-store', server.url])).rejects.toThrow(
      /limits cannot be kept at .*redis-evicts-keys/,
    )
  })

  it(
    'go on in each process while it hangs or is gone, and are told once',
    () =>
      inFolder(async (spawn) => {
        const server = await startRedis()
        onTestFinished(() => server.stop())
        const flags = ['--port', '0', '--http', '--store', 'memory:', '--rate', '1', '--burst', '100', '--nodes', '2']
        const ledger = spawn([...flags, '--limits-store', server.url])
        const client = createClient(await ledger.ready)
        const lines = (): string[] => ledger.stderr().match(/^limits: .*$/gm) ?? []
        for (let call = 0; call < 10; call++) expect(await ask(client)).toBe(404)
        for (const [stop, back] of [
          ['pause', 'resume'],
          ['kill', 'restart'],
        ] as const) {
          const before = lines().length
          await server[stop]()
          const statuses: number[] = []
          for (let call = 0; call < 120; call++) statuses.push(await ask(client))
          expect(new Set(statuses)).toEqual(new Set([404, 429]))
          expect(lines().slice(before)).toEqual([expect.stringContaining('redis does not answer')])
          await server[back]()
          const isBack = async (): Promise<boolean> => (await ask(client), lines().at(-1) === 'limits: redis is back')
          await expect.poll(isBack, { timeout: 40_000 }).toBe(true)
        }
      }),
    120_000,
  )
})
