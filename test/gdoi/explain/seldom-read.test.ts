/**
 * GMs that are read minutes after they registered, or an hour after: a registration counts from the answer that shows
 * it, and so does what came with it.
 */
import { describe, expect, test } from 'vitest';
import { Fleet, START } from '../../builders/fleet-group.ts';
import { member, OVERDUE, said } from './members.ts';

const at = (second: number) => START + second * 1000;
const NEW = 86_000;

describe('a GM that registered for a lost KEK rekey in the first half of a long interval', () => {
  const last = { cause: 'kek_missed_rekey', atMs: at(150), betweenMs: [at(50), at(200)] } as const;
  const again = (second: number, kekExpiry = NEW) =>
    member(1, second, { succeeded: 2, kekExpiry, change: { lastReregistration: last } });
  const other = (second: number, kekExpiry = NEW) => member(2, second, { kekExpiry, received: 6 });

  test('has lost it, though the KEK that it registered for was seen minutes later', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0, { kekExpiry: 240 }), member(2, 0, { kekExpiry: 240 }));
    const first = said(fleet, again(300), other(300));
    expect(first).toMatchObject({ cause: 'path_loss', phase: 'present', scope: ['gm1'] });
    // Ten minutes from when it was known, not from when it was.
    expect(said(fleet, again(880), other(880))).toMatchObject({ cause: 'path_loss', phase: 'present' });
    expect(said(fleet, again(960), other(960))).toBe('ok');
    expect(fleet.incidents.at(-1)).toMatchObject({
      cause: 'path_loss',
      endedBy: 'the GMs have the current keys, and none registered for a lost rekey for ten minutes',
    });
  });

  test('does not end the loss that was known before: no later rekey has reached it', () => {
    const fleet = new Fleet();
    fleet.see(member(1, -60, { kekExpiry: 180 }), member(2, -60, { kekExpiry: NEW }));
    expect(said(fleet, member(1, 0, OVERDUE), other(0))).toMatchObject({ cause: 'path_loss', phase: 'present' });
    expect(said(fleet, again(300), other(300))).toMatchObject({ cause: 'path_loss', phase: 'present' });
    expect(fleet.incidents.map(({ endedBy }) => endedBy)).not.toContainEqual(expect.any(String));
  });

  test('has got the next one, if a KEK shows that the answer with its registration did not', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0, { kekExpiry: 240 }), member(2, 0, { kekExpiry: 240 }));
    expect(said(fleet, again(300), other(300))).toMatchObject({ cause: 'path_loss', phase: 'present' });
    expect(said(fleet, again(600, 2 * NEW), other(600, 2 * NEW))).toBe('ok');
    expect(fleet.incidents.at(-1)?.endedBy).toMatch(/a later rekey has reached those that registered for a lost one$/u);
  });
});

describe('after an hour without a look', () => {
  const last = { cause: 'unknown', atMs: at(1800), betweenMs: [at(0), at(3600)] } as const;
  const held = (second: number) => ({ teks: { '0x0000000A': second + 3000 } });
  const after = (second: number, succeeded = 2) =>
    member(1, second, { succeeded, ...held(second), change: { lastReregistration: last } });
  const other = (second: number) => member(2, second, held(second));

  test('a registration in that hour is told', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0, held(0)), other(0));
    expect(said(fleet, after(3600), other(3600))).toMatchObject({ cause: 'reregistered', phase: 'present' });
    expect(said(fleet, after(4100), other(4100))).toMatchObject({ cause: 'reregistered' });
    expect(said(fleet, after(4300), other(4300))).toBe('ok');
  });

  test('so is one of which the log tells the instant', () => {
    const fleet = new Fleet();
    fleet.see(member(1, 0, held(0)), other(0));
    const logged = { cause: 'unknown', atMs: at(1800) } as const;
    const told = member(1, 3600, { succeeded: 2, ...held(3600), change: { lastReregistration: logged } });
    expect(said(fleet, told, other(3600))).toMatchObject({ cause: 'reregistered', phase: 'present' });
  });

  test('but not one that was known long before, with another count', () => {
    const fleet = new Fleet();
    fleet.see(after(5000));
    expect(said(fleet, after(5300))).toBe('ok');
    expect(said(fleet, after(5600, 3))).toBe('ok');
  });
});

test('a flap in an hour without a look is told as what it was', () => {
  const fleet = new Fleet();
  fleet.see(member(1, 0), member(2, 0));
  const last = { cause: 'interface', atMs: at(600) } as const;
  const held = { teks: { '0x0000000A': 6600 } };
  const told = member(1, 3600, { succeeded: 2, ...held, change: { lastReregistration: last } });
  expect(said(fleet, told, member(2, 3600, held))).toMatchObject({ cause: 'interface_flap' });
});
