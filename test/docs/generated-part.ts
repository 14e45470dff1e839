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
  const { before, text, after } = writtenPart(page);
  if (!update) return text.trim();
  writeFileSync(join(ROOT, page), `${before}\n${generated}\n\n${after}`);
  return generated;
}

function writtenPart(page: string): { readonly before: string; readonly text: string; readonly after: string } {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const from = text.indexOf(BEGIN) + BEGIN.length;
  const to = text.indexOf(END);
  if (from < BEGIN.length || to < from) throw new Error(`${page} has no part to be generated`);
  return { before: text.slice(0, from), text: text.slice(from, to), after: text.slice(to) };
}

/**
 * The generated part of a page of which each section (`## name`) is told by a test of its own: those that were told, and
 * the page's own of the others.
 */
export function partOfSections(page: string, names: readonly string[], told: ReadonlyMap<string, string>): string {
  const written = writtenPart(page).text.split(/^(?=## )/mu);
  const stands = new Map(
    written.map((section) => [/^## (?<name>.*)/u.exec(section)?.groups?.['name'], section.trim()]),
  );
  return names.map((name) => told.get(name) ?? stands.get(name) ?? `## ${name} is missing`).join('\n\n');
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
