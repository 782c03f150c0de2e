import { parseArgs } from 'node:util'
import { readCount } from '../harness/arguments.ts'
import type { Part } from './part.ts'

/** What the command line asks for. */
export interface Arguments {
  readonly help: boolean
  readonly only: readonly string[] | undefined
  readonly rounds: number | undefined
  readonly json: boolean
}

/**
 * @throws Error saying which argument is wrong and what was expected
 */
export function readArguments(args: readonly string[], parts: readonly Part[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const only = values.only?.split(',')
  const stranger = only?.find((name) => !parts.some((part) => part.name === name))
  if (stranger !== undefined)
    throw new Error(`--only: there is no part "${stranger}"; there are ${parts.map(({ name }) => name).join(', ')}`)
  const rounds = values.rounds === undefined ? undefined : readCount('--rounds', values.rounds)
  return { help: values.help, only, rounds, json: values.json }
}

export function usage(parts: readonly Part[]): string {
  return `npm run bench -- concurrency [--only part,...] [--rounds N] [--json]

Parts:
${parts.map(({ name, title }) => `  ${name.padEnd(9)} ${title}`).join('\n')}

--rounds N   how often each thing is measured, in turns with all others of its part
--json       one JSON document instead of tables
`
}
