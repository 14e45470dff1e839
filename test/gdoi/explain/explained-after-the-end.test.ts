/** What a cause explains after its end stays explained when its traces are looked for no more. */
import { expect, test } from 'vitest';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, silent } from './members.ts';

const at = (second: number) => START + second * 1000;
const OLD_TEK = { '0x0000000A': 1530 } as const;
const NEW_TEK = { '0x0000000B': 4100 } as const;

test('takes no registration for a lost rekey that was said to come of a KS that had been down', () => {
  const fleet = new Fleet();
  const held = { teks: OLD_TEK, kekExpiry: 80_000 };
  const listed = { '10.0.0.1': 0, '10.0.0.2': 0 };
  fleet.see(ks(0, { teks: OLD_TEK, members: listed }), member(1, 1, held), member(2, 1, held));
  const down = fleet.see({ ...silent(ks(0, { teks: OLD_TEK, members: listed }), 60), atMs: at(180) });
  expect(down.explanations[0]).toMatchObject({ cause: 'ks_down', phase: 'present' });
  // It comes back with other keys, and knows its GMs no more: each registers when its TEK ends.
  const back = (second: number, members: Readonly<Record<string, number>>) =>
    ks(second, { teks: NEW_TEK, kekExpiry: 87_000, members });
  fleet.see(back(600, {}), member(1, 605, held), member(2, 606, held));
  const again = { teks: NEW_TEK, kekExpiry: 87_000, succeeded: 2 };
  const registered = (second: number) => ({
    ...again,
    change: { lastReregistration: { cause: 'tek_expired' as const, atMs: at(second) } },
  });
  const seen = fleet.see(
    member(1, 1420, registered(1410)),
    member(2, 1421, registered(1411)),
    back(1425, { '10.0.0.1': 0, '10.0.0.2': 0 }),
  );
  expect(seen.explanations.map(({ cause, phase }) => `${cause} ${phase}`)).toEqual(['ks_down over']);
  const later = fleet.see(member(1, 1520, registered(1410)), member(2, 1521, registered(1411)));
  expect(later.explanations).toEqual([]);
});

test('lays to a secondary that is back no registration of a GM that goes on losing rekeys', () => {
  const fleet = new Fleet();
  const peers = (status: string) => ({ '10.1.0.2': status });
  const primary = (second: number, tek: Readonly<Record<string, number>>, status = 'Alive') =>
    ks(second, { peers: peers(status), teks: tek });
  const other = (second: number) =>
    ks(second, { device: 'ks2', address: '10.1.0.2', role: 'secondary', peers: { '10.1.0.1': 'Alive' } });
  const [one, two, three] = [{ '0x0000000A': 660 }, { '0x0000000B': 1200 }, { '0x0000000C': 1800 }] as const;
  const others = (second: number, teks: Readonly<Record<string, number>>, received: number) =>
    [2, 3, 4].map((number) => member(number, second, { teks, received }));
  fleet.see(primary(0, one), other(1), member(1, 2, { teks: one }), ...others(3, one, 5));
  fleet.see({ ...silent(other(1), 300), atMs: START + 420_000 });
  const lost = (teks: Readonly<Record<string, number>>, second: number, succeeded: number) => ({
    teks,
    succeeded,
    change: { lastReregistration: { cause: 'tek_expired' as const, atMs: at(second) } },
  });
  fleet.see(primary(560, two, 'Dead'), ...others(565, two, 6));
  const told = fleet.see(member(1, 610, lost(two, 600, 2)));
  expect(told.explanations.map(({ cause }) => cause)).toContain('path_loss');
  const back = fleet.see(other(700), primary(705, two));
  const causeOf = (view: typeof back) =>
    view.explanations.find(({ explains }) => explains.some(({ check }) => check === 'reregistrations'))?.cause;
  expect(causeOf(back)).toBe('path_loss');
  // And for the next rekey again.
  fleet.see(primary(1100, three), ...others(1105, three, 7), other(1106));
  expect(causeOf(fleet.see(member(1, 1150, lost(three, 1140, 3))))).toBe('path_loss');
});
