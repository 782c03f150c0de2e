// One process of several that share a file. Its arguments: what to do, and the path. It writes one line for each thing it knows.
import { once } from 'node:events'
import { sqlite } from '../../src/stores/sqlite/index.ts'
import type { SqliteDatabase } from '../../src/stores/sqlite/index.ts'

const [task = '', path = '', name = ''] = process.argv.slice(2)
const store = sqlite(path, { busyTimeoutMs: 20_000 })
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const claim = (id: string, owner: string) =>
  ({
    id,
    owner,
    scope: 'account',
    fingerprint: 'f',
    leaseMs: 30_000,
    onOrphan: 'unknown',
    unknownRetentionMs: 3_600_000_000,
    retentionMs: 3_600_000,
  }) as const

/** Adds two rows which only ever appear together, and records the answer. */
async function effect(id: string, owner: string): Promise<string> {
  const { kind } = await store.idempotency.transact!(claim(id, owner), async ({ transaction }) => {
    const insert = (transaction as SqliteDatabase).prepare('INSERT INTO effects (key, half) VALUES (?, ?)')
    insert.run(id, 1)
    await Promise.resolve()
    insert.run(id, 2)
    return { commit: new TextEncoder().encode(id), retentionMs: 3_600_000 }
  })
  return kind
}

/** Keeps 16 calls going until it is killed; says which keys it was told to be committed. */
async function load(): Promise<void> {
  let next = 0
  const caller = async (): Promise<void> => {
    for (;;) {
      const id = `${name}-${next++}`
      say(`started ${id}`)
      await effect(id, id)
      say(`committed ${id}`)
    }
  }
  await Promise.all(Array.from({ length: 16 }, caller))
}

/** Sends every key several times, in another order than the other processes. */
async function race(): Promise<void> {
  const keys = Array.from({ length: 20 }, (_, index) => `k${(index * 7 + Number(name) * 5) % 20}`)
  const calls = [...keys, ...keys, ...keys].map((key, index) => effect(key, `${name}-${index}`))
  const kinds = await Promise.all(calls)
  say(`ran ${kinds.filter((kind) => kind === 'committed').length}`)
  say(`replayed ${kinds.filter((kind) => kind === 'done').length}`)
}

/** Writes for a while without a pause; says how often. */
async function contend(): Promise<void> {
  const end = Date.now() + 1500
  let writes = 0
  const caller = async (): Promise<void> => {
    for (; Date.now() < end; writes++) await store.write((db) => db.prepare('INSERT INTO effects (key, half) VALUES (?, 1)').run(name))
  }
  await Promise.all(Array.from({ length: 32 }, caller))
  say(`wrote ${writes}`)
}

/** Holds the write lock until it is told to stop. */
async function hold(): Promise<void> {
  await store.write(async () => {
    say('holding')
    await once(process.stdin, 'data')
  })
}

const dayMs = 86_400_000
const meter = { kind: 'window', limit: 1_000, windowMs: 1_000 * dayMs, ceiling: 2_000 } as const
const takeOne = async (): Promise<boolean> =>
  (await store.limits.take([{ owner: 'everybody', counter: 'calls', meter, cost: 1, shadow: false }])).admitted

/** Asks for more than there is, many at once; says how many were admitted. */
async function limit(): Promise<void> {
  const admitted = await Promise.all(Array.from({ length: 600 }, takeOne))
  say(`admitted ${admitted.filter(Boolean).length}`)
}

/** Takes one after the other until it is killed; says of each that it has it. */
async function takeUntilKilled(): Promise<void> {
  for (let taken = 0; taken < 900; taken++) {
    await takeOne()
    say(`taken ${taken}`)
  }
  await once(process.stdin, 'data')
}

say('ready')
if (!['hold', 'load', 'takeUntilKilled'].includes(task)) await once(process.stdin, 'data')
const tasks = new Map(Object.entries({ load, race, contend, hold, limit, takeUntilKilled }))
await tasks.get(task)?.()
process.stdin.destroy()
await store.close()
