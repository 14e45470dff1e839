/** The table of causes (GETVPN facts), each row drawn as it comes to the tracker. */
import { describe, expect, test } from 'vitest';
import {
  answers,
  answersNothing,
  at,
  deletesExpiredKek,
  drawn,
  isCleared,
  logs,
  registers,
  reregisters,
  up,
} from '../../builders/drawn-timeline.ts';
import { causes, gmAnswer, type GmSketch, history, log, reregistrations, T0 } from '../../builders/tracker-builders.ts';

const KEK = at('expiry');
const NEW_KEK = 87_000;
const before: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: at('window opens + 70') };

test('in [expiry - 190 s, expiry - 40 s] with a new KEK afterwards the rekey was missed', () => {
  const told = history(drawn`
    window opens - 20    ${answers(before)}
    window closes + 10   ${answers({ succeeded: 2, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
  const [event] = reregistrations(told);
  expect(event).toMatchObject({ unexpected: true, severity: 'warning', device: 'gm1', group: 'G1' });
  expect(event?.evidence).toContain('Succeeded registration 1 -> 2');
  expect(event?.betweenMs[0]).toBeLessThanOrEqual((T0 + at('window opens - 20')) * 1000);
  expect(event?.betweenMs[1]).toBeGreaterThanOrEqual((T0 + at('window closes + 10')) * 1000);
});

/** The KS shows how long its keys live: by it the KEK held after the registration was made then. */
const kekMadeAt = (at: number) => ({ kekLifetimeSeconds: () => NEW_KEK - at });

describe('a KEK that no KS makes by itself at that time: its order or the GM’s timer is not decided', () => {
  const fresh = { succeeded: 2, kekAt: NEW_KEK, teks: { '0x00000002': 90_000 } };
  const after = gmAnswer(at('window opens + 90'), fresh);

  test('long before it was due', () => {
    const told = history([gmAnswer(at('window opens - 210'), before), after], kekMadeAt(650));
    expect(causes(told)).toEqual(['unknown']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toBe(
      'the KEK held since was made at 2026-01-01T00:10:50Z, when none was due: an order of the KS, or the timer after a missed rekey: not decided',
    );
  });

  test('after the time of the rekey, and before the expiry that an old KS waits for', () => {
    expect(causes(history([gmAnswer(at('window opens + 30'), before), after], kekMadeAt(860)))).toEqual(['unknown']);
  });

  test('an order makes TEKs as well: one that is held on was not ordered away', () => {
    const sameTek = gmAnswer(at('window opens + 90'), { ...fresh, teks: { '0x00000001': 90_000 } });
    const ofKs = { ...kekMadeAt(650), tekLifetimeSeconds: () => 90_000 };
    expect(causes(history([gmAnswer(at('window opens - 210'), before), sameTek], ofKs))).toEqual(['kek_missed_rekey']);
    expect(causes(history([gmAnswer(at('window opens - 210'), before), after], ofKs))).toEqual(['unknown']);
  });

  test('the log tells that it began when the countdown ran out: no order comes so pat', () => {
    const counting = { ...before, timerAt: at('window opens + 45') };
    const madeAt = (when: number) =>
      causes(
        history(
          [
            gmAnswer(at('window opens + 30'), counting),
            log(at('window opens + 45'), 'GDOI-4-GM_RE_REGISTER'),
            log(at('window opens + 46'), 'GDOI-5-GM_REGS_COMPL'),
            after,
          ],
          kekMadeAt(when),
        ),
      );
    expect(madeAt(at('window opens + 40'))).toEqual(['kek_missed_rekey']);
    // The countdown may be the order's own.
    expect(madeAt(at('window opens + 28'))).toEqual(['unknown']);
  });

  test('when it is due, the rekey was missed', () => {
    expect(causes(history([gmAnswer(at('window opens - 210'), before), after], kekMadeAt(775)))).toEqual([
      'kek_missed_rekey',
    ]);
  });

  test('an order would have shown in the answer after it', () => {
    expect(causes(history([gmAnswer(at('window opens - 120'), before), after], kekMadeAt(650)))).toEqual([
      'kek_missed_rekey',
    ]);
    expect(causes(history([gmAnswer(at('window opens + 65'), before), after], kekMadeAt(840)))).toEqual([
      'kek_missed_rekey',
    ]);
  });
});

describe('a TEK that no KS makes by itself so early: its order or the GM’s timer is not decided', () => {
  const lifetimes = { tekLifetimeSeconds: () => 600 };
  /** Of an old release, which shows nothing of its KEK. */
  const held: GmSketch = { succeeded: 1, kekWithoutLifetime: true, teks: { '0x0000000A': 340 }, timerAt: 275 };
  const made = (at: number): GmSketch => ({ ...held, succeeded: 2, timerAt: 500, teks: { '0x0000000B': at + 600 } });

  test('long before the one held ended', () => {
    const seen = drawn`
      start         ${answers(held)}
      start + 280   ${answers(made(60))}
    `;
    const told = history(seen, lifetimes);
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
  const seen = drawn`
    window opens + 30    ${answers(before)}
    window closes - 20   ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `;
  const told = history(seen, {
    kekLifetimeSeconds: () => 86_225,
  });
  expect(causes(told)).toEqual(['kek_missed_rekey', 'unknown']);
  const [first, second] = reregistrations(told);
  expect(first!.atMs).toBeLessThan(second!.atMs);
});

test('in that window with the same KEK afterwards the KS is old', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 40') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('the KEK brought again may lie a second or two beside the old expiry', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK - 2, timerAt: at('expiry + 40') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('both re-registrations of one KEK cycle are legacy_ks', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 40') })}
    timer ends + 20     ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
  expect(new Set(reregistrations(told).map(({ id }) => id)).size).toBe(2);
});

test('both between two polls are two events with disjoint intervals', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    timer ends + 20     ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
  const [first, second] = reregistrations(told);
  expect(first!.betweenMs[1]).toBeLessThanOrEqual(second!.betweenMs[0]);
});

test.each([
  ['far from both windows of the KEK it was the TEK’s', 10_000, ['tek_expired']],
  ['inside the KEK’s window it was the KEK’s', 1000, ['legacy_ks']],
])('a countdown that fired where no TEK is shown (RESTCONF): %s', (_, kekAt, named) => {
  const unseen = { teks: {}, kekAt, timerAt: 850 };
  const told = history(drawn`
    start + 790   ${answers({ succeeded: 1, ...unseen })}
    start + 860   ${answers({ succeeded: 2, ...unseen, timerAt: 3000 })}
  `);
  expect(causes(told)).toEqual(named);
});

test('a KEK that is gone after its expiry was the one brought in the window: legacy_ks', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    expiry + 10         ${answers({ succeeded: 2, kekZero: true, timerAt: at('expiry + 50') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('the vendor sample: KEK 56 s, Reregisters in 81 s: the timer points past the expiry, so the KS did not rekey ahead', () => {
  const teks = { '0xC41E6A87': 2228 };
  const told = history(drawn`
    start         ${answers({ succeeded: 1, received: 0, kekAt: 56.5, timerAt: 81.5, teks })}
    start + 70    ${answers({ succeeded: 1, received: 0, kekZero: true, timerAt: 81.5, teks })}
    start + 100   ${answers({ succeeded: 2, received: 0, kekAt: 86_450, timerAt: 2100, teks })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
  expect(told.events.map(({ type }) => type)).toEqual(['kek_rekey_overdue', 'kek_missing', 'reregistration']);
});

test('in [expiry, expiry + 80 s] of a KEK that a reload had brought late it is kek_expired', () => {
  const told = history(drawn`
    window opens - 110   ${answers({ ...before, succeeded: 4 })}
    window opens - 110   ${up(100_000)}
    window opens + 90    ${answers({ succeeded: 1, received: 0, kekAt: KEK, timerAt: at('expiry + 50') })}
    window opens + 90    ${up(60)}
    window closes        ${answers({ succeeded: 1, received: 0, kekAt: KEK, timerAt: at('expiry + 50') })}
    timer ends + 20      ${answers({ succeeded: 2, received: 0, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['reload', 'kek_expired']);
});

test('GM_DELETE_EXPIRED_KEK before a re-registration makes it kek_expired', () => {
  const told = history(drawn`
    window opens - 210   ${answers({ succeeded: 1, kekAt: KEK, timerAt: null })}
    expiry + 1           ${deletesExpiredKek}
    expiry + 30          ${reregisters}
    expiry + 31          ${registers}
    timer ends + 120     ${answers({ succeeded: 2, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['kek_expired']);
  expect(reregistrations(told)[0]?.betweenMs).toEqual([
    (T0 + at('expiry + 29')) * 1000,
    (T0 + at('expiry + 31')) * 1000,
  ]);
});

test('GM_DELETE_EXPIRED_KEK after a re-registration in the window proves the same KEK: legacy_ks', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 70   ${reregisters}
    window opens + 71   ${registers}
    expiry              ${deletesExpiredKek}
    expiry + 10         ${answers({ succeeded: 2, kekZero: true, timerAt: at('expiry + 50') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('both re-registrations of a cycle between two polls, told apart by the log, are legacy_ks', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 70   ${reregisters}
    window opens + 71   ${registers}
    expiry              ${deletesExpiredKek}
    expiry + 40         ${reregisters}
    expiry + 41         ${registers}
    expiry + 50         ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
});

test('the second registration after an unseen one is not told as kek_expired: which KEK it held is not known', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 70   ${reregisters}
    window opens + 71   ${registers}
    expiry + 40         ${reregisters}
    expiry + 41         ${registers}
    expiry + 50         ${answers({ succeeded: 3, kekAt: NEW_KEK, keyServer: '10.1.11.2' })}
  `);
  expect(causes(told)).not.toContain('kek_expired');
});

test('in the window of the longest-lived TEK, without a TEK rekey, it is tek_expired', () => {
  const told = history(drawn`
    start         ${answers({ succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 600 }, timerAt: 535 })}
    start + 500   ${answers({ succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 600 }, timerAt: 535 })}
    start + 560   ${answers({ succeeded: 2, kekAt: 50_000, teks: { '0x0000000B': 1100 }, timerAt: 1030 })}
  `);
  expect(causes(told)).toEqual(['tek_expired']);
});

test('an old GM without a KEK timer re-registers for its TEK', () => {
  const old = { kekWithoutLifetime: true };
  const told = history(drawn`
    start          ${answers({ ...old, teks: { '0x0000000A': 3600 }, timerAt: 3480 })}
    start + 3400   ${answers({ ...old, teks: { '0x0000000A': 3600 }, timerAt: 3480 })}
    start + 3500   ${answers({ ...old, succeeded: 2, teks: { '0x0000000B': 7000 }, timerAt: 6900 })}
  `);
  expect(causes(told)).toEqual(['tek_expired']);
});

test('another KS and no timer that was due is ks_failover', () => {
  const told = history(drawn`
    start        ${answers({ ...before, timerAt: at('window opens + 70') })}
    start + 60   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('window opens + 60'), keyServer: '10.1.12.2' })}
  `);
  expect(causes(told)).toEqual(['ks_failover']);
  expect(reregistrations(told)[0]?.evidence).toContain('Registered with 10.1.11.2 -> 10.1.12.2');
});

test.each([
  ['GM_RECV_DELETE', 'GM received delete-msg from KS 10.1.11.2 in group G1.'],
  ['GM_CM_ATTACH', 'Crypto map attached for group G1'],
  ['GM_REJECTING_SA_PAYLOAD', 'Rejecting payload in group G1'],
])('%s makes it ks_forced', (mnemonic, text) => {
  const told = history(drawn`
    start        ${answers(before)}
    start + 20   ${logs(`GDOI-4-${mnemonic}`, text)}
    start + 60   ${answers({ succeeded: 2, kekAt: NEW_KEK, timerAt: at('window opens + 60') })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('TEKs cut short without a rekey, then a registration: ks_forced', () => {
  const told = history(drawn`
    start         ${answers({ kekAt: 50_000, teks: { '0x0000000A': 3000 }, timerAt: 2900 })}
    start + 60    ${answers({ kekAt: 50_000, teks: { '0x0000000A': 140 }, timerAt: 90 })}
    start + 120   ${answers({ succeeded: 2, kekAt: 80_000, teks: { '0x0000000B': 3650 }, timerAt: 3500 })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('a KEK made long before the old one was due is ks_forced', () => {
  const told = history(drawn`
    start         ${answers({ kekAt: 50_000, timerAt: at('window opens + 70') })}
    start + 300   ${answers({ succeeded: 2, kekAt: 86_500, timerAt: 1880 })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('counters restarted while the uptime went on is operator_clear', () => {
  const told = history(drawn`
    start         ${answers({ succeeded: 4, kekAt: 50_000 })}
    start         ${up(100_000)}
    start + 300   ${answers({ succeeded: 1, received: 0, kekAt: 50_000 })}
    start + 300   ${up(100_300)}
  `);
  expect(causes(told)).toEqual(['operator_clear']);
  expect(told.events.map(({ type }) => type)).toEqual(['counters_reset', 'reregistration']);
  expect(reregistrations(told)[0]?.unexpected).toBe(false);
});

test('GM_CLEAR_REGISTER is operator_clear, even when the counters come back to what they were', () => {
  const same = { succeeded: 1, received: 0, kekAt: 50_000 };
  const told = history(drawn`
    start         ${answers(same)}
    start + 50    ${isCleared}
    start + 51    ${registers}
    start + 60    ${answers(same)}
    start + 120   ${answers(same)}
  `);
  expect(causes(told)).toEqual(['operator_clear']);
});

test('cleared twice between two polls is two events, by the log', () => {
  const told = history(drawn`
    start         ${answers({ succeeded: 3, kekAt: 50_000 })}
    start + 70    ${isCleared}
    start + 71    ${registers}
    start + 100   ${isCleared}
    start + 101   ${registers}
    start + 300   ${answers({ succeeded: 1, received: 0, kekAt: 50_000 })}
  `);
  expect(causes(told)).toEqual(['operator_clear', 'operator_clear']);
});

test('an uptime shorter than the time since the last poll is reload, and tells it once', () => {
  const told = history(drawn`
    start         ${answers({ succeeded: 4, kekAt: 50_000 })}
    start         ${up(100_000)}
    start + 300   ${answersNothing}
    start + 400   ${answers({ succeeded: 1, received: 0, kekAt: 50_000 })}
    start + 400   ${up(130)}
    start + 700   ${answers({ succeeded: 1, received: 0, kekAt: 50_000 })}
    start + 700   ${up(430)}
  `);
  expect(causes(told)).toEqual(['reload']);
  expect(told.events.map(({ type }) => type)).toEqual(['reload', 'reregistration']);
});

test('a reload that only the uptime tells: Succeeded registration 1 before and after', () => {
  const same = { succeeded: 1, received: 0, kekAt: 50_000 };
  const told = history(drawn`
    start         ${answers(same)}
    start         ${up(100_000)}
    start + 300   ${answers(same)}
    start + 300   ${up(120)}
  `);
  expect(causes(told)).toEqual(['reload']);
});

test('a reload before Registering ends gives its registration the cause when it comes', () => {
  const told = history(drawn`
    start         ${answers({ succeeded: 4, kekAt: 50_000 })}
    start         ${up(100_000)}
    start + 300   ${answers({ registered: false, succeeded: 0, attempted: 1, received: 0, kekAt: null, teks: {} })}
    start + 300   ${up(60)}
    start + 330   ${answers({ succeeded: 1, received: 0, kekAt: 50_000 })}
    start + 330   ${up(90)}
  `);
  expect(causes(told)).toEqual(['reload']);
});

test('the first registration of a GM seen unregistered is initial and counted nowhere', () => {
  const told = history(drawn`
    start        ${answers({ registered: false, succeeded: 0, attempted: 3, received: 0, teks: {} })}
    start + 60   ${answers({ succeeded: 1, attempted: 4, received: 0, kekAt: 50_000 })}
  `);
  expect(causes(told)).toEqual(['initial']);
  expect(told.state.groups.get('G1')?.tally).toMatchObject({ expected: 0, unexpected: 0, last: null });
});

test('the first sight of a registered GM is a baseline without events', () => {
  expect(history([gmAnswer(0, { succeeded: 12, kekAt: 50_000 })]).events).toEqual([]);
});

test('without any timer due, any log or another KS it is unknown, which is unexpected', () => {
  const told = history(drawn`
    start        ${answers({ kekAt: 50_000, timerAt: 880 })}
    start + 60   ${answers({ succeeded: 2, kekAt: 50_000 })}
  `);
  expect(causes(told)).toEqual(['unknown']);
  expect(reregistrations(told)[0]?.unexpected).toBe(true);
});

test('two timers in one interval and nothing that decides is unknown', () => {
  const teks = { '0x0000000A': 980 };
  const told = history(drawn`
    window opens - 30   ${answers({ kekAt: KEK, teks, timerAt: null })}
    window closes       ${answers({ succeeded: 2, kekAt: NEW_KEK, teks: { '0x0000000B': 4000 }, timerAt: 3800 })}
  `);
  expect(causes(told)).toEqual(['unknown']);
});

test('a countdown that stayed while the TEK was renewed belongs to the KEK and decides between two timers', () => {
  const told = history(drawn`
    start + 100         ${answers({ kekAt: KEK, teks: { '0x0000000A': 960 }, timerAt: at('window opens + 85'), received: 3 })}
    window opens - 10   ${answers({ kekAt: KEK, teks: { '0x0000000B': 960 }, timerAt: at('window opens + 85'), received: 4, since: 1 })}
    window closes       ${answers({ succeeded: 2, kekAt: NEW_KEK, received: 4, teks: { '0x0000000C': 4000 }, timerAt: 3800 })}
  `);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
});

test('a release whose counters survive the clear: the message decides', () => {
  const told = history(drawn`
    start        ${answers({ succeeded: 4, kekAt: 50_000, timerAt: 880 })}
    start + 20   ${isCleared}
    start + 60   ${answers({ succeeded: 5, kekAt: 50_000, timerAt: 890 })}
  `);
  expect(causes(told)).toEqual(['operator_clear']);
});

test('two registrations around a KEK expiry are no legacy pair when the KS had made the new KEK before', () => {
  const observations = [gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: 1765, timerAt: 1500 })];
  // Made at 765: 235 s before the old one's expiry, as a new KS does.
  expect(causes(history(observations, { kekLifetimeSeconds: () => 1000 }))).toEqual(['kek_missed_rekey', 'unknown']);
  // Made at 1005: the KS waited for the expiry.
  const waited = [gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: 2005, timerAt: 1500 })];
  expect(causes(history(waited, { kekLifetimeSeconds: () => 1000 }))).toEqual(['legacy_ks', 'legacy_ks']);
});

test('one in each of two cycles that nobody saw are no pair of one cycle', () => {
  // Made at 1765 and 2530, each 235 s before the one before it expired.
  const observations = [gmAnswer(790, before), gmAnswer(3100, { succeeded: 3, kekAt: 3530, timerAt: 3400 })];
  expect(causes(history(observations, { kekLifetimeSeconds: () => 1000 }))).toEqual(['unknown', 'unknown']);
});

test('a deletion message of an earlier KEK proves nothing of this one', () => {
  const told = history(drawn`
    start + 100    ${answers({ kekAt: 200, timerAt: 260 })}
    start + 200    ${deletesExpiredKek}
    start + 300    ${answers({ succeeded: 2, kekAt: 1300, timerAt: 1180 })}
    start + 1100   ${answers({ succeeded: 2, kekAt: 1300, timerAt: 1180 })}
    start + 1200   ${answers({ succeeded: 3, kekAt: 3000, timerAt: 2800 })}
  `);
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
  const told = history(drawn`
    window opens - 20   ${answers({ ...before, interface: 'Serial1/0' })}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 50'), interface: 'Serial1/0' })}
    expiry              ${logs('GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK of group G1 expired')}
    expiry + 10         ${answers(held)}
    expiry + 20         ${logs('LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to down')}
    expiry + 27         ${logs('LINEPROTO-5-UPDOWN', 'Line protocol on Interface Serial1/0, changed state to up')}
    expiry + 30         ${logs('CRYPTO-5-GM_REGSTER')}
    expiry + 31         ${logs('GDOI-5-GM_REGS_COMPL')}
    expiry + 40         ${answers({ succeeded: 3, kekAt: NEW_KEK, interface: 'Serial1/0' })}
  `);
  expect(causes(told)).toEqual(['legacy_ks', 'interface']);
  // Without a flap it is the second one of the cycle, as the countdown said.
  const calm = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 50') })}
    expiry + 10         ${answers(held)}
    expiry + 60         ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(calm)).toEqual(['legacy_ks', 'legacy_ks']);
});

test('an order of the KS explains the registration that it began, however many attempts that took', () => {
  const teks = { '0x00000001': 160 };
  const held: GmSketch = { succeeded: 1, kekAt: 5000, timerAt: 90, teks };
  const told = history(drawn`
    start         ${answers(held)}
    start + 20    ${logs('GDOI-5-GM_RECV_DELETE', 'GM received delete of group G1')}
    start + 30    ${answers(held)}
    start + 45    ${logs('GDOI-4-GM_RE_REGISTER')}
    start + 60    ${answers({ ...held, registered: false, attempted: 2, timerAt: null })}
    start + 360   ${answers({ ...held, registered: false, attempted: 9, teks: {}, timerAt: null })}
    start + 400   ${logs('GDOI-5-GM_REGS_COMPL')}
    start + 420   ${answers({ succeeded: 2, attempted: 10, kekAt: NEW_KEK, teks: { '0x00000002': 4000 } })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('a KEK made after the last rekey was not brought by it: that rekey renewed the TEK, whose timer made nothing', () => {
  const teks = { '0x00000001': 124 };
  const held: GmSketch = { succeeded: 1, received: 3, kekAt: 5000, timerAt: 56, teks };
  const after = { succeeded: 2, received: 4, kekAt: 3660, rekeyAt: 10, teks: { '0x00000003': 500 } };
  const made = (at: number) => ({ kekLifetimeSeconds: () => 3660 - at });
  const seen = drawn`
    start        ${answers(held)}
    start + 60   ${answers(after)}
  `;
  const told = history(seen, made(20));
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

describe('registered between two answers, and registering again at the second: what it holds then is what counts', () => {
  const before: GmSketch = {
    succeeded: 1,
    attempted: 1,
    kekAt: at('expiry'),
    timerAt: 905,
    teks: { '0x0000000A': 980 },
  };
  const between: GmSketch = {
    ...before,
    registered: false,
    succeeded: 2,
    attempted: 3,
    kekAt: 1900,
    timerAt: null,
    teks: { '0x0000000B': 1220 },
  };
  const after: GmSketch = { succeeded: 3, attempted: 5, kekAt: 1900, timerAt: 1700, teks: { '0x0000000C': 1790 } };

  test('the countdown that had run out for the first is of no other', () => {
    const told = history(
      drawn`
        start + 800    ${answers(before)}
        start + 1200   ${answers(between)}
        start + 1500   ${answers(after)}
      `,
      { tekLifetimeSeconds: () => 600 },
    );
    expect(causes(told)[1]).toBe('tek_expired');
    expect(reregistrations(told)[1]?.evidence).not.toContainEqual(expect.stringContaining('Reregisters in'));
  });

  test('it began after the first, not when it had been lost before that', () => {
    const told = history(
      drawn`
        start + 700    ${answers({ ...before, registered: false, attempted: 2, timerAt: null })}
        start + 1200   ${answers(between)}
        start + 1500   ${answers(after)}
      `,
      { tekLifetimeSeconds: () => 600 },
    );
    expect(causes(told)[1]).toBe('tek_expired');
  });
});

describe('no KS tells when its keys were made, and the TEK’s timer was due', () => {
  const held: GmSketch = { succeeded: 1, kekAt: 2000, timerAt: 430, teks: { '0x0000000A': 500 } };
  const after = (kekAt: number): GmSketch => ({ succeeded: 2, kekAt, timerAt: 900, teks: { '0x0000000B': 1000 } });

  test('a KEK that took the place of one with time left was replaced by an order, which may have made it register', () => {
    const told = history([gmAnswer(400, held), gmAnswer(460, after(5400))]);
    expect(causes(told)).toEqual(['unknown']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toBe(
      'the KS had replaced its KEK long before it was due: its order, or the timer of the TEK: not decided',
    );
  });

  test('a GM that had been registering for its TEK by then was ordered by nobody', () => {
    const lost: GmSketch = { ...held, registered: false, attempted: 3, timerAt: null };
    const told = history([gmAnswer(400, held), gmAnswer(455, lost), gmAnswer(900, { ...after(5800), attempted: 9 })]);
    expect(causes(told)).toEqual(['tek_expired']);
  });

  test('under the KEK of before it was the TEK', () => {
    expect(causes(history([gmAnswer(400, held), gmAnswer(460, after(2000))]))).toEqual(['tek_expired']);
  });

  test('under the next KEK, whose time had come, it was the TEK as well', () => {
    const due: GmSketch = { ...held, kekAt: 700 };
    expect(causes(history([gmAnswer(400, due), gmAnswer(460, after(4300))]))).toEqual(['tek_expired']);
  });
});

describe('a KEK that a rekey brought after the registration, before the next answer', () => {
  // The KEK ends at 1000 s, the countdown at 880 s; complete at 881 s, and a rekey with another KEK at 890 s.
  const before: GmSketch = { succeeded: 3, received: 9, kekAt: 1000, timerAt: 880, teks: { '0x0000000A': 4000 } };
  const after: GmSketch = { ...before, succeeded: 4, received: 10, kekAt: 1900, timerAt: 1700, rekeyAt: 890 };
  const told = (sketch: GmSketch, lifetime: number) =>
    causes(
      history(
        [
          gmAnswer(800, before),
          gmAnswer(860, before),
          log(880, 'GDOI-5-GM_RE_REGISTER'),
          log(881, 'GDOI-5-GM_REGS_COMPL'),
          gmAnswer(900, sketch),
        ],
        { kekLifetimeSeconds: () => lifetime },
      ),
    );

  test.each([
    ['later', 1010],
    ['seconds later: whole seconds make it seem too early, never too late', 1018],
  ])('says nothing of the one that the registration brought, where it was made %s', (_, lifetime) => {
    expect(told({ ...after, since: 1 }, lifetime)).toEqual(['unknown']);
  });

  test('had been made before: the registration brought it', () => {
    expect(told({ ...after, since: 1 }, 1025)).toEqual(['kek_missed_rekey']);
  });

  test('came with the registration, where no rekey came since', () => {
    expect(told({ ...after, received: 9, rekeyAt: null, since: 0 }, 1010)).toEqual(['kek_missed_rekey']);
  });
});
