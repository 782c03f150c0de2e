// npm run bench -- pagination: what walks lose while others write, what a cursor and a page at depth cost, and what exports survive
import { cpus } from 'node:os'
import { progress } from '../harness/progress.ts'
import { hasMet, renderTable } from '../harness/report.ts'
import type { Table } from '../harness/report.ts'
import { readArguments, usage } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import type { Part } from './part.ts'
import { depth } from './parts/depth.ts'
import { exported } from './parts/export.ts'
import { seal } from './parts/seal.ts'
import { walk } from './parts/walk.ts'

const parts: readonly Part[] = [walk, seal, depth, exported]

function parse(): Arguments {
  try {
    return readArguments(process.argv.slice(2), parts)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(parts)}`)
    process.exit(2)
  }
}

const { help, parts: wanted, json, ...options } = parse()
if (help) {
  process.stdout.write(usage(parts))
  process.exit(0)
}

const startedAt = performance.now()
const tables: Table[] = []
let broken = 0
for (const part of wanted) {
  progress(`measuring ${part.title}`)
  const measured = await part.run(options)
  if (part.isPromise) broken += measured.flatMap(({ rows }) => rows).filter((row) => hasMet(row) === false).length
  tables.push(...measured)
}

const machine = { cores: cpus().length, node: process.version, platform: `${process.platform} ${process.arch}` }
const seconds = Math.round((performance.now() - startedAt) / 1000)
const judged = tables.map((table) => ({ ...table, rows: table.rows.map((row) => ({ ...row, met: hasMet(row) })) }))
if (json) console.log(JSON.stringify({ machine, seconds, broken, tables: judged }, undefined, 2))
else {
  console.log(`${machine.cores} cores, Node ${machine.node}, ${machine.platform}\n`)
  console.log(tables.map((table) => renderTable(table)).join('\n\n'))
  console.log(`\n${broken === 0 ? 'nothing promised was broken' : `${broken} PROMISES BROKEN`}, ${seconds} s`)
}
process.exitCode = broken === 0 ? 0 : 1
