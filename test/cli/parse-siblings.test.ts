/**
 * Siblings of the captures from the field through the door of `gdoiwatch parse`: one text, no history. What a single
 * answer proves is said, with other groups, counts, orders of the commands and spellings of the prompt; what only a
 * second answer would show is not.
 */
import { describe, expect, test } from 'vitest';
import { verdictsOf } from '../../src/cli/text/parse-verdict.ts';
import type { HealthDocument } from '../../src/gdoi/health/health-document.ts';
import { parseCapturedText } from '../../src/ios/captured-text.ts';
import { gmText, replayText, type ShownGm } from '../builders/field-timeline.ts';

const CLOCK = 'branch-7#show clock\n22:00:00.000 UTC Mon May 11 2026\n';

function verdict(...texts: readonly string[]): HealthDocument {
  const answers = parseCapturedText([CLOCK, ...texts, 'branch-7#\n'].join('')).filter(({ kind }) => kind === 'parsed');
  const [health, ...others] = verdictsOf(answers as Parameters<typeof verdictsOf>[0], 0).values();
  expect(others).toEqual([]);
  if (health === undefined) throw new Error('no verdict');
  return health;
}

function asked(command: string, text: string): string {
  return `branch-7#${command}\n${text}\n`;
}

const gdoi = (...groups: readonly ShownGm[]) => asked('show crypto gdoi', gmText(...groups));

function checkOf(health: HealthDocument, name: string) {
  return health.checks.find((check) => check.name === name);
}

test('the base of them all is well', () => {
  expect(verdict(gdoi({}))).toMatchObject({ device: 'branch-7', status: 'ok' });
});

describe('registered without a TEK', () => {
  test.each<[string, readonly ShownGm[]]>([
    ['the only group', [{ teks: [] }]],
    ['the second of two', [{}, { group: 'BRANCH-B', identity: '8124', teks: [] }]],
    ['with a TEK that has just run out', [{ teks: [{ left: 0 }] }]],
  ])('%s: critical', (_name, groups) => {
    const health = verdict(gdoi(...groups));
    expect(health.status).toBe('critical');
    expect(health.summary).toMatch(/TEK/u);
    expect(health.action).not.toBeNull();
  });
});

describe('not registered', () => {
  test.each<[string, ShownGm]>([
    ['while TEKs are left', { server: null, timer: null, attempted: 7 }],
    ['and no TEK is left', { server: null, timer: null, attempted: 30, teks: [], kek: null }],
  ])('%s: it says so, and where to look', (_name, group) => {
    const health = verdict(gdoi(group));
    expect(['warning', 'critical']).toContain(health.status);
    expect(health.summary).toContain('not registered (Registering)');
    expect(health.action).toMatch(/UDP 848/u);
  });
});

describe('replay errors', () => {
  test.each([
    ['inbound', replayText('BRANCH-A', 99_411)],
    ['outbound', replayText('BRANCH-A', 0, 512)],
    ['none so far', replayText('BRANCH-A', 0)],
  ])('%s: one answer does not say whether they rise', (_name, text) => {
    const health = verdict(gdoi({}), asked('show crypto gdoi gm replay', text));
    expect(checkOf(health, 'packets_dropped')).toMatchObject({
      status: 'unknown',
      detail: 'one answer does not show whether packets are dropped now',
    });
  });
});

test('what only a second answer shows is not claimed of one', () => {
  const health = verdict(gdoi({ attempted: 9 }));
  expect(checkOf(health, 'reregistrations')).toMatchObject({ status: 'unknown', value: null });
});
