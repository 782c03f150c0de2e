import { FlagError, help, parseFlags } from './flags.ts'
import { loadSecret } from './secret.ts'
import { startLedger } from './server.ts'
import { welcome } from './welcome.ts'

async function main(): Promise<void> {
  const options = parseFlags(process.argv.slice(2), process.env)
  if (options === undefined) return void process.stdout.write(help)
  const ledger = await startLedger(options, await loadSecret(process.env))
  console.log(`ledger ready ${ledger.url}`)
  console.log(welcome(ledger.url))

  const stop = (): void => void ledger.stop().then(() => process.exit(0), giveUp)
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
}

function giveUp(error: unknown): void {
  const message = error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error)
  console.error(error instanceof FlagError ? `${message}\nSee --help.` : `the ledger cannot go on: ${message}`)
  process.exit(1)
}

// A promise nobody awaits is a bug of ours; its calls keep their keys, so the process need not die of it.
process.on('unhandledRejection', (reason) => console.error('unhandled rejection:', reason))

main().catch(giveUp)
