import { stripVTControlCharacters } from 'node:util'

/** Columns under headings, two spaces apart. Figures are aligned right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows]
  const widths = headings.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))))
  const isFigure = headings.map((_, column) => rows.length > 0 && rows.every((row) => /^-?[\d.]+$/.test(row[column] ?? '')))
  return all
    .map(
      (row) =>
        `  ${row
          .map((cell, column) => pad(cell, widths[column] ?? 0, isFigure[column] === true))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function pad(cell: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(cell)))
  return right ? space + cell : cell + space
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
