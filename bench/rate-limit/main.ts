// npm run bench -- rate-limit: what limits cost beside peers, and what they keep under callers who mean ill
import { cpus } from 'node:os'
import { renderGrid } from '../harness/grid.ts'
import type { Grid } from '../harness/grid.ts'
import { progress } from '../harness/progress.ts'
import { hasMet, renderTable } from '../harness/report.ts'
import type { Table } from '../harness/report.ts'
import { readArguments, usage } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import type { Part } from './part.ts'
import { adversary } from './parts/adversary.ts'
import { bounds } from './parts/bounds.ts'
import { flood } from './parts/flood.ts'
import { http } from './parts/http.ts'
import { memory } from './parts/memory.ts'
import { redis } from './parts/redis.ts'

const all: readonly Part[] = [memory, http, redis, flood, adversary, bounds]

function parse(): Arguments {
  try {
    return readArguments(process.argv.slice(2), all)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(all)}`)
    process.exit(2)
  }
}

const { help, json, parts, ...options } = parse()
if (help) {
  process.stdout.write(usage(all))
  process.exit(0)
}

const machine = { cores: cpus().length, node: process.version, platform: `${process.platform} ${process.arch}` }
if (!json) console.log(`${machine.cores} cores, Node ${machine.node}, ${machine.platform}`)
const startedAt = performance.now()
const tables: (Table | Grid)[] = []
for (const part of parts) {
  progress(`measuring ${part.title}`)
  const found = await part.run(options)
  // At once: the parts take minutes together.
  if (!json) for (const table of found) console.log(`\n${'rows' in table ? renderTable(table) : renderGrid(table)}`)
  tables.push(...found)
}

const seconds = Math.round((performance.now() - startedAt) / 1000)
const figures = tables.flatMap((table) => ('rows' in table ? table.rows : [])).map((row) => hasMet(row))
const met = figures.filter((figure) => figure === true).length
const missed = figures.filter((figure) => figure === false).length
if (json) {
  const judged = tables.map((table) =>
    'rows' in table ? { ...table, rows: table.rows.map((row) => ({ ...row, met: hasMet(row) })) } : table,
  )
  console.log(JSON.stringify({ machine, seconds, met, missed, tables: judged }, undefined, 2))
} else console.log(`\n${met} targets met, ${missed} missed, ${seconds} s`)
// Peers leave timers and connections behind.
process.exit(0)
