/** A loss that is known stays what it is while KSs change, and while their lists are older than the GM's answer. */
import { expect, test } from 'vitest';
import { Fleet, ks } from '../../builders/fleet-group.ts';
import { member, silent } from './members.ts';

const PEERS = { '10.1.0.2': 'Alive' } as const;

test('still says that only acknowledgements are lost when the KS’s TEKs were read before the last rekey', () => {
  const fleet = new Fleet();
  const [one, two, three] = [{ '0x0000000A': 700 }, { '0x0000000B': 1200 }, { '0x0000000C': 1700 }] as const;
  const listed = (missed: number) => ({ '10.0.0.1': missed, '10.0.0.2': 0 });
  fleet.see(ks(0, { teks: one, members: listed(0) }), member(1, 1, { teks: one }), member(2, 2, { teks: one }));
  const got = (second: number, teks: Readonly<Record<string, number>>, received: number, lastAge = 20) =>
    [1, 2].map((number) => member(number, second, { teks, received, lastAge, since: received - 5 }));
  fleet.see(...got(620, { ...one, ...two }, 6), ks(630, { teks: { ...one, ...two }, members: listed(1) }));
  const told = fleet.see(...got(640, { ...one, ...two }, 6)).explanations[0];
  expect(told?.summary).toMatch(/^Acknowledgements of GM gm1 do not reach KS ks1, /u);
  // Another rekey, of which the KS's list and policy tell at the next look; the TEK that these show has ended.
  const later = fleet.see(...got(1230, three, 7, 120)).explanations[0];
  expect(later?.summary).toMatch(/^Acknowledgements of GM gm1 do not reach KS ks1, /u);
  // And one more, of which the KS tells before its GMs are looked at.
  const four = { '0x0000000D': 2300 };
  const ahead = ks(1650, { teks: { ...three, ...four }, tekLifetime: 700, members: listed(2) });
  expect(fleet.see(ahead).explanations[0]?.summary).toMatch(/^Acknowledgements of GM gm1 do not reach KS ks1, /u);
});

test('does not call keys that were older ones others when the KS that gave them out is gone', () => {
  const fleet = new Fleet();
  const [old, fresh] = [{ '0x0000000A': 1135 }, { '0x0000000B': 1500 }] as const;
  const first = (second: number) =>
    ks(second, { peers: PEERS, teks: second < 600 ? old : fresh, kekExpiry: second < 600 ? 2500 : 4200 });
  const second = (at: number, role: 'primary' | 'secondary', status: string) =>
    ks(at, {
      device: 'ks2',
      address: '10.1.0.2',
      role,
      peers: { '10.1.0.1': status },
      teks: at < 600 ? old : fresh,
      kekExpiry: at < 600 ? 2500 : 4200,
    });
  const behind = (at: number) => member(1, at, { teks: old, kekExpiry: 2500 });
  const others = (at: number) =>
    [2, 3, 4].map((number) =>
      member(number, at, {
        teks: at < 600 ? old : fresh,
        kekExpiry: at < 600 ? 2500 : 4200,
        received: at < 600 ? 5 : 6,
      }),
    );
  fleet.see(first(0), second(1, 'secondary', 'Alive'), behind(2), ...others(3));
  fleet.see(first(605), second(606, 'secondary', 'Alive'), ...others(610), behind(680));
  const told = fleet.see(first(740), ...others(745), behind(750));
  expect(told.explanations[0]).toMatchObject({ cause: 'path_loss' });
  expect(told.explanations[0]?.explains.map(({ check }) => check)).toContain('tek_matches_ks');
  fleet.see({ ...silent(first(740), 900), atMs: silent(first(930), 900).atMs });
  const view = fleet.see(second(940, 'primary', 'Dead'), ...others(945), behind(950));
  expect(view.explanations.map(({ cause }) => cause)).not.toContain('keys_differ');
  expect(view.explanations.find(({ cause }) => cause === 'path_loss')?.explains.map(({ check }) => check)).toContain(
    'tek_matches_ks',
  );
});
