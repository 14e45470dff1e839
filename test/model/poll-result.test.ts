import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { isMuteResult, isRefusalResult, RESULT_SIGNS } from '../../src/gdoi/seen/result-signs.ts';
import { POLL_RESULTS } from '../../src/model/poll-result.ts';

test('the core knows each result of a poll, and no other one', () => {
  expect(Object.keys(RESULT_SIGNS).toSorted()).toEqual(POLL_RESULTS.toSorted());
});

test('the alert on a KS that does not answer is for those results that show nothing of whether it is there', async () => {
  const rules = await readFile(new URL('../../dashboards/prometheus/rules.yml', import.meta.url), 'utf8');
  const others = /record: device:gdoi_silent:bool\s+expr: .*\{reason!~"([^"]*)"\}/u.exec(rules)?.[1]?.split('|');
  const there = POLL_RESULTS.filter((result) => isMuteResult(result) || isRefusalResult(result));
  expect(others?.toSorted()).toEqual(there.toSorted());
});

test('a device that cannot be read is there, and so is one that refuses; any word that is no result shows nothing', () => {
  expect(POLL_RESULTS.filter(isMuteResult)).toEqual([
    'no_shell',
    'too_large',
    'prompt',
    'command',
    'parse',
    'internal',
  ]);
  expect(POLL_RESULTS.filter(isRefusalResult)).toEqual(['auth', 'quarantined', 'host_key']);
  for (const word of ['constructor', '__proto__', '']) {
    expect([isMuteResult(word), isRefusalResult(word)]).toEqual([false, false]);
  }
});
