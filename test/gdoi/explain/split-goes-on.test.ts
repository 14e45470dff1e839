/** A split that lasts beyond a rekey: what it will do becomes what it does when a GM shows it. */
import { expect, test } from 'vitest';
import { Fleet, ks } from '../../builders/fleet-group.ts';
import { member } from './members.ts';

test('says that traffic is dropped once a GM shows other TEKs, before the lists of the KSs do', () => {
  const fleet = new Fleet();
  const old = { '0x0000000A': 700 } as const;
  const primary = (second: number, number: 1 | 2) =>
    ks(second, {
      device: `ks${number}`,
      address: `10.1.0.${number}`,
      teks: old,
      role: 'primary',
      peers: { [`10.1.0.${3 - number}`]: 'Dead' },
    });
  const of = (number: number) => ({ keyServer: number < 3 ? '10.1.0.1' : '10.1.0.2' });
  const all = (second: number, teks: (number: number) => Readonly<Record<string, number>>) =>
    [1, 2, 3].map((number) => member(number, second, { ...of(number), teks: teks(number) }));
  fleet.see(primary(0, 1), primary(1, 2), ...all(2, () => old));
  const told = fleet.see(primary(100, 1), primary(101, 2), ...all(102, () => old)).explanations[0];
  expect(told).toMatchObject({ cause: 'coop_split', status: 'critical' });
  expect(told?.consequence?.unless).toBe('COOP is whole again before the next rekey');
  const apart = (number: number) => (number < 3 ? { '0x0000000B': 1900 } : { '0x0000000C': 1900 });
  for (const second of [720, 780, 840]) fleet.see(...all(second, apart));
  const now = fleet.see(...all(900, apart)).explanations[0];
  expect(now?.consequence).toEqual({
    what: 'gm3 holds other TEKs than the group: traffic with it is dropped',
    unless: null,
  });
});
