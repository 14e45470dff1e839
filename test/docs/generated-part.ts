/**
 * Pages of docs/ whose tables are made from the code: the part between two markers is generated, the words around it
 * are written by hand. `npm run goldens` writes the parts anew; review the diff.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './documents.ts';

const BEGIN = '<!-- generated: npm run goldens -->\n';
const END = '<!-- end of the generated part -->';
const update = process.env['UPDATE_GOLDENS'] === '1';

/** What stands between the markers of a page; with UPDATE_GOLDENS it is `generated`, written there. */
export function partOf(page: string, generated: string): string {
  const path = join(ROOT, page);
  const text = readFileSync(path, 'utf8');
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error(`${page} has no part to be generated`);
  if (!update) return text.slice(from, to).trim();
  writeFileSync(path, `${text.slice(0, from)}\n${generated}\n\n${text.slice(to)}`);
  return generated;
}

/** A Markdown table; cells are Markdown, on one line. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim();
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}
