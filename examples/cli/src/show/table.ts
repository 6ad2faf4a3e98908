import { printable } from '../printable.js'

/**
 * Lines of a table: columns as wide as their widest cell, the last one as it is. Cells are made printable.
 * @param rows each of the same number of cells, a heading among them
 */
export function table(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printable))
  // There may be as many rows as a log has entries: too many to be the arguments of one call.
  const widths = (cells[0] ?? []).map((_, column) =>
    cells.reduce((width, row) => Math.max(width, lengthOf(row[column] ?? '')), 0),
  )
  return cells.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - lengthOf(cell)),
      )
      .join('  ')
      .trimEnd(),
  )
}

/** Characters, as a terminal has columns for them. */
function lengthOf(text: string): number {
  return Array.from(text).length
}

/**
 * Lines of names and values, below a heading or at the margin. What has no value is left out.
 */
export function fields(values: Readonly<Record<string, string | undefined>>, indent = ''): string[] {
  const rows = Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
  return table(rows).map((line) => indent + line)
}
