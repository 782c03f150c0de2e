import { parseArgs } from 'node:util'
import { readCount } from '../harness/arguments.ts'

/** What the command line asks for. */
export interface Arguments {
  readonly help: boolean
  readonly only: readonly string[] | undefined
  readonly rounds: number | undefined
  readonly json: boolean
  readonly profileFolder: string | undefined
}

/**
 * @throws Error saying which argument is wrong and what was expected
 */
export function readArguments(args: readonly string[], parts: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      only: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  })
  const only = values.only?.split(',')
  const stranger = only?.find((name) => !parts.includes(name))
  if (stranger !== undefined) throw new Error(`--only: there is no part "${stranger}"; there are ${parts.join(', ')}`)
  const rounds = values.rounds === undefined ? undefined : readCount('--rounds', values.rounds)
  return { help: values.help, only, rounds, json: values.json, profileFolder: values.profile }
}

export function usage(parts: readonly { readonly name: string; readonly title: string }[]): string {
  return `npm run bench -- idempotency [--only part,...] [--rounds N] [--json] [--profile FOLDER]

Parts:
${parts.map(({ name, title }) => `  ${name.padEnd(9)} ${title}`).join('\n')}

--rounds N        how often each thing is measured, in turns with all others of its part
--json            one JSON document instead of tables
--profile FOLDER  leaves a CPU profile of each server there; the figures are worthless then
`
}
