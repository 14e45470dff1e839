import { expect, test } from 'vitest';
import { ENV, errorsOf, loadOk, withDevices } from './given-config.ts';

const given = (window: string) => ({
  text: `${withDevices('{ name: gm1, host: 192.0.2.1 }')}maintenance:\n  - ${window}\n`,
  env: ENV,
});

test('windows of planned work, with their zone', async () => {
  const { config, warnings } = await loadOk(
    given(
      '{ from: 2026-01-31T22:00:00+01:00, until: 2026-01-31T22:30Z, devices: [gm1], groups: [G1], reason: line card }',
    ),
  );
  expect(config.maintenance).toEqual([
    {
      fromMs: Date.parse('2026-01-31T21:00:00Z'),
      untilMs: Date.parse('2026-01-31T22:30:00Z'),
      devices: ['gm1'],
      groups: ['G1'],
      cells: [],
      reason: 'line card',
    },
  ]);
  expect(warnings).toEqual([]);
  expect((await loadOk({ text: withDevices('{ name: gm1, host: 192.0.2.1 }'), env: ENV })).config.maintenance).toEqual(
    [],
  );
});

test('a device that is not configured is a doubt, not an error: it may come with a later configuration', async () => {
  const { warnings } = await loadOk(given('{ from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z, devices: [gm2] }'));
  expect(warnings.join()).toContain('maintenance[0].devices[0]: no device is called "gm2"; did you mean "gm1"?');
});

test('a cell that no configured device is in is a doubt as well', async () => {
  const { warnings } = await loadOk(
    given('{ from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z, cells: [default, acme] }'),
  );
  expect(warnings).toHaveLength(1);
  expect(warnings.join()).toContain('maintenance[0].cells[1]: no device is in a cell "acme"');
});

test.each([
  [
    '{ from: 2026-01-01T00:00:00, until: 2026-01-01T01:00Z, devices: [gm1] }',
    /maintenance\[0\]\.from: .*ISO 8601 with its zone/,
  ],
  [
    '{ from: 2026-02-28T22:00Z, until: 2026-02-30T02:00Z, devices: [gm1] }',
    /maintenance\[0\]\.until: .*ISO 8601 with its zone/,
  ],
  [
    '{ from: 2026-01-01T02:00Z, until: 2026-01-01T01:00Z, devices: [gm1] }',
    /maintenance\[0\]\.until: is not after from/,
  ],
  [
    '{ from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z }',
    /maintenance\[0\]: names neither devices, groups nor cells/,
  ],
  ['{ from: 2026-01-01T00:00Z, until: 2026-01-01T01:00Z, device: gm1 }', /maintenance\[0\].*device/],
  ['{ until: 2026-01-01T01:00Z, devices: [gm1] }', /maintenance\[0\]\.from: .*missing/],
])('%s is refused with its place', async (window, said) => {
  expect((await errorsOf(given(window))).join('\n')).toMatch(said);
});
