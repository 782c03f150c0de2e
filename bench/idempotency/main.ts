// npm run bench -- idempotency: ratios from interleaved rounds of one run, beside bare handlers and peers
import { cpus } from 'node:os'
import { progress } from '../harness/progress.ts'
import { hasMet, renderTable } from '../harness/report.ts'
import type { Table } from '../harness/report.ts'
import { readArguments, usage } from './arguments.ts'
import type { Arguments } from './arguments.ts'
import type { Part } from './part.ts'
import { adapters } from './parts/adapters.ts'
import { memory } from './parts/memory.ts'
import { postgres } from './parts/postgres.ts'
import { redis } from './parts/redis.ts'
import { sqlite } from './parts/sqlite.ts'
import { versions } from './versions.ts'

const parts: readonly Part[] = [memory, redis, sqlite, postgres, adapters]

function parse(): Arguments {
  try {
    return readArguments(
      process.argv.slice(2),
      parts.map(({ name }) => name),
    )
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage(parts)}`)
    process.exit(2)
  }
}

const { help, only, json, rounds, profileFolder } = parse()
if (help) {
  process.stdout.write(usage(parts))
  process.exit(0)
}

const startedAt = performance.now()
const tables: Table[] = []
for (const part of parts) {
  if (only !== undefined && !only.includes(part.name)) continue
  progress(`measuring ${part.title}`)
  tables.push(...(await part.run({ rounds, profileFolder })))
}

const { length: cores } = cpus()
const machine = { cores, node: process.version, platform: `${process.platform} ${process.arch}`, versions: versions() }
const seconds = Math.round((performance.now() - startedAt) / 1000)
const figures = tables.flatMap(({ rows }) => rows).map((row) => hasMet(row))
const met = figures.filter((figure) => figure === true).length
const missed = figures.filter((figure) => figure === false).length
if (json) {
  const judged = tables.map((table) => ({ ...table, rows: table.rows.map((row) => ({ ...row, met: hasMet(row) })) }))
  console.log(JSON.stringify({ machine, seconds, met, missed, tables: judged }, undefined, 2))
} else {
  const of = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`)
  console.log(`${cores} cores, Node ${machine.node}, ${machine.platform}\n${of.join(', ')}\n`)
  console.log(tables.map((table) => renderTable(table)).join('\n\n'))
  console.log(`\n${met} targets met, ${missed} missed, ${seconds} s`)
}
