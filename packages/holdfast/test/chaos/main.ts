import { parseArgs } from 'node:util'
import { startPostgres } from '../../../../test/servers/postgres.ts'
import { runChaos } from './chaos.ts'

const help = `Runs ledgers that are killed at random under load, and checks that every promise was kept.

Usage: npm run chaos -- [flags]

  --seconds N      how long                                   [20]
  --seed N         which faults and kills                     [1]
  --store NAME     sqlite: or postgres: (a private server)    [sqlite:]
  --help           this text
`

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'sqlite:' },
    help: { type: 'boolean', default: false },
  },
})

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

if (values.help) process.stdout.write(help)
else await run()
