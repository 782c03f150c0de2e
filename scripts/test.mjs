// npm test: every check of this repository, on a fresh clone too
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseTestArguments, steps, usage } from './steps.mjs'
import { countTests, lastLine } from './summary.mjs'
import { ensureInstalled, root, toolEnvironment } from './install.mjs'

const { help, problem, only, vitestArgs } = parseTestArguments(process.argv.slice(2))
if (help || problem !== undefined) {
  process.stderr.write(`${problem === undefined ? '' : `${problem}\n\n`}${usage()}`)
  process.exit(problem === undefined ? 0 : 2)
}

try {
  ensureInstalled()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-results-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const resultFile = join(folder, 'vitest.json')

const results = steps
  .filter((step) => only === undefined || only.includes(step.name))
  .map((step) => {
    console.log(`\n=== ${step.title}`)
    const startedAt = performance.now()
    // All of them, so that one run shows everything there is to repair.
    const succeeded = step
      .commands(vitestArgs, resultFile)
      .map((command) => succeeds(command))
      .every(Boolean)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`=== ${step.name}: ${succeeded ? 'passed' : 'FAILED'} in ${seconds} s`)
    return { step, succeeded, seconds }
  })

console.log('\n=== summary')
for (const { step, succeeded, seconds } of results) {
  console.log(`${succeeded ? 'passed' : 'FAILED'}  ${seconds.padStart(6)} s  ${step.name.padEnd(8)} ${step.title}`)
}

const tests = countTests(readResult())
const failedSteps = results.filter(({ step, succeeded }) => !succeeded && step.name !== 'unit').length
const unitFailed = results.some(({ step, succeeded }) => !succeeded && step.name === 'unit')
const total = { ...tests, failed: (unitFailed ? Math.max(tests.failed, 1) : tests.failed) + failedSteps }
console.log(lastLine(total))
process.exitCode = total.failed > 0 ? 1 : 0

function succeeds([command, ...args]) {
  // Tests start hundreds of processes, and each would compile the same files anew.
  const env = toolEnvironment({ NODE_COMPILE_CACHE: join(folder, 'compiled') })
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error !== undefined) console.log(`${command} could not be started: ${error.message}`)
  return status === 0
}

function readResult() {
  try {
    return JSON.parse(readFileSync(resultFile, 'utf8'))
  } catch {
    return undefined
  }
}
