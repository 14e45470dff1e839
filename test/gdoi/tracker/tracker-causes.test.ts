/** The table of causes (GETVPN facts), each row as it comes to the tracker. KEK expiry is 1000 s after T0. */
import { describe, expect, test } from 'vitest';
import {
  causes,
  facts,
  gmAnswer,
  type GmSketch,
  history,
  log,
  reregistrations,
  T0,
} from '../../builders/tracker-builders.ts';

const KEK = 1000;
const NEW_KEK = 87_000;
const before: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: 880 };

test('in [expiry - 190 s, expiry - 40 s] with a new KEK afterwards the rekey was missed', () => {
  const told = history([gmAnswer(790, before), gmAnswer(970, { succeeded: 2, kekAt: NEW_KEK })]);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
  const [event] = reregistrations(told);
  expect(event).toMatchObject({ unexpected: true, severity: 'warning', device: 'gm1', group: 'G1' });
  expect(event?.evidence).toContain('Succeeded registration 1 -> 2');
  expect(event?.betweenMs[0]).toBeLessThanOrEqual((T0 + 790) * 1000);
  expect(event?.betweenMs[1]).toBeGreaterThanOrEqual((T0 + 970) * 1000);
});

/** The KS shows how long its keys live: by it the KEK held after the registration was made then. */
const kekMadeAt = (at: number) => ({ kekLifetimeSeconds: () => NEW_KEK - at });

describe('a KEK that no KS makes by itself at that time: its order or the GM’s timer is not decided', () => {
  const after = gmAnswer(900, { succeeded: 2, kekAt: NEW_KEK });

  test('long before it was due', () => {
    const told = history([gmAnswer(600, before), after], kekMadeAt(650));
    expect(causes(told)).toEqual(['unknown']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toBe(
      'the KEK held since was made at 2026-01-01T00:10:50Z, when none was due: an order of the KS, or the timer after a missed rekey: not decided',
    );
  });

  test('after the time of the rekey, and before the expiry that an old KS waits for', () => {
    expect(causes(history([gmAnswer(840, before), after], kekMadeAt(860)))).toEqual(['unknown']);
  });

  test('when it is due, the rekey was missed', () => {
    expect(causes(history([gmAnswer(600, before), after], kekMadeAt(775)))).toEqual(['kek_missed_rekey']);
  });

  test('an order would have shown in the answer after it', () => {
    expect(causes(history([gmAnswer(690, before), after], kekMadeAt(650)))).toEqual(['kek_missed_rekey']);
    expect(causes(history([gmAnswer(875, before), after], kekMadeAt(840)))).toEqual(['kek_missed_rekey']);
  });
});

describe('a TEK that no KS makes by itself so early: its order or the GM’s timer is not decided', () => {
  const lifetimes = { tekLifetimeSeconds: () => 600 };
  /** Of an old release, which shows nothing of its KEK. */
  const held: GmSketch = { succeeded: 1, kekWithoutLifetime: true, teks: { '0x0000000A': 340 }, timerAt: 275 };
  const made = (at: number): GmSketch => ({ ...held, succeeded: 2, timerAt: 500, teks: { '0x0000000B': at + 600 } });

  test('long before the one held ended', () => {
    const told = history([gmAnswer(0, held), gmAnswer(280, made(60))], lifetimes);
    expect(causes(told)).toEqual(['unknown']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toBe(
      'the TEK held since was made at 2026-01-01T00:01:00Z, when none was due: an order of the KS, or the timer of the TEK: not decided',
    );
  });

  test('when it is due, the rekey was missed', () => {
    expect(causes(history([gmAnswer(0, held), gmAnswer(280, made(220))], lifetimes))).toEqual(['tek_expired']);
  });

  test('an order would have shown in the answer after it', () => {
    expect(causes(history([gmAnswer(100, held), gmAnswer(280, made(60))], lifetimes))).toEqual(['tek_expired']);
  });

  test('without the KS’s word on its lifetime nothing says when it was made', () => {
    expect(causes(history([gmAnswer(0, held), gmAnswer(280, made(60))]))).toEqual(['tek_expired']);
  });
});

test('of two registrations between two answers the second is not placed before the first', () => {
  const told = history([gmAnswer(840, before), gmAnswer(940, { succeeded: 3, kekAt: NEW_KEK })], {
    kekLifetimeSeconds: () => 86_225,
  });
  expect(causes(told)).toEqual(['kek_missed_rekey', 'unknown']);
  const [first, second] = reregistrations(told);
  expect(first!.atMs).toBeLessThan(second!.atMs);
});

test('in that window with the same KEK afterwards the KS is old', () => {
  const told = history([gmAnswer(790, before), gmAnswer(900, { succeeded: 2, kekAt: KEK, timerAt: 1040 })]);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('the KEK brought again may lie a second or two beside the old expiry', () => {
  const told = history([gmAnswer(790, before), gmAnswer(900, { succeeded: 2, kekAt: KEK - 2, timerAt: 1040 })]);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('both re-registrations of one KEK cycle are legacy_ks', () => {
  const told = history([
    gmAnswer(790, before),
    gmAnswer(900, { succeeded: 2, kekAt: KEK, timerAt: 1040 }),
    gmAnswer(1100, { succeeded: 3, kekAt: NEW_KEK }),
  ]);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
  expect(new Set(reregistrations(told).map(({ id }) => id)).size).toBe(2);
});

test('both between two polls are two events with disjoint intervals', () => {
  const told = history([gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: NEW_KEK })]);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
  const [first, second] = reregistrations(told);
  expect(first!.betweenMs[1]).toBeLessThanOrEqual(second!.betweenMs[0]);
});

test.each([
  ['far from both windows of the KEK it was the TEK’s', 10_000, ['tek_expired']],
  ['inside the KEK’s window it was the KEK’s', 1000, ['legacy_ks']],
])('a countdown that fired where no TEK is shown (RESTCONF): %s', (_, kekAt, named) => {
  const unseen = { teks: {}, kekAt, timerAt: 850 };
  const told = history([
    gmAnswer(790, { succeeded: 1, ...unseen }),
    gmAnswer(860, { succeeded: 2, ...unseen, timerAt: 3000 }),
  ]);
  expect(causes(told)).toEqual(named);
});

test('a KEK that is gone after its expiry was the one brought in the window: legacy_ks', () => {
  const told = history([gmAnswer(790, before), gmAnswer(1010, { succeeded: 2, kekZero: true, timerAt: 1050 })]);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('the vendor sample: KEK 56 s, Reregisters in 81 s: the timer points past the expiry, so the KS did not rekey ahead', () => {
  const teks = { '0xD835DB99': 2228 };
  const told = history([
    gmAnswer(0, { succeeded: 1, received: 0, kekAt: 56.5, timerAt: 81.5, teks }),
    gmAnswer(70, { succeeded: 1, received: 0, kekZero: true, timerAt: 81.5, teks }),
    gmAnswer(100, { succeeded: 2, received: 0, kekAt: 86_450, timerAt: 2100, teks }),
  ]);
  expect(causes(told)).toEqual(['legacy_ks']);
  expect(told.events.map(({ type }) => type)).toEqual(['kek_rekey_overdue', 'kek_missing', 'reregistration']);
});

test('in [expiry, expiry + 80 s] of a KEK that a reload had brought late it is kek_expired', () => {
  const told = history([
    gmAnswer(700, { ...before, succeeded: 4 }),
    facts(700, 100_000),
    gmAnswer(900, { succeeded: 1, received: 0, kekAt: KEK, timerAt: 1050 }),
    facts(900, 60),
    gmAnswer(960, { succeeded: 1, received: 0, kekAt: KEK, timerAt: 1050 }),
    gmAnswer(1100, { succeeded: 2, received: 0, kekAt: NEW_KEK }),
  ]);
  expect(causes(told)).toEqual(['reload', 'kek_expired']);
});

test('GM_DELETE_EXPIRED_KEK before a re-registration makes it kek_expired', () => {
  const told = history([
    gmAnswer(600, { succeeded: 1, kekAt: KEK, timerAt: null }),
    log(1001, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted'),
    log(1030, 'GDOI-4-GM_RE_REGISTER', 'The IPSec SA created for group G1 may have expired'),
    log(1031, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2'),
    gmAnswer(1200, { succeeded: 2, kekAt: NEW_KEK }),
  ]);
  expect(causes(told)).toEqual(['kek_expired']);
  expect(reregistrations(told)[0]?.betweenMs).toEqual([(T0 + 1029) * 1000, (T0 + 1031) * 1000]);
});

test('GM_DELETE_EXPIRED_KEK after a re-registration in the window proves the same KEK: legacy_ks', () => {
  const told = history([
    gmAnswer(790, before),
    log(880, 'GDOI-4-GM_RE_REGISTER', 'The IPSec SA created for group G1 may have expired'),
    log(881, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2'),
    log(1000, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted'),
    gmAnswer(1010, { succeeded: 2, kekZero: true, timerAt: 1050 }),
  ]);
  expect(causes(told)).toEqual(['legacy_ks']);
});

const complete = (at: number) =>
  log(at, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2');
const reregister = (at: number) =>
  log(at, 'GDOI-4-GM_RE_REGISTER', 'The IPSec SA created for group G1 may have expired');

test('both re-registrations of a cycle between two polls, told apart by the log, are legacy_ks', () => {
  const told = history([
    gmAnswer(790, before),
    reregister(880),
    complete(881),
    log(1000, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted'),
    reregister(1040),
    complete(1041),
    gmAnswer(1050, { succeeded: 3, kekAt: NEW_KEK }),
  ]);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
});

test('the second registration after an unseen one is not told as kek_expired: which KEK it held is not known', () => {
  const told = history([
    gmAnswer(790, before),
    reregister(880),
    complete(881),
    reregister(1040),
    complete(1041),
    gmAnswer(1050, { succeeded: 3, kekAt: NEW_KEK, keyServer: '10.1.11.2' }),
  ]);
  expect(causes(told)).not.toContain('kek_expired');
});

test('in the window of the longest-lived TEK, without a TEK rekey, it is tek_expired', () => {
  const told = history([
    gmAnswer(0, { succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 600 }, timerAt: 535 }),
    gmAnswer(500, { succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 600 }, timerAt: 535 }),
    gmAnswer(560, { succeeded: 2, kekAt: 50_000, teks: { '0x0000000B': 1100 }, timerAt: 1030 }),
  ]);
  expect(causes(told)).toEqual(['tek_expired']);
});

test('an old GM without a KEK timer re-registers for its TEK', () => {
  const old = { kekWithoutLifetime: true };
  const told = history([
    gmAnswer(0, { ...old, teks: { '0x0000000A': 3600 }, timerAt: 3480 }),
    gmAnswer(3400, { ...old, teks: { '0x0000000A': 3600 }, timerAt: 3480 }),
    gmAnswer(3500, { ...old, succeeded: 2, teks: { '0x0000000B': 7000 }, timerAt: 6900 }),
  ]);
  expect(causes(told)).toEqual(['tek_expired']);
});

test('another KS and no timer that was due is ks_failover', () => {
  const told = history([
    gmAnswer(0, { ...before, timerAt: 880 }),
    gmAnswer(60, { succeeded: 2, kekAt: KEK, timerAt: 870, keyServer: '10.1.12.2' }),
  ]);
  expect(causes(told)).toEqual(['ks_failover']);
  expect(reregistrations(told)[0]?.evidence).toContain('Registered with 10.1.11.2 -> 10.1.12.2');
});

test.each([
  ['GM_RECV_DELETE', 'GM received delete-msg from KS 10.1.11.2 in group G1.'],
  ['GM_CM_ATTACH', 'Crypto map attached for group G1'],
  ['GM_REJECTING_SA_PAYLOAD', 'Rejecting payload in group G1'],
])('%s makes it ks_forced', (mnemonic, text) => {
  const told = history([
    gmAnswer(0, before),
    log(20, `GDOI-4-${mnemonic}`, text),
    gmAnswer(60, { succeeded: 2, kekAt: NEW_KEK, timerAt: 870 }),
  ]);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('TEKs cut short without a rekey, then a registration: ks_forced', () => {
  const told = history([
    gmAnswer(0, { kekAt: 50_000, teks: { '0x0000000A': 3000 }, timerAt: 2900 }),
    gmAnswer(60, { kekAt: 50_000, teks: { '0x0000000A': 140 }, timerAt: 90 }),
    gmAnswer(120, { succeeded: 2, kekAt: 80_000, teks: { '0x0000000B': 3650 }, timerAt: 3500 }),
  ]);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('a KEK made long before the old one was due is ks_forced', () => {
  const told = history([
    gmAnswer(0, { kekAt: 50_000, timerAt: 880 }),
    gmAnswer(300, { succeeded: 2, kekAt: 86_500, timerAt: 1880 }),
  ]);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('counters restarted while the uptime went on is operator_clear', () => {
  const told = history([
    gmAnswer(0, { succeeded: 4, kekAt: 50_000 }),
    facts(0, 100_000),
    gmAnswer(300, { succeeded: 1, received: 0, kekAt: 50_000 }),
    facts(300, 100_300),
  ]);
  expect(causes(told)).toEqual(['operator_clear']);
  expect(told.events.map(({ type }) => type)).toEqual(['counters_reset', 'reregistration']);
  expect(reregistrations(told)[0]?.unexpected).toBe(false);
});

test('GM_CLEAR_REGISTER is operator_clear, even when the counters come back to what they were', () => {
  const same = { succeeded: 1, received: 0, kekAt: 50_000 };
  const told = history([
    gmAnswer(0, same),
    log(50, 'GDOI-5-GM_CLEAR_REGISTER', 'Config: GM clears registration for group G1 by operator'),
    log(51, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2'),
    gmAnswer(60, same),
    gmAnswer(120, same),
  ]);
  expect(causes(told)).toEqual(['operator_clear']);
});

test('cleared twice between two polls is two events, by the log', () => {
  const clear = (at: number) => [
    log(at, 'GDOI-5-GM_CLEAR_REGISTER', 'Config: GM clears registration for group G1 by operator'),
    log(at + 1, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2'),
  ];
  const told = history([
    gmAnswer(0, { succeeded: 3, kekAt: 50_000 }),
    ...clear(70),
    ...clear(100),
    gmAnswer(300, { succeeded: 1, received: 0, kekAt: 50_000 }),
  ]);
  expect(causes(told)).toEqual(['operator_clear', 'operator_clear']);
});

test('an uptime shorter than the time since the last poll is reload, and tells it once', () => {
  const told = history([
    gmAnswer(0, { succeeded: 4, kekAt: 50_000 }),
    facts(0, 100_000),
    failure300(),
    gmAnswer(400, { succeeded: 1, received: 0, kekAt: 50_000 }),
    facts(400, 130),
    gmAnswer(700, { succeeded: 1, received: 0, kekAt: 50_000 }),
    facts(700, 430),
  ]);
  expect(causes(told)).toEqual(['reload']);
  expect(told.events.map(({ type }) => type)).toEqual(['reload', 'reregistration']);
});

test('a reload that only the uptime tells: Succeeded registration 1 before and after', () => {
  const same = { succeeded: 1, received: 0, kekAt: 50_000 };
  const told = history([gmAnswer(0, same), facts(0, 100_000), gmAnswer(300, same), facts(300, 120)]);
  expect(causes(told)).toEqual(['reload']);
});

test('a reload before Registering ends gives its registration the cause when it comes', () => {
  const told = history([
    gmAnswer(0, { succeeded: 4, kekAt: 50_000 }),
    facts(0, 100_000),
    gmAnswer(300, { registered: false, succeeded: 0, attempted: 1, received: 0, kekAt: null, teks: {} }),
    facts(300, 60),
    gmAnswer(330, { succeeded: 1, received: 0, kekAt: 50_000 }),
    facts(330, 90),
  ]);
  expect(causes(told)).toEqual(['reload']);
});

test('the first registration of a GM seen unregistered is initial and counted nowhere', () => {
  const told = history([
    gmAnswer(0, { registered: false, succeeded: 0, attempted: 3, received: 0, teks: {} }),
    gmAnswer(60, { succeeded: 1, attempted: 4, received: 0, kekAt: 50_000 }),
  ]);
  expect(causes(told)).toEqual(['initial']);
  expect(told.state.groups.get('G1')?.tally).toMatchObject({ expected: 0, unexpected: 0, last: null });
});

test('the first sight of a registered GM is a baseline without events', () => {
  expect(history([gmAnswer(0, { succeeded: 12, kekAt: 50_000 })]).events).toEqual([]);
});

test('without any timer due, any log or another KS it is unknown, which is unexpected', () => {
  const told = history([gmAnswer(0, { kekAt: 50_000, timerAt: 880 }), gmAnswer(60, { succeeded: 2, kekAt: 50_000 })]);
  expect(causes(told)).toEqual(['unknown']);
  expect(reregistrations(told)[0]?.unexpected).toBe(true);
});

test('two timers in one interval and nothing that decides is unknown', () => {
  const teks = { '0x0000000A': 980 };
  const told = history([
    gmAnswer(780, { kekAt: KEK, teks, timerAt: null }),
    gmAnswer(960, { succeeded: 2, kekAt: NEW_KEK, teks: { '0x0000000B': 4000 }, timerAt: 3800 }),
  ]);
  expect(causes(told)).toEqual(['unknown']);
});

test('a countdown that stayed while the TEK was renewed belongs to the KEK and decides between two timers', () => {
  const told = history([
    gmAnswer(100, { kekAt: KEK, teks: { '0x0000000A': 960 }, timerAt: 895, received: 3 }),
    gmAnswer(800, { kekAt: KEK, teks: { '0x0000000B': 960 }, timerAt: 895, received: 4, since: 1 }),
    gmAnswer(960, { succeeded: 2, kekAt: NEW_KEK, received: 4, teks: { '0x0000000C': 4000 }, timerAt: 3800 }),
  ]);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
});

test('a release whose counters survive the clear: the message decides', () => {
  const told = history([
    gmAnswer(0, { succeeded: 4, kekAt: 50_000, timerAt: 880 }),
    log(20, 'GDOI-5-GM_CLEAR_REGISTER', 'Config: GM clears registration for group G1 by operator'),
    gmAnswer(60, { succeeded: 5, kekAt: 50_000, timerAt: 890 }),
  ]);
  expect(causes(told)).toEqual(['operator_clear']);
});

function failure300() {
  return {
    kind: 'failure',
    device: 'gm1',
    sentAtMs: (T0 + 300) * 1000,
    receivedAtMs: (T0 + 301) * 1000,
    result: 'timeout',
  } as const;
}

test('two registrations around a KEK expiry are no legacy pair when the KS had made the new KEK before', () => {
  const observations = [gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: 1765, timerAt: 1500 })];
  // Made at 765: 235 s before the old one's expiry, as a new KS does.
  expect(causes(history(observations, { kekLifetimeSeconds: () => 1000 }))).toEqual(['kek_missed_rekey', 'unknown']);
  // Made at 1005: the KS waited for the expiry.
  const waited = [gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: 2005, timerAt: 1500 })];
  expect(causes(history(waited, { kekLifetimeSeconds: () => 1000 }))).toEqual(['legacy_ks', 'legacy_ks']);
});

test('a deletion message of an earlier KEK proves nothing of this one', () => {
  const told = history([
    gmAnswer(100, { kekAt: 200, timerAt: 260 }),
    log(200, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted'),
    gmAnswer(300, { succeeded: 2, kekAt: 1300, timerAt: 1180 }),
    gmAnswer(1100, { succeeded: 2, kekAt: 1300, timerAt: 1180 }),
    gmAnswer(1200, { succeeded: 3, kekAt: 3000, timerAt: 2800 }),
  ]);
  expect(causes(told).at(-1)).toBe('kek_missed_rekey');
});

test('the first of many logged attempts is when the registration began', () => {
  const attempts = Array.from({ length: 20 }, (_, index) =>
    log(
      881 + index * 30,
      'CRYPTO-5-GM_REGSTER',
      'Start registration to KS 10.1.11.2 for group G1 using address 10.1.13.2',
    ),
  );
  const told = history([
    gmAnswer(790, before),
    log(880, 'GDOI-4-GM_RE_REGISTER', 'The IPSec SA created for group G1 may have expired'),
    ...attempts,
    log(1460, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1 using address 10.1.13.2'),
    gmAnswer(1470, { succeeded: 2, attempted: 21, kekAt: NEW_KEK }),
  ]);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
});

test('an interface that came back after the KEK had run out is the cause where the countdown was not due yet', () => {
  const held: GmSketch = { succeeded: 2, kekAt: null, kekZero: true, timerAt: 1050, interface: 'Serial1/0' };
  const told = history([
    gmAnswer(790, { ...before, interface: 'Serial1/0' }),
    gmAnswer(900, { succeeded: 2, kekAt: KEK, timerAt: 1050, interface: 'Serial1/0' }),
    log(1000, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK of group G1 expired'),
    gmAnswer(1010, held),
    log(1020, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to down'),
    log(1027, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to up'),
    log(1030, 'CRYPTO-5-GM_REGSTER'),
    log(1031, 'GDOI-5-GM_REGS_COMPL'),
    gmAnswer(1040, { succeeded: 3, kekAt: NEW_KEK, interface: 'Serial1/0' }),
  ]);
  expect(causes(told)).toEqual(['legacy_ks', 'interface']);
  // Without a flap it is the second one of the cycle, as the countdown said.
  const calm = history([
    gmAnswer(790, before),
    gmAnswer(900, { succeeded: 2, kekAt: KEK, timerAt: 1050 }),
    gmAnswer(1010, held),
    gmAnswer(1060, { succeeded: 3, kekAt: NEW_KEK }),
  ]);
  expect(causes(calm)).toEqual(['legacy_ks', 'legacy_ks']);
});

test('an order of the KS explains the registration that it began, however many attempts that took', () => {
  const teks = { '0x00000001': 160 };
  const held: GmSketch = { succeeded: 1, kekAt: 5000, timerAt: 90, teks };
  const told = history([
    gmAnswer(0, held),
    log(20, 'GDOI-5-GM_RECV_DELETE', 'GM received delete of group G1'),
    gmAnswer(30, held),
    log(45, 'GDOI-4-GM_RE_REGISTER'),
    gmAnswer(60, { ...held, registered: false, attempted: 2, timerAt: null }),
    gmAnswer(360, { ...held, registered: false, attempted: 9, teks: {}, timerAt: null }),
    log(400, 'GDOI-5-GM_REGS_COMPL'),
    gmAnswer(420, { succeeded: 2, attempted: 10, kekAt: NEW_KEK, teks: { '0x00000002': 4000 } }),
  ]);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('a KEK made after the last rekey was not brought by it: that rekey renewed the TEK, whose timer made nothing', () => {
  const teks = { '0x00000001': 124 };
  const held: GmSketch = { succeeded: 1, received: 3, kekAt: 5000, timerAt: 56, teks };
  const after = { succeeded: 2, received: 4, kekAt: 3660, rekeyAt: 10, teks: { '0x00000003': 500 } };
  const made = (at: number) => ({ kekLifetimeSeconds: () => 3660 - at });
  const told = history([gmAnswer(0, held), gmAnswer(60, after)], made(20));
  expect(causes(told)).toEqual(['ks_forced']);
  expect(reregistrations(told)[0]?.evidence.join()).not.toContain('no TEK rekey came');
});

test('a TEK timer and an early new KEK at the same time are not told apart', () => {
  const held: GmSketch = { succeeded: 1, kekAt: 5000, timerAt: 60, teks: { '0x00000001': 133 } };
  const after = gmAnswer(70, { succeeded: 2, kekAt: NEW_KEK, teks: { '0x00000002': 400 } });
  expect(causes(history([gmAnswer(50, held), after], kekMadeAt(40)))).toEqual(['unknown']);
  // The KS had it for long: the GM that was asked since had not been ordered.
  expect(causes(history([gmAnswer(50, held), after], kekMadeAt(-300)))).toEqual(['tek_expired']);
});

test('an interface that goes down and comes back after an order of the KS is nearer than the order', () => {
  const held: GmSketch = {
    succeeded: 1,
    kekAt: 5000,
    timerAt: 900,
    teks: { '0x00000001': 1000 },
    interface: 'Serial1/0',
  };
  const after: GmSketch = { ...held, succeeded: 2, received: 3 };
  const flap = [
    log(80, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to down'),
    log(100, 'LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to up'),
  ];
  const ordered = [gmAnswer(0, held), log(10, 'GDOI-4-GM_RECV_POLICY_REPLACE_NOW'), gmAnswer(60, held)];
  const registered = [log(103, 'CRYPTO-5-GM_REGSTER'), log(104, 'GDOI-5-GM_REGS_COMPL'), gmAnswer(120, after)];
  expect(causes(history([...ordered, ...flap, ...registered]))).toEqual(['interface']);
  expect(causes(history([...ordered, ...registered]))).toEqual(['ks_forced']);
});
