/**
 * A rekey that shortens the older TEKs (a changed policy, `crypto gdoi ks rekey`) does not reach a GM: the GM goes on
 * with a TEK that no other GM has any more. Its own timer fires much later, so nothing else shows it.
 */
import { describe, expect, test } from 'vitest';
import { Fleet, type gm, ks } from '../../builders/fleet-group.ts';
import { member } from './members.ts';

const [OLD, NEW] = ['0x0000000A', '0x0000000B'];
const ENDS = 3000;

/** The rekey is ordered at 100 s; for GMs that got it, the old TEK ends at 280 s. */
function look(second: number, own: Parameters<typeof gm>[1] = { teks: { [OLD]: ENDS } }) {
  const teks = second < 100 ? { [OLD]: ENDS } : second < 280 ? { [NEW]: 3700, [OLD]: 280 } : { [NEW]: 3700 };
  const received = second < 100 ? 5 : 6;
  return [
    ks(second, { teks, members: { '10.0.0.1': second < 100 ? 0 : 1, '10.0.0.2': 0, '10.0.0.3': 0 } }),
    member(1, second, own),
    ...[2, 3].map((number) => member(number, second, { teks, received })),
  ];
}

function lookedAt(...seconds: readonly number[]): Fleet {
  const fleet = new Fleet();
  for (const second of seconds) fleet.see(...look(second));
  return fleet;
}

describe('a GM that a rekey with shorter TEKs did not reach', () => {
  test('is a ticket while the others still have its TEK', () => {
    expect(lookedAt(0, 60, 120, 180, 240).see().explanations).toMatchObject([
      { cause: 'path_loss', phase: 'present', status: 'warning', consequence: null },
    ]);
  });

  test('is a page once the others do not have its TEK any more, because its traffic is dropped', () => {
    const fleet = lookedAt(0, 60, 120, 180, 240, 300);
    expect(fleet.see().explanations).toMatchObject([
      {
        cause: 'path_loss',
        status: 'critical',
        consequence: {
          what: 'traffic between GM gm1 and the GMs with the current TEKs is dropped until it registers again',
          unless: null,
        },
        deadlineMs: null,
      },
    ]);
    expect(fleet.incidents.at(-1)).toMatchObject({ cause: 'path_loss', severity: 'critical', endedAtMs: null });
  });

  test('is no page any more once it registered again, and its traffic is not said to be dropped', () => {
    const fleet = lookedAt(0, 60, 120, 180, 240, 300);
    const again = { teks: { [NEW]: 3700 }, succeeded: 2 };
    for (const second of [360, 420]) {
      const said = fleet.see(...look(second, again)).explanations;
      expect(said.map(({ status }) => status)).not.toContain('critical');
      expect(JSON.stringify(said)).not.toContain('is dropped');
    }
  });

  test('is not said to lose traffic when the rekey reached no GM', () => {
    const fleet = new Fleet();
    const old = (second: number) => [1, 2, 3].map((number) => member(number, second, { teks: { [OLD]: ENDS } }));
    for (const second of [0, 60]) fleet.see(...look(second));
    for (const second of [120, 180, 240, 300, 360]) fleet.see(ks(second, { teks: { [NEW]: 3700 } }), ...old(second));
    expect(JSON.stringify(fleet.see().explanations)).not.toContain('is dropped');
  });
});
