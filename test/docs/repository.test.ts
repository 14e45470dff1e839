/** What every repository has: a licence that the package names and ships, records with a status, a complete list of pages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linksOf, ROOT } from './documents.ts';

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const pages = (folder: string) => readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'));

describe('LICENSE', () => {
  const { license, author, files } = JSON.parse(text('package.json')) as {
    readonly license: string;
    readonly author: string;
    readonly files: readonly string[];
  };

  it('is the one of package.json, and ships with the package', () => {
    const [title, , holder] = text('LICENSE').split('\n');
    expect(title).toBe(`${license} License`);
    expect(holder).toMatch(new RegExp(`^Copyright \\(c\\) \\d{4} ${author}$`));
    expect(files).toContain('LICENSE');
  });
});

describe('decision records', () => {
  const records = pages('docs/decisions').filter((name) => name !== 'README.md');

  it.each(records)('%s has a status, a date and the parts of a record', (name) => {
    const record = text(`docs/decisions/${name}`);
    expect(record).toMatch(/^# .+\n\nStatus: (?:accepted|superseded by \[.+\]\(.+\))\. Date: \d{4}-\d\d-\d\d\.\n/);
    expect(record).toContain('**Context.**');
    expect(record).toContain('**Choice.**');
    expect(record).toContain('**What would change it.**');
  });

  it('are listed, each once', () => {
    expect(linksOf(text('docs/decisions/README.md')).filter((link) => records.includes(link))).toHaveLength(
      records.length,
    );
  });
});

it('README.md lists every page of docs/', () => {
  const linked = linksOf(text('README.md'));
  expect(pages('docs').filter((name) => !linked.includes(`docs/${name}`))).toEqual([]);
});
