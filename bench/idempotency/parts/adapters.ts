import type { Row } from '../../harness/report.ts'
import { ratios, spreadOf } from '../../harness/statistics.ts'
import { each, interleave, warmUp } from '../interleave.ts'
import type { Part } from '../part.ts'
import type { Framework, Guard } from '../server/spec.ts'
import { Subject } from '../subject.ts'

const frameworks: readonly Framework[] = ['node', 'express', 'fastify', 'hono']
const guards: readonly Guard[] = ['bare', 'pass', 'undeclared']
const names: Partial<Record<Guard, string>> = { bare: 'bare', pass: 'adapter alone', undeclared: 'API without this route' }
const connections = 32

/** What an adapter costs when nothing it serves has anything to do. */
export const adapters: Part = {
  name: 'adapters',
  title: 'adapters with no feature on',
  async run(options) {
    const specs = frameworks.flatMap((framework) => guards.map((guard) => ({ framework, guard })))
    const subjects = await Promise.all(
      specs.map(({ framework, guard }) =>
        Subject.start(`${framework}: ${guard}`, { framework, guard, storage: { kind: 'memory' } }, connections, options),
      ),
    )
    try {
      await warmUp(subjects)
      const measured = await interleave(subjects, { rounds: options.rounds ?? 30, requestsEach: 1_000 }, { withReplays: false })
      const cpu = measured.map(({ first }) => each(first, ({ cpuUs }) => cpuUs))
      const rows = specs.flatMap(({ framework, guard }, index): Row[] => {
        const row: Row = { name: `${framework}: ${names[guard]}`, measured: spreadOf(cpu[index] as number[]) }
        if (guard === 'bare') return [row]
        const bare = cpu[index - guards.indexOf(guard)] as number[]
        const added = bare.map((value, round) => ((cpu[index] as number[])[round] as number) - value)
        return [
          { ...row, ratio: spreadOf(ratios(bare, cpu[index] as number[])), ...(guard === 'pass' && { target: { atLeast: 0.97 } }) },
          { name: `${framework}: ${names[guard]} adds`, measured: spreadOf(added), ...(guard === 'pass' && { target: { atMost: 1 } }) },
        ]
      })
      return [
        {
          title: this.title,
          unit: 'us CPU a request',
          notes: ['ratio: CPU of the bare handler / CPU with the adapter, round by round'],
          rows,
        },
      ]
    } finally {
      await Promise.all(subjects.map((subject) => subject.stop()))
    }
  },
}
