import { expect, test } from 'vitest';
import { mergeGm, mergeKs, mergeParts } from '../../../src/gdoi/seen/merge-snapshots.ts';
import { emptyGmSnapshot, emptyKsSnapshot } from '../../../src/gdoi/seen/snapshot.ts';

const NO_KEY = { spi: null, lifetimeSeconds: null, remainingSeconds: null, timeToRekeySeconds: null };

test('a field that a later command does not show stays as it was', () => {
  const main = { ...emptyGmSnapshot('G1'), identity: '3333', registrations: { succeeded: 4, attempted: 5 } };
  const replay = {
    ...emptyGmSnapshot('G1'),
    replay: { enabled: true, inputErrors: 3, outputErrors: 0, timeSyncErrors: 0, maxTimeDeltaSeconds: 0 },
  };
  expect(mergeGm(main, replay)).toEqual({ ...main, replay: replay.replay });
});

test('a zero replaces the value before it', () => {
  const before = { ...emptyGmSnapshot('G1'), registrations: { succeeded: 4, attempted: 5 } };
  const after = { ...emptyGmSnapshot('G1'), registrations: { succeeded: 0, attempted: 0 } };
  expect(mergeGm(before, after).registrations).toEqual({ succeeded: 0, attempted: 0 });
});

test('the mark that members of a list were not read belongs to that list, not to one that is read later', () => {
  const unread = { ...emptyKsSnapshot('G1'), memberDetails: [], membersUnread: true as const };
  const whole = { ...emptyKsSnapshot('G1'), memberDetails: [] };
  const other = { ...emptyKsSnapshot('G1'), members: 4 };
  expect(mergeKs(unread, other)).toEqual({ ...unread, members: 4 });
  expect(mergeKs(unread, whole)).toEqual(whole);
  expect(mergeKs(whole, unread)).toEqual(unread);
});

test('the SPI of ks policy joins the lifetimes of show crypto gdoi', () => {
  const main = { ...emptyKsSnapshot('G1'), kek: { ...NO_KEY, lifetimeSeconds: 86_400, remainingSeconds: 500 } };
  const policy = { ...emptyKsSnapshot('G1'), kek: { ...NO_KEY, spi: '0xAA', timeToRekeySeconds: 265 } };
  expect(mergeKs(main, policy).kek).toEqual({
    spi: '0xAA',
    lifetimeSeconds: 86_400,
    remainingSeconds: 500,
    timeToRekeySeconds: 265,
  });
});

test('a KEK with another SPI is another KEK and keeps nothing of the old one', () => {
  const old = { ...emptyKsSnapshot('G1'), kek: { ...NO_KEY, spi: '0xAA', timeToRekeySeconds: 265 } };
  const fresh = { ...emptyKsSnapshot('G1'), kek: { ...NO_KEY, spi: '0xBB', remainingSeconds: 1200 } };
  expect(mergeKs(old, fresh).kek).toEqual({ ...NO_KEY, spi: '0xBB', remainingSeconds: 1200 });
});

test('a router that is GM and KS of one group has one snapshot for each role', () => {
  const parts = [emptyGmSnapshot('G1'), emptyKsSnapshot('G1')];
  expect(mergeParts('gm', parts)?.role).toBe('gm');
  expect(mergeParts('ks', parts)?.role).toBe('ks');
  expect(mergeParts('ks', [emptyGmSnapshot('G1')])).toBeNull();
});
