import { parseArgs } from 'node:util'
import { chooseParts, readCount } from '../harness/arguments.ts'
import type { Part } from './part.ts'

/** What the command line asks for. */
export interface Arguments {
  readonly help: boolean
  readonly parts: readonly Part[]
  readonly rounds: number | undefined
  readonly json: boolean
}

/**
 * @throws Error saying which argument is wrong and what was expected
 */
export function readArguments(args: readonly string[], parts: readonly Part[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const rounds = values.rounds === undefined ? undefined : readCount('--rounds', values.rounds)
  return { help: values.help, parts: chooseParts(positionals, parts), rounds, json: values.json }
}

export function usage(parts: readonly Part[]): string {
  return `npm run bench -- client [part ...] [--rounds N] [--json]

Parts, all of them when none is named:
${parts.map(({ name, title }) => `  ${name.padEnd(9)} ${title}`).join('\n')}

--rounds N   how often the overhead of each client is measured, in turns with all others
--json       one JSON document instead of tables
`
}
