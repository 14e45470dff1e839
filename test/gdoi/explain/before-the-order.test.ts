/** A GM that had registered for a reason of its own shortly before the KS gave an order. */
import { expect, test } from 'vitest';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member } from './members.ts';

const at = (second: number) => START + second * 1000;

test('lays no registration for a lost rekey to an order that came after it', () => {
  const fleet = new Fleet();
  const [old, fresh, ordered] = [{ '0x0000000A': 660 }, { '0x0000000B': 1500 }, { '0x0000000C': 2400 }] as const;
  fleet.see(
    ks(0, { teks: old }),
    member(1, 1, { teks: old }),
    member(2, 2, { teks: old }),
    member(3, 3, { teks: old }),
  );
  const registered = {
    teks: fresh,
    succeeded: 2,
    change: { lastReregistration: { cause: 'tek_expired', atMs: at(600) } },
  } as const;
  const others = (second: number) => [2, 3].map((number) => member(number, second, { teks: fresh, received: 6 }));
  fleet.see(ks(590, { teks: fresh }), ...others(595), member(1, 605, registered));
  const forced = { atMs: at(632), evidence: 'the KS told its members to register again' };
  const again = {
    teks: ordered,
    succeeded: 2,
    change: { lastReregistration: { cause: 'ks_forced', atMs: at(640) } },
  } as const;
  const view = fleet.see(
    member(2, 650, again, { forced }),
    member(3, 651, again, { forced }),
    member(1, 652, registered),
  );
  const of = (cause: string) => view.explanations.find((each) => each.cause === cause)?.explains ?? [];
  expect(of('ks_forced').flatMap(({ check, devices }) => (check === 'reregistrations' ? devices : []))).not.toContain(
    'gm1',
  );
  expect(of('path_loss')).toContainEqual({ check: 'reregistrations', devices: ['gm1'] });
});
