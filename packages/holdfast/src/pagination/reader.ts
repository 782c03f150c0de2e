import type { PageOrder } from './decide.ts'
import type { KeyTuple } from './position.ts'
import type { Consistency } from './terms.ts'

/** One row, and the canonical texts of its sort keys. */
export interface KeyedRow<Row> {
  readonly row: Row
  readonly keys: KeyTuple
}

/** What a page asks of a reader. */
export interface RowsQuery extends PageOrder {
  readonly consistency: Consistency
  /** Of a snapshot: the value of its key that no row may be above. */
  readonly bound: string | undefined
  /** Milliseconds since the Unix epoch, for stores that have no clock of their own. */
  readonly now: number
}

/** How many rows there are. `atLeast`: counting stopped there, so as not to hold anything up. */
export interface Total {
  readonly value: number
  readonly kind: 'exact' | 'estimate' | 'atLeast'
}

/** Reads rows of one list, filtered for one caller: what a page is made of. */
export interface RowsReader<Row> {
  read(query: RowsQuery): Promise<readonly KeyedRow<Row>[]>
  /** The highest value of a key, for snapshots; `null` where there are no rows. */
  highest(query: RowsQuery): Promise<string | null>
  /** `undefined` when it cannot be told without holding the page up. */
  count(kind: 'estimate' | 'exact', query: RowsQuery): Promise<Total | undefined>
}
