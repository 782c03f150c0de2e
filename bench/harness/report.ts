import type { Spread } from './statistics.ts'

/** What a figure must reach. */
export type Target = { readonly atLeast: number } | { readonly atMost: number } | { readonly above: number }

/** One measured thing. The target is about the ratio where there is one. */
export interface Row {
  readonly name: string
  readonly measured?: Spread
  readonly ratio?: Spread
  readonly target?: Target
}

/** Everything one part measured in one run. */
export interface Table {
  readonly title: string
  /** What `measured` counts: `us CPU a request`. */
  readonly unit: string
  readonly notes: readonly string[]
  readonly rows: readonly Row[]
}

/** Whether a row met its target; `undefined` where it has none. */
export function hasMet({ measured, ratio, target }: Row): boolean | undefined {
  const value = (ratio ?? measured)?.median
  if (target === undefined || value === undefined) return undefined
  if ('atLeast' in target) return value >= target.atLeast
  return 'atMost' in target ? value <= target.atMost : value > target.above
}

/** A table as plain text. */
export function renderTable(table: Table): string {
  const head = ['', table.unit, 'ratio (min-max)', 'target', '']
  const body = table.rows.map((row) => [
    row.name,
    row.measured === undefined ? '' : format(row.measured.median),
    row.ratio === undefined ? '' : `${format(row.ratio.median)} (${format(row.ratio.min)}-${format(row.ratio.max)})`,
    row.target === undefined ? '' : describe(row.target),
    verdict(row),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...body.map((cells) => (cells[column] as string).length)))
  const lines = [head, ...body].map((cells) =>
    cells
      .map((cell, column) => pad(cell, column, widths[column] as number))
      .join('  ')
      .trimEnd(),
  )
  return [`== ${table.title}`, ...lines, ...table.notes.map((note) => `   ${note}`)].join('\n')
}

function pad(cell: string, column: number, width: number): string {
  return column === 1 ? cell.padStart(width) : cell.padEnd(width)
}

function verdict(row: Row): string {
  const met = hasMet(row)
  if (met === undefined) return ''
  return met ? 'met' : 'MISSED'
}

function describe(target: Target): string {
  if ('atLeast' in target) return `>= ${target.atLeast}`
  return 'atMost' in target ? `<= ${target.atMost}` : `> ${target.above}`
}

function format(value: number): string {
  if (Math.abs(value) >= 1000) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 20 ? 1 : 2)
}
