import type { Command } from 'commander'
import { analyzeCommand } from '../analyze/command.ts'
import { versionsCommand } from '../versions/command.ts'
import type { Io } from './io.ts'

/** One subcommand of `holdfast`. */
export interface CliCommand {
  readonly name: string
  readonly summary: string
  /** Declares arguments and options, and what runs. */
  configure(command: Command, io: Io): void
}

/** Every subcommand, in the order in which `holdfast --help` lists them. */
export const commands: readonly CliCommand[] = [analyzeCommand, versionsCommand]
