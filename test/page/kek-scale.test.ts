import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEK_STAGES, ksStageText, stageOf, placePercent } from '../../src/page/kek-scale.ts';

const SCALE = { leadSeconds: 235, lifetimeSeconds: 86_400 };
const place = (seconds: number) => placePercent(seconds, SCALE);

describe('on the scale of a KEK', () => {
  test('a new KEK is at the left end, and one long expired at the right end', () => {
    expect(place(-86_400)).toBe(0);
    expect(place(-100_000)).toBe(0);
    expect(place(10_000)).toBe(100);
  });

  test('the hours before the lead take a sixth, so that the windows can be distinguished', () => {
    expect(place(-300)).toBeLessThanOrEqual(16);
    expect(place(-40) - place(-190)).toBeGreaterThan(20);
    expect(place(80) - place(0)).toBeGreaterThan(10);
  });

  test('time moves to the right only, inside the width', () => {
    const anywhere = fc.double({ min: -200_000, max: 10_000, noNaN: true });
    const lead = fc.integer({ min: 200, max: 5000 });
    const lifetime = fc.option(fc.integer({ min: 1, max: 10_000_000 }));
    fc.assert(
      fc.property(anywhere, anywhere, lead, lifetime, (a, b, leadSeconds, lifetimeSeconds) => {
        const [left, right] = [Math.min(a, b), Math.max(a, b)].map((s) =>
          placePercent(s, { leadSeconds, lifetimeSeconds }),
        );
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left).toBeLessThanOrEqual(right!);
        expect(right).toBeLessThanOrEqual(100);
      }),
    );
  });
});

test('the phases are the windows of the protocol, each bound in the window', () => {
  const at = (seconds: number) => stageOf(seconds, 235);
  expect([-236, -235, -191, -190, -40, -39, 0, 80, 81].map(at)).toEqual([
    'valid',
    'rekey_due',
    'rekey_due',
    'missed_window',
    'missed_window',
    'window_over',
    'expiry_window',
    'expiry_window',
    'expired',
  ]);
  expect(new Set([-236, -235, -190, -39, 0, 81].map(at)).size).toBe(KEK_STAGES.length);
});

test('the behaviour of a KS of known release is stated without an alternative', () => {
  const due = (['timer', 'legacy', 'unknown'] as const).map((behavior) =>
    ksStageText('rekey_due', { sends: behavior, answers: true }),
  );
  expect(due).toEqual([
    'sends its rekey about now',
    'sends no rekey ahead: the new KEK comes at expiry',
    'sends its rekey about now, or at expiry (old release)',
  ]);
});

test('nothing is shown as sent by a KS that does not answer', () => {
  const said = KEK_STAGES.map((stage) => ksStageText(stage, { sends: 'timer', answers: false }));
  expect(new Set(said)).toEqual(new Set(['as last read']));
});
