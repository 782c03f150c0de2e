import { startRedis } from '../../../test/servers/redis.ts'
import type { Row, Table } from '../../harness/report.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import { each, interleave, warmUp } from '../interleave.ts'
import type { Part } from '../part.ts'
import type { Framework, Guard } from '../server/spec.ts'
import { Subject } from '../subject.ts'

interface Entry {
  readonly framework: Framework
  readonly guard: Guard
  readonly client: 'ioredis' | 'node-redis'
}

const frameworks: readonly Framework[] = ['express', 'fastify']
const entries: readonly Entry[] = frameworks.flatMap((framework) => [
  { framework, guard: 'bare', client: 'ioredis' },
  { framework, guard: 'holdfast', client: 'ioredis' },
  { framework, guard: 'holdfast', client: 'node-redis' },
  { framework, guard: 'node-idempotency', client: 'node-redis' },
  { framework, guard: 'two-sets', client: 'ioredis' },
  { framework, guard: 'two-sets', client: 'node-redis' },
])
const connections = 32

/** First calls and replays on Redis, beside the bare handler, beside a peer, and beside two plain commands. */
export const redis: Part = {
  name: 'redis',
  title: 'idempotency keys on Redis',
  async run(options) {
    const server = await startRedis()
    const subjects: Subject[] = []
    try {
      for (const entry of entries) {
        const storage = { kind: entry.client, url: server.url }
        subjects.push(await Subject.start(nameOf(entry), { framework: entry.framework, guard: entry.guard, storage }, connections, options))
      }
      for (const [index, subject] of subjects.entries()) if (isKeyed(entries[index] as Entry)) await subject.assertReplays()
      await warmUp(subjects)
      const measured = await interleave(subjects, { rounds: options.rounds ?? 15, requestsEach: 1_000 }, { withReplays: true })
      return (['first', 'replay'] as const).map((phase) =>
        table(
          phase,
          measured.map((found) => each(found[phase], ({ cpuUs }) => cpuUs)),
        ),
      )
    } finally {
      await Promise.all(subjects.map((subject) => subject.stop()))
      await server.stop()
    }
  },
}

function table(phase: 'first' | 'replay', cpu: readonly number[][]): Table {
  const rows = entries.flatMap((entry, index): Row[] => {
    // A replay needs one command, and the plain handler knows no replays.
    if (phase === 'replay' && entry.guard === 'two-sets') return []
    const own = cpu[index] as number[]
    const bare = cpu[entries.findIndex(({ framework }) => framework === entry.framework)] as number[]
    const row: Row = { name: nameOf(entry), measured: spreadOf(own) }
    if (entry.guard === 'bare') return [row]
    return [{ ...row, ratio: spreadOf(ratios(bare, own)), ...(entry.guard === 'holdfast' && { target: { atLeast: 0.75 } }) }]
  })
  const title = phase === 'first' ? 'Redis: first calls' : 'Redis: replays'
  return {
    title,
    unit: 'us CPU a request',
    notes: ['ratio: CPU of the bare handler of the same framework / CPU of this, round by round; both CPU times without the Redis server'],
    rows,
  }
}

function isKeyed({ guard }: Entry): boolean {
  return guard === 'holdfast' || guard === 'node-idempotency'
}

function nameOf({ framework, guard, client }: Entry): string {
  return guard === 'bare' ? `${framework}: bare` : `${framework}: ${guard}, ${client}`
}
