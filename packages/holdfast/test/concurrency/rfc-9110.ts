/** What one field says of the current representation; `-`: it is not sent. */
export interface Fields {
  /** `-`, `true`: names the current tag, `false`: names another. */
  readonly ifMatch: '-' | 'true' | 'false'
  /** `-`, `true`: not modified since, `false`: modified since. */
  readonly ifUnmodifiedSince: '-' | 'true' | 'false'
  /** `-`, `true`: names another tag, `false`: names the current one. */
  readonly ifNoneMatch: '-' | 'true' | 'false'
  /** `-`, `true`: modified since, `false`: not modified since. */
  readonly ifModifiedSince: '-' | 'true' | 'false'
}

export interface Row extends Fields {
  readonly method: 'GET' | 'PUT'
  readonly status: 200 | 304 | 412
}

/*
 * RFC 9110 section 13.2.2, read by hand and written down as a table, for a resource that is there. Across: If-None-Match (-, true, false) and, within each, If-Modified-Since
 * (-, true, false). Down: If-Match and If-Unmodified-Since. The four steps are not in here on purpose: only what comes of them.
 */
const table = `
If-Match  If-Unmod. | GET                                 | PUT
-         -         | 200 200 304  200 200 200  304 304 304 | 200 200 200  200 200 200  412 412 412
-         true      | 200 200 304  200 200 200  304 304 304 | 200 200 200  200 200 200  412 412 412
-         false     | 412 412 412  412 412 412  412 412 412 | 412 412 412  412 412 412  412 412 412
true      -         | 200 200 304  200 200 200  304 304 304 | 200 200 200  200 200 200  412 412 412
true      true      | 200 200 304  200 200 200  304 304 304 | 200 200 200  200 200 200  412 412 412
true      false     | 200 200 304  200 200 200  304 304 304 | 200 200 200  200 200 200  412 412 412
false     -         | 412 412 412  412 412 412  412 412 412 | 412 412 412  412 412 412  412 412 412
false     true      | 412 412 412  412 412 412  412 412 412 | 412 412 412  412 412 412  412 412 412
false     false     | 412 412 412  412 412 412  412 412 412 | 412 412 412  412 412 412  412 412 412
`

const said = ['-', 'true', 'false'] as const

/** All 162 rows: every combination of fields, of which 146 have two fields or more or none, and 16 a single one. */
export const rows: readonly Row[] = table
  .trim()
  .split('\n')
  .slice(1)
  .flatMap((line) => {
    const [head = '', ...cells] = line.split('|')
    const [ifMatch, ifUnmodifiedSince] = head.trim().split(/ +/) as [Row['ifMatch'], Row['ifUnmodifiedSince']]
    return cells.flatMap((cell, column) =>
      cell
        .trim()
        .split(/ +/)
        .map((status, at): Row => ({
          method: column === 0 ? 'GET' : 'PUT',
          ifMatch,
          ifUnmodifiedSince,
          ifNoneMatch: said[Math.floor(at / 3)] as Row['ifNoneMatch'],
          ifModifiedSince: said[at % 3] as Row['ifModifiedSince'],
          status: Number(status) as Row['status'],
        })),
    )
  })

/** How many fields a row sends. */
export function fieldsIn({ ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince }: Fields): number {
  return [ifMatch, ifUnmodifiedSince, ifNoneMatch, ifModifiedSince].filter((field) => field !== '-').length
}
