/**
 * The log as programs read it: what docs/webhooks.md says of its keys, and a Collector's configuration there parses.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createLogger } from '../../src/cli/logger.ts';
import { readText } from '../deploy/repository.ts';

/** One line a level. */
function logged(): readonly Readonly<Record<string, unknown>>[] {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-log-'));
  try {
    const file = join(directory, 'log');
    const descriptor = openSync(file, 'w');
    const log = createLogger('trace', 'json', descriptor);
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
      log[level]({ device: 'gm1', turns: 2 }, 'polled at every so many turns');
    }
    closeSync(descriptor);
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const said = await readText('docs/webhooks.md');

test('a line has the level by name, the instant in UTC, the message and the facts, as docs/webhooks.md shows', () => {
  const lines = logged();
  const [, levels = ''] = /^\| `level` \| (.*) \|$/m.exec(said) ?? [];
  expect(lines.map(({ level }) => `\`${String(level)}\``).join(', ')).toBe(levels);
  const [, example = ''] = /^(\{"level".*\})$/m.exec(said) ?? [];
  const shown = JSON.parse(example) as Readonly<Record<string, unknown>>;
  const info = lines.find(({ level }) => level === 'info');
  expect({ ...info, time: shown['time'] }).toEqual(shown);
  expect(Object.keys(info ?? {})).toEqual(Object.keys(shown));
  expect(info?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('the Collector that docs/webhooks.md configures parses keys that the log has', () => {
  const [, yaml = ''] = /```yaml\n(receivers:[^`]*)```/.exec(said) ?? [];
  const { receivers, service } = parse(yaml) as {
    receivers: { filelog: { operators: readonly object[] } };
    service: { pipelines: Readonly<Record<string, { readonly receivers: readonly string[] }>> };
  };
  const named = JSON.stringify(receivers.filelog.operators).match(/(?<=attributes\.)\w+/g);
  expect(named).toEqual(['time', 'level', 'msg']);
  expect(Object.keys(logged()[0] ?? {})).toEqual(expect.arrayContaining(['time', 'level', 'msg']));
  expect(Object.values(service.pipelines).flatMap((pipeline) => pipeline.receivers)).toEqual(Object.keys(receivers));
});
