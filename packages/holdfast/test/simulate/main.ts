import { parseArgs } from 'node:util'
import { mutants } from './mutants.ts'
import { simulate } from './simulate.ts'

const help = `Simulates retrying callers, a faulty network, processes that die and stores that go away, in virtual time under a seed,
and checks the histories: each acknowledged call exactly once, equal answers for a key, no ghost.

  npm run --silent simulate -- [--seed N] [--calls N] [--mutant NAME] [--json]

  --seed N        what chance grows from [1]; the same seed gives the same history
  --calls N       how many logical calls [50000]
  --mutant NAME   plants a bug, which must turn the run red: ${Object.keys(mutants).join(', ')}
  --json          prints one JSON object

Exit code: 0 without violations, 1 with, 2 for wrong arguments.
`

const shownViolations = 10

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      calls: { type: 'string', default: '50000' },
      mutant: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(help)
    return 0
  }
  const seed = wholeNumber('seed', values.seed)
  const calls = wholeNumber('calls', values.calls)
  const mutant = values.mutant === undefined ? undefined : mutants[values.mutant]
  if (values.mutant !== undefined && mutant === undefined)
    throw new TypeError(`--mutant: expected one of ${Object.keys(mutants).join(', ')}, got ${values.mutant}`)

  const startedAt = performance.now()
  const onProgress = (done: number): void => void (process.stderr.isTTY && process.stderr.write(`\r${done} of ${calls} calls`))
  const result = await simulate({ seed, calls, mutant, onProgress })
  if (process.stderr.isTTY) process.stderr.write('\r')
  const seconds = Math.round(performance.now() - startedAt) / 1_000
  const { faults, violations, history } = result
  if (values.json) {
    const findings = violations.slice(0, shownViolations)
    process.stdout.write(
      `${JSON.stringify({ seed, calls, faults, violations: violations.length, history, mutant: values.mutant ?? null, mutants: Object.keys(mutants), seconds, findings })}\n`,
    )
  } else {
    process.stdout.write(
      `seed ${seed}: ${calls} calls, ${faults} faults, ${violations.length} violations in ${seconds} s\nhistory ${history}\n`,
    )
    for (const { rule, detail, world } of violations.slice(0, shownViolations))
      process.stdout.write(`  ${rule}: ${detail}, in world ${world}\n`)
  }
  return violations.length > 0 ? 1 : 0
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name}: expected a whole number from 0, got ${text}`)
  return value
}

try {
  process.exitCode = await main()
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 2
}
