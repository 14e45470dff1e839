/**
 * The log as programs read it: what docs/webhooks.md says of its keys, and a Collector's configuration there parses.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createLogger, LOG_FORMATS, openLog } from '../../src/cli/logger.ts';
import { readText } from '../deploy/repository.ts';

/** One line a level. */
function logged(): readonly Readonly<Record<string, unknown>>[] {
  const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-log-'));
  try {
    const file = join(directory, 'log');
    const descriptor = openSync(file, 'w');
    const log = createLogger('trace', 'json', descriptor);
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) {
      log[level]({ device: 'gm1', turns: 2 }, 'pace of polling changed');
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

describe('a log that cannot be written', () => {
  test.each(LOG_FORMATS)('is no matter for whoever logs: nothing is thrown, and it is counted (%s)', (format) => {
    const descriptor = openSync('/dev/full', 'w');
    const { logger, errors } = openLog('info', format, descriptor);
    logger.info({ device: 'gm1' }, 'one');
    logger.warn({ device: 'gm1' }, 'two');
    closeSync(descriptor);
    expect(errors()).toBe(2);
  });

  test('continues when there is room: complete waiting lines come first, and the number of lost ones is reported', () => {
    const directory = mkdtempSync(join(tmpdir(), 'gdoiwatch-log-'));
    const pipe = join(directory, 'pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const descriptor = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      const { logger, errors } = openLog('info', 'json', descriptor);
      const blank = ' '.repeat(1000);
      // A pipe holds 64 KiB, and 1 MiB may wait.
      for (let line = 0; line < 2000; line += 1) logger.info({ line, blank }, 'a line');
      expect(errors()).toBeGreaterThan(0);
      let text = '';
      const read = () => {
        const bytes = Buffer.alloc(65_536);
        text += bytes.toString('utf8', 0, readSync(descriptor, bytes));
      };
      while (!text.includes('lines are lost')) {
        read();
        logger.info({ line: 2000 }, 'a line');
      }
      const written = text
        .trimEnd()
        .split('\n')
        .map((each) => JSON.parse(each) as Record<string, number>);
      const seen = written.flatMap(({ line }) => (line === undefined || line === 2000 ? [] : [line]));
      expect(seen).toEqual(seen.map((_, index) => index));
      const told = written.find(({ lines }) => lines !== undefined);
      expect(told?.['lines']).toBeGreaterThanOrEqual(2000 - seen.length);
    } finally {
      closeSync(descriptor);
      rmSync(directory, { recursive: true });
    }
  });
});
