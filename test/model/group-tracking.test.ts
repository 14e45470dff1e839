import { expect, test } from 'vitest';
import { trackOptions } from '../../src/model/group-tracking.ts';
import { trackFleet } from '../../src/gdoi/fleet/fleet.ts';
import { initialFleetState } from '../../src/gdoi/fleet/fleet-state.ts';
import { aKs, NOON } from '../builders/view-builder.ts';

test('the tracker of a GM is told what the polled KS of its group shows: lead and lifetimes', () => {
  const snapshot = aKs({
    kek: { spi: '0xAA', lifetimeSeconds: 1200, remainingSeconds: 787, timeToRekeySeconds: 552 },
    teks: [{ spi: '0xBB', lifetimeSeconds: 600, remainingSeconds: 188, timeToRekeySeconds: 62 }],
  });
  const { view } = trackFleet(initialFleetState('G1'), [
    {
      device: 'ks1',
      atMs: NOON,
      presence: 'present',
      gm: null,
      ks: { snapshot, at: { sentAtMs: NOON, receivedAtMs: NOON } },
      kekBehavior: 'timer',
      version: '17.6.3',
    },
  ]);
  const options = trackOptions((group) => (group === 'G1' ? view : null));
  expect(options.ksLeadSeconds?.('G1')).toBe(235);
  expect(options.kekLifetimeSeconds?.('G1')).toBe(1200);
  expect(options.tekLifetimeSeconds?.('G1')).toBe(600);
  expect(options.kekLifetimeSeconds?.('elsewhere')).toBeNull();
});
