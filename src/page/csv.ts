/** A table as a file for a spreadsheet. */

/**
 * RFC 4180. A cell that a spreadsheet would take for a formula becomes text, because devices choose their own names. If
 * the machine's language separates cells by semicolons, each part of a cell is one, so no part may begin a formula
 * either.
 */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/** What a formula begins with, in full width too, and the characters that may precede it. */
const FORMULA = /(^|[;\t\r\n])(?=["' ]{0,4}[=+\-@\uff1d\uff0b\uff0d\uff20])/gu;

function cell(text: string): string {
  const harmless = text.replaceAll(FORMULA, "$1'").replace(/^(?=[\t\r\n])/u, "'");
  return /[",;\t\r\n]/u.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
