import type { Command } from 'commander'
import type { Io } from '../cli/io.ts'
import { runCheck } from './check.ts'
import type { CheckFlags } from './check.ts'
import { runList } from './list.ts'
import { runReport } from './report.ts'
import type { ReportFlags } from './report.ts'
import { runRetire } from './retire.ts'
import type { RetireFlags } from './retire.ts'

const examples = `
Examples:
  holdfast versions list ./src/versions.ts
  holdfast versions check ./src/versions.ts --published openapi
  holdfast versions check ./src/versions.ts --published openapi --publish --title Ledger
  holdfast versions report ./src/versions.ts --store sqlite:ledger.db --days 90
  holdfast versions retire ./src/versions.ts 2025-01-15 --after 2027-06-01 --store postgres://...

<module> is a file that exports what defineVersions made, under any name.
Exit codes: 0 fine, 1 a caller would break, a version is in use, or something could not be read, 2 called wrongly.
`

/** `holdfast versions`: what the versions of an API are, whether they keep what was published, who uses them, and their end. */
export const versionsCommand = {
  name: 'versions',
  summary: 'list, check, report and retire the versions of an API',
  configure(command: Command, io: Io): void {
    command.description('Looks after the versions of an API.').addHelpText('after', examples)
    command
      .command('list')
      .summary('every version, its state and what it changed')
      .argument('<module>', 'file that exports the versions')
      .option('--json', 'write JSON')
      .action((module: string, flags: { json?: boolean }) => runList(module, flags, io))
    command
      .command('check')
      .summary('compare with published documents, and try every change with generated samples')
      .argument('<module>', 'file that exports the versions')
      .requiredOption('--published <folder>', 'folder of the published documents, one <version>.json each')
      .option('--publish', 'write documents that are not there yet; those that are there are never touched')
      .option('--title <title>', 'title of documents that are written (default: API)')
      .option('--samples <count>', 'samples for each change and shape (default: 100)')
      .option('--seed <number>', 'the same seed tries the same samples (default: 1)')
      .option('--json', 'write JSON')
      .action((module: string, flags: CheckFlags) => runCheck(module, flags, io))
    command
      .command('report')
      .summary('who calls which version, and how far each could move without noticing')
      .argument('<module>', 'file that exports the versions')
      .requiredOption('--store <url>', 'store of the API: sqlite:PATH or postgres://...')
      .option('--version <version>', 'this version alone')
      .option('--days <days>', 'calls of so many days (default: 90)')
      .option('--json', 'write JSON')
      .action((module: string, flags: ReportFlags) => runReport(module, flags, io))
    command
      .command('retire')
      .summary('have a version refused from a day on, unless someone called it lately')
      .argument('<module>', 'file that exports the versions')
      .argument('<version>', 'the version to retire')
      .option('--after <date>', 'from when on it is refused: an ISO date or time; needed unless it is taken back')
      .requiredOption('--store <url>', 'store of the API: sqlite:PATH or postgres://...')
      .option('--idle-days <days>', 'nobody may have called it for so many days (default: 30)')
      .option('--exempt <accounts>', 'accounts that may still call, separated by commas; brownouts spare them')
      .option('--force', 'retire it whoever still calls')
      .option('--undo', 'take the retirement back')
      .action((module: string, version: string, flags: RetireFlags) => runRetire(module, version, flags, io))
  },
}
