/** An order of the KS reaches some GMs: until the others register they hold other TEKs, and that is no split of COOP. */
import { expect, test } from 'vitest';
import { Fleet, START } from '../../builders/fleet-group.ts';
import { member } from './members.ts';

const at = (second: number) => START + second * 1000;

test('tells no split where the KS had made some GMs register, whichever KS they registered with', () => {
  const fleet = new Fleet();
  const [old, fresh] = [{ '0x0000000A': 3000 }, { '0x0000000B': 4200 }] as const;
  const of = (number: number) => ({ keyServer: number < 3 ? '10.1.0.1' : '10.1.0.2' });
  const all = (second: number, ordered: boolean) =>
    [1, 2, 3, 4].map((number) => {
      const isOrdered = ordered && number > 2;
      const registered = {
        succeeded: 2,
        change: { lastReregistration: { cause: 'ks_forced' as const, atMs: at(660) } },
      };
      return member(
        number,
        second,
        {
          ...of(number),
          teks: isOrdered ? fresh : old,
          kekExpiry: isOrdered ? 90_000 : 80_000,
          ...(isOrdered ? registered : {}),
        },
        isOrdered ? { forced: { atMs: at(600), evidence: 'the KS told its members to register again' } } : {},
      );
    });
  fleet.see(...all(10, false));
  fleet.see(...all(700, true));
  const view = [800, 900, 1000, 1100].map((second) => fleet.see(...all(second, true))).at(-1);
  const causes = view?.explanations.map(({ cause }) => cause);
  expect(causes).toContain('ks_forced');
  expect(causes).not.toContain('coop_split');
});
