import type { Grid } from '../harness/grid.ts'
import type { Table } from '../harness/report.ts'
import type { StartOptions } from '../harness/server-process.ts'

/** What the command line says about how to measure. */
export interface PartOptions extends StartOptions {
  /** Replaces each part's own number of rounds. */
  readonly rounds: number | undefined
  /** Random schedules of each kind, for the part that tries bounds. */
  readonly schedules: number
}

/** Measures one thing. */
export interface Part {
  readonly name: string
  readonly title: string
  run(options: PartOptions): Promise<readonly (Table | Grid)[]>
}
