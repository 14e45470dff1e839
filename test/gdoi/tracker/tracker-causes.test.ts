/** The table of causes (GETVPN facts): each row is drawn as the tracker observes it. */
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

test('reports kek_missed_rekey in [expiry - 190 s, expiry - 40 s] with a new KEK afterwards', () => {
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

describe('a KEK of which GM and KS have counted days, each by its own clock', () => {
  const again = (over: GmSketch) =>
    history([gmAnswer(KEK - 195, before), gmAnswer(KEK - 25, { succeeded: 2, ...over })]);

  test.each([6, -6, 25])('is the same one if a registration hands it over with %i s more', (seconds) => {
    expect(causes(again({ kekAt: KEK + seconds }))).toEqual(['legacy_ks']);
  });

  test('is another one if it ends a minute later, as where an order follows another one', () => {
    expect(causes(again({ kekAt: KEK + 60 }))).toEqual(['kek_missed_rekey']);
  });

  test('is the same one weeks after it was made, by the lifetime that the KS shows', () => {
    const days = (lifetime: number) => ({ kekLifetimeSeconds: () => lifetime });
    const seen = [gmAnswer(KEK - 195, before), gmAnswer(KEK - 25, { succeeded: 2, kekAt: KEK + 60 })];
    expect(causes(history(seen, days(30 * 86_400)))).toEqual(['legacy_ks']);
  });

  test('is no sign of an order of the KS in the middle of its life', () => {
    const held: GmSketch = { ...before, kekAt: 3 * 86_400, timerAt: 3 * 86_400 - 100 };
    const told = history([gmAnswer(0, held), gmAnswer(300, { ...held, succeeded: 2, kekAt: 3 * 86_400 + 7 })]);
    expect(causes(told)).toEqual(['unknown']);
  });
});

/** With this KEK lifetime, as the KS shows it, the KEK held after the registration was made at that instant. */
const kekMadeAt = (at: number) => ({ kekLifetimeSeconds: () => NEW_KEK - at });

describe('whether an order of the KS or the GM’s timer caused a registration with a new KEK', () => {
  const fresh = { succeeded: 2, kekAt: NEW_KEK, teks: { '0x00000002': 90_000 } };
  const after = gmAnswer(at('window opens + 90'), fresh);

  test('is not decided when the KEK was made long before it was due', () => {
    const told = history([gmAnswer(at('window opens - 210'), before), after], kekMadeAt(650));
    expect(causes(told)).toEqual(['unknown']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toBe(
      'the KEK held since was made at 2026-01-01T00:10:50Z, when none was due: an order of the KS, or the timer after a missed rekey: not decided',
    );
  });

  test('is not decided when the KEK was made between the rekey time and the expiry that an old KS waits for', () => {
    expect(causes(history([gmAnswer(at('window opens + 30'), before), after], kekMadeAt(860)))).toEqual(['unknown']);
  });

  test('is decided for the timer when the GM still holds its TEK: an order makes new TEKs as well', () => {
    const sameTek = gmAnswer(at('window opens + 90'), { ...fresh, teks: { '0x00000001': 90_000 } });
    const ofKs = { ...kekMadeAt(650), tekLifetimeSeconds: () => 90_000 };
    expect(causes(history([gmAnswer(at('window opens - 210'), before), sameTek], ofKs))).toEqual(['kek_missed_rekey']);
    expect(causes(history([gmAnswer(at('window opens - 210'), before), after], ofKs))).toEqual(['unknown']);
  });

  test('is decided for the timer when the log shows a start just as the countdown ran out, as no order would', () => {
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
    // The order itself may have set the countdown.
    expect(madeAt(at('window opens + 28'))).toEqual(['unknown']);
  });

  test('is decided for the timer after a missed rekey when the KEK was made when due', () => {
    expect(causes(history([gmAnswer(at('window opens - 210'), before), after], kekMadeAt(775)))).toEqual([
      'kek_missed_rekey',
    ]);
  });

  test('is decided for the timer when an answer after the making of the KEK does not show an order', () => {
    expect(causes(history([gmAnswer(at('window opens - 120'), before), after], kekMadeAt(650)))).toEqual([
      'kek_missed_rekey',
    ]);
    expect(causes(history([gmAnswer(at('window opens + 65'), before), after], kekMadeAt(840)))).toEqual([
      'kek_missed_rekey',
    ]);
  });
});

describe('whether an order of the KS or the GM’s timer caused a registration with a new TEK', () => {
  const lifetimes = { tekLifetimeSeconds: () => 600 };
  /** An old release, which shows nothing of its KEK. */
  const held: GmSketch = { succeeded: 1, kekWithoutLifetime: true, teks: { '0x0000000A': 340 }, timerAt: 275 };
  const made = (at: number): GmSketch => ({ ...held, succeeded: 2, timerAt: 500, teks: { '0x0000000B': at + 600 } });

  test('is not decided when the TEK was made long before the previous one ended', () => {
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

  test('is decided for the timer after a missed rekey when the TEK was made when due', () => {
    expect(causes(history([gmAnswer(0, held), gmAnswer(280, made(220))], lifetimes))).toEqual(['tek_expired']);
  });

  test('is decided for the timer when an answer after the making of the TEK does not show an order', () => {
    expect(causes(history([gmAnswer(100, held), gmAnswer(280, made(60))], lifetimes))).toEqual(['tek_expired']);
  });

  test('is decided for the timer when no KS shows the TEK lifetime: when the TEK was made is not known', () => {
    expect(causes(history([gmAnswer(0, held), gmAnswer(280, made(60))]))).toEqual(['tek_expired']);
  });
});

test('does not place the second of two registrations between two answers before the first', () => {
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

test('reports legacy_ks in [expiry - 190 s, expiry - 40 s] with the same KEK afterwards', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 40') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('reports legacy_ks even if the expiry of the KEK brought again is a second or two off', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK - 2, timerAt: at('expiry + 40') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('reports legacy_ks for both re-registrations of one KEK cycle', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 40') })}
    timer ends + 20     ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
  expect(new Set(reregistrations(told).map(({ id }) => id)).size).toBe(2);
});

test('reports two events with disjoint intervals for both re-registrations of a cycle between two polls', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    timer ends + 20     ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
  const [first, second] = reregistrations(told);
  expect(first!.betweenMs[1]).toBeLessThanOrEqual(second!.betweenMs[0]);
});

test.each([
  ['to the TEK far from both windows of the KEK', 10_000, ['tek_expired']],
  ['to the KEK inside its window', 1000, ['legacy_ks']],
])('when no TEK is shown (RESTCONF), attributes a countdown that ran out %s', (_, kekAt, named) => {
  const unseen = { teks: {}, kekAt, timerAt: 850 };
  const told = history(drawn`
    start + 790   ${answers({ succeeded: 1, ...unseen })}
    start + 860   ${answers({ succeeded: 2, ...unseen, timerAt: 3000 })}
  `);
  expect(causes(told)).toEqual(named);
});

test('reports legacy_ks when the KEK brought in the window is gone after the old expiry: it was the same KEK', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    expiry + 10         ${answers({ succeeded: 2, kekZero: true, timerAt: at('expiry + 50') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

// KEK 56 s, Reregisters in 81 s: the KS did not rekey ahead.
test('reports legacy_ks for the vendor sample, in which the timer points past the KEK expiry', () => {
  const teks = { '0xC41E6A87': 2228 };
  const told = history(drawn`
    start         ${answers({ succeeded: 1, received: 0, kekAt: 56.5, timerAt: 81.5, teks })}
    start + 70    ${answers({ succeeded: 1, received: 0, kekZero: true, timerAt: 81.5, teks })}
    start + 100   ${answers({ succeeded: 2, received: 0, kekAt: 86_450, timerAt: 2100, teks })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
  expect(told.events.map(({ type }) => type)).toEqual(['kek_rekey_overdue', 'kek_missing', 'reregistration']);
});

test('reports kek_expired in [expiry, expiry + 80 s] of a KEK that a reload had brought late', () => {
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

test('reports kek_expired when GM_DELETE_EXPIRED_KEK comes before the re-registration', () => {
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

test('reports legacy_ks when GM_DELETE_EXPIRED_KEK after a re-registration in the window proves the same KEK', () => {
  const told = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 70   ${reregisters}
    window opens + 71   ${registers}
    expiry              ${deletesExpiredKek}
    expiry + 10         ${answers({ succeeded: 2, kekZero: true, timerAt: at('expiry + 50') })}
  `);
  expect(causes(told)).toEqual(['legacy_ks']);
});

test('reports legacy_ks for both re-registrations of a cycle between two polls when the log tells them apart', () => {
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

// Which KEK the GM held in between is not known.
test('does not report kek_expired for the second registration when no answer shows the first', () => {
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

test('reports tek_expired in the window of the longest-lived TEK when no TEK rekey came', () => {
  const told = history(drawn`
    start         ${answers({ succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 600 }, timerAt: 535 })}
    start + 500   ${answers({ succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': 600 }, timerAt: 535 })}
    start + 560   ${answers({ succeeded: 2, kekAt: 50_000, teks: { '0x0000000B': 1100 }, timerAt: 1030 })}
  `);
  expect(causes(told)).toEqual(['tek_expired']);
});

test('reports tek_expired when an old GM without a KEK timer re-registers for its TEK', () => {
  const old = { kekWithoutLifetime: true };
  const told = history(drawn`
    start          ${answers({ ...old, teks: { '0x0000000A': 3600 }, timerAt: 3480 })}
    start + 3400   ${answers({ ...old, teks: { '0x0000000A': 3600 }, timerAt: 3480 })}
    start + 3500   ${answers({ ...old, succeeded: 2, teks: { '0x0000000B': 7000 }, timerAt: 6900 })}
  `);
  expect(causes(told)).toEqual(['tek_expired']);
});

test('reports ks_failover when the GM registers with another KS and no timer was due', () => {
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
])('reports ks_forced after %s', (mnemonic, text) => {
  const told = history(drawn`
    start        ${answers(before)}
    start + 20   ${logs(`GDOI-4-${mnemonic}`, text)}
    start + 60   ${answers({ succeeded: 2, kekAt: NEW_KEK, timerAt: at('window opens + 60') })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('reports ks_forced when a registration follows TEKs that were cut short without a rekey', () => {
  const told = history(drawn`
    start         ${answers({ kekAt: 50_000, teks: { '0x0000000A': 3000 }, timerAt: 2900 })}
    start + 60    ${answers({ kekAt: 50_000, teks: { '0x0000000A': 140 }, timerAt: 90 })}
    start + 120   ${answers({ succeeded: 2, kekAt: 80_000, teks: { '0x0000000B': 3650 }, timerAt: 3500 })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('reports ks_forced when the new KEK was made long before the old one was due', () => {
  const told = history(drawn`
    start         ${answers({ kekAt: 50_000, timerAt: at('window opens + 70') })}
    start + 300   ${answers({ succeeded: 2, kekAt: 86_500, timerAt: 1880 })}
  `);
  expect(causes(told)).toEqual(['ks_forced']);
});

test('reports operator_clear when the counters restart while the uptime goes on', () => {
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

test('reports operator_clear after GM_CLEAR_REGISTER even if the counters come back to what they were', () => {
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

test('reports two events when the log shows two clears between two polls', () => {
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

test('reports reload once when the uptime is shorter than the time since the last poll', () => {
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

test('reports reload when only the uptime shows it: Succeeded registration is 1 before and after', () => {
  const same = { succeeded: 1, received: 0, kekAt: 50_000 };
  const told = history(drawn`
    start         ${answers(same)}
    start         ${up(100_000)}
    start + 300   ${answers(same)}
    start + 300   ${up(120)}
  `);
  expect(causes(told)).toEqual(['reload']);
});

test('reports reload for the registration that ends the Registering state in which the reload was seen', () => {
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

test('reports initial for the first registration of a GM seen unregistered and does not count it', () => {
  const told = history(drawn`
    start        ${answers({ registered: false, succeeded: 0, attempted: 3, received: 0, teks: {} })}
    start + 60   ${answers({ succeeded: 1, attempted: 4, received: 0, kekAt: 50_000 })}
  `);
  expect(causes(told)).toEqual(['initial']);
  expect(told.state.groups.get('G1')?.tally).toMatchObject({ expected: 0, unexpected: 0, last: null });
});

test('takes the first sight of a registered GM as a baseline without events', () => {
  expect(history([gmAnswer(0, { succeeded: 12, kekAt: 50_000 })]).events).toEqual([]);
});

test('reports unknown, which is unexpected, when no timer was due, the log is silent and the KS is the same', () => {
  const told = history(drawn`
    start        ${answers({ kekAt: 50_000, timerAt: 880 })}
    start + 60   ${answers({ succeeded: 2, kekAt: 50_000 })}
  `);
  expect(causes(told)).toEqual(['unknown']);
  expect(reregistrations(told)[0]?.unexpected).toBe(true);
});

test('reports unknown when two timers were due in one interval and nothing decides between them', () => {
  const teks = { '0x0000000A': 980 };
  const told = history(drawn`
    window opens - 30   ${answers({ kekAt: KEK, teks, timerAt: null })}
    window closes       ${answers({ succeeded: 2, kekAt: NEW_KEK, teks: { '0x0000000B': 4000 }, timerAt: 3800 })}
  `);
  expect(causes(told)).toEqual(['unknown']);
});

test('decides between two timers for the KEK when the countdown stayed while the TEK was renewed', () => {
  const told = history(drawn`
    start + 100         ${answers({ kekAt: KEK, teks: { '0x0000000A': 960 }, timerAt: at('window opens + 85'), received: 3 })}
    window opens - 10   ${answers({ kekAt: KEK, teks: { '0x0000000B': 960 }, timerAt: at('window opens + 85'), received: 4, since: 1 })}
    window closes       ${answers({ succeeded: 2, kekAt: NEW_KEK, received: 4, teks: { '0x0000000C': 4000 }, timerAt: 3800 })}
  `);
  expect(causes(told)).toEqual(['kek_missed_rekey']);
});

test('reports operator_clear by the message alone on a release whose counters survive the clear', () => {
  const told = history(drawn`
    start        ${answers({ succeeded: 4, kekAt: 50_000, timerAt: 880 })}
    start + 20   ${isCleared}
    start + 60   ${answers({ succeeded: 5, kekAt: 50_000, timerAt: 890 })}
  `);
  expect(causes(told)).toEqual(['operator_clear']);
});

test('does not report a legacy pair around a KEK expiry when the KS had made the new KEK before it', () => {
  const observations = [gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: 1765, timerAt: 1500 })];
  // Made at 765: 235 s before the old one's expiry, as a new KS does.
  expect(causes(history(observations, { kekLifetimeSeconds: () => 1000 }))).toEqual(['kek_missed_rekey', 'unknown']);
  // Made at 1005: the KS waited for the expiry.
  const waited = [gmAnswer(790, before), gmAnswer(1100, { succeeded: 3, kekAt: 2005, timerAt: 1500 })];
  expect(causes(history(waited, { kekLifetimeSeconds: () => 1000 }))).toEqual(['legacy_ks', 'legacy_ks']);
});

test('does not report a legacy pair for one registration in each of two cycles that no answer shows', () => {
  // Made at 1765 and 2530, each 235 s before the one before it expired.
  const observations = [gmAnswer(790, before), gmAnswer(3100, { succeeded: 3, kekAt: 3530, timerAt: 3400 })];
  expect(causes(history(observations, { kekLifetimeSeconds: () => 1000 }))).toEqual(['unknown', 'unknown']);
});

test('does not take the deletion message of an earlier KEK as proof about the current one', () => {
  const told = history(drawn`
    start + 100    ${answers({ kekAt: 200, timerAt: 260 })}
    start + 200    ${deletesExpiredKek}
    start + 300    ${answers({ succeeded: 2, kekAt: 1300, timerAt: 1180 })}
    start + 1100   ${answers({ succeeded: 2, kekAt: 1300, timerAt: 1180 })}
    start + 1200   ${answers({ succeeded: 3, kekAt: 3000, timerAt: 2800 })}
  `);
  expect(causes(told).at(-1)).toBe('kek_missed_rekey');
});

test('takes the first of many logged attempts as the beginning of the registration', () => {
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

test('reports interface when it came back after the KEK had run out and the countdown was not due yet', () => {
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
  // Without a flap it is the second re-registration of the cycle, as the countdown said.
  const calm = history(drawn`
    window opens - 20   ${answers(before)}
    window opens + 90   ${answers({ succeeded: 2, kekAt: KEK, timerAt: at('expiry + 50') })}
    expiry + 10         ${answers(held)}
    expiry + 60         ${answers({ succeeded: 3, kekAt: NEW_KEK })}
  `);
  expect(causes(calm)).toEqual(['legacy_ks', 'legacy_ks']);
});

test('reports ks_forced for the registration that an order of the KS began, however many attempts it took', () => {
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

// The KEK cannot have come with that rekey, which renewed the TEK: so the TEK timer did not make the GM register.
test('reports ks_forced, not the TEK timer, when the new KEK was made after the last rekey', () => {
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

test('reports unknown when a TEK timer and an early new KEK fall on the same time', () => {
  const held: GmSketch = { succeeded: 1, kekAt: 5000, timerAt: 60, teks: { '0x00000001': 133 } };
  const after = gmAnswer(70, { succeeded: 2, kekAt: NEW_KEK, teks: { '0x00000002': 400 } });
  expect(causes(history([gmAnswer(50, held), after], kekMadeAt(40)))).toEqual(['unknown']);
  // The KS had made the KEK long before, and an answer since then showed no order.
  expect(causes(history([gmAnswer(50, held), after], kekMadeAt(-300)))).toEqual(['tek_expired']);
});

test('reports interface, not ks_forced, when the interface goes down and comes back after an order of the KS', () => {
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

describe('a GM that registered between two answers and registers again at the second, judged by its keys then', () => {
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

  test('the countdown that ran out before the first registration is not evidence for the second', () => {
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

  test('the second registration began after the first, not when the GM had lost its registration before', () => {
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

describe('when no KS shows when its keys were made and the TEK’s timer was due', () => {
  const held: GmSketch = { succeeded: 1, kekAt: 2000, timerAt: 430, teks: { '0x0000000A': 500 } };
  const after = (kekAt: number): GmSketch => ({ succeeded: 2, kekAt, timerAt: 900, teks: { '0x0000000B': 1000 } });

  test('reports unknown if a KEK with time left was replaced: that order may have made the GM register', () => {
    const told = history([gmAnswer(400, held), gmAnswer(460, after(5400))]);
    expect(causes(told)).toEqual(['unknown']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toBe(
      'the KS had replaced its KEK long before it was due: its order, or the timer of the TEK: not decided',
    );
  });

  test('reports tek_expired if the GM was registering for its TEK already, without an order', () => {
    const lost: GmSketch = { ...held, registered: false, attempted: 3, timerAt: null };
    const told = history([gmAnswer(400, held), gmAnswer(455, lost), gmAnswer(900, { ...after(5800), attempted: 9 })]);
    expect(causes(told)).toEqual(['tek_expired']);
  });

  test('reports tek_expired if the KEK is the same as before', () => {
    expect(causes(history([gmAnswer(400, held), gmAnswer(460, after(2000))]))).toEqual(['tek_expired']);
  });

  test('reports tek_expired if the KEK is the next one, whose time had come', () => {
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
    ['after it', 1010],
    ['seconds after it: whole seconds make it seem too early, never too late', 1018],
  ])('does not show which KEK the registration brought if it was made %s', (_, lifetime) => {
    expect(told({ ...after, since: 1 }, lifetime)).toEqual(['unknown']);
  });

  test('was already brought by the registration when it had been made before', () => {
    expect(told({ ...after, since: 1 }, 1025)).toEqual(['kek_missed_rekey']);
  });

  test('is taken to come with the registration when in fact no rekey came since', () => {
    expect(told({ ...after, received: 9, rekeyAt: null, since: 0 }, 1010)).toEqual(['kek_missed_rekey']);
  });
});
