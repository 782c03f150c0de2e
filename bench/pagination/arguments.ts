import { parseArgs } from 'node:util'
import { chooseParts, readCount } from '../harness/arguments.ts'
import type { Part, PartOptions } from './part.ts'

/** What the command line asks for. */
export interface Arguments extends PartOptions {
  readonly help: boolean
  readonly parts: readonly Part[]
  readonly json: boolean
}

const everySize: readonly number[] = Array.from({ length: 50 }, (_, n) => n + 1)

/**
 * @throws Error saying which argument is wrong and what was expected
 */
export function readArguments(args: readonly string[], parts: readonly Part[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      sizes: { type: 'string' },
      seed: { type: 'string', default: '1' },
      rows: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  return {
    help: values.help,
    parts: chooseParts(positionals, parts),
    json: values.json,
    sizes: values.sizes?.split(',').map((size) => readCount('--sizes', size)) ?? everySize,
    seed: readCount('--seed', values.seed),
    rows: values.rows === undefined ? undefined : readCount('--rows', values.rows, 10_000),
  }
}

export function usage(parts: readonly Part[]): string {
  return `npm run bench -- pagination [part...] [--sizes N,...] [--seed N] [--rows N] [--json]

Parts; all of them without a name:
${parts.map(({ name, title }) => `  ${name.padEnd(7)} ${title}`).join('\n')}

--sizes N,...  page sizes that are walked [1 to 50]; 1,7,50 makes it short
--seed N       of the writers' choices, and of where exports are cut [1]
--rows N       rows of depth [100000] and export [1000000], from 10000; below a million, export is cut once
               for each 10000 rows instead of 100 times
--json         one JSON document instead of tables

The exit code is 1 when walks, pages at depth or exports of Holdfast break what is promised of them.
`
}
