/**
 * The limits between the causes, each tested from both sides. The KEK held expires at 1000 s: the timer of a missed
 * rekey fires in [810, 960], the timer of the KEK's end in [1000, 1080].
 */
import { describe, expect, test } from 'vitest';
import type { LogMark, LogProof } from '../../../src/gdoi/log/log-evidence.ts';
import type { RegistrationFacts } from '../../../src/gdoi/memory/registration-facts.ts';
import type { HeldView } from '../../../src/gdoi/memory/tracker-state.ts';
import { causeOfReregistration, legacyPair } from '../../../src/gdoi/registrations/reregistration-cause.ts';
import type { Interval } from '../../../src/gdoi/seen/interval.ts';
import { counting, held, KEK, registered, seconds } from '../../builders/registration-builders.ts';

/** A log message of a router at that second. */
const said = (proof: LogProof, at: number, over: Partial<LogMark> = {}): LogMark => ({
  proof,
  mnemonic: proof,
  detail: '',
  fromMs: at * 1000,
  atMs: at * 1000,
  key: `${proof} ${at}`,
  sources: ['log'],
  ...over,
});

const decided = (start: Interval, before: HeldView | null, over: Partial<RegistrationFacts> = {}) =>
  causeOfReregistration(registered(start, { before, ...over }));
const cause = (...of: Parameters<typeof decided>) => decided(...of).cause;

/** Between the windows of its KEK, where no timer fires. */
const NO_TIMER = seconds(980);

describe('which registration a message explains, and for how long', () => {
  test.each([
    [680, 'recovery'],
    [679, 'unknown'],
  ])('a recovery message explains a start within 300 s after it: with one at %i s the cause is %s', (at, expected) => {
    expect(cause(NO_TIMER, held(), { marks: [said('recovery', at)] })).toBe(expected);
  });

  test('a recovery message does not explain a registration if another one was complete in between', () => {
    const marks = [said('recovery', 900)];
    expect(cause(NO_TIMER, held(), { marks: [...marks, said('complete', 979)] })).toBe('unknown');
    expect(cause(NO_TIMER, held(), { marks: [...marks, said('complete', 980)] })).toBe('recovery');
    expect(cause(NO_TIMER, held(), { marks: [said('complete', 900), ...marks] })).toBe('recovery');
  });

  test.each([
    [860, 'interface'],
    [859, 'unknown'],
  ])('an interface explains a start within 120 s after it came back: at %i s the cause is %s', (at, expected) => {
    const marks = [said('interface_down', 800), said('interface_up', at)];
    expect(cause(NO_TIMER, held(), { marks })).toBe(expected);
  });

  test('an interface that came back before the GM got its keys does not explain the next registration', () => {
    const marks = [said('interface_down', 850), said('interface_up', 900)];
    expect(cause(NO_TIMER, held({ keysCame: seconds(899, 900) }), { marks })).toBe('interface');
    expect(cause(NO_TIMER, held({ keysCame: seconds(899, 901) }), { marks })).toBe('unknown');
  });

  test.each([
    [380, 'ks_forced'],
    [379, 'unknown'],
  ])('a removal by the KS explains a start within 600 s after it: at %i s the cause is %s', (at, expected) => {
    const ksSaid = [{ ks: 'ks1', mark: said('ejected', at, { mnemonic: 'KS_GM_REVOKED' }) }];
    expect(cause(NO_TIMER, held(), { ksSaid })).toBe(expected);
  });

  test('a removal by the KS before the GM got its keys does not explain the registration', () => {
    const ksSaid = [{ ks: 'ks1', mark: said('ejected', 900, { mnemonic: 'GM_DELETE' }) }];
    expect(cause(NO_TIMER, held({ keysCame: seconds(900) }), { ksSaid })).toBe('ks_forced');
    expect(cause(NO_TIMER, held({ keysCame: seconds(901) }), { ksSaid })).toBe('unknown');
  });

  test('a removal by the KS after the start does not explain the registration', () => {
    const at = (second: number) => [{ ks: 'ks1', mark: said('ejected', second, { mnemonic: 'GM_DELETE' }) }];
    expect(cause(NO_TIMER, held(), { ksSaid: at(980) })).toBe('ks_forced');
    expect(cause(NO_TIMER, held(), { ksSaid: at(981) })).toBe('unknown');
  });

  test('only the last two of many refusals are evidence', () => {
    const marks = [said('refused', 750), said('refused', 760), said('ike_failed', 770)];
    expect(decided(NO_TIMER, held(), { marks }).evidence).toEqual([
      expect.stringContaining('00:12:40'),
      expect.stringContaining('00:12:50'),
    ]);
  });

  test.each([
    ['680 s', 680, ['log: invalid_spi at 1970-01-01T00:11:20Z']],
    ['679 s', 679, []],
  ])('packets with an invalid SPI are evidence for 300 s: at %s', (_, at, evidence) => {
    expect(decided(NO_TIMER, held(), { marks: [said('invalid_spi', at)] })).toMatchObject({
      cause: 'unknown',
      evidence,
    });
  });

  test.each([
    ['before the last answer', 699, []],
    ['since the last answer', 700, ['log: refused at 1970-01-01T00:11:40Z']],
    ['until the registration was complete', 990, ['log: refused at 1970-01-01T00:16:30Z']],
    ['after the registration was complete', 991, []],
  ])('a refusal %s, at %i s, gives the evidence %j', (_, at, evidence) => {
    const over = { completed: seconds(985, 990), marks: [said('refused', at)] };
    expect(decided(NO_TIMER, held(), over).evidence).toEqual(evidence);
  });
});

describe('a KEK that was deleted according to the log', () => {
  /** Overlaps both windows; the window of the missed rekey counts because the KEK had been held in time. */
  const BOTH = seconds(950, 1050);

  test.each([
    [994, 'kek_missed_rekey'],
    [995, 'kek_expired'],
    [1005, 'kek_expired'],
    [1006, 'kek_missed_rekey'],
  ])('is taken for the KEK held within 5 s of its expiry: if deleted at %i s, the cause is %s', (at, expected) => {
    expect(cause(BOTH, held(), { marks: [said('kek_deleted', at)] })).toBe(expected);
  });

  test('proves legacy_ks when no KEK is held afterwards and the registration was complete before the deletion', () => {
    const marks = [said('kek_deleted', 1000)];
    const over = { kekAfter: 'gone', completed: seconds(955, 960), marks } as const;
    expect(cause(seconds(950, 1050), held(), over)).toBe('legacy_ks');
    expect(cause(seconds(1000, 1050), held(), { ...over, completed: seconds(1050) })).toBe('kek_expired');
  });
});

describe('a registration after the end of the KEK', () => {
  const DELETED = 'log: kek_deleted at 1970-01-01T00:16:40Z';
  const marks = [said('kek_deleted', 1000)];

  test.each<[string, Interval, Partial<RegistrationFacts>, boolean]>([
    ['at or after its deletion and brought no KEK', seconds(1000, 1050), { kekAfter: 'gone' }, true],
    ['perhaps before its deletion and brought no KEK', seconds(999, 1050), { kekAfter: 'gone' }, false],
    ['perhaps before its deletion and brought a new KEK', seconds(999, 1050), {}, true],
    ['at its deletion at the latest and brought a new KEK', seconds(950, 1000), {}, true],
  ])('that began %s: quotes the deletion message: %s', (_, start, over, isTold) => {
    expect(decided(start, held(), { marks, ...over }).evidence.includes(DELETED)).toBe(isTold);
  });

  test('is legacy_ks, the second of its cycle, if the first one was legacy_ks with the same KEK', () => {
    expect(cause(seconds(1010, 1050), held(), { legacyKek: 1000 })).toBe('legacy_ks');
    expect(cause(seconds(1010, 1050), held(), { legacyKek: 999 })).toBe('kek_expired');
  });
});

describe('a registration in the window of a missed rekey', () => {
  const IN_WINDOW = seconds(850, 900);

  test.each([
    [839, 839, 'kek_missed_rekey'],
    [840, 840, 'unknown'],
    [900, 900, 'unknown'],
    [901, 901, 'kek_missed_rekey'],
    [839, 851, 'kek_missed_rekey'],
    [899, 901, 'kek_missed_rekey'],
  ])('is, when an interface came back between %i and %i s, %s', (from, to, expected) => {
    const marks = [said('interface_down', 800), said('interface_up', to, { fromMs: from * 1000 })];
    expect(cause(IN_WINDOW, held(), { marks })).toBe(expected);
  });

  test.each([
    [
      'kek_missed_rekey if a notice that keys ran out',
      said('start', 850, { mnemonic: 'GM_RE_REGISTER' }),
      'kek_missed_rekey',
    ],
    ['unknown if an attempt', said('start', 850, { mnemonic: 'GM_REGSTER' }), 'unknown'],
    ['kek_missed_rekey if the end of another registration', said('complete', 848), 'kek_missed_rekey'],
  ])('is, seconds after an interface came back, %s follows', (_, mark, expected) => {
    const marks = [said('interface_down', 800), said('interface_up', 846), mark];
    expect(cause(seconds(850), held(), { marks })).toBe(expected);
  });

  test('is not explained by an interface that came back before the GM got its keys', () => {
    const marks = [said('interface_down', 800), said('interface_up', 860)];
    expect(cause(IN_WINDOW, held({ keysCame: seconds(860) }), { marks })).toBe('unknown');
    expect(cause(IN_WINDOW, held({ keysCame: seconds(861) }), { marks })).toBe('kek_missed_rekey');
  });

  test('has the last unusable rekey since the GM got its keys as the stated reason', () => {
    const failedAt = (keysCame: number, ...at: readonly number[]) =>
      decided(IN_WINDOW, held({ keysCame: seconds(keysCame) }), {
        marks: at.map((second) => said('rekey_failed', second)),
      });
    expect(failedAt(600, 600).stated).toEqual({ mnemonic: 'rekey_failed', ks: null });
    expect(failedAt(601, 600).stated).toBeUndefined();
    expect(failedAt(600, 810, 820).evidence.filter((line) => line.includes('rekey_failed'))).toEqual([
      'log: rekey_failed at 1970-01-01T00:13:40Z',
    ]);
  });

  test('is legacy_ks if the KEK that it brought was not seen but ended together with the previous one', () => {
    const over = { kekAfter: 'unknown', marks: [said('kek_deleted', 1000)] } as const;
    expect(cause(IN_WINDOW, held(), { ...over, completed: seconds(999) })).toBe('legacy_ks');
    expect(cause(IN_WINDOW, held(), { ...over, completed: seconds(1000) })).toBe('unknown');
  });

  test.each<[string, Partial<RegistrationFacts>, string]>([
    ['kek_missed_rekey if it brought a new KEK', {}, 'kek_missed_rekey'],
    ['legacy_ks if it brought the same KEK', { kekAfter: 'same' }, 'legacy_ks'],
    ['unknown if it brought a KEK that was not seen', { kekAfter: 'unknown' }, 'unknown'],
    ['legacy_ks if no KEK is held after the expiry', { kekAfter: 'gone', completed: seconds(1000, 1100) }, 'legacy_ks'],
    [
      'kek_missed_rekey if it was complete only after the expiry',
      { kekAfter: 'gone', completed: seconds(1001, 1100) },
      'kek_missed_rekey',
    ],
    [
      'unknown if it may be an uncounted second one',
      { begunByKek: seconds(850, 1000), completed: seconds(1001) },
      'unknown',
    ],
    [
      'kek_missed_rekey if it was complete by the expiry',
      { begunByKek: seconds(850, 1000), completed: seconds(1000) },
      'kek_missed_rekey',
    ],
    [
      'kek_missed_rekey if it began before the expiry',
      { begunByKek: seconds(850, 999), completed: seconds(1001) },
      'kek_missed_rekey',
    ],
  ])('is %s', (_, over, expected) => {
    expect(cause(IN_WINDOW, held(), over)).toBe(expected);
  });

  test('was not ordered if messages show that it began at the end of a countdown that is not the order’s', () => {
    const odd = (to: number, before = counting(880)) =>
      cause(seconds(878, to), before, { kekMade: seconds(878), tekMade: seconds(878) });
    expect(odd(883)).toBe('kek_missed_rekey');
    expect(odd(884)).toBe('unknown');
    expect(odd(883, held())).toBe('unknown');
    expect(odd(883, counting(880, { sentMs: 877_999 }))).toBe('kek_missed_rekey');
    expect(odd(883, counting(880, { sentMs: 878_000 }))).toBe('unknown');
  });
});

describe('keys that were replaced before they were due', () => {
  const EARLY = { sentMs: 500_000 };

  test.each([
    [699, 'ks_forced'],
    [700, 'unknown'],
  ])('a KEK is renewed at most 300 s before its expiry: with a new KEK at %i s the cause is %s', (at, expected) => {
    expect(cause(seconds(at), held(EARLY))).toBe(expected);
    expect(cause(seconds(980), held(EARLY), { kekMade: seconds(at) })).toBe(expected);
  });

  test.each([
    [480, 'ks_forced'],
    [479, 'unknown'],
  ])('an order shows in the next answer: with a KEK made at %i s, answer at 500 s, the cause is %s', (at, expected) => {
    expect(cause(seconds(600), held(EARLY), { kekMade: seconds(at) })).toBe(expected);
  });

  test.each<[string, Partial<RegistrationFacts>]>([
    ['after some attempts', { quick: false }],
    ['that no counter shows', { begunByKek: seconds(600) }],
    ['after a rekey', { rekeysBetween: 1 }],
    ['after rekeys that nobody counted', { rekeysBetween: null }],
    ['that brought the same KEK', { kekAfter: 'same' }],
  ])('a registration %s may have begun for another reason', (_, over) => {
    expect(cause(seconds(600), held(EARLY))).toBe('ks_forced');
    expect(cause(seconds(600), held(EARLY), over)).toBe('unknown');
  });

  test('a KEK replaced after an earlier rekey that brought only a TEK is still ks_forced', () => {
    const { cause: why, evidence } = decided(seconds(600), held(EARLY), { rekeysBetween: 1, rekeyBroughtTek: true });
    expect(why).toBe('ks_forced');
    expect(evidence.join()).toContain('after the last rekey that came');
  });

  test('the cause is ks_failover if another KS answered', () => {
    expect(cause(seconds(600), held(EARLY), { keyServerAfter: '192.0.2.2' })).toBe('ks_failover');
    expect(cause(seconds(600), held({ ...EARLY, keyServer: null }), { keyServerAfter: '192.0.2.2' })).toBe('ks_forced');
  });

  const TEKS = { ...EARLY, kek: null, teks: [{ spi: '0x1', expiry: seconds(1000) }] };
  test.each<[string, number, Partial<RegistrationFacts>, string]>([
    ['ks_forced if they were replaced long before they were due', 699, {}, 'ks_forced'],
    ['unknown if they were replaced when they may be due', 700, {}, 'unknown'],
    ['unknown if they were not replaced', 699, { teksReplaced: false }, 'unknown'],
    ['unknown if they were perhaps replaced', 699, { teksReplaced: null }, 'unknown'],
    ['unknown if a KEK was held, which counts instead', 699, { before: held({ ...TEKS, kek: KEK }) }, 'unknown'],
    ['unknown if a rekey replaced them', 699, { rekeysBetween: 1, rekeyBroughtTek: true }, 'unknown'],
  ])('by the TEKs of a GM that holds no KEK the cause is %s', (_, at, over, expected) => {
    expect(cause(seconds(at), held(TEKS), { kekAfter: 'unknown', teksReplaced: true, ...over })).toBe(expected);
  });
});

describe('an order of the KS', () => {
  const forced = { atMs: 600_000, untilMs: 900_000, evidence: 'log: GM_RECV_REAUTH' };
  const START = seconds(690);
  const order = (mnemonic = 'GM_RECV_REAUTH', at = 600) => said('forced', at, { mnemonic });
  const ordered = (...marks: readonly LogMark[]) => cause(START, held({ sentMs: 500_000 }), { forced, marks });

  test('is the cause whatever else fits', () => {
    expect(ordered()).toBe('ks_forced');
    expect(cause(seconds(850), held(), { forced })).toBe('ks_forced');
    expect(cause(START, null, { forced, marks: [order()] })).toBe('ks_forced');
  });

  test.each([
    [599, 'ks_forced'],
    [600, 'ks_forced'],
    [601, 'unknown'],
    [690, 'unknown'],
    [691, 'unknown'],
    [692, 'ks_forced'],
  ])('is not decided against a KEK that ran out between order and start: at %i s the cause is %s', (at, expected) => {
    const kek = { ...KEK, expiry: seconds(at) };
    const over = { forced, marks: [order(), said('kek_deleted', at)] };
    expect(cause(START, held({ sentMs: 500_000, kek }), over)).toBe(expected);
  });

  test.each([
    [
      'not the cause if the interface went down after it and came back 10 s before the start',
      order(),
      650,
      680,
      'interface',
    ],
    ['the cause if that interface came back 11 s before the start', order(), 650, 679, 'ks_forced'],
    ['not decided if the interface had gone down with it', order(), 600, 680, 'unknown'],
    ['the cause if the interface was back by the order', order('GM_RECV_REAUTH', 681), 600, 680, 'ks_forced'],
    [
      'not the cause if it leaves the GM more time and the interface was back by the order',
      order('GM_RECV_DELETE', 681),
      600,
      680,
      'interface',
    ],
    [
      'not decided if it leaves the GM more time and came as the interface was back, 10 s before the start',
      order('GM_RECV_DELETE', 680),
      600,
      680,
      'unknown',
    ],
  ])('is %s', (_, orderMark, down, up, expected) => {
    const marks = [said('interface_down', down), said('interface_up', up), orderMark];
    const over = { forced: { ...forced, atMs: orderMark.atMs }, marks };
    expect(cause(START, held({ sentMs: 500_000 }), over)).toBe(expected);
  });
});

describe('two registrations of a KEK cycle between two answers', () => {
  const BOTH = seconds(900, 1050);
  const pair = (start: Interval, before: HeldView | null, over: Partial<RegistrationFacts> = {}) =>
    legacyPair(registered(start, { before, tekLifetimeSeconds: null, ...over }));

  test('are a legacy_ks pair, each in its window', () => {
    expect(pair(BOTH, held())).toMatchObject({
      first: { cause: 'legacy_ks', start: seconds(900, 960) },
      second: { cause: 'legacy_ks', start: seconds(1000, 1050) },
    });
  });

  test.each<[string, Interval, HeldView | null, Partial<RegistrationFacts>, boolean]>([
    ['are a pair if the interval reaches the expiry', seconds(900, 1000), held(), {}, true],
    ['are not a pair if the interval ends before the expiry', seconds(900, 999), held(), {}, false],
    ['are a pair if the interval begins at the end of the first window', seconds(960, 1050), held(), {}, true],
    ['are not a pair if the interval begins after the first window', seconds(961, 1050), held(), {}, false],
    ['are not a pair if nothing was seen before', BOTH, null, {}, false],
    ['are not a pair if no KEK was held', BOTH, held({ kek: null }), {}, false],
    ['are not a pair if the KEK is the same', BOTH, held(), { kekAfter: 'same' }, false],
    [
      'are a pair if the KEK was made up to 20 s before the expiry, as lifetimes are whole seconds',
      BOTH,
      held(),
      { kekMade: seconds(980) },
      true,
    ],
    ['are a pair if the KEK was made up to 20 s after the expiry', BOTH, held(), { kekMade: seconds(1020) }, true],
    ['are not a pair if the KEK was made later, in another cycle', BOTH, held(), { kekMade: seconds(1021) }, false],
    ['are not a pair if the KEK was made earlier', BOTH, held(), { kekMade: seconds(979) }, false],
    [
      'are not a pair if the TEK can have caused one of them',
      BOTH,
      held({ teks: [{ spi: '0x1', expiry: seconds(1100) }] }),
      {},
      false,
    ],
    ['are a pair if the countdown ends in the first window', BOTH, counting(900), {}, true],
    ['are not a pair if the countdown ends after the first window', BOTH, counting(990), {}, false],
    [
      'are a pair if a rekey has renewed such a countdown',
      BOTH,
      counting(990),
      { rekeysBetween: 1, lastRekey: seconds(950) },
      true,
    ],
    ['are not a pair if that rekey can have brought the KEK', BOTH, counting(990), { rekeysBetween: 1 }, false],
  ])('%s', (_, start, before, over, isPair) => {
    expect(pair(start, before, over) !== null).toBe(isPair);
  });
});

describe('the reason that routers state', () => {
  const IN_WINDOW = seconds(850, 900);
  const byKs = (at: number, mnemonic: string, proof: LogProof = 'refused') => ({
    ks: 'ks1',
    mark: said(proof, at, { mnemonic }),
  });
  /** Concerns the whole group: the KS cannot rekey anybody. */
  const NO_REKEYS = 'KS_NO_RSA_KEYS';
  /** Concerns a peer that the message does not name. */
  const ANY_PEER = 'CRL_FETCH_FAIL';

  test.each<[string, readonly number[], readonly number[], object | undefined]>([
    ['that of a KS that cannot send rekeys', [], [820], { mnemonic: NO_REKEYS, ks: 'ks1' }],
    ['that of the later message of a KS', [], [810, 820], { mnemonic: NO_REKEYS, ks: 'ks1' }],
    ['that of the GM rather than that of its KS', [815], [820], { mnemonic: 'rekey_failed', ks: null }],
    ['none if the messages came before the keys', [599], [599], undefined],
    ['none if the messages came after the start', [901], [901], undefined],
  ])('for a missed rekey is %s', (_, own, ksAt, stated) => {
    const decision = decided(IN_WINDOW, held({ keysCame: seconds(600) }), {
      marks: own.map((at) => said('rekey_failed', at)),
      ksSaid: ksAt.map((at) => byKs(at, NO_REKEYS)),
    });
    expect(decision.cause).toBe('kek_missed_rekey');
    expect(decision.stated).toEqual(stated);
    const lost = own.some((at) => at > 600 && at <= 900) ? 'could not use' : 'did not get';
    expect(decision.evidence).toContainEqual(expect.stringContaining(`the KS had sent a rekey that this GM ${lost}`));
  });

  test('for a missed rekey is not a refusal of the KS', () => {
    const ksSaid = [byKs(860, 'UNAUTHORIZED_IPADDR')];
    expect(decided(IN_WINDOW, held(), { ksSaid }).stated).toBeUndefined();
  });

  test.each<[string, Partial<RegistrationFacts>, HeldView]>([
    ['legacy_ks', { kekAfter: 'same' }, held()],
    ['interface', { marks: [said('interface_down', 800), said('interface_up', 860)] }, held({ kek: null })],
    ['ks_forced', { forced: { atMs: 870_000, untilMs: 900_000, evidence: 'forced' } }, held({ kek: null })],
  ])('is not that the KS cannot send rekeys when the cause is %s', (_, over, before) => {
    const decision = decided(IN_WINDOW, before, { ksSaid: [byKs(820, NO_REKEYS)], ...over });
    expect(['legacy_ks', 'interface', 'ks_forced']).toContain(decision.cause);
    expect(decision.stated).toBeUndefined();
  });

  test.each<[string, readonly ReturnType<typeof byKs>[], object | undefined, number]>([
    ['a refusal', [byKs(975, 'UNAUTHORIZED_IPADDR')], { mnemonic: 'UNAUTHORIZED_IPADDR', ks: 'ks1' }, 1],
    ['nothing that may be about another peer', [byKs(975, ANY_PEER)], undefined, 1],
    [
      'the last message that is about this GM',
      [byKs(970, 'UNAUTHORIZED_IPADDR'), byKs(975, ANY_PEER)],
      { mnemonic: 'UNAUTHORIZED_IPADDR', ks: 'ks1' },
      2,
    ],
    ['no refusal before the last answer', [byKs(699, 'UNAUTHORIZED_IPADDR')], undefined, 0],
    [
      'the drop of the GM if a refusal follows it',
      [byKs(970, 'KS_NACK_GM_EJECT', 'ejected'), byKs(975, 'UNAUTHORIZED_IPADDR')],
      { mnemonic: 'KS_NACK_GM_EJECT', ks: 'ks1' },
      2,
    ],
    [
      'the drop of the GM, quoted once',
      [byKs(975, 'KS_NACK_GM_EJECT', 'ejected')],
      { mnemonic: 'KS_NACK_GM_EJECT', ks: 'ks1' },
      1,
    ],
  ])('for an otherwise unexplained registration is, of the messages of its KS, %s', (_, ksSaid, stated, lines) => {
    const decision = decided(NO_TIMER, held(), { ksSaid });
    expect(decision.cause).toBe('unknown');
    expect(decision.stated).toEqual(stated);
    expect(decision.evidence.filter((line) => line.startsWith('ks1 '))).toHaveLength(lines);
  });

  test('is not a refusal when the cause is known, but the refusal is evidence', () => {
    const decision = decided(IN_WINDOW, held(), { ksSaid: [byKs(890, 'UNAUTHORIZED_IPADDR')] });
    expect(decision.cause).toBe('kek_missed_rekey');
    expect(decision.evidence.at(-1)).toContain('UNAUTHORIZED_IPADDR');
    expect(decision.stated).toBeUndefined();
  });

  test.each<[string, Partial<RegistrationFacts>, boolean]>([
    ['that nothing explains', {}, true],
    ['with another KS', { keyServerAfter: '192.0.2.2' }, true],
    ['by order', { forced: { atMs: 975_000, untilMs: 980_000, evidence: 'forced' } }, false],
  ])('packets with an invalid SPI are evidence for a registration %s: %s', (_, over, isTold) => {
    const decision = decided(NO_TIMER, held(), { marks: [said('invalid_spi', 975)], ...over });
    expect(decision.evidence.some((line) => line.includes('invalid_spi'))).toBe(isTold);
  });

  test.each<[string, Interval, HeldView, Partial<RegistrationFacts>]>([
    ['kek_missed_rekey', IN_WINDOW, held(), {}],
    ['kek_expired', seconds(1010, 1050), held(), {}],
    ['tek_expired', IN_WINDOW, held({ kek: null, teks: [{ spi: '0x1', expiry: seconds(1000) }] }), {}],
    ['interface', NO_TIMER, held(), { marks: [said('interface_down', 960), said('interface_up', 970)] }],
    ['recovery', NO_TIMER, held(), { marks: [said('recovery', 970)] }],
    ['ks_forced', NO_TIMER, held(), { ksSaid: [byKs(975, 'KS_GM_REVOKED', 'ejected')] }],
  ])('the change of KS is evidence for %s too, but only if another KS answered', (expected, start, before, over) => {
    const MOVED = 'Registered with 192.0.2.1 -> 192.0.2.2';
    const told = (keyServerAfter: string | null, keyServer: string | null = '192.0.2.1') =>
      decided(start, { ...before, keyServer }, { ...over, keyServerAfter });
    expect(told('192.0.2.2')).toMatchObject({ cause: expected });
    expect(told('192.0.2.2').evidence).toContain(MOVED);
    for (const [after, from] of [['192.0.2.1'], [null], ['192.0.2.2', null]] as const) {
      expect(told(after, from).evidence.filter((line) => line.startsWith('Registered with'))).toEqual([]);
    }
  });
});

describe('the exact evidence for', () => {
  const IN_WINDOW = seconds(850, 900);
  const ENDED = 'KEK held before ended at 1970-01-01T00:16:40Z: inside [expiry - 190 s, expiry - 40 s]';
  const EXPIRED = 'KEK expired at 1970-01-01T00:16:40Z';
  const [BOTH_KEYS, ONE_TEK] = [{ teks: [{ spi: '0x1', expiry: seconds(1000) }] }, { kek: null }];
  const FORCED = { atMs: 600_000, untilMs: 900_000, evidence: 'log: forced at 1970-01-01T00:10:00Z' };
  const forced = said('forced', 600);
  const flap = [said('interface_down', 600), said('interface_up', 680)];

  test.each<[string, Interval, HeldView, Partial<RegistrationFacts>, readonly string[]]>([
    [
      'a missed rekey',
      IN_WINDOW,
      held(),
      {},
      [ENDED, 'a new KEK afterwards: the KS had sent a rekey that this GM did not get'],
    ],
    [
      'a KEK that its KS made only when the GM was registering, as one that was down before',
      IN_WINDOW,
      held(),
      { kekMade: seconds(910, 912) },
      [ENDED, 'a new KEK afterwards, made only after this registration had begun: no rekey had brought it before'],
    ],
    [
      'a rekey that could not be used',
      IN_WINDOW,
      held(),
      { marks: [said('rekey_failed', 820)] },
      [
        'log: rekey_failed at 1970-01-01T00:13:40Z',
        ENDED,
        'a new KEK afterwards: the KS had sent a rekey that this GM could not use',
      ],
    ],
    [
      'an old KS',
      IN_WINDOW,
      held(),
      { kekAfter: 'same' },
      [ENDED, 'the KEK afterwards is the same: the KS had not changed it'],
    ],
    [
      'a new KEK that was not seen',
      IN_WINDOW,
      held(),
      { kekAfter: 'unknown' },
      [ENDED, 'the KEK it brought was not seen: not decided'],
    ],
    ['a KEK that ran out', seconds(1010, 1050), held(), {}, [`${EXPIRED}: inside [expiry, expiry + 80 s]`]],
    [
      'the second registration of a KEK cycle',
      seconds(1010, 1050),
      held(),
      { legacyKek: 1000 },
      [`${EXPIRED}: second re-registration of this KEK cycle`],
    ],
    [
      'a TEK that ran out',
      seconds(850, 900),
      held({ ...BOTH_KEYS, ...ONE_TEK }),
      {},
      ['longest-lived TEK 0x1 ended at 1970-01-01T00:16:40Z, and no TEK rekey came'],
    ],
    [
      'the windows of both keys',
      IN_WINDOW,
      held(BOTH_KEYS),
      {},
      [
        'inside the TEK’s window as well: no TEK rekey came either, and either timer may have fired first',
        ENDED,
        'a new KEK afterwards: the KS had sent a rekey that this GM did not get',
      ],
    ],
    [
      'a KEK that was replaced early',
      seconds(600),
      held({ sentMs: 500_000 }),
      {},
      ['the KS had replaced its KEK long before it was due, and no rekey told this GM'],
    ],
    [
      'an order followed by the end of the KEK',
      seconds(690),
      held({ sentMs: 500_000, kek: { ...KEK, expiry: seconds(650) } }),
      { forced: FORCED, marks: [forced, said('kek_deleted', 650)] },
      [
        'log: forced at 1970-01-01T00:10:00Z',
        'log: kek_deleted at 1970-01-01T00:10:50Z',
        'the KEK had run out after the order of the KS: either makes a GM register: not decided',
      ],
    ],
    [
      'an order and a link that came back',
      seconds(690),
      held({ sentMs: 500_000 }),
      { forced: FORCED, marks: [...flap, forced] },
      [
        'log: forced at 1970-01-01T00:10:00Z',
        'log: interface_down  down at 1970-01-01T00:10:00Z',
        'log: interface_up  up at 1970-01-01T00:11:20Z',
        'the interface had come back after the order of the KS: either makes a GM register: not decided',
      ],
    ],
    [
      'a link that came back in the window',
      IN_WINDOW,
      held(),
      { marks: [said('interface_down', 800), said('interface_up', 860)] },
      [
        'log: interface_down  down at 1970-01-01T00:13:20Z',
        'log: interface_up  up at 1970-01-01T00:14:20Z',
        'the interface had come back before that timer was due: either makes a GM register: not decided',
      ],
    ],
  ])('%s', (_, start, before, over, evidence) => {
    expect(decided(start, before, over).evidence).toEqual(evidence);
  });

  test('a legacy_ks pair', () => {
    expect(
      legacyPair(registered(seconds(900, 1050), { before: held(), tekLifetimeSeconds: null }))?.first.evidence,
    ).toEqual([
      'two registrations in one KEK cycle',
      'KEK expired at 1970-01-01T00:16:40Z: one fits [expiry - 190 s, expiry - 40 s], one [expiry, expiry + 80 s]',
    ]);
  });
});
