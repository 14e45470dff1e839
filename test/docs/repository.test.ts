/**
 * What every repository has: a licence that the package names and ships, records with a status, a complete list of
 * pages.
 */
import { spawnSync } from 'node:child_process';
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

describe('the list of what a release is made of', () => {
  it('has each package that the lock file names for production, what the page bundles, and no other', () => {
    const { status, stdout } = spawnSync('npm', ['run', '--silent', 'sbom'], { cwd: ROOT, encoding: 'utf8' });
    expect(status).toBe(0);
    const listed = (JSON.parse(stdout) as Sbom).components;
    const { packages } = JSON.parse(text('package-lock.json')) as Lock;
    const locked = Object.entries(packages).filter(
      ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
    );
    const named = locked.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`);
    expect(new Set(listed.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`))).toEqual(
      new Set([...named, `preact@${packages['node_modules/preact']?.version}`]),
    );
    expect(listed.filter(({ hashes }) => hashes === undefined)).toEqual([]);
  });
});

interface Sbom {
  readonly components: readonly {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly object[];
  }[];
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version: string; readonly dev?: boolean; readonly devOptional?: boolean }>
  >;
}

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
