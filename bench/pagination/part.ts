import type { Table } from '../harness/report.ts'

/** What the command line says about how to measure. */
export interface PartOptions {
  /** Page sizes that are walked. */
  readonly sizes: readonly number[]
  /** Of writers' choices, and of where exports are cut. */
  readonly seed: number
  /** Replaces the number of rows of `depth` and `export`. */
  readonly rows: number | undefined
}

/** Measures one thing. */
export interface Part {
  readonly name: string
  readonly title: string
  /** Whether a missed target is a broken promise, which no busy machine excuses: the exit code tells. */
  readonly isPromise: boolean
  run(options: PartOptions): Promise<Table[]>
}
