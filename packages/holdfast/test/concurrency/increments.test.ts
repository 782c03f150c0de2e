import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWithPostgres } from '../../../../test/servers/index.ts'
import { send } from '../adapters/client.ts'
import type { Spec } from './fixture/main.ts'

const program = fileURLToPath(new URL('fixture/main.ts', import.meta.url))
const [processes, writersEach, incrementsEach] = [2, 4, 25]
const wanted = processes * writersEach * incrementsEach

interface Result {
  readonly acknowledged: number
  readonly conflicts: number
  readonly kept: number
}

const results: Record<string, Result> = {}
afterAll(() => {
  const lines = Object.entries(results).map(
    ([name, { acknowledged, conflicts, kept }]) =>
      `${name.padEnd(30)} ${String(acknowledged).padStart(12)} ${String(kept).padStart(6)} ${String(acknowledged - kept).padStart(6)} ${String(conflicts).padStart(10)}`,
  )
  console.log(
    [
      `${processes * writersEach} writers x ${incrementsEach} increments, ${processes} processes  acknowledged   kept   lost  conflicts`,
      ...lines,
    ].join('\n'),
  )
})

async function start(spec: Spec): Promise<{ readonly port: number; stop(): void }> {
  const child = spawn(process.execPath, ['--no-warnings', program, JSON.stringify(spec)], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: Number(String(line)), stop: () => void child.stdin.end() }
}

/** Counts up until so many increments are acknowledged: reads, adds one, writes under the tag, and begins again after a conflict. */
async function countUp(port: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let conflicts = 0
  for (let done = 0; done < incrementsEach;) {
    const read = await send(port, { path: '/counter', agent })
    const { n } = JSON.parse(read.body.toString()) as { n: number }
    const body = JSON.stringify({ n: n + 1 })
    const written = await send(port, {
      method: 'PUT',
      path: '/counter',
      agent,
      body,
      headers: { 'if-match': String(read.headers.etag), 'content-type': 'application/json' },
    })
    expect([200, 412]).toContain(written.status)
    if (written.status === 200) done += 1
    else conflicts += 1
  }
  agent.destroy()
  return conflicts
}

async function race(spec: Spec, kept: () => Promise<number> | number): Promise<Result> {
  const servers = await Promise.all(Array.from({ length: processes }, () => start(spec)))
  try {
    const writers = servers.flatMap(({ port }) => Array.from({ length: writersEach }, () => countUp(port)))
    const conflicts = (await Promise.all(writers)).reduce((sum, one) => sum + one, 0)
    return { acknowledged: wanted, conflicts, kept: await kept() }
  } finally {
    for (const server of servers) server.stop()
  }
}

function scenarios(name: string, make: () => Promise<{ readonly spec: Omit<Spec, 'write'>; kept(): Promise<number> | number }>): void {
  it('keep every increment that was acknowledged, by compare-and-set [C4] [C5]', async () => {
    const { spec, kept } = await make()
    const result = await race({ ...spec, write: 'compare-and-set' }, kept)
    results[`${name}, compare-and-set`] = result
    expect(result.kept).toBe(wanted)
  }, 60_000)

  it('lose increments where the same handler compares first and writes then', async () => {
    const { spec, kept } = await make()
    const result = await race({ ...spec, write: 'check-then-act' }, kept)
    results[`${name}, check-then-act`] = result
    expect(result.kept).toBeLessThan(wanted)
  }, 60_000)
}

describe('writers in two processes over one SQLite file', () => {
  const folders: string[] = []
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })
  scenarios('SQLite', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-increments-'))
    folders.push(folder)
    const path = join(folder, 'counter.db')
    const database = new DatabaseSync(path)
    database.exec(
      'PRAGMA journal_mode = WAL; CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, version INTEGER NOT NULL); INSERT INTO counters VALUES (1, 0, 1)',
    )
    database.close()
    const kept = (): number => {
      const reader = new DatabaseSync(path)
      const { n } = reader.prepare('SELECT n FROM counters').get() as { n: number }
      reader.close()
      return n
    }
    return { spec: { database: `sqlite:${path}`, table: 'counters' }, kept }
  })
})

describeWithPostgres('writers in two processes over one Postgres database', (url) => {
  let pool: pg.Pool | undefined
  afterAll(() => pool?.end())
  scenarios('Postgres', async () => {
    pool ??= new pg.Pool({ connectionString: url, max: 2 })
    const own = pool
    const table = `counters_${randomBytes(5).toString('hex')}`
    await own.query(`CREATE TABLE ${table} (id integer PRIMARY KEY, n integer NOT NULL, version bigint NOT NULL)`)
    await own.query(`INSERT INTO ${table} VALUES (1, 0, 1)`)
    return { spec: { database: url, table }, kept: async () => (await own.query(`SELECT n FROM ${table}`)).rows[0].n as number }
  })
})
