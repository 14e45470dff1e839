/**
 * States of a GM that no other event covers: each makes one event when it begins, and may begin again after it ended.
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

describe('a registered GM without a TEK', () => {
  test('is reported once, from when the last TEK ended, and again when it happens again', () => {
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

  // A single answer may fall into a registration.
  test('is reported only after a second answer if the last TEK should still live', () => {
    expect(types(history([gmAnswer(600, held), gmAnswer(660, empty), gmAnswer(720, renewed)]))).not.toContain(
      'tek_missing',
    );
    expect(types(history([gmAnswer(600, held), gmAnswer(660, empty), gmAnswer(720, empty)]))).toContain('tek_missing');
  });

  test('is reported only after a second answer if it is seen for the first time', () => {
    expect(types(history([gmAnswer(0, empty)]))).toEqual([]);
    expect(types(history([gmAnswer(0, empty), gmAnswer(60, empty)]))).toEqual(['tek_missing']);
  });

  test('is reported as registration_lost instead if the GM is not registered', () => {
    const told = history([gmAnswer(880, held), gmAnswer(1060, { ...empty, registered: false })]);
    expect(types(told)).toEqual(['registration_lost']);
  });

  test('is reported with the reason that a message states', () => {
    const told = history([gmAnswer(880, held), log(990, 'GDOI-3-GM_NO_IPSEC_FLOWS'), gmAnswer(1060, empty)]);
    expect(eventOf(told, 'tek_missing')?.summary).toContain('flows');
  });
});

describe('failed attempts of a GM that is still registered', () => {
  const attempt = (at: number, attempted: number) => gmAnswer(at, { ...held, succeeded: 1, attempted });

  test('are reported before the TEK ends, with the time that is left', () => {
    const told = history([attempt(800, 1), attempt(860, 1), attempt(900, 3), attempt(940, 5)]);
    const event = eventOf(told, 'registration_failed');
    expect(event).toMatchObject({ severity: 'critical' });
    expect(event?.summary).toMatch(/still registered, 100 s of its last TEK left/u);
    expect(event?.evidence.join('\n')).toContain('2 attempts failed');
    expect(types(told).filter((type) => type === 'registration_failed')).toHaveLength(1);
    expect(failedAttemptsOf(told.state, 'G1')).toBe(4);
  });

  test('are a warning while a countdown runs, for the next one or because a rekey has set it anew', () => {
    const told = history([attempt(800, 1), gmAnswer(860, { ...held, succeeded: 1, attempted: 3 })]);
    expect(eventOf(told, 'registration_failed')).toMatchObject({ severity: 'warning' });
  });

  test('are not reported if they happened before the GM registered or was first seen', () => {
    const told = history([attempt(0, 40), attempt(60, 40), gmAnswer(120, { ...held, succeeded: 2, attempted: 44 })]);
    expect(types(told)).toEqual(['reregistration']);
    expect(failedAttemptsOf(told.state, 'G1')).toBe(0);
  });

  test('are not reported for a single attempt, which may be under way', () => {
    expect(types(history([attempt(800, 1), attempt(860, 2)]))).toEqual([]);
  });

  test('are reported again if new ones follow a success', () => {
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
  ])('when the KS sends it %i s before expiry: on its way at %i s left, overdue at %i', (lead, underWay, late) => {
    const old: GmSketch = { ...held, kekAt: 1000, teks: { '0x00000001': 4000 }, timerAt: 3800 };
    const told = (left: number) =>
      types(history([gmAnswer(600, old), gmAnswer(1000 - left, old)], { ksLeadSeconds: () => lead }));
    expect(told(lead - 1)).toEqual([]);
    expect(told(underWay)).toEqual([]);
    expect(told(late)).toEqual(['kek_rekey_overdue']);
  });
});

describe('an overdue TEK rekey', () => {
  test('is reported when the countdown of the GM is nearly over in the TEK’s window', () => {
    const told = history([gmAnswer(840, held), gmAnswer(885, held), gmAnswer(895, held)]);
    expect(types(told)).toEqual(['tek_rekey_overdue']);
    expect(eventOf(told, 'tek_rekey_overdue')?.evidence.join('\n')).toMatch(
      /Reregisters in: 15 s, 100 s before TEK expiry/u,
    );
    expect(tekRekeyOverdueOf(told.state, 'G1')).toBe(true);
    expect(types(history([gmAnswer(840, held), gmAnswer(882, held)]))).toEqual([]);
    expect(types(history([gmAnswer(840, held), gmAnswer(883, held)]))).toEqual(['tek_rekey_overdue']);
  });

  test('is reported when the time that the KS planned is past, including retransmissions', () => {
    const plan = { tekLeadSeconds: () => 126, rekeySeconds: () => 30, tekLifetimeSeconds: () => 600 };
    const late: GmSketch = { ...held, timerAt: 930 };
    expect(types(history([gmAnswer(860, late), gmAnswer(895, late)], plan))).toEqual([]);
    const told = history([gmAnswer(860, late), gmAnswer(910, late)], plan);
    expect(types(told)).toEqual(['tek_rekey_overdue']);
    expect(eventOf(told, 'tek_rekey_overdue')?.evidence.join('\n')).toContain('126 s before expiry');
  });

  test.each([
    ['its KS sends it 90 s before the end', { tekLeadSeconds: () => 90, rekeySeconds: () => 30 }],
    ['the plan of its KS is not known', {}],
  ])('of a short TEK is not reported while the due rekey may be on its way, when %s', (_, plan) => {
    const short: GmSketch = { ...held, timerAt: 928 };
    const told = (left: number) =>
      types(history([gmAnswer(860, short), gmAnswer(TEK - left, short)], { ...plan, tekLifetimeSeconds: () => 900 }));
    expect(told(89)).toEqual([]);
    expect(told(87)).toEqual([]);
    expect(told(86)).toEqual(['tek_rekey_overdue']);
  });

  // Until then the rekey may still come.
  test('is not reported before the countdown is nearly over when the plan of the KS is not known', () => {
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

  test('is not reported by a countdown that the KEK drives', () => {
    const both: GmSketch = { ...held, kekAt: 1000, teks: { '0x00000001': 1000 }, timerAt: 880 };
    expect(types(history([gmAnswer(700, both), gmAnswer(790, both), gmAnswer(870, both)]))).toEqual([
      'kek_rekey_overdue',
    ]);
  });

  test('is not reported in a group without rekeys', () => {
    const withoutRekey: GmSketch = { ...held, kekAt: null };
    expect(types(history([gmAnswer(840, withoutRekey), gmAnswer(895, withoutRekey)]))).toEqual([]);
  });
});

describe('dropped packets', () => {
  const answer = (at: number) => gmAnswer(at, { kekAt: 50_000 });

  test('are reported once when anti-replay errors rise, with their number and the time', () => {
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

  test('are critical when there is more than one a second', () => {
    const told = history([answer(0), packetErrors(0, { input: 0 }), packetErrors(60, { input: 61 })]);
    expect(eventOf(told, 'replay_errors')).toMatchObject({ severity: 'critical' });
  });

  test('are not reported for errors that were there at first sight or when the count restarts', () => {
    const told = history([answer(0), packetErrors(0, { input: 9000 }), packetErrors(60, { input: 3 })]);
    expect(types(told)).toEqual([]);
    expect(packetsDroppedOf(told.state, 'G1')).toBe(false);
  });

  test('are over after ten quiet minutes and may be reported again', () => {
    const counts = [0, 5, 5, 5, 9];
    const told = history([answer(0), ...counts.map((input, index) => packetErrors(400 * index, { input }))]);
    expect(types(told)).toEqual(['replay_errors', 'replay_errors']);
  });

  test('are reported from data-plane counters as well', () => {
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

  test.each(['CRYPTO-4-RECVD_PKT_NOT_IPSEC', 'CRYPTO-4-RECVD_PKT_INV_SPI', 'IPSEC-3-RECVD_PKT_INV_SPI'])(
    'have %s as evidence',
    (message) => {
      const told = history([
        answer(0),
        packetErrors(0, { dataplane: { no_sa: 1 } }),
        log(
          30,
          message,
          "Rec'd packet not an IPSEC packet. (ip) vrf/dest_addr= /10.1.1.1, src_addr= 10.2.2.2, prot= 1",
        ),
        packetErrors(60, { dataplane: { no_sa: 9 } }),
      ]);
      const [, name = ''] = /-(\w+)$/u.exec(message) ?? [];
      expect(eventOf(told, 'replay_errors')?.evidence.join('\n')).toMatch(
        new RegExp(`log: ${name} .*at 2026-01-01T00:00:30`, 'u'),
      );
    },
  );

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
    ])('are reported by the message and lead to the sender when data-plane counters %s', (_, counters) => {
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

  test('have the message with both pseudotimes as evidence', () => {
    const told = history([answer(0), packetErrors(0, { input: 0 }), drop(30), packetErrors(60, { input: 5 })]);
    expect(eventOf(told, 'replay_errors')?.evidence.join('\n')).toContain(
      'pseudotime own 621.66 s, peer 607.44 s, window 4 s',
    );
  });

  test('have the sender as evidence, to whom the first step leads', () => {
    const text =
      'An anti replay check has failed in group G1: my_pseudotime = 418066.93 secs, peer_pseudotime = 418052.71 secs, replay_window = 4 (sec), src_ip = 198.51.100.9, dst_ip = 198.51.100.7';
    const told = history([answer(0), log(30, 'GDOI-4-TIMEBASED_REPLAY_FAILED', text), answer(60)]);
    expect(eventOf(told, 'replay_errors')?.evidence[0]).toContain(
      '(pseudotime own 418066.93 s, peer 418052.71 s, window 4 s, from 198.51.100.9)',
    );
  });

  test.each(['PSEUDO_TIME_LARGE', 'PSEUDO_TIME_TOO_OLD'])('are not stated in the summary after %s alone', (name) => {
    const told = history([answer(0), log(30, `GDOI-3-${name}`), answer(60)]);
    expect(eventOf(told, 'replay_errors')?.summary).toContain('has a pseudotime far from that of its KS');
    expect(saidOfPacketsOf(told.state, 'G1')).toBe('pseudotime');
    const dropping = history([answer(0), log(30, `GDOI-3-${name}`), drop(31), answer(60)]);
    expect(eventOf(dropping, 'replay_errors')?.summary).toContain('drops packets');
    expect(saidOfPacketsOf(dropping.state, 'G1')).toBeNull();
  });

  test('are reported by the message when no counters are collected, but not when the counters stand still', () => {
    expect(types(history([answer(0), drop(30), answer(60), answer(120)]))).toEqual(['replay_errors']);
    const still = [packetErrors(0, { input: 5 }), drop(30), packetErrors(60, { input: 5 })];
    expect(types(history([answer(0), ...still, answer(61)]))).toEqual([]);
  });
});
