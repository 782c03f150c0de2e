import { Command, CommanderError } from 'commander'
import { isHoldfastError } from 'holdfast'
import { commands } from './commands.ts'
import { CommandError, UsageError } from './io.ts'
import type { Io } from './io.ts'

/**
 * Runs one call of `holdfast` and tells its exit code: 0 fine, 1 something could not be done, 2 it was called wrongly.
 *
 * @param args what follows the program's name
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const program = new Command('holdfast')
    .description('The command line of Holdfast: HTTP APIs that keep their promises.')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false })
  quiet(program, io)
  for (const { name, summary, configure } of commands) {
    const command = program.command(name).summary(summary)
    quiet(command, io)
    configure(command, io)
  }
  if (args.length === 0) {
    io.stderr.write(program.helpInformation())
    return 2
  }
  try {
    await program.parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    return exitCode(error, io)
  }
}

/** Commander would end the process by itself. */
function quiet(command: Command, io: Io): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => io.stdout.write(text),
    writeErr: (text) => io.stderr.write(text),
    getOutHelpWidth: () => 120,
    getErrHelpWidth: () => 120,
  })
}

function exitCode(error: unknown, io: Io): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  // A store that is away is not a mistake in the call.
  if (error instanceof CommandError || (isHoldfastError(error) && error.code === 'store-unavailable')) {
    io.stderr.write(`holdfast: ${error.message}\n`)
    return 1
  }
  if (error instanceof UsageError || isHoldfastError(error)) {
    io.stderr.write(`holdfast: ${error.message}\n`)
    return 2
  }
  throw error
}
