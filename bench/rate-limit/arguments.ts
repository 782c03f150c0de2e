import { parseArgs } from 'node:util'
import { chooseParts, readCount } from '../harness/arguments.ts'
import type { Part, PartOptions } from './part.ts'

/** What the command line asks for. */
export interface Arguments extends PartOptions {
  readonly help: boolean
  readonly json: boolean
  readonly parts: readonly Part[]
}

/**
 * @throws Error saying which argument is wrong and what was expected
 */
export function readArguments(args: readonly string[], all: readonly Part[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      rounds: { type: 'string' },
      schedules: { type: 'string', default: '20000' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  return {
    help: values.help,
    json: values.json,
    parts: chooseParts(positionals, all),
    rounds: values.rounds === undefined ? undefined : readCount('--rounds', values.rounds),
    schedules: readCount('--schedules', values.schedules),
    profileFolder: values.profile,
  }
}

export function usage(parts: readonly Part[]): string {
  return `npm run bench -- rate-limit [part...] [--rounds N] [--schedules N] [--json] [--profile FOLDER]

Parts, all of them when none is named:
${parts.map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join('\n')}

--rounds N        how often each thing is measured, in turns with all others of its part
--schedules N     random schedules of each kind in the part bounds, 20000 when not given
--json            one JSON document instead of tables
--profile FOLDER  leaves a CPU profile of each process there; the figures are worthless then
`
}
