/**
 * @typedef {object} Step
 * @property {string} name what --only takes
 * @property {string} title
 * @property {(vitestArgs: string[], resultFile: string) => string[][]} commands run one after the other; all must succeed
 */

/** @type {Step[]} */
export const steps = [
  { name: 'format', title: 'format check', commands: () => [['oxfmt', '--check']] },
  { name: 'build', title: 'build', commands: () => [['node', 'scripts/build.mjs']] },
  // After the build: the types of a workspace that uses the library by name come from there.
  { name: 'lint', title: 'lint, import rules, unused code', commands: () => [['oxlint', '--type-aware'], ['knip']] },
  {
    name: 'types',
    title: 'types of tests, benchmarks and examples, those in comments too; type tests',
    commands: () => [
      ['tsc', '-p', 'tsconfig.test.json'],
      ['node', 'scripts/examples.mjs'],
      ['tsc', '-p', 'tsconfig.examples.json'],
    ],
  },
  {
    name: 'unit',
    title: 'unit tests, store conformance, scenarios',
    commands: (vitestArgs, resultFile) => [
      ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${resultFile}`, ...vitestArgs],
    ],
  },
  {
    name: 'package',
    title: 'package checks: publint, types of every subpath, size',
    commands: () => [
      ['publint', 'run', 'packages/holdfast', '--strict'],
      ['attw', '--pack', 'packages/holdfast', '--profile', 'esm-only', '--no-definitely-typed'],
      ['publint', 'run', 'packages/gateway', '--strict'],
      ['node', 'scripts/bundle.mjs'],
      ['size-limit'],
    ],
  },
]

/**
 * Takes `--only a,b` and `--help`; everything else goes to vitest.
 *
 * @param {string[]} args
 * @returns {{ help: boolean, problem: string | undefined, only: string[] | undefined, vitestArgs: string[] }}
 */
export function parseTestArguments(args) {
  const vitestArgs = []
  let only
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === '--help' || arg === '-h') return { help: true, problem: undefined, only, vitestArgs }
    if (arg === '--only' || arg.startsWith('--only='))
      only = (arg === '--only' ? (args[++index] ?? '') : arg.slice('--only='.length)).split(',')
    else vitestArgs.push(arg)
  }
  const names = steps.map((step) => step.name)
  const unknown = only?.find((name) => !names.includes(name))
  const problem = unknown === undefined ? undefined : `--only: there is no step "${unknown}"; there are ${names.join(', ')}`
  return { help: false, problem, only, vitestArgs }
}

export function usage() {
  const lines = steps.map((step) => `  ${step.name.padEnd(8)} ${step.title}`)
  return `npm test [-- [--only step,...] [arguments of vitest]]

Steps:
${lines.join('\n')}

npm test -- --only unit packages/holdfast/src/core -t "replays"
`
}
