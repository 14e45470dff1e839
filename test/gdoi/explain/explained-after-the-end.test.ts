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
