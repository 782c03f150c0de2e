// npm run bench -- client: what clients do when servers fail, and what they cost when nothing does
import { cpus } from 'node:os'
import { progress } from '../harness/progress.ts'
import { readArguments, usage } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import type { Part, Report } from './part.ts'
import { matrix } from './parts/matrix.ts'
import { overhead } from './parts/overhead.ts'

const all: readonly Part[] = [matrix, overhead]

function parse(): Arguments {
  try {
    return readArguments(process.argv.slice(2), all)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(all)}`)
    process.exit(2)
  }
}

const { help, parts, rounds, json } = parse()
if (help) {
  process.stdout.write(usage(all))
  process.exit(0)
}

const startedAt = performance.now()
const reports: Record<string, Report> = {}
for (const part of parts) {
  progress(`measuring ${part.title}`)
  reports[part.name] = await part.run(rounds)
}

const machine = { cores: cpus().length, node: process.version, platform: `${process.platform} ${process.arch}` }
const seconds = Math.round((performance.now() - startedAt) / 1000)
const text = json
  ? JSON.stringify(
      { machine, seconds, ...Object.fromEntries(Object.entries(reports).map(([name, { data }]) => [name, data])) },
      undefined,
      2,
    )
  : [
      `${machine.cores} cores, Node ${machine.node}, ${machine.platform}`,
      ...Object.values(reports).map((report) => report.text),
      `${seconds} s`,
    ].join('\n\n')
// Some clients leave timers behind that would keep this process for an hour.
process.stdout.write(`${text}\n`, () => process.exit(0))
