import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres } from '../../../test/servers/postgres.ts'
import { Load } from '../../harness/load.ts'
import { progress } from '../../harness/progress.ts'
import type { Row, Table } from '../../harness/report.ts'
import { startProcess } from '../../harness/server-process.ts'
import type { ServerProcess } from '../../harness/server-process.ts'
import { spreadOf } from '../../harness/statistics.ts'
import type { Part } from '../part.ts'
import type { ServerSpec, Usage, WriteKind } from '../server/spec.ts'

const kinds: readonly WriteKind[] = ['compare-and-set', 'check-then-act']
const crowds = [8, 64]
const processes = 2
const updatesWanted = 512

/** What one round of writers came to. */
interface Round {
  readonly acknowledged: number
  readonly lost: number
  readonly conflicts: number
  readonly seconds: number
}

const reading = 'GET /counter HTTP/1.1\r\nhost: bench\r\n\r\n'

/** Reads, adds one, writes under the tag, and begins again after a conflict, until so many updates were acknowledged. */
async function write(load: Load, updates: number): Promise<number> {
  let conflicts = 0
  for (let done = 0; done < updates;) {
    const { lastAnswer } = await load.send([reading])
    const [, n = '0'] = /\{"n":(\d+)\}/.exec(lastAnswer) ?? []
    const [, tag = ''] = /\r\netag: *([^\r]+)/i.exec(lastAnswer) ?? []
    const body = `{"n":${Number(n) + 1}}`
    const { statuses } = await load.send([
      `PUT /counter HTTP/1.1\r\nhost: bench\r\nif-match: ${tag}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    ])
    if (statuses.has(200)) done += 1
    else if (statuses.has(412)) conflicts += 1
    else throw new Error(`a write was answered with ${[...statuses.keys()].join()}`)
  }
  return conflicts
}

async function run(servers: readonly ServerProcess[], writers: number): Promise<Round> {
  const ports = servers.map(({ ready }) => (ready as { port: number }).port)
  const loads = await Promise.all(Array.from({ length: writers }, (_, at) => Load.open(ports[at % ports.length] as number, 1)))
  try {
    await loads[0]?.send(['POST /counter HTTP/1.1\r\nhost: bench\r\ncontent-length: 0\r\n\r\n'])
    const each = Math.ceil(updatesWanted / writers)
    const startedAt = performance.now()
    const conflicts = (await Promise.all(loads.map((load) => write(load, each)))).reduce((sum, one) => sum + one, 0)
    const seconds = (performance.now() - startedAt) / 1000
    const { counter } = (await (servers[0] as ServerProcess).ask({ ask: 'usage' })) as Usage
    return { acknowledged: each * writers, lost: each * writers - counter, conflicts, seconds }
  } finally {
    for (const load of loads) load.close()
  }
}

async function compare(title: string, database: string, rounds: number): Promise<Table[]> {
  const start = async (kind: WriteKind): Promise<ServerProcess[]> => {
    const started: ServerProcess[] = []
    const spec: ServerSpec = { kind: 'counter', database, write: kind }
    // One after the other: CREATE TABLE IF NOT EXISTS fails in Postgres when two run at once.
    for (let at = 0; at < processes; at++)
      started.push(await startProcess(new URL('../server/main.ts', import.meta.url), spec, { profileFolder: undefined }))
    return started
  }
  const servers = new Map<WriteKind, readonly ServerProcess[]>()
  for (const kind of kinds) servers.set(kind, await start(kind))
  const measured = new Map<string, Round[]>()
  try {
    for (let round = -1; round < rounds; round++) {
      for (const writers of crowds) {
        for (const kind of kinds) {
          const done = await run(servers.get(kind) ?? [], writers)
          const name = `${writers} writers, ${kind}`
          // The first round is for the compiler.
          if (round >= 0) measured.set(name, [...(measured.get(name) ?? []), done])
        }
      }
      progress(`  round ${round + 1} of ${rounds}`)
    }
  } finally {
    for (const all of servers.values()) await Promise.all(all.map((server) => server.stop()))
  }
  const table = (what: string, unit: string, of: (round: Round) => number, target?: Row['target']): Table => ({
    title: `${title}: ${what}`,
    unit,
    notes: [],
    rows: [...measured].map(([name, all]) => ({
      name,
      measured: spreadOf(all.map(of)),
      ...(target !== undefined && name.endsWith('compare-and-set') && { target }),
    })),
  })
  return [
    table('lost updates', '% of acknowledged', ({ lost, acknowledged }) => (100 * lost) / acknowledged, { atMost: 0 }),
    table('updates kept', 'a second', ({ lost, acknowledged, seconds }) => (acknowledged - lost) / seconds),
    table('conflicts', 'an acknowledged update', ({ conflicts, acknowledged }) => conflicts / acknowledged),
  ]
}

/** Writers of one row in a SQLite file, in two processes. */
export const sqlite: Part = {
  name: 'sqlite',
  title: 'writers of one row in SQLite, two processes',
  async run(rounds = 5) {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
    try {
      return await compare('SQLite, durable, 2 processes', `sqlite:${join(folder, 'counter.db')}`, rounds)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Writers of one row in Postgres, in two processes. */
export const postgres: Part = {
  name: 'postgres',
  title: 'writers of one row in Postgres, two processes',
  async run(rounds = 5) {
    const server = await startPostgres({ durable: true })
    try {
      return await compare('Postgres, durable, 2 processes', server.url, rounds)
    } finally {
      await server.stop()
    }
  },
}
