// npm run bench -- oasdiff CHECKOUT: our check of documents beside the verdicts that oasdiff's own tests state for its samples
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareDocuments } from 'holdfast/versioning/check'
import { parse } from 'yaml'
import { reasonFor } from './reasons.ts'
import { readSamples } from './samples.ts'
import type { Verdict } from './samples.ts'

const usage = `npm run bench -- oasdiff CHECKOUT [--all] [--json]

Compares each pair of documents that oasdiff publishes as a sample, and prints our worst finding beside the worst that oasdiff's tests state for it. Nothing of
oasdiff runs: its verdicts are read from its tests and rules. CHECKOUT is a folder with its repository (https://github.com/oasdiff/oasdiff).

--all   prints pairs on which both agree, too
--json  one JSON document instead of a table

The exit code is 1 when a difference is not explained.
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
})
if (values.help === true) {
  process.stdout.write(usage)
  process.exit(0)
}
const [checkout] = positionals
if (checkout === undefined || !existsSync(join(checkout, 'checker', 'rules.go'))) {
  process.stderr.write(`expected a folder with oasdiff's repository, got ${checkout ?? 'nothing'}\n\n${usage}`)
  process.exit(2)
}

interface Compared {
  readonly name: string
  readonly theirs: Verdict
  readonly ids: readonly string[]
  readonly ours: Verdict | 'not readable'
  readonly rules: readonly string[]
  readonly why: string | undefined
}

function check(before: string, after: string): Pick<Compared, 'ours' | 'rules'> {
  const read = (path: string) => parse(readFileSync(join(checkout as string, path), 'utf8')) as Parameters<typeof compareDocuments>[0]
  const documents = [read(before), read(after)] as const
  try {
    const found = compareDocuments(...documents)
    const worst = (['error', 'warning'] as const).find((level) => found.some((one) => one.level === level)) ?? 'nothing'
    return { ours: worst, rules: [...new Set(found.map(({ rule }) => rule))] }
  } catch {
    return { ours: 'not readable', rules: [] }
  }
}

const compared = readSamples(checkout).map((sample): Compared => {
  const { ours, rules } = check(sample.before, sample.after)
  const name = sample.before.replace(/^.*\/|\.[^.]*$/g, '')
  const outcome = { name, theirs: sample.verdict, ids: sample.ids, ours, rules }
  return { ...outcome, why: ours === sample.verdict ? undefined : reasonFor(outcome) }
})

const agreed = compared.filter(({ ours, theirs }) => ours === theirs)
const unexplained = compared.filter(({ ours, theirs, why }) => ours !== theirs && why === undefined)
if (values.json) console.log(JSON.stringify({ pairs: compared.length, agreed: agreed.length, compared }, undefined, 2))
else {
  for (const { name, theirs, ids, ours, rules, why } of compared) {
    if (ours === theirs && !values.all) continue
    console.log(`${ours === theirs ? 'same' : 'differs'}  ${name}`)
    console.log(`    oasdiff: ${theirs}${ids.length > 0 ? ` (${ids.join(', ')})` : ''}`)
    console.log(`    ours: ${ours}${rules.length > 0 ? ` (${rules.join(', ')})` : ''}`)
    if (ours !== theirs) console.log(`    why: ${why ?? 'NOT EXPLAINED'}`)
  }
  const groups = Map.groupBy(
    compared.filter(({ why }) => why !== undefined),
    ({ why }) => why as string,
  )
  console.log(
    `\n${compared.length} pairs: ${agreed.length} the same, ${compared.length - agreed.length - unexplained.length} explained, ${unexplained.length} not`,
  )
  for (const [why, pairs] of [...groups].toSorted(([, a], [, b]) => b.length - a.length))
    console.log(`  ${String(pairs.length).padStart(3)}  ${why}`)
}
process.exitCode = unexplained.length === 0 ? 0 : 1
