/**
 * A table for a terminal.
 *
 * @param {readonly (readonly string[])[]} rows The first is the head.
 */
export function textTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/**
 * A table for a Markdown page.
 *
 * @param {readonly (readonly string[])[]} rows The first is the head.
 */
export function markdownTable(rows) {
  const [head = [], ...body] = rows
  return [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
