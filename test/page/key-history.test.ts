/** What the picture of a group's keys draws, and what it leaves out. */
import { expect, test } from 'vitest';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import type { GroupDocument } from '../../src/http/schemas/group-schema.ts';
import { hoursOf, keyHistory } from '../../src/page/key-history.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const at = (minutes: number) => new Date(NOW + minutes * MINUTE).toISOString();

function group(gms: Readonly<Record<string, number | null>>): GroupDocument {
  const member = (device: string, minutes: number | null) => ({
    device,
    membership:
      minutes === null
        ? { registered: false, kek: null, tek_expires_at: null }
        : { registered: true, kek: { expires_at: at(minutes) }, tek_expires_at: at(20) },
  });
  const known = {
    kss: [member('ks1', 30)],
    gms: Object.entries(gms).map(([device, minutes]) => member(device, minutes)),
    kek_lifetime_seconds: 3600,
    tek_lifetime_seconds: 1800,
  };
  // Only what the picture reads.
  return known as unknown as GroupDocument;
}

function event(device: string, minutes: number, over: Partial<EventDocument>): EventDocument {
  const known = { id: `${device} ${minutes}`, device, at: at(minutes), cause: null, unexpected: null, ...over };
  return known as unknown as EventDocument;
}

const laneOf = (history: ReturnType<typeof keyHistory>, device: string) =>
  history.lanes.find((lane) => lane.device === device);

test('a KEK lasts from one rekey or registration to the next, the last one to its expiry; what was before is not drawn', () => {
  const events = [
    event('gm1', -10, { type: 'reregistration', cause: 'tek_expired', unexpected: true }),
    event('gm1', -40, { type: 'kek_rekey' }),
    event('gm1', -90, { type: 'kek_rekey' }),
  ];
  const history = keyHistory(group({ gm1: 25 }), { events, incidents: [] }, 1, NOW);
  const lane = laneOf(history, 'gm1');
  expect(lane?.keks).toEqual([
    { fromMs: NOW - 40 * MINUTE, toMs: NOW - 10 * MINUTE },
    { fromMs: NOW - 10 * MINUTE, toMs: history.toMs },
  ]);
  expect(lane?.marks.map(({ kind, text }) => `${kind}: ${text}`)).toEqual([
    'rekey: KEK rekey',
    'unexpected: re-registered: tek_expired',
  ]);
});

test('without an event in the span a lifetime ends where the device says, and begins a lifetime before', () => {
  const history = keyHistory(group({ gm1: 5, gm2: null }), { events: [], incidents: [] }, 6, NOW);
  expect(laneOf(history, 'gm1')?.keks).toEqual([{ fromMs: NOW - 55 * MINUTE, toMs: NOW + 5 * MINUTE }]);
  expect(laneOf(history, 'gm1')?.tek).toEqual({ fromMs: NOW - 10 * MINUTE, toMs: NOW + 20 * MINUTE });
  expect(laneOf(history, 'gm2')?.keks).toEqual([]);
  expect(laneOf(history, 'ks1')?.keks).toEqual([{ fromMs: NOW - 30 * MINUTE, toMs: NOW + 30 * MINUTE }]);
});

test('only the remaining life is drawn of a key of unknown lifetime', () => {
  const known = { ...group({ gm1: 5, gm2: -5 }), kek_lifetime_seconds: null, tek_lifetime_seconds: null };
  const history = keyHistory(known, { events: [], incidents: [] }, 6, NOW);
  expect(laneOf(history, 'gm1')?.keks).toEqual([{ fromMs: NOW, toMs: NOW + 5 * MINUTE }]);
  expect(laneOf(history, 'gm2')?.keks).toEqual([{ fromMs: NOW - 5 * MINUTE, toMs: NOW - 5 * MINUTE }]);
  expect(laneOf(history, 'ks1')?.tek).toEqual({ fromMs: NOW, toMs: NOW + 20 * MINUTE });
});

test('incidents lie over the span, an open one to now, one of before not at all', () => {
  const incident = (began: number, ended: number | null) => ({
    began_at: at(began),
    ended_at: ended === null ? null : at(ended),
    severity: 'warning' as const,
    summary: `${began}`,
  });
  const incidents = [incident(-20, null), incident(-90, -50), incident(-200, -100)];
  const { incidents: drawn } = keyHistory(group({}), { events: [], incidents: incidents as never }, 1, NOW);
  expect(drawn.map(({ fromMs, toMs }) => [(fromMs - NOW) / MINUTE, (toMs - NOW) / MINUTE])).toEqual([
    [-20, 0],
    [-60, -50],
  ]);
});

test('of many members those that re-registered are drawn, in their order', () => {
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`gm${n + 1}`, 30]));
  const events = [event('gm99', -5, { type: 'reregistration', cause: 'legacy_ks', unexpected: true })];
  const history = keyHistory(group(many), { events, incidents: [] }, 1, NOW);
  expect(history.leftOut).toBe(101 - history.lanes.length);
  expect(history.lanes.map(({ device }) => device).slice(0, 2)).toEqual(['ks1', 'gm1']);
  expect(history.lanes.at(-1)?.device).toBe('gm99');
});

test('a member that lost its registration or keys is without them until it registers or gets some, or until now', () => {
  const events = [
    event('gm1', -55, { type: 'kek_rekey' }),
    event('gm1', -40, { type: 'registration_lost' }),
    event('gm1', -35, { type: 'kek_missing' }),
    event('gm1', -30, { type: 'reregistration', cause: 'kek_missed_rekey', unexpected: true }),
    event('gm1', -29, { type: 'registration_restored' }),
    event('gm2', -10, { type: 'tek_missing' }),
    event('gm3', -20, { type: 'registration_restored' }),
    event('gm4', -12, { type: 'tek_missing' }),
  ];
  const history = keyHistory(group({ gm1: 25, gm2: null, gm3: 25, gm4: 25 }), { events, incidents: [] }, 1, NOW);
  const gaps = (device: string) =>
    laneOf(history, device)?.gaps.map(({ fromMs, toMs, text, isOpen }) => [
      text,
      (fromMs - NOW) / MINUTE,
      isOpen ? 'now' : (toMs - NOW) / MINUTE,
    ]);
  expect(gaps('gm1')).toEqual([['not registered', -40, -30]]);
  expect(laneOf(history, 'gm1')?.keks.map(({ fromMs, toMs }) => [fromMs - NOW, toMs - NOW])).toEqual([
    [-55 * MINUTE, -40 * MINUTE],
    [-30 * MINUTE, history.toMs - NOW],
  ]);
  expect(gaps('gm2')).toEqual([['without a TEK', -10, 'now']]);
  expect(gaps('gm3')).toEqual([]);
  // A rekey brought its TEK, which is no event.
  expect(gaps('gm4')).toEqual([]);
});

test('keys with a lifetime of at most an hour, or an unknown one, are shown over the last hour first', () => {
  expect([3600, 86_400, null].map((seconds) => hoursOf({ kek_lifetime_seconds: seconds }))).toEqual([1, 6, 1]);
});
