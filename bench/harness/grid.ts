/** A table of words and numbers, where no single column is what is measured. */
export interface Grid {
  readonly title: string
  /** The first column names the row. */
  readonly head: readonly string[]
  readonly cells: readonly (readonly string[])[]
  readonly notes: readonly string[]
}

/** A grid as plain text. */
export function renderGrid({ title, head, cells, notes }: Grid): string {
  const widths = head.map((name, column) => Math.max(name.length, ...cells.map((row) => (row[column] ?? '').length)))
  const lines = [head, ...cells].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  )
  return [`== ${title}`, ...lines, ...notes.map((note) => `   ${note}`)].join('\n')
}
