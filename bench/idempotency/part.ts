import type { StartOptions } from '../harness/server-process.ts'
import type { Table } from '../harness/report.ts'

/** What the command line says about how to measure. */
export interface PartOptions extends StartOptions {
  /** Replaces each part's own number of rounds. */
  readonly rounds: number | undefined
}

/** Measures one thing. */
export interface Part {
  readonly name: string
  readonly title: string
  run(options: PartOptions): Promise<Table[]>
}
