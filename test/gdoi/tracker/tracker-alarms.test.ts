/**
 * States of a GM that nothing else tells: each makes one event when it begins, and may begin again when it was over.
 */
import { describe, expect, test } from 'vitest';
import {
  failedAttemptsOf,
  packetsDroppedOf,
  saidOfPacketsOf,
  tekRekeyOverdueOf,
} from '../../../src/gdoi/memory/tracker-state.ts';
import {
  gmAnswer,
  type GmSketch,
  type History,
  history,
  log,
  packetErrors,
  T0,
  types,
} from '../../builders/tracker-builders.ts';

const eventOf = (told: History, type: string) => told.events.find((event) => event.type === type);
const seconds = (ms: number) => ms / 1000 - T0;

/** One TEK that ends at 1000 s; the KEK is far away. */
const TEK = 1000;
const held: GmSketch = { kekAt: 50_000, teks: { '0x00000001': TEK }, timerAt: 900 };
const renewed: GmSketch = { ...held, received: 4, since: 1, teks: { '0x00000002': 4600 }, timerAt: 4500 };
const empty: GmSketch = { ...held, teks: {}, timerAt: null };

describe('registered without a TEK', () => {
  test('is told once, from when the last TEK ended, and again when it happens again', () => {
    const told = history([
      gmAnswer(880, held),
      gmAnswer(1060, empty),
      gmAnswer(1120, empty),
      gmAnswer(1180, renewed),
      gmAnswer(4700, { ...renewed, teks: {}, timerAt: null }),
    ]);
    expect(types(told).filter((type) => type === 'tek_missing')).toHaveLength(2);
    const event = eventOf(told, 'tek_missing');
    expect(event).toMatchObject({ severity: 'critical', device: 'gm1', group: 'G1' });
    expect(event?.evidence.join('\n')).toContain('0x00000001');
    expect(seconds(event!.betweenMs[0])).toBeGreaterThanOrEqual(TEK - 2);
    expect(seconds(event!.betweenMs[1])).toBeLessThanOrEqual(TEK + 3);
  });

  test('one answer without a TEK that should still live may fall into a registration', () => {
    expect(types(history([gmAnswer(600, held), gmAnswer(660, empty), gmAnswer(720, renewed)]))).not.toContain(
      'tek_missing',
    );
    expect(types(history([gmAnswer(600, held), gmAnswer(660, empty), gmAnswer(720, empty)]))).toContain('tek_missing');
  });

  test('at first sight a second answer has to agree', () => {
    expect(types(history([gmAnswer(0, empty)]))).toEqual([]);
    expect(types(history([gmAnswer(0, empty), gmAnswer(60, empty)]))).toEqual(['tek_missing']);
  });

  test('a GM that is not registered has another event', () => {
    const told = history([gmAnswer(880, held), gmAnswer(1060, { ...empty, registered: false })]);
    expect(types(told)).toEqual(['registration_lost']);
  });

  test('the message that says why goes with it', () => {
    const told = history([gmAnswer(880, held), log(990, 'GDOI-3-GM_NO_IPSEC_FLOWS'), gmAnswer(1060, empty)]);
    expect(eventOf(told, 'tek_missing')?.summary).toContain('flows');
  });
});

describe('attempts that fail while it is still registered', () => {
  const attempt = (at: number, attempted: number) => gmAnswer(at, { ...held, succeeded: 1, attempted });

  test('are told before the TEK ends, with the time that is left', () => {
    const told = history([attempt(800, 1), attempt(860, 1), attempt(900, 3), attempt(940, 5)]);
    const event = eventOf(told, 'registration_failed');
    expect(event).toMatchObject({ severity: 'warning' });
    expect(event?.summary).toMatch(/still registered, 100 s of its last TEK left/u);
    expect(event?.evidence.join('\n')).toContain('2 attempts failed');
    expect(types(told).filter((type) => type === 'registration_failed')).toHaveLength(1);
    expect(failedAttemptsOf(told.state, 'G1')).toBe(4);
  });

  test('those of before it registered, or was first seen, are history', () => {
    const told = history([attempt(0, 40), attempt(60, 40), gmAnswer(120, { ...held, succeeded: 2, attempted: 44 })]);
    expect(types(told)).toEqual(['reregistration']);
    expect(failedAttemptsOf(told.state, 'G1')).toBe(0);
  });

  test('one attempt may be under way', () => {
    expect(types(history([attempt(800, 1), attempt(860, 2)]))).toEqual([]);
  });

  test('the next ones after a success are told again', () => {
    const told = history([
      attempt(800, 1),
      attempt(860, 3),
      gmAnswer(880, { ...renewed, succeeded: 2, attempted: 4 }),
      gmAnswer(4550, { ...renewed, succeeded: 2, attempted: 7 }),
    ]);
    expect(types(told).filter((type) => type === 'registration_failed')).toHaveLength(2);
  });
});

describe('an overdue KEK rekey', () => {
  test.each([
    [265, 262, 261],
    [200, 197, 196],
  ])('that the KS sends %i s before expiry: on its way with %i s left, overdue with %i', (lead, underWay, late) => {
    const old: GmSketch = { ...held, kekAt: 1000, teks: { '0x00000001': 4000 }, timerAt: 3800 };
    const told = (left: number) =>
      types(history([gmAnswer(600, old), gmAnswer(1000 - left, old)], { ksLeadSeconds: () => lead }));
    expect(told(lead - 1)).toEqual([]);
    expect(told(underWay)).toEqual([]);
    expect(told(late)).toEqual(['kek_rekey_overdue']);
  });
});

describe('an overdue TEK rekey', () => {
  test('by the GM: its countdown has come to its end in the TEK’s window', () => {
    const told = history([gmAnswer(840, held), gmAnswer(885, held), gmAnswer(895, held)]);
    expect(types(told)).toEqual(['tek_rekey_overdue']);
    expect(eventOf(told, 'tek_rekey_overdue')?.evidence.join('\n')).toMatch(
      /Reregisters in: 15 s, 100 s before TEK expiry/u,
    );
    expect(tekRekeyOverdueOf(told.state, 'G1')).toBe(true);
    expect(types(history([gmAnswer(840, held), gmAnswer(882, held)]))).toEqual([]);
    expect(types(history([gmAnswer(840, held), gmAnswer(883, held)]))).toEqual(['tek_rekey_overdue']);
  });

  test('by the KS: its own plan is past, retransmission allowed for', () => {
    const plan = { tekLeadSeconds: () => 126, rekeySeconds: () => 30, tekLifetimeSeconds: () => 600 };
    const late: GmSketch = { ...held, timerAt: 930 };
    expect(types(history([gmAnswer(860, late), gmAnswer(895, late)], plan))).toEqual([]);
    const told = history([gmAnswer(860, late), gmAnswer(910, late)], plan);
    expect(types(told)).toEqual(['tek_rekey_overdue']);
    expect(eventOf(told, 'tek_rekey_overdue')?.evidence.join('\n')).toContain('126 s before expiry');
  });

  test.each([
    ['its KS sends it 90 s before the end', { tekLeadSeconds: () => 90, rekeySeconds: () => 30 }],
    ['what its KS plans is not known', {}],
  ])('of a short TEK, %s: not while the rekey that is due may be on its way', (_, plan) => {
    const short: GmSketch = { ...held, timerAt: 928 };
    const told = (left: number) =>
      types(history([gmAnswer(860, short), gmAnswer(TEK - left, short)], { ...plan, tekLifetimeSeconds: () => 900 }));
    expect(told(89)).toEqual([]);
    expect(told(87)).toEqual([]);
    expect(told(86)).toEqual(['tek_rekey_overdue']);
  });

  test('where what its KS plans is not known: not before the countdown is nearly over, while the rekey may be to come', () => {
    const long: GmSketch = { ...held, timerAt: 820 };
    const told = (left: number) => types(history([gmAnswer(700, long), gmAnswer(TEK - left, long)]));
    expect(told(194)).toEqual([]);
    expect(told(187)).toEqual([]);
    expect(told(186)).toEqual(['tek_rekey_overdue']);
  });

  test('ends with the rekey', () => {
    const told = history([gmAnswer(840, held), gmAnswer(890, held), gmAnswer(920, renewed)]);
    expect(types(told)).toEqual(['tek_rekey_overdue']);
    expect(tekRekeyOverdueOf(told.state, 'G1')).toBe(false);
  });

  test('a countdown that the KEK drives is no word about the TEK', () => {
    const both: GmSketch = { ...held, kekAt: 1000, teks: { '0x00000001': 1000 }, timerAt: 880 };
    expect(types(history([gmAnswer(700, both), gmAnswer(790, both), gmAnswer(870, both)]))).toEqual([
      'kek_rekey_overdue',
    ]);
  });

  test('a group without rekeys has none that is overdue', () => {
    const withoutRekey: GmSketch = { ...held, kekAt: null };
    expect(types(history([gmAnswer(840, withoutRekey), gmAnswer(895, withoutRekey)]))).toEqual([]);
  });
});

describe('packets that are dropped', () => {
  const answer = (at: number) => gmAnswer(at, { kekAt: 50_000 });

  test('anti-replay errors that rise are told once, with how many in which time', () => {
    const told = history([
      answer(0),
      packetErrors(0, { input: 7 }),
      answer(60),
      packetErrors(60, { input: 37, delta: 14.2 }),
      packetErrors(120, { input: 70 }),
    ]);
    expect(types(told)).toEqual(['replay_errors']);
    expect(eventOf(told, 'replay_errors')).toMatchObject({ severity: 'warning' });
    expect(eventOf(told, 'replay_errors')?.evidence).toContain('Input Error Packets 7 -> 37 in 60 s');
    expect(eventOf(told, 'replay_errors')?.evidence).toContain('Max time delta: 14.2 s');
    expect(packetsDroppedOf(told.state, 'G1')).toBe(true);
  });

  test('more than one a second is critical', () => {
    const told = history([answer(0), packetErrors(0, { input: 0 }), packetErrors(60, { input: 61 })]);
    expect(eventOf(told, 'replay_errors')).toMatchObject({ severity: 'critical' });
  });

  test('what was there at first sight, and a count that restarts, are no rise', () => {
    const told = history([answer(0), packetErrors(0, { input: 9000 }), packetErrors(60, { input: 3 })]);
    expect(types(told)).toEqual([]);
    expect(packetsDroppedOf(told.state, 'G1')).toBe(false);
  });

  test('after ten quiet minutes it is over, and may begin again', () => {
    const counts = [0, 5, 5, 5, 9];
    const told = history([answer(0), ...counts.map((input, index) => packetErrors(400 * index, { input }))]);
    expect(types(told)).toEqual(['replay_errors', 'replay_errors']);
  });

  test('the data plane counts as well', () => {
    const told = history([
      answer(0),
      packetErrors(0, { dataplane: { no_sa: 1, invalid_sa: 0 } }),
      packetErrors(60, { dataplane: { no_sa: 1, invalid_sa: 12 } }),
    ]);
    expect(eventOf(told, 'replay_errors')?.summary).toContain('data plane');
    expect(eventOf(told, 'replay_errors')?.evidence).toEqual([
      'data-plane errors 1 -> 13 in 60 s',
      'now: no_sa 1, invalid_sa 12',
    ]);
  });

  test.each(['CRYPTO-4-RECVD_PKT_NOT_IPSEC', 'CRYPTO-4-RECVD_PKT_INV_SPI'])('%s says what was dropped', (message) => {
    const told = history([
      answer(0),
      packetErrors(0, { dataplane: { no_sa: 1 } }),
      log(30, message, "Rec'd packet not an IPSEC packet. (ip) vrf/dest_addr= /10.1.1.1, src_addr= 10.2.2.2, prot= 1"),
      packetErrors(60, { dataplane: { no_sa: 9 } }),
    ]);
    const [, name = ''] = /-(\w+)$/u.exec(message) ?? [];
    expect(eventOf(told, 'replay_errors')?.evidence.join('\n')).toMatch(
      new RegExp(`log: ${name} .*at 2026-01-01T00:00:30`, 'u'),
    );
  });

  describe('that came in clear', () => {
    const inClear = (at: number) =>
      log(
        at,
        'CRYPTO-4-RECVD_PKT_NOT_IPSEC',
        "Rec'd packet not an IPSEC packet. (ip) dest_addr= /10.1.1.1, src_addr= 10.2.2.2",
      );

    test.each([
      ['are not collected', []],
      ['stand still', [packetErrors(0, { dataplane: { no_sa: 1 } }), packetErrors(61, { dataplane: { no_sa: 1 } })]],
    ])('are told by the message where data-plane counters %s, and lead to the sender', (_, counters) => {
      const told = history([
        answer(0),
        ...counters.slice(0, 1),
        inClear(30),
        answer(60),
        ...counters.slice(1),
        inClear(90),
        answer(120),
      ]);
      expect(types(told)).toEqual(['replay_errors']);
      const event = eventOf(told, 'replay_errors');
      expect(event?.summary).toContain('came in clear');
      expect(event?.action).toMatch(/source/u);
      expect(event?.evidence).toEqual([expect.stringContaining('RECVD_PKT_NOT_IPSEC (from 10.2.2.2) at')]);
      expect(packetsDroppedOf(told.state, 'G1')).toBe(true);
      expect(saidOfPacketsOf(told.state, 'G1')).toBe('in-clear');
    });

    test('are over ten minutes after the last one', () => {
      const told = history([answer(0), inClear(30), answer(60), answer(700)]);
      expect(types(told)).toEqual(['replay_errors']);
      expect(packetsDroppedOf(told.state, 'G1')).not.toBe(true);
    });
  });

  const drop = (at: number) =>
    log(
      at,
      'GDOI-4-TIMEBASED_REPLAY_FAILED',
      'An anti replay check has failed in group G1: my_pseudotime = 621.66 secs, peer_pseudotime = 607.44 secs, replay_window = 4 (sec)',
    );

  test('the message is evidence with both pseudotimes', () => {
    const told = history([answer(0), packetErrors(0, { input: 0 }), drop(30), packetErrors(60, { input: 5 })]);
    expect(eventOf(told, 'replay_errors')?.evidence.join('\n')).toContain(
      'pseudotime own 621.66 s, peer 607.44 s, window 4 s',
    );
  });

  test('the sender is evidence, whom the first step leads to', () => {
    const text =
      'An anti replay check has failed in group G1: my_pseudotime = 418066.93 secs, peer_pseudotime = 418052.71 secs, replay_window = 4 (sec), src_ip = 198.51.100.9, dst_ip = 198.51.100.7';
    const told = history([answer(0), log(30, 'GDOI-4-TIMEBASED_REPLAY_FAILED', text), answer(60)]);
    expect(eventOf(told, 'replay_errors')?.evidence[0]).toContain(
      '(pseudotime own 418066.93 s, peer 418052.71 s, window 4 s, from 198.51.100.9)',
    );
  });

  test.each(['PSEUDO_TIME_LARGE', 'PSEUDO_TIME_TOO_OLD'])('%s says nothing of packets that are dropped', (name) => {
    const told = history([answer(0), log(30, `GDOI-3-${name}`), answer(60)]);
    expect(eventOf(told, 'replay_errors')?.summary).toContain('has a pseudotime far from that of its KS');
    expect(saidOfPacketsOf(told.state, 'G1')).toBe('pseudotime');
    const dropping = history([answer(0), log(30, `GDOI-3-${name}`), drop(31), answer(60)]);
    expect(eventOf(dropping, 'replay_errors')?.summary).toContain('drops packets');
    expect(saidOfPacketsOf(dropping.state, 'G1')).toBeNull();
  });

  test('where no counters are collected the message is all there is; counters that stand still refute it', () => {
    expect(types(history([answer(0), drop(30), answer(60), answer(120)]))).toEqual(['replay_errors']);
    const still = [packetErrors(0, { input: 5 }), drop(30), packetErrors(60, { input: 5 })];
    expect(types(history([answer(0), ...still, answer(61)]))).toEqual([]);
  });
});
