import { createReply } from 'holdfast'
import type { List, Page, Reply } from 'holdfast'
import { checkPlans, sqlList } from 'holdfast/pagination'
import type { RowsReader, SqlList } from 'holdfast/pagination'
import type { Database, LedgerDatabase, Row, Value } from './database/database.ts'
import { toJson } from './json.ts'

/** A query without order and limit, and its values. */
export interface ListSource {
  readonly text: string
  readonly values: readonly Value[]
}

/** A list of the ledger's, over its database. */
export interface LedgerList {
  reader(source: ListSource): RowsReader<Row>
  /** Warnings about sorts that no index serves. */
  check(source: ListSource, writer: Database): Promise<readonly { readonly message: string }[]>
}

/**
 * Binds a list to the ledger's database. `columns` are what rows have; the keys of sorts stay out.
 */
export function bindList(list: List, { read }: LedgerDatabase, columns: readonly string[]): LedgerList {
  const bound: SqlList = sqlList(list, { dialect: read.dialect, columns, placeholder: '$n' })
  return {
    reader: (source) => bound.reader<Row, Value>(source, (text, values) => read.query(text, values)),
    check: (source, writer) => checkPlans(bound, source, (text, values) => writer.query(text, values)),
  }
}

/** Conditions of a query, with the numbers of their values. */
export class Conditions {
  readonly values: Value[] = []
  readonly #texts: string[] = []

  /** @param text with `?` wherever the value stands */
  add(text: string, value: Value): this {
    this.values.push(value)
    this.#texts.push(text.replaceAll('?', `$${this.values.length}`))
    return this
  }

  get text(): string {
    return this.#texts.join(' AND ')
  }
}

/** Sends a page. */
export function pageReply(page: Page, items: readonly unknown[]): Reply {
  return createReply(200, { 'content-type': 'application/json' }, toJson(page.envelope(items)))
}
