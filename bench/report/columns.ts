/** Formats rows of cells as lines for a terminal. `left` says which columns are aligned to the left. */
export function columns (rows: ReadonlyArray<readonly string[]>, left: readonly boolean[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((cell, column) => left[column] ? cell.padEnd(widths[column]) : cell.padStart(widths[column])).join('  ')
    .trimEnd())
}
