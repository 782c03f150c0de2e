import type { Table } from '../harness/report.ts'

/** Measures one thing. */
export interface Part {
  readonly name: string
  readonly title: string
  /** @param rounds replaces the part's own number */
  run(rounds: number | undefined): Promise<Table[]>
}
