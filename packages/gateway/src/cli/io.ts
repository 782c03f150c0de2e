/** What a command reads and writes, so that tests need no process. */
export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: Output
  readonly stderr: Output
}

/** The part of a terminal or file that commands use. */
export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
}

/** A mistake in how a command was called; ends the program with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something outside the program stopped it, such as a file that cannot be read; ends it with exit code 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
