import { expect, test } from 'vitest';
import { SERIES_LABELS, RESERVED_LABELS } from '../../src/config/schema.ts';
import { type LinesOptions, PreparedLines } from '../../src/export/prepared-lines.ts';
import { fullExposition } from '../docs/full-exposition.ts';
import { aDevice, aReport, viewAfter } from '../builders/view-builder.ts';
import { aGm, aKs, aKsMember } from '../builders/snapshots.ts';

const KS = aKs({
  members: 1,
  memberDetails: [aKsMember('10.1.13.2', 0, { rekeysSent: 3, acksReceived: 3 })],
});

function exposition(options?: Partial<LinesOptions>): string {
  const lines = new PreparedLines(() => undefined, { labels: [], ksMembers: true, ...options });
  const view = viewAfter(aReport({ 'show crypto gdoi': [aGm(), KS] }));
  lines.update('gm1', { ...view, device: 'gm1', labels: { site: 'tai"pei', rack: '7' } });
  lines.update('gm2', { ...aDevice({ device: 'gm2' }), result: 'auth', labels: {} });
  return [...lines.chunks()].join('');
}

test('labels of the inventory are on all series of a device that has them, and once on gdoi_device_info', () => {
  const lines = exposition({ labels: ['site'] })
    .split('\n')
    .filter((line) => line.includes('{device="gm1"'));
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) expect(line.match(/site="tai\\"pei"/g)).toHaveLength(1);
  expect(lines.filter((line) => line.includes('rack='))).toEqual([expect.stringMatching(/^gdoi_device_info/)]);
});

test('a device without the label has its series without it', () => {
  expect(exposition({ labels: ['site'] })).toContain('gdoi_device_up{device="gm2"} 0');
});

test('the series of KS members are left out if they are not wanted, and nothing else', () => {
  const all = exposition();
  expect(all).toContain('gdoi_ks_member_registered{');
  const without = all.split('\n').filter((line) => !line.includes('gdoi_ks_member_'));
  expect(exposition({ ksMembers: false })).toBe(without.join('\n'));
});

test('no label of a series can be asked for as a label of the inventory', async () => {
  const used = new Set<string>();
  for (const line of (await fullExposition()).device.split('\n')) {
    const labels = /^gdoi_\w+\{(device=.*)\} /.exec(line)?.[1] ?? '';
    for (const [, name = ''] of labels.matchAll(/(?:^|,)([a-z_]+)="/g)) used.add(name);
  }
  expect(used.size).toBeGreaterThan(10);
  expect([...used].filter((name) => ![...SERIES_LABELS, ...RESERVED_LABELS].includes(name))).toEqual([]);
});
