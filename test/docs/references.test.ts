/** The tables of docs/ are those of the code: `npm run goldens` writes them anew. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gdoiwatch } from '../e2e/gdoiwatch.ts';
import { alertsReference } from './alerts-reference.ts';
import { commandHelps, commandsReference } from './commands-reference.ts';
import { FIXED, type NameKind } from './contract-names.ts';
import { contractReference, existingNames, exists } from './contract-reference.ts';
import { configurationReference } from './configuration-reference.ts';
import { ROOT } from './documents.ts';
import { partOf } from './generated-part.ts';
import { metricsReference } from './metrics-reference.ts';

describe('docs/configuration.md', () => {
  it('has every key of the schema', () => {
    const reference = configurationReference();
    expect(partOf('docs/configuration.md', reference)).toBe(reference);
  });

  it('says of every key what it takes', () => {
    for (const line of configurationReference().split('\n')) expect(line).not.toMatch(/^\| `[^`]*` \| +\|/);
  });
});

describe('docs/metrics.md', () => {
  it('has the metrics of the exposition', async () => {
    const reference = await metricsReference();
    expect(partOf('docs/metrics.md', reference)).toBe(reference);
  });

  it('leaves out no metric that the exporter names', async () => {
    const reference = await metricsReference();
    const folder = join(ROOT, 'src/export');
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const named = sources.flatMap(
      (name) => readFileSync(join(folder, name), 'utf8').match(/(?<=')gdoi_\w+(?=')/g) ?? [],
    );
    expect(new Set(named).size).toBeGreaterThan(50);
    expect(named.filter((name) => !reference.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/alerts.md', () => {
  it('has every alert of the rules', () => {
    const reference = alertsReference();
    expect(partOf('docs/alerts.md', reference)).toBe(reference);
  });
});

describe('docs/contract.md', () => {
  it('has the names that exist and those that are reserved', async () => {
    const reference = await contractReference();
    expect(partOf('docs/contract.md', reference)).toBe(reference);
  });

  it('promises nothing that went away', async () => {
    const names = await existingNames();
    const gone = (Object.keys(FIXED) as readonly NameKind[]).flatMap((kind) =>
      FIXED[kind].filter((name) => !exists(kind, name, names)).map((name) => `${kind}: ${name}`),
    );
    expect(gone).toEqual([]);
  });
});

describe('docs/commands.md', () => {
  const helps = commandHelps();

  it('has the help of every command', () => {
    const reference = commandsReference(helps);
    expect(partOf('docs/commands.md', reference)).toBe(reference);
  });

  it('leaves out no command that the built program has', async () => {
    const { stdout } = await gdoiwatch(['--help']);
    const [, list = ''] = stdout.split('\nCommands:\n');
    const names = Array.from(list.matchAll(/^ {2}(\w+)/gm), ([, name = '']) => name);
    const known = new Set(helps.map(({ command }) => command.split(' ')[1]));
    expect(new Set(names.filter((name) => name !== 'help'))).toEqual(known);
  });

  it('finds the flags', () => {
    expect(helps.find(({ command }) => command === 'gdoiwatch events')?.flags).toContain('--since');
    expect(helps.find(({ command }) => command === 'gdoiwatch config check')?.flags).toContain('--config');
  });
});
