/**
 * The kinds of mistakes that random worlds once revealed: a reload told twice, the window of another registration, a
 * timer found by elimination only, an order that nobody gave, the two registrations of a cycle, and a device that does
 * not answer.
 */
import { describe, expect, test } from 'vitest';
import {
  causes,
  facts,
  failure,
  gmAnswer,
  type GmSketch,
  type History,
  history,
  log,
  reregistrations,
  T0,
  types,
} from '../../builders/tracker-builders.ts';

const seconds = (ms: number) => (ms - T0 * 1000) / 1000;
const evidenceOf = (told: History, index: number) => reregistrations(told)[index]?.evidence.join('\n') ?? '';
const begins = (at: number) => log(at, 'CRYPTO-5-GM_REGSTER', 'Start registration to KS 10.1.11.2 for group G1');
const completes = (at: number) => log(at, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1');

/** The KEK ends at 1000 s: its windows are 810 s to 960 s and 1000 s to 1080 s. */
const KEK = 1000;
const NEW_KEK = 87_000;
const held: GmSketch = { succeeded: 1, kekAt: KEK, timerAt: 880 };

describe('a reload is reported once and not placed before the last answer of the old boot', () => {
  const old: GmSketch = { succeeded: 5, attempted: 5, received: 9, kekAt: 50_000, timerAt: 40_000 };
  const fresh: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 45_000 };
  const LAST = 100;

  /** By the uptime in whole minutes alone, the boot may be up to 58 s before the last answer of the old boot. */
  test.each([
    ['after the groups', [gmAnswer(160, fresh), facts(160.5, 59)]],
    ['before the groups', [facts(159.5, 59), gmAnswer(160, fresh)]],
    ['a poll after the groups', [gmAnswer(160, fresh), gmAnswer(220, fresh), facts(220.5, 119)]],
  ])('when the uptime comes %s', (_, seen) => {
    const told = history([facts(39, 900_000), gmAnswer(40, old), facts(99, 900_060), gmAnswer(LAST, old), ...seen]);
    expect(types(told).filter((type) => type === 'reload')).toHaveLength(1);
    expect(causes(told)).toEqual(['reload']);
    for (const { betweenMs } of told.events) expect(seconds(betweenMs[0])).toBeGreaterThanOrEqual(LAST - 0.2);
  });
});

describe('when the log gives the instants of two registrations between two answers, each has its own window', () => {
  const two = (second: number, afterwards: GmSketch) =>
    history([
      gmAnswer(780, held),
      begins(880),
      completes(882),
      begins(second - 2),
      completes(second),
      gmAnswer(1200, { ...afterwards, succeeded: 3 }),
    ]);

  test('the second is in no window if it comes long after the expiry', () => {
    const told = two(1150, { kekAt: NEW_KEK });
    expect(reregistrations(told)).toHaveLength(2);
    expect(evidenceOf(told, 1)).not.toMatch(/inside \[/u);
    expect(causes(told)[1]).toBe('unknown');
  });

  test('both are legacy_ks, each at its own instant, if the second comes within 80 s of the expiry', () => {
    const told = two(1030, { kekAt: NEW_KEK });
    expect(causes(told)).toEqual(['legacy_ks', 'legacy_ks']);
    expect(reregistrations(told).map(({ atMs }) => seconds(atMs))).toEqual([882, 1030]);
  });

  test('the second may have its own cause, which is not evidence for the first', () => {
    const link = (at: number, state: string) =>
      log(at, 'LINEPROTO-5-UPDOWN', `Line protocol on Interface Serial1/0, changed state to ${state}`);
    const told = history([
      gmAnswer(780, held),
      begins(880),
      completes(882),
      link(1100, 'down'),
      link(1140, 'up'),
      begins(1141),
      completes(1143),
      gmAnswer(1200, { kekAt: NEW_KEK, succeeded: 3 }),
    ]);
    expect(causes(told)[1]).toBe('interface');
    expect(evidenceOf(told, 0)).not.toContain('UPDOWN');
  });
});

describe('when no KS shows the TEK lifetime, reports tek_expired by elimination for', () => {
  /** The KEK's windows are far off; the countdown is the TEK's and ran out between the answers. */
  test.each([
    ['of ten minutes', 600, 65],
    ['of an hour', 3600, 174],
    ['of two hours', 7200, 345],
    ['of a day', 86_400, 4200],
  ])('a TEK %s', (_, lifetime, beforeEnd) => {
    const end = lifetime + 100;
    const timer = end - beforeEnd;
    const before: GmSketch = { succeeded: 1, kekAt: 500_000, timerAt: timer, teks: { '0x0000000A': end } };
    const told = history([
      gmAnswer(timer - 20, before),
      gmAnswer(timer + 20, {
        ...before,
        succeeded: 2,
        teks: { '0x0000000B': timer + 5 + lifetime },
        timerAt: timer + lifetime - beforeEnd,
      }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
  });
});

describe('a KS that was down while the TEK ran out and came back with new keys gave no order', () => {
  const before: GmSketch = { succeeded: 1, kekAt: 50_000, teks: { '0x0000000A': KEK }, timerAt: 930 };
  const renewed: GmSketch = { succeeded: 2, kekAt: 88_000, teks: { '0x0000000B': 5200 }, timerAt: 5000 };

  test.each([
    ['still registered, with attempts that fail', { attempted: 3, timerAt: 960 }, { attempted: 8 }],
    ['not registered any more', { registered: false, teks: {}, attempted: 3 }, { attempted: 8 }],
  ])('when the GM was seen %s', (_, trying, after) => {
    const told = history([
      gmAnswer(900, before),
      gmAnswer(960, { ...before, ...trying }),
      gmAnswer(1200, { ...before, registered: false, teks: {}, attempted: 6 }),
      gmAnswer(1600, { ...renewed, ...after }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
  });

  test('and the evidence quotes the countdown that ran out, from the answer that showed it', () => {
    const told = history([
      gmAnswer(900, before),
      gmAnswer(960, { ...before, attempted: 3, timerAt: 960 }),
      gmAnswer(980, { ...before, attempted: 4, timerAt: 980 }),
      gmAnswer(1200, { ...renewed, attempted: 8 }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
    expect(evidenceOf(told, 0)).toMatch(
      /pointed at 2026-01-01T00:15:3\dZ \(answer of 2026-01-01T00:1(?:4:59|5:00)Z\)/u,
    );
  });

  test('and a registration after a later rekey is not explained by the attempts that failed before that rekey', () => {
    const rekeyed: GmSketch = { ...before, received: 4, since: 1, teks: { '0x0000000B': 4600 }, attempted: 3 };
    const told = history([
      gmAnswer(900, before),
      gmAnswer(960, { ...before, attempted: 3, timerAt: 960 }),
      gmAnswer(990, { ...rekeyed, timerAt: 4500 }),
      gmAnswer(4480, { ...rekeyed, timerAt: 4500 }),
      gmAnswer(4560, { ...renewed, received: 4, attempted: 4, teks: { '0x0000000C': 8100 } }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
    expect(evidenceOf(told, 0)).toContain('0x0000000B');
  });

  test.each([
    ['once', []],
    ['twice', [1215, 1230]],
    ['while attempts go on', [1240]],
  ])('even if a rekey made the trying GM show Registered again, seen %s', (_, more) => {
    const rekeyed: GmSketch = { ...before, received: 4, since: 1, teks: { '0x0000000C': 1900 }, attempted: 6 };
    const told = history([
      gmAnswer(900, before),
      gmAnswer(1010, { ...before, registered: false, teks: {}, attempted: 4 }),
      gmAnswer(1200, { ...rekeyed, timerAt: 1200 }),
      ...more.map((at, index) => gmAnswer(at, { ...rekeyed, timerAt: at, attempted: 6 + index })),
      gmAnswer(1260, { ...renewed, received: 4, attempted: 8 }),
    ]);
    expect(causes(told)).toEqual(['tek_expired']);
    expect(evidenceOf(told, 0)).toMatch(/pointed at 2026-01-01T00:15:3\dZ/u);
  });

  test('and a countdown that was already at its end when the GM was first seen is not quoted', () => {
    const told = history([
      gmAnswer(960, { ...before, attempted: 3, timerAt: 960 }),
      gmAnswer(980, { ...before, attempted: 4, timerAt: 980 }),
      gmAnswer(1200, { ...renewed, attempted: 8 }),
    ]);
    expect(evidenceOf(told, 0)).not.toContain('Reregisters in pointed at');
  });

  test('when the GM was not seen in between', () => {
    const told = history([gmAnswer(900, before), gmAnswer(1600, { ...renewed, attempted: 8 })]);
    expect(causes(told)).not.toContain('ks_forced');
  });
});

describe('the two registrations of a KEK cycle with an old KS', () => {
  const second: GmSketch = { succeeded: 3, kekAt: NEW_KEK };

  test.each([
    ['an answer lies between them', [gmAnswer(970, { ...held, succeeded: 2, timerAt: 1040 })], 2],
    ['no answer lies between them', [], 2],
    ['an answer without a KEK lies between them', [gmAnswer(1010, { succeeded: 2, kekAt: null, timerAt: 1040 })], 2],
  ])('are both legacy_ks when %s', (_, between, count) => {
    const told = history([gmAnswer(790, held), ...between, gmAnswer(1100, second)]);
    expect(causes(told)).toEqual(Array.from({ length: count }, () => 'legacy_ks'));
  });

  // The second one of the cycle is still to come.
  test('are not two registrations of which neither brought another KEK, even if the old one has run out', () => {
    const told = history([
      gmAnswer(790, held),
      gmAnswer(1002, { succeeded: 3, kekAt: null, timerAt: 1030 }),
      gmAnswer(1060, { succeeded: 4, kekAt: NEW_KEK }),
    ]);
    expect(reregistrations(told)[1]!.betweenMs.map(seconds)).toEqual([789.9, 1002.1]);
    expect(evidenceOf(told, 1)).not.toContain('two registrations in one KEK cycle');
  });

  test('are reported as one, not kek_missed_rekey, if the KEK ran out without a registration in the window', () => {
    const told = history([
      gmAnswer(790, { ...held, timerAt: 1040 }),
      gmAnswer(970, { ...held, timerAt: 1040 }),
      gmAnswer(1100, { succeeded: 2, kekAt: NEW_KEK }),
    ]);
    expect(causes(told)).toEqual(['kek_expired']);
  });
});

describe('a registration that only the log shows because the device does not answer', () => {
  const silent = [failure(960), failure(1020), failure(1080)];

  test('does not quote a countdown that was not due at its start as one that ran out', () => {
    const told = history([gmAnswer(300, { ...held, timerAt: 880 }), begins(700), completes(702), ...silent]);
    expect(causes(told)).toEqual(['unknown']);
    expect(evidenceOf(told, 0)).not.toMatch(/inside \[/u);
    const [event] = reregistrations(told);
    expect(evidenceOf(told, 0)).toMatch(/^(?!.*Reregisters in pointed at)|that was not due yet/su);
    expect(seconds(event!.atMs)).toBe(702);
  });

  test('stays undecided in the window of the KEK: whether it brought the same KEK was not seen', () => {
    const told = history([gmAnswer(790, held), begins(880), completes(882), ...silent]);
    expect(causes(told)).toEqual(['unknown']);
    expect(evidenceOf(told, 0)).toContain('the KEK it brought was not seen: not decided');
  });

  test('is not reported again when the device answers', () => {
    const told = history([
      gmAnswer(790, held),
      begins(880),
      completes(882),
      ...silent,
      gmAnswer(1140, { succeeded: 2, kekAt: NEW_KEK }),
    ]);
    expect(reregistrations(told)).toHaveLength(1);
  });
});

describe('a GM without a KEK whose TEK is cut by an order and gets its whole lifetime again by a registration', () => {
  const shows = (at: number, succeeded: number, tekAt: number, timerAt: number) =>
    gmAnswer(at, { succeeded, kekAt: null, teks: { '0x0000000A': tekAt }, timerAt });

  test('is reported as ks_forced, not taken for a step of the agent’s clock', () => {
    const told = history([
      shows(0, 3, 600, 540),
      log(30, 'GDOI-4-GM_RECV_DELETE', 'GM received delete-msg from KS 10.1.11.2 in group G1'),
      shows(43, 3, 120, 47),
      begins(47),
      shows(49, 4, 600, 540),
    ]);
    expect(causes(told)).toEqual(['ks_forced']);
    expect(told.state.clockSteps).toBe(0);
  });
});

describe('the age of the last rekey, in an answer with the counters of the one before', () => {
  const teks = { '0x0000000A': 5000 };
  const first: GmSketch = { succeeded: 1, received: 3, kekAt: 50_000, timerAt: 4900, teks, rekeyAt: 300 };
  const rekeyed: GmSketch = { ...first, received: 4, rekeyAt: 899.9 };

  test.each([
    ['shows no rekey since, if the figures were printed up to a second before the answer', 901, []],
    ['shows that they had restarted, if a rekey came since', 930, ['unknown']],
  ])('%s', (_, rekeyAt, expected) => {
    const told = history([gmAnswer(840, first), gmAnswer(900, rekeyed), gmAnswer(960.5, { ...rekeyed, rekeyAt })]);
    expect(causes(told)).toEqual(expected);
  });
});

describe('a clear and a TEK rekey between two answers, with the same counters in both', () => {
  const TEKS = ['0x0000000A', '0x0000000B', '0x0000000C'] as const;
  const teks = (...which: readonly number[]) =>
    Object.fromEntries(which.map((index) => [TEKS[index] ?? '', 1000 + 600 * index]));
  const first: GmSketch = { succeeded: 4, received: 7, kekAt: 50_000, timerAt: 900, teks: teks(0) };
  const rekeyed: GmSketch = { ...first, received: 8, timerAt: 1500, teks: teks(0, 1) };
  const cleared: GmSketch = { succeeded: 1, received: 0, kekAt: 50_000, timerAt: 1540, teks: teks(1) };
  const renewed: GmSketch = { ...cleared, timerAt: 2140, teks: teks(2, 1) };
  const asOften = (at: number) => facts(at, 900_000 + at);
  const clearedAfterCounting = [
    gmAnswer(800, first),
    gmAnswer(900, rekeyed),
    asOften(901),
    gmAnswer(1000, cleared),
    asOften(1001),
  ];

  test.each([
    ['before it', [asOften(1501)]],
    ['in its poll', []],
  ])(
    'is reported at the second answer that does not count the rekey, if the GM has counted some; the uptime came %s',
    (_, between) => {
      const told = history([
        ...clearedAfterCounting,
        gmAnswer(1500, renewed),
        ...between,
        gmAnswer(1520, renewed),
        ...(between.length === 0 ? [asOften(1521)] : []),
        gmAnswer(1580, renewed),
      ]);
      expect(causes(told)).toEqual(['operator_clear', 'operator_clear']);
      expect(reregistrations(told)[1]!.betweenMs.map(seconds)).toEqual([999.9, 1500.1]);
      expect(evidenceOf(told, 1)).toContain(
        'another TEK came, with Succeeded registration 1, Rekeys received 0 as before',
      );
    },
  );

  test('is reported as one reload when the uptime shows a reload', () => {
    const told = history([
      ...clearedAfterCounting,
      gmAnswer(1500, renewed),
      facts(1501, 120),
      gmAnswer(1520, renewed),
      facts(1521, 120),
      gmAnswer(1580, renewed),
    ]);
    expect(causes(told)).toEqual(['operator_clear', 'reload']);
  });

  test.each([
    ['the GM has not been seen to count TEK rekeys', [], renewed],
    ['the next answer counts it', [gmAnswer(900, rekeyed), asOften(901)], { ...renewed, received: 1, since: 1 }],
  ])('is not reported when %s', (_, counted, next) => {
    const told = history([
      gmAnswer(800, first),
      ...counted,
      gmAnswer(1000, cleared),
      asOften(1001),
      gmAnswer(1500, renewed),
      gmAnswer(1520, next),
      gmAnswer(1580, next),
    ]);
    expect(causes(told)).toHaveLength(1);
  });
});
