// npm run bench -- concurrency: what writers lose and wait for, and what preconditions cost calls that send none
import { cpus } from 'node:os'
import { progress } from '../harness/progress.ts'
import { hasMet, renderTable } from '../harness/report.ts'
import type { Table } from '../harness/report.ts'
import { readArguments, usage } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import type { Part } from './part.ts'
import { cost } from './parts/cost.ts'
import { postgres, sqlite } from './parts/writers.ts'

const parts: readonly Part[] = [sqlite, postgres, cost]

function parse(): Arguments {
  try {
    return readArguments(process.argv.slice(2), parts)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(parts)}`)
    process.exit(2)
  }
}

const { help, only, rounds, json } = parse()
if (help) {
  process.stdout.write(usage(parts))
  process.exit(0)
}

const startedAt = performance.now()
const tables: Table[] = []
for (const part of parts) {
  if (only !== undefined && !only.includes(part.name)) continue
  progress(`measuring ${part.title}`)
  tables.push(...(await part.run(rounds)))
}

const machine = { cores: cpus().length, node: process.version, platform: `${process.platform} ${process.arch}` }
const seconds = Math.round((performance.now() - startedAt) / 1000)
const judged = tables.map((table) => ({ ...table, rows: table.rows.map((row) => ({ ...row, met: hasMet(row) })) }))
if (json) console.log(JSON.stringify({ machine, seconds, tables: judged }, undefined, 2))
else {
  console.log(`${machine.cores} cores, Node ${machine.node}, ${machine.platform}\n`)
  console.log(tables.map((table) => renderTable(table)).join('\n\n'))
  console.log(`\n${seconds} s`)
}
