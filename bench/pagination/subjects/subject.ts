import type { WalkOptions } from 'holdfast/testing'
import type { Nulls } from '../database/place.ts'

/** One way to give a list in pages. */
export interface Subject {
  readonly name: string
  /** Where this one puts NULL in an ascending sort: each is judged by its own order. */
  readonly nulls: Nulls
  /** Pages of a sort. */
  pages(sort: string): WalkOptions['page']
}
