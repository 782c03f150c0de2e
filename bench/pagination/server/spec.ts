import { defineList } from 'holdfast'
import type { List } from 'holdfast'

/** What a server process is to be. */
export interface ServerSpec {
  /** A file of SQLite that it makes. */
  readonly database: string
  readonly rows: number
}

/** What a process has in memory, and how many batches it has read. */
export interface Usage {
  readonly rssBytes: number
  readonly batches: number
}

/** The entries of a wallet, as the ledger exports them. */
export const entriesToExport: List = defineList({
  name: 'entries',
  keys: { seq: { type: 'integer' } },
  unique: 'seq',
  sorts: { default: ['seq'] },
  stream: true,
})
