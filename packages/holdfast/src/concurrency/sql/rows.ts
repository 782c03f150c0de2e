import { VersionConflict, expectationOf } from '../expectation.ts'
import type { Current, Expectation } from '../expectation.ts'
import { conditionText } from './condition.ts'
import { Values, quoted } from './sql.ts'
import type { Sql, SqlRow } from './sql.ts'

/** Which row, and how its version is kept. */
export interface RowTarget {
  readonly table: string
  /** What finds the row: its key, and the account it belongs to. */
  readonly key: Readonly<Record<string, unknown>>
  /** What the caller expects. @default that of the current call */
  readonly expected?: Expectation
  /** The version column. @default 'version' */
  readonly version?: string
  /** What comes back, as SQL: never from a caller. @default '*' */
  readonly returning?: string
  /**
   * A counter that all rows take their versions from: a sequence in Postgres, a table in SQLite (`counterTable`). Needed where a key may be used again after a
   * delete: with it no version is ever given twice, so an old tag never fits a new row.
   *
   * @default each row counts for itself: `version + 1`
   */
  readonly counter?: string
  /** What a 412 shows of a row to callers that ask for it, and may read it. */
  readonly represent?: (row: SqlRow) => unknown
}

/** A change of one row. */
export interface RowChange extends RowTarget {
  readonly set: Readonly<Record<string, unknown>>
  /** Counts the version up even when nothing changes. @default false */
  readonly alwaysBump?: boolean
  /** The column that remembers who wrote last, and what `lastWriteOf(call)` says of this call: a repeat whose answer was lost gets 200, not 412. */
  readonly lastWrite?: { readonly column: string; readonly value: string }
}

/** A row that was written, or was so already. */
export interface WrittenRow {
  readonly row: SqlRow
  /** `false`: nothing was written, and version and tag stay. */
  readonly changed: boolean
  /** The row already had this very change of the same caller's: an answer was lost. */
  readonly alreadyApplied: boolean
}

const versionAlias = 'holdfast_version'
const sameAlias = 'holdfast_same'

/** A row can only change between a write that did nothing and the look at why so often. */
const mostAttempts = 5

/**
 * Changes a row if it is in the state the caller expects: one statement, `UPDATE ... SET ..., version = version + 1 WHERE <key> AND version IN (<expected>)`. When it hits
 * nothing the row is read again, to tell a row that is not there, one that has changed, and one that holds the values already.
 *
 * @returns the row; `undefined` when nothing was written: answer as for a row that is not there, and Holdfast answers 412 where it is
 * @example
 * const done = await updateRow(fromPostgres(store.transaction()), { table: 'wallets', key: { id, account }, set: { nickname } })
 * if (done === undefined) return notFound()
 */
export async function updateRow(sql: Sql, change: RowChange): Promise<WrittenRow | undefined> {
  const { expected = expectationOf(), lastWrite } = change
  for (let attempt = 1; ; attempt++) {
    const [hit] = await sql.query(...(await updateStatement(sql, change, expected)))
    if (hit !== undefined) {
      await expected.settle([hit], () => undefined)
      return { row: withoutAliases(hit), changed: true, alreadyApplied: false }
    }
    const found = await findRow(sql, change)
    const current = found && toCurrent(change, found)
    if (found !== undefined && expected.admits(current) && attempt < mostAttempts) {
      // SQLite says 1 for true.
      if (!found[sameAlias]) continue
      expected.verify(current)
      return { row: withoutAliases(found), changed: false, alreadyApplied: false }
    }
    if (found !== undefined && lastWrite !== undefined && found[lastWrite.column] === lastWrite.value) {
      await expected.settle([found], () => undefined)
      return { row: withoutAliases(found), changed: false, alreadyApplied: true }
    }
    return expected.settle([], () => current)
  }
}

/**
 * Changes several rows, all or none: in the order of their keys, so that no two calls wait for each other, and in the transaction that `sql` is.
 *
 * @throws VersionConflict when one of them is not there or has changed; it must reach the transaction, so that it is undone
 * @example
 * await updateRows(sql, [{ table, key: { id: from }, set: { balance: a }, expected: expectTag(fromTag) }, { table, key: { id: to }, set: { balance: b }, expected: expectTag(toTag) }])
 */
export async function updateRows(sql: Sql, changes: readonly RowChange[]): Promise<WrittenRow[]> {
  const order = changes.map((change, index) => ({
    change,
    index,
    at: JSON.stringify([change.table, Object.values(change.key).map(String)]),
  }))
  order.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const written: WrittenRow[] = []
  for (const { change, index } of order) {
    const done = await updateRow(sql, change)
    if (done === undefined) throw new VersionConflict(`a row of ${change.table} is not in the state the caller expects`)
    written[index] = done
  }
  return written
}

/**
 * Adds a row if there is none with its key: one statement, of which only one of several at once succeeds.
 *
 * @returns the row; `undefined` when there was one, and Holdfast answers 412 where the caller sent If-None-Match: *
 * @example
 * const alias = await insertRow(sql, { table: 'aliases', key: { account, name }, set: { wallet } })
 */
export async function insertRow(sql: Sql, insert: RowTarget & { readonly set: RowChange['set'] }): Promise<SqlRow | undefined> {
  const { table, key, set, version = 'version', returning = '*', expected = expectationOf() } = insert
  const values = new Values()
  const columns = { ...key, ...set }
  const marks = Object.values(columns).map((value) => values.add(value))
  const first = await nextVersion(sql, insert, values, '1')
  // What is expected of a row that is not there yet is not for the statement to say, unless it must be there.
  const { presence } = expected.condition()
  if (presence === 'present') return expected.settle<SqlRow>([], () => undefined)
  const [row] = await sql.query(
    `INSERT INTO ${quoted(table)} (${[...Object.keys(columns), version].map(quoted).join(', ')}) VALUES (${[...marks, first].join(', ')})
     ON CONFLICT DO NOTHING RETURNING ${returning}`,
    values.list,
  )
  if (row !== undefined) return expected.settle([row], () => undefined)
  const found = await findRow(sql, insert)
  return expected.settle<SqlRow>([], () => found && toCurrent(insert, found))
}

/**
 * Deletes a row if it is in the state the caller expects.
 *
 * @returns the row as it was; `undefined` when nothing was deleted
 * @example
 * if ((await deleteRow(sql, { table: 'notes', key: { id, account }, counter: 'versions' })) === undefined) return notFound()
 */
export async function deleteRow(sql: Sql, target: RowTarget): Promise<SqlRow | undefined> {
  const { table, key, version = 'version', returning = '*', expected = expectationOf() } = target
  const values = new Values()
  const where = `${whereKey(key, values)} AND ${conditionText(expected, quoted(version), (value) => values.add(value))}`
  const rows = await sql.query(`DELETE FROM ${quoted(table)} WHERE ${where} RETURNING ${returning}`, values.list)
  return expected.settle(rows, async () => {
    const found = await findRow(sql, target)
    return found && toCurrent(target, found)
  })
}

/** The statements that make a counter. Run the one of your dialect once. */
export function counterTable(dialect: Sql['dialect'], counter: string): string {
  const name = quoted(counter)
  if (dialect === 'postgres') return `CREATE SEQUENCE IF NOT EXISTS ${name}`
  return `CREATE TABLE IF NOT EXISTS ${name} (one INTEGER PRIMARY KEY CHECK (one = 1), value INTEGER NOT NULL); INSERT OR IGNORE INTO ${name} VALUES (1, 0)`
}

async function updateStatement(sql: Sql, change: RowChange, expected: Expectation): Promise<[text: string, values: readonly unknown[]]> {
  const { table, key, set, version = 'version', returning = '*', alwaysBump = false, lastWrite } = change
  const values = new Values()
  const columns = Object.entries(set).map(([column, value]) => [quoted(column), values.add(value)] as const)
  const assignments = columns.map(([column, mark]) => `${column} = ${mark}`)
  if (lastWrite !== undefined) assignments.push(`${quoted(lastWrite.column)} = ${values.add(lastWrite.value)}`)
  assignments.push(`${quoted(version)} = ${await nextVersion(sql, change, values, `${quoted(version)} + 1`)}`)
  const conditions = [whereKey(key, values), conditionText(expected, quoted(version), (value) => values.add(value))]
  if (!alwaysBump)
    conditions.push(columns.length === 0 ? '1 = 0' : `(${columns.map((pair) => pair.join(' IS DISTINCT FROM ')).join(' OR ')})`)
  return [
    `UPDATE ${quoted(table)} SET ${assignments.join(', ')} WHERE ${conditions.join(' AND ')} RETURNING ${returning}, ${quoted(version)} AS ${versionAlias}`,
    values.list,
  ]
}

/** The SQL of a row's next version; SQLite has no sequences, but one writer, so that a table does as well. */
async function nextVersion(sql: Sql, { counter }: RowTarget, values: Values, otherwise: string): Promise<string> {
  if (counter === undefined) return otherwise
  if (sql.dialect === 'postgres') return `nextval('${quoted(counter)}')`
  const [row] = await sql.query(`UPDATE ${quoted(counter)} SET value = value + 1 RETURNING value`, [])
  return values.add(row?.['value'])
}

async function findRow(sql: Sql, target: RowTarget & Partial<RowChange>): Promise<SqlRow | undefined> {
  const { table, key, version = 'version', returning = '*', set = {}, lastWrite } = target
  const values = new Values()
  const same = Object.entries(set).map(([column, value]) => `${quoted(column)} IS NOT DISTINCT FROM ${values.add(value)}`)
  const last = lastWrite === undefined ? '' : `, ${quoted(lastWrite.column)}`
  const [row] = await sql.query(
    `SELECT ${returning}${last}, ${quoted(version)} AS ${versionAlias}, (${same.join(' AND ') || '1 = 1'}) AS ${sameAlias} FROM ${quoted(table)} WHERE ${whereKey(key, values)}`,
    values.list,
  )
  return row
}

function whereKey(key: RowTarget['key'], values: Values): string {
  return Object.entries(key)
    .map(([column, value]) => `${quoted(column)} = ${values.add(value)}`)
    .join(' AND ')
}

function toCurrent({ represent }: RowTarget, row: SqlRow): Current {
  return { state: row[versionAlias] as string, ...(represent !== undefined && { representation: represent(withoutAliases(row)) }) }
}

function withoutAliases(row: SqlRow): SqlRow {
  const { [versionAlias]: _version, [sameAlias]: _same, ...rest } = row
  return rest
}
