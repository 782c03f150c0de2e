import { parseArgs } from 'node:util'
import { startPostgres } from '../../../../test/servers/postgres.ts'
import { drawDeaths, runDeaths } from '../outbox/kill.ts'
import { runChaos } from './chaos.ts'

const help = `Runs ledgers that are killed at random under load, and checks that every promise was kept.

Usage: npm run chaos -- [flags]
       npm run chaos -- outbox [--kills N] [--seed N] [--store NAME]

The second one kills a program with an outbox again and again, between commit, send and answer, and counts what a server behind Holdfast had of it.

  --kills N        how often the program is killed            [50]

  --seconds N      how long                                   [20]
  --seed N         which faults and kills                     [1]
  --store NAME     sqlite: or postgres: (a private server)    [sqlite:]
  --help           this text
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'sqlite:' },
    help: { type: 'boolean', default: false },
  },
})

async function killOutbox(): Promise<void> {
  const [kills, seed] = [Number(values.kills), Number(values.seed)]
  const server = values.store === 'postgres:' ? await startPostgres() : undefined
  const report = await runDeaths(server?.url ?? 'sqlite', drawDeaths(kills, seed), kills * 8, (death, count) =>
    process.stderr.write(`killed ${count} of ${kills}: ${typeof death === 'number' ? `after ${Math.round(death)} ms` : death}\n`),
  )
  await server?.stop()
  console.log(JSON.stringify(report, null, 2))
  process.exit(report.violations.length === 0 && report.kills > 0 ? 0 : 1)
}

async function run(): Promise<void> {
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)]
  if (!(seconds > 0) || !Number.isInteger(seed) || !['sqlite:', 'postgres:'].includes(values.store)) {
    process.stderr.write(help)
    process.exit(2)
  }
  const server = values.store === 'postgres:' ? await startPostgres() : undefined
  const report = await runChaos({ seed, seconds, store: server?.url ?? values.store, ...(server && { server }) })
  await server?.stop()
  console.log(JSON.stringify(report, null, 2))
  process.exit(report.violations.length === 0 ? 0 : 1)
}

const isOutbox = positionals.join() === 'outbox'
if (values.help) process.stdout.write(help)
else if ((positionals.length > 0 && !isOutbox) || !(Number(values.kills) > 0)) {
  process.stderr.write(help)
  process.exit(2)
} else if (isOutbox) await killOutbox()
else await run()
