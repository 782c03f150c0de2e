import type { Row, Table } from '../../harness/report.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import { each, interleave, warmUp } from '../interleave.ts'
import type { Measured } from '../interleave.ts'
import type { Part } from '../part.ts'
import type { Framework, Guard } from '../server/spec.ts'
import { Subject } from '../subject.ts'

const guards: Record<Framework, readonly Guard[]> = {
  node: ['bare', 'holdfast'],
  express: ['bare', 'holdfast', 'node-idempotency', 'express-idempotency'],
  fastify: ['bare', 'holdfast', 'node-idempotency'],
  hono: ['bare', 'holdfast'],
}
const requestsEach = 1_000
const connections = 32
const targets = { first: { atLeast: 0.82 }, replay: { atLeast: 0.95 } } as const
type Phase = keyof typeof targets

/** First calls and replays on the memory store, beside the bare handler and beside peers. */
export const memory: Part = {
  name: 'memory',
  title: 'idempotency keys on the memory store',
  async run(options) {
    const specs = Object.entries(guards).flatMap(([framework, list]) => list.map((guard) => ({ framework: framework as Framework, guard })))
    const subjects = await Promise.all(
      specs.map(({ framework, guard }) =>
        Subject.start(`${framework}: ${guard}`, { framework, guard, storage: { kind: 'memory' } }, connections, options),
      ),
    )
    try {
      for (const [index, subject] of subjects.entries()) if (specs[index]?.guard !== 'bare') await subject.assertReplays()
      await warmUp(subjects)
      const measured = await interleave(subjects, { rounds: options.rounds ?? 20, requestsEach }, { withReplays: true })
      const find = (framework: Framework, guard: Guard): Measured =>
        measured[specs.findIndex((spec) => spec.framework === framework && spec.guard === guard)] as Measured
      return [table('first', find), table('replay', find), peersTable(find)]
    } finally {
      await Promise.all(subjects.map((subject) => subject.stop()))
    }
  },
}

type Find = (framework: Framework, guard: Guard) => Measured

function table(phase: Phase, find: Find): Table {
  const rows = Object.entries(guards).flatMap(([name, list]) =>
    list.map((guard): Row => {
      const cpu = cpuOf(find, name as Framework, guard, phase)
      const row: Row = { name: `${name}: ${guard}`, measured: spreadOf(cpu) }
      if (guard === 'bare') return row
      const ratio = spreadOf(ratios(cpuOf(find, name as Framework, 'bare', phase), cpu))
      return { ...row, ratio, ...(guard === 'holdfast' && { target: targets[phase] }) }
    }),
  )
  const title = phase === 'first' ? 'memory store: first calls' : 'memory store: replays'
  return {
    title,
    unit: 'us CPU a request',
    notes: ['ratio: CPU of the bare handler of the same framework / CPU with keys, round by round'],
    rows,
  }
}

function peersTable(find: Find): Table {
  const rows = (['first', 'replay'] as const).flatMap((phase) =>
    Object.entries(guards).flatMap(([framework, list]) =>
      list
        .filter((guard) => guard.endsWith('-idempotency'))
        .map((guard): Row => {
          const ratio = spreadOf(
            ratios(cpuOf(find, framework as Framework, guard, phase), cpuOf(find, framework as Framework, 'holdfast', phase)),
          )
          return { name: `${framework}, ${phase}: ${guard}`, ratio, ...(phase === 'first' && { target: { above: 1 } }) }
        }),
    ),
  )
  return {
    title: 'memory store: beside peers',
    unit: '',
    notes: ['ratio: CPU of the peer / CPU of holdfast, round by round; above 1 holdfast is ahead'],
    rows,
  }
}

function cpuOf(find: Find, framework: Framework, guard: Guard, phase: Phase): number[] {
  return each(find(framework, guard)[phase], ({ cpuUs }) => cpuUs)
}
