/** SNMP, alone and beside the CLI: what keys show of a GM without counters. The KEK expires 1000 s after T0. */
import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/gdoi/seen/observation.ts';
import { initialTrackerState, sourcesDisagreeOf } from '../../../src/gdoi/memory/tracker-state.ts';
import { snmpHintsAtChange } from '../../../src/gdoi/tracker/snmp-tracker.ts';
import {
  causes,
  facts,
  fed,
  gmAnswer,
  type GmSketch,
  history,
  log,
  reregistrations,
  snmpAnswer,
  snmpSnapshot,
  type SnmpSketch,
  T0,
  trap,
  types,
} from '../../builders/tracker-builders.ts';

const NEW_KEK = 87_000;
const TEK_A = { '0x0000000A': 3600 };
const TEK_B = { '0x0000000B': 7200 };
const held: SnmpSketch = { kek: 1, kekAt: 1000, sequence: 5, teks: TEK_A };

describe('SNMP alone', () => {
  test('takes the first look as a baseline', () => {
    expect(history([snmpAnswer(0, held), snmpAnswer(60, held)]).events).toEqual([]);
  });

  test('reports tek_missing once for a KEK without a TEK if the last TEK ran out or two looks agree', () => {
    const tekless: SnmpSketch = { ...held, kekAt: 9000, teks: {} };
    const ranOut = history([
      snmpAnswer(3500, { ...tekless, teks: TEK_A }),
      snmpAnswer(3660, tekless),
      snmpAnswer(3720, tekless),
    ]);
    expect(types(ranOut)).toEqual(['tek_missing']);
    const [event] = ranOut.events;
    expect(event?.summary).toMatch(/holds a KEK and no TEK, its traffic is dropped or in clear/u);
    expect(event?.evidence.join()).not.toContain('egistration');
    expect(types(history([snmpAnswer(0, tekless)]))).toEqual([]);
    expect(types(history([snmpAnswer(0, tekless), snmpAnswer(60, tekless)]))).toEqual(['tek_missing']);
    const late = history([snmpAnswer(0, held), snmpAnswer(60, tekless), snmpAnswer(120, { ...held, sequence: 6 })]);
    expect(types(late)).not.toContain('tek_missing');
  });

  test('reports kek_missed_rekey for a new KEK in the window without a rekey', () => {
    const told = history([snmpAnswer(780, held), snmpAnswer(900, { ...held, kek: 2, kekAt: NEW_KEK })]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    expect(told.state.groups.get('G1')?.tally.unexpected).toBe(1);
  });

  test('reports kek_rekey for a new KEK when the sequence number moved', () => {
    const told = history([snmpAnswer(700, held), snmpAnswer(780, { ...held, kek: 2, kekAt: NEW_KEK, sequence: 0 })]);
    expect(types(told)).toEqual(['kek_rekey']);
  });

  // A rekey may have brought it.
  test('reports no event for a new KEK before the window with the sequence number that each KEK starts with', () => {
    const first = { ...held, sequence: 0 };
    const told = history([snmpAnswer(700, first), snmpAnswer(780, { ...first, kek: 2, kekAt: NEW_KEK })]);
    expect(told.events).toEqual([]);
  });

  test('reports unknown when the keys went long before any timer was due: they were wiped', () => {
    const wiped: SnmpSketch = { kek: null, sequence: null, teks: {} };
    const again: SnmpSketch = { kek: 2, kekAt: NEW_KEK, sequence: 0, teks: TEK_B };
    const soon: SnmpSketch = { ...held, kekAt: 5000, teks: { '0x0000000A': 300 } };
    const told = history([snmpAnswer(0, soon), snmpAnswer(60, wiped), snmpAnswer(400, wiped), snmpAnswer(460, again)]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('reports unknown in the window when a TEK with time left went with the KEK: a timer takes only the KEK', () => {
    const again: SnmpSketch = { kek: 2, kekAt: NEW_KEK, sequence: 0, teks: TEK_B };
    const told = (left: Readonly<Record<string, number>>) =>
      causes(
        history([
          snmpAnswer(800, { ...held, teks: { '0x0000000A': 1500 } }),
          snmpAnswer(850, { kek: null, teks: left }),
          snmpAnswer(870, again),
        ]),
      );
    expect(told({})).toEqual(['unknown']);
    expect(told({ '0x0000000A': 1500 })).toEqual(['kek_missed_rekey']);
  });

  test('does not quote the servers that a GM without keys shows: it only tries them', () => {
    const trying = (keyServer: string): SnmpSketch => ({ kek: null, sequence: null, teks: {}, keyServer });
    const again: SnmpSketch = { kek: 2, kekAt: NEW_KEK, sequence: 0, teks: TEK_B, keyServer: '10.1.11.2' };
    const told = history([
      snmpAnswer(0, held),
      snmpAnswer(60, trying('10.1.11.2')),
      snmpAnswer(120, trying('10.1.12.2')),
      snmpAnswer(180, again),
    ]);
    expect(
      reregistrations(told).flatMap(({ evidence }) => evidence.filter((line) => /Registered with/u.test(line))),
    ).toEqual([]);
  });

  test('does not report ks_failover when a GM that tries its servers loses its TEK first and its KEK later', () => {
    const trying = (keyServer: string, kekAt: number): SnmpSketch => ({ ...held, kekAt, teks: {}, keyServer });
    const told = history([
      snmpAnswer(0, { ...held, teks: { '0x0000000A': 100 } }),
      snmpAnswer(200, trying('10.1.12.2', 1000)),
      snmpAnswer(230, trying('10.1.13.2', 1000)),
      snmpAnswer(900, trying('10.1.13.2', 1000)),
      snmpAnswer(1200, { kek: null, sequence: null, teks: {}, keyServer: '10.1.13.2' }),
      snmpAnswer(3000, { kek: 2, kekAt: NEW_KEK, sequence: 0, teks: TEK_B }),
    ]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('reports a registration when another TEK comes under the same KEK without a rekey', () => {
    const teks = { '0x0000000A': 700 };
    const far: SnmpSketch = { ...held, kekAt: 50_000, teks };
    const looks = [snmpAnswer(440, { ...far, sequence: 4 }), snmpAnswer(500, far)];
    const told = history([...looks, snmpAnswer(660, { ...far, teks: TEK_B })], { tekLifetimeSeconds: () => 600 });
    expect(causes(told)).toEqual(['tek_expired']);
  });

  test('does not take a sequence number left by an earlier KEK as proof: the next rekey may show it again', () => {
    const next = { ...held, kek: 2, kekAt: NEW_KEK };
    const told = history([
      snmpAnswer(780, held),
      snmpAnswer(900, next),
      snmpAnswer(1500, { ...next, teks: TEK_B }),
      snmpAnswer(2000, { ...next, teks: { '0x0000000C': 8000 }, sequence: 1 }),
    ]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
  });

  // Another KS numbers its own rekeys.
  test('attributes another TEK with the same sequence number to a rekey when a message tells of one', () => {
    const far: SnmpSketch = { ...held, kekAt: 50_000 };
    const looks = (...heard: readonly Observation[]) =>
      history([
        snmpAnswer(440, { ...far, sequence: 4 }),
        snmpAnswer(500, far),
        ...heard,
        snmpAnswer(560, { ...far, teks: TEK_B }),
      ]);
    expect(types(looks())).toEqual(['reregistration']);
    expect(types(looks(trap(499, 'GmRekeyReceived')))).toEqual(['reregistration']);
    expect(types(looks(trap(530, 'GmRekeyReceived')))).toEqual([]);
    // By two messages the GM registered as well.
    expect(
      types(looks(trap(530, 'GmRekeyReceived'), trap(540, 'GmReRegister'), trap(541, 'GmRegistrationComplete'))),
    ).toEqual(['reregistration']);
  });

  describe('another KEK with the same sequence number', () => {
    const registered = (first: SnmpSketch, at: number, ...heard: readonly Observation[]) =>
      reregistrations(
        history([snmpAnswer(at, first), ...heard, snmpAnswer(at + 120, { ...first, kek: 2, kekAt: NEW_KEK })]),
      ).length === 1;
    const rekey = (at: number) => trap(at, 'GmRekeyReceived');

    test('came by a rekey when a message in between tells of one: its late copy may arrive in the window', () => {
      const first = { ...held, sequence: 0 };
      expect(registered(first, 820)).toBe(true);
      expect(registered(first, 820, rekey(830))).toBe(false);
      expect(registered(first, 820, rekey(819))).toBe(true);
    });

    // After a COOP split another KS sends its own KEK under its current number.
    test('came by a rekey also when the number is above the first ones', () => {
      expect(registered(held, 300)).toBe(true);
      expect(registered(held, 300, rekey(310))).toBe(false);
    });

    test('came by a registration when two messages tell of one beside the rekey', () => {
      const messages = [trap(840, 'GmReRegister'), trap(841, 'GmRegistrationComplete')];
      expect(registered(held, 820, rekey(830), ...messages)).toBe(true);
    });
  });

  test('reports no event for another TEK with the next sequence number: that is a TEK rekey', () => {
    const told = history([snmpAnswer(500, held), snmpAnswer(560, { ...held, teks: TEK_B, sequence: 6 })]);
    expect(told.events).toEqual([]);
  });

  describe('another key server beside the same keys', () => {
    const far: SnmpSketch = { ...held, kekAt: 50_000, teks: { '0x0000000A': 40_000 } };
    const looks = (servers: readonly string[]) =>
      servers.map((server, index) => snmpAnswer(60 * index, { ...far, keyServer: `10.1.${server}.2` }));
    const stayed = (server: string) => Array.from({ length: 12 }, () => server);

    test('is ks_failover once it has stayed, dated about when it was first shown and certainly by now', () => {
      const told = fed(initialTrackerState('gm1'), [...looks(['11', '11', ...stayed('12'), '12', '12'])]);
      expect(causes(told)).toEqual(['ks_failover']);
      const [event] = reregistrations(told);
      expect(event?.atMs).toBe((T0 + 90) * 1000);
      expect(event?.betweenMs).toEqual([(T0 + 60) * 1000 - 50, (T0 + 720) * 1000 + 50]);
    });

    test('is not a registration while the GM holds no KEK, however long it stays', () => {
      const gone: SnmpSketch = { ...far, kek: null, keyServer: '10.1.12.2' };
      const told = history([snmpAnswer(0, far), ...[60, 400, 700, 1000, 1300].map((at) => snmpAnswer(at, gone))]);
      expect(causes(told)).toEqual([]);
    });

    test('is not a registration while the GM tries one after the other', () => {
      const trying = ['12', '12', '11', '13', '13', '13', '12', '11', '12', '12', '13', '11', '12', '11'];
      const told = fed(initialTrackerState('gm1'), looks(['11', ...trying, ...trying]));
      expect(reregistrations(told)).toEqual([]);
    });

    test('is the one that the GM registered with if it stays there after it tried others', () => {
      const told = fed(initialTrackerState('gm1'), looks(['11', '12', '13', '12', ...stayed('13'), '13']));
      expect(causes(told)).toEqual(['ks_failover']);
      const [event] = reregistrations(told);
      expect(event?.evidence).toEqual(['Registered with 10.1.11.2 -> 10.1.13.2']);
      // Before it registered, the GM may have been trying this server as well.
      expect(event?.betweenMs).toEqual([(T0 + 180) * 1000 - 50, (T0 + 840) * 1000 + 50]);
    });

    test('is not a registration when a rekey brought new keys', () => {
      const rekeyed = { ...far, teks: TEK_B, sequence: 6, keyServer: '10.1.12.2' };
      const told = fed(initialTrackerState('gm1'), [
        ...looks(['11']),
        snmpAnswer(60, rekeyed),
        snmpAnswer(120, rekeyed),
      ]);
      expect(reregistrations(told)).toEqual([]);
    });

    test('is not a registration when a message tells that its rekey brought new keys under the same number', () => {
      const there = { ...far, teks: TEK_B, keyServer: '10.1.12.2' };
      const told = (...heard: readonly Observation[]) =>
        causes(
          fed(initialTrackerState('gm1'), [...looks(['11']), ...heard, snmpAnswer(60, there), snmpAnswer(120, there)]),
        );
      expect(told()).toEqual(['ks_failover']);
      expect(told(trap(30, 'GmRekeyReceived'))).toEqual([]);
    });

    test('is reported at once when messages say that the GM registered', () => {
      const done = [trap(30, 'GmRegister'), trap(31, 'GmRegistrationComplete')];
      const [first, second, third] = looks(['11', '12', '12']);
      expect(causes(fed(initialTrackerState('gm1'), [first!, ...done, second!, third!]))).toEqual(['ks_failover']);
    });
  });

  test('reports ks_failover for another key server when the observations end', () => {
    const told = history([
      snmpAnswer(0, { ...held, kekAt: 50_000 }),
      snmpAnswer(60, { ...held, kekAt: 50_000, keyServer: '10.1.12.2' }),
    ]);
    expect(causes(told)).toEqual(['ks_failover']);
  });

  test('reports kek_missing when the KEK is gone and kek_expired when a KEK returns after the expiry', () => {
    const told = history([
      snmpAnswer(990, held),
      snmpAnswer(1010, { ...held, kek: null }),
      snmpAnswer(1100, { ...held, kek: 2, kekAt: NEW_KEK }),
    ]);
    expect(types(told)).toEqual(['kek_rekey_overdue', 'kek_missing', 'reregistration']);
    expect(causes(told)).toEqual(['kek_expired']);
  });

  test('reports unknown when TEK and KEK ran out while the KS was down: either timer may have been the cause', () => {
    const first: SnmpSketch = { ...held, teks: { '0x0000000A': 700 } };
    const without: SnmpSketch = { ...held, kek: null, teks: {} };
    const back: SnmpSketch = { ...held, kek: 2, kekAt: NEW_KEK, teks: { '0x0000000B': 2100 } };
    const looks = [
      snmpAnswer(600, first),
      snmpAnswer(990, { ...first, teks: {} }),
      ...[1010, 1070, 1440].map((at) => snmpAnswer(at, without)),
      snmpAnswer(1500, back),
    ];
    expect(causes(history(looks, { tekLifetimeSeconds: () => 600 }))).toEqual(['unknown']);
  });

  test('reports kek_expired when only the KEK ran out while the KS was down', () => {
    const gone = [1010, 1070, 1440].map((at) => snmpAnswer(at, { ...held, kek: null }));
    const told = history([snmpAnswer(990, held), ...gone, snmpAnswer(1500, { ...held, kek: 2, kekAt: NEW_KEK })]);
    expect(causes(told)).toEqual(['kek_expired']);
    expect(reregistrations(told)[0]?.evidence.at(-1)).toContain('would not be seen');
  });

  test('reports kek_missed_rekey when the KEK went before its expiry, however long the registration took', () => {
    const gone = [900, 990, 1070, 1200].map((at) => snmpAnswer(at, { ...held, kek: null }));
    const told = history([snmpAnswer(850, held), ...gone, snmpAnswer(1260, { ...held, kek: 2, kekAt: NEW_KEK })]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
  });

  test('does not decide between an old KS and a lost rekey when no look falls between window end and expiry', () => {
    const told = history([snmpAnswer(920, held), snmpAnswer(1041, { ...held, kek: 2, kekAt: NEW_KEK })]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('reports the first re-registration with an old KS, which changes no key, by its traps and the due timer', () => {
    const traps = [trap(880, 'GmReRegister'), trap(881, 'GmRegistrationComplete')];
    const told = history([snmpAnswer(780, held), ...traps, snmpAnswer(900, held)]);
    expect(causes(told)).toEqual(['legacy_ks']);
    expect(reregistrations(told)[0]?.betweenMs).toEqual([(T0 + 879) * 1000, (T0 + 881) * 1000]);
  });

  // It may be two registrations with an old KS.
  test('reports unknown for a start in the window and an end past the expiry with no look from start to expiry', () => {
    const traps = [trap(880, 'GmReRegister'), trap(1030, 'GmRegistrationComplete')];
    const looks = (before: SnmpSketch) =>
      causes(
        history([
          snmpAnswer(780, held),
          ...traps.slice(0, 1),
          snmpAnswer(1010, before),
          ...traps.slice(1),
          snmpAnswer(1080, { kek: 2, kekAt: NEW_KEK, sequence: 0, teks: TEK_B }),
        ]),
      );
    expect(looks({ kek: null, sequence: null, teks: TEK_A })).toEqual(['unknown']);
  });

  test('reports no event from traps while no timer was due and no key changed', () => {
    const traps = [100, 200].flatMap((at) => [trap(at, 'GmReRegister'), trap(at + 1, 'GmRegistrationComplete')]);
    const far = { ...held, kekAt: 50_000, teks: { '0x0000000A': 90_000 } };
    expect(history([snmpAnswer(0, far), ...traps, snmpAnswer(300, far)]).events).toEqual([]);
  });

  test('attributes a new KEK that may have come by a rekey to a registration when traps tell of one', () => {
    const far = { ...held, kekAt: 50_000, sequence: 0 };
    const traps = [trap(30, 'GmRegister'), trap(31, 'GmRegistrationComplete')];
    const told = (...heard: readonly Observation[]) =>
      causes(history([snmpAnswer(0, far), ...heard, snmpAnswer(60, { ...far, kek: 2, kekAt: 53_000, teks: TEK_B })]));
    expect(told()).toEqual([]);
    expect(told(...traps)).toEqual(['unknown']);
  });

  test('reports no event from the GM’s log while no timer was due and no key changed', () => {
    const far = { ...held, kekAt: 50_000, teks: { '0x0000000A': 90_000 } };
    const said = [log(30, 'CRYPTO-5-GM_REGSTER'), log(31, 'GDOI-5-GM_REGS_COMPL')];
    expect(history([snmpAnswer(0, far), ...said, snmpAnswer(60, far), snmpAnswer(120, far)]).events).toEqual([]);
  });

  describe('a registration whose attempts last longer than messages are kept', () => {
    const looks = Array.from({ length: 20 }, (_, index) => 610 + 60 * index);
    const far: SnmpSketch = { ...held, kekAt: 50_000, teks: { '0x0000000A': 640 } };
    const attempts = (at: number) => log(at, 'CRYPTO-5-GM_REGSTER');
    const told = (first: Observation) =>
      history(
        [
          snmpAnswer(500, far),
          first,
          ...looks.flatMap((at) => [attempts(at), snmpAnswer(at + 5, { ...far, teks: at < 640 ? far.teks! : {} })]),
          attempts(1810),
          log(1811, 'GDOI-5-GM_REGS_COMPL'),
          snmpAnswer(1840, { ...far, kek: 2, kekAt: 51_800, teks: TEK_B }),
          snmpAnswer(1900, { ...far, kek: 2, kekAt: 51_800, teks: TEK_B }),
        ],
        { tekLifetimeSeconds: () => 600 },
      );

    test('begins with its first message, which is kept', () => {
      const { events } = told(log(575, 'GDOI-4-GM_RE_REGISTER'));
      const [registered] = events.filter(({ type }) => type === 'reregistration');
      expect(registered?.cause).toBe('tek_expired');
      expect(registered?.evidence).toContain('log: GM_RE_REGISTER at 2026-01-01T00:09:35Z');
    });
  });

  describe('reports an operator’s clear from the log', () => {
    const far = { ...held, kekAt: 50_000, teks: { '0x0000000A': 90_000 } };
    const cleared = log(30, 'GDOI-5-GM_CLEAR_REGISTER', 'Config: GM_CLEAR_REGISTER for group G1 by operator');
    const complete = log(31, 'GDOI-5-GM_REGS_COMPL', 'Registration to KS 10.1.11.2 complete for group G1');

    test('when the log shows the registration after it, even if no key shows it', () => {
      const told = history([snmpAnswer(0, far), cleared, complete, snmpAnswer(60, far), snmpAnswer(120, far)]);
      expect(causes(told)).toEqual(['operator_clear']);
      expect(reregistrations(told)[0]?.evidence).toEqual([
        'SNMP only: no counters',
        'log: GM_CLEAR_REGISTER at 2026-01-01T00:00:30Z',
        'log: GM_REGS_COMPL at 2026-01-01T00:00:31Z',
      ]);
    });

    test('when the keys show the registration whose message was lost', () => {
      const none: SnmpSketch = { kek: null, sequence: null, teks: {} };
      const told = history([
        snmpAnswer(0, far),
        cleared,
        snmpAnswer(60, none),
        snmpAnswer(90, none),
        snmpAnswer(120, far),
      ]);
      expect(causes(told)).toEqual(['operator_clear']);
    });

    test('separately from the registration that the TEK’s timer makes later', () => {
      const told = history(
        [
          snmpAnswer(0, { ...held, kekAt: 50_000, teks: { '0x0000000A': 600 } }),
          cleared,
          complete,
          snmpAnswer(60, { ...held, kekAt: 50_000, teks: { '0x0000000A': 600 } }),
          snmpAnswer(520, { ...held, kekAt: 50_000, teks: { '0x0000000A': 600 } }),
          log(531, 'GDOI-4-GM_RE_REGISTER'),
          log(532, 'GDOI-5-GM_REGS_COMPL'),
          snmpAnswer(580, { ...held, kekAt: 50_000, teks: { '0x0000000B': 1000 } }),
        ],
        { tekLifetimeSeconds: () => 600 },
      );
      expect(causes(told)).toEqual(['operator_clear', 'tek_expired']);
    });

    test('even if a look came in the middle of it', () => {
      const told = history([
        snmpAnswer(0, far),
        cleared,
        snmpAnswer(30.5, far),
        complete,
        snmpAnswer(60, far),
        snmpAnswer(90, far),
      ]);
      expect(causes(told)).toEqual(['operator_clear']);
    });

    test('as the cause when the GM was registering since a reload, unless it restarted again after the clear', () => {
      const none: SnmpSketch = { kek: null, teks: {}, keyServer: null, sequence: 0 };
      const told = (...messages: readonly Observation[]) =>
        history([
          snmpAnswer(0, far),
          facts(0, 100_000),
          snmpAnswer(150, none),
          facts(150, 60),
          snmpAnswer(300, none),
          facts(300, 210),
          ...messages,
          snmpAnswer(450, none),
          snmpAnswer(700, { ...far, kek: 2, sequence: 0 }),
          facts(700, 610),
        ]);
      expect(causes(told())).toEqual(['reload']);
      const clear = log(350, 'GDOI-5-GM_CLEAR_REGISTER', 'Config: GM cleared gdoi configuration in the group G1.');
      expect(causes(told(clear))).toEqual(['operator_clear']);
      expect(causes(told(clear, log(400, 'SYS-5-RESTART', 'System restarted --')))).toEqual(['reload']);
    });

    test('but not if neither log nor keys show a registration', () => {
      expect(causes(history([snmpAnswer(0, far), cleared, snmpAnswer(60, far)]))).toEqual([]);
    });
  });

  test('judges the second registration of a cycle by its own beginning, not by the message of the first one', () => {
    const teks = { '0x0000000A': 1150 };
    const told = history([
      snmpAnswer(780, { ...held, teks }),
      log(955, 'GDOI-4-GM_RE_REGISTER'),
      log(956, 'GDOI-5-GM_REGS_COMPL'),
      snmpAnswer(960, { ...held, teks }),
      log(1000, 'GDOI-5-GM_DELETE_EXPIRED_KEK', 'KEK expired for group G1 and was deleted'),
      snmpAnswer(1010, { ...held, kek: null, teks }),
      log(1035, 'GDOI-4-GM_RE_REGISTER'),
      log(1036, 'GDOI-5-GM_REGS_COMPL'),
      snmpAnswer(1045, { kek: 2, kekAt: 2200, sequence: 0, teks: { '0x0000000B': 1900, ...teks } }),
      snmpAnswer(1105, { kek: 2, kekAt: 2200, sequence: 0, teks: { '0x0000000B': 1900, ...teks } }),
    ]);
    expect(causes(told)).not.toContain('tek_expired');
    expect(reregistrations(told)[1]?.evidence.join('\n')).toContain('GM_RE_REGISTER at 2026-01-01T00:17:15');
  });

  describe('another server that the GM shows from the KEK’s window on until the KEK runs out', () => {
    const B = '10.1.12.2';
    const far: SnmpSketch = { ...held, teks: { '0x0000000A': 5000 } };
    const renewed: SnmpSketch = { ...far, kek: 2, kekAt: 4600, sequence: 0, keyServer: B };
    const cycle = (...between: readonly Observation[]) => [
      snmpAnswer(780, far),
      ...between,
      snmpAnswer(990, { ...far, keyServer: B }),
      snmpAnswer(1010, { ...far, kek: null, keyServer: B }),
      snmpAnswer(1070, renewed),
      snmpAnswer(1130, renewed),
    ];

    test.each([
      ['it stays for a minute', cycle(snmpAnswer(850, far), snmpAnswer(880, { ...far, keyServer: B }))],
      [
        'the GM says that it registers',
        cycle(snmpAnswer(960, far), log(970, 'GDOI-4-GM_RE_REGISTER'), snmpAnswer(980, { ...far, keyServer: B })),
      ],
    ])('is the first registration of the cycle when %s', (_, observations) => {
      expect(causes(history(observations))).toEqual(['ks_failover', 'kek_expired']);
    });

    test.each([
      ['it had come before the window', cycle(snmpAnswer(790, { ...far, keyServer: B }))],
      ['it has just come', cycle(snmpAnswer(960, far))],
      [
        'the GM shows one after the other',
        cycle(snmpAnswer(840, { ...far, keyServer: '10.1.13.2' }), snmpAnswer(880, { ...far, keyServer: B })),
      ],
    ])('is not a registration of its own when %s', (_, observations) => {
      expect(causes(history(observations))).toHaveLength(1);
    });
  });

  test('reports unknown for a registration without a visible reason', () => {
    const far = { ...held, kekAt: 50_000, teks: { '0x0000000A': 90_000 } };
    const looks = [snmpAnswer(0, { ...far, sequence: 4 }), snmpAnswer(30, far)];
    const told = history([...looks, snmpAnswer(60, { ...far, teks: { '0x0000000C': 90_100 } })]);
    expect(causes(told)).toEqual(['unknown']);
  });

  test('reports a reload by the uptime together with the registration after it', () => {
    const far = { ...held, kekAt: 50_000, teks: { '0x0000000A': 90_000 } };
    const told = history([
      snmpAnswer(0, far),
      facts(0, 100_000),
      snmpAnswer(300, { ...far, sequence: 0 }),
      facts(300, 120),
      snmpAnswer(360, { ...far, sequence: 0 }),
    ]);
    expect(types(told).toSorted()).toEqual(['reload', 'reregistration']);
    expect(causes(told)).toEqual(['reload']);
  });

  test('does not attribute a registration that was complete before a look to a reload right after the look', () => {
    const far = { ...held, kekAt: 50_000, teks: { '0x0000000A': 375 } };
    const next = { ...far, teks: { '0x0000000B': 900 } };
    const told = history(
      [
        facts(0, 100_000),
        snmpAnswer(0, { ...far, sequence: 4 }),
        facts(240, 100_240),
        snmpAnswer(240, far),
        trap(310, 'GmReRegister'),
        trap(311, 'GmRegistrationComplete'),
        facts(329.7, 100_330),
        snmpAnswer(330, next),
        facts(419.7, 36),
        snmpAnswer(420, { ...next, sequence: 0 }),
        snmpAnswer(480, { ...next, sequence: 0 }),
      ],
      { tekLifetimeSeconds: () => 600 },
    );
    expect(causes(told)).toEqual(['tek_expired', 'reload']);
  });

  test('reports reload for the registration after a reload seen before the GM has keys, whatever timers say', () => {
    const none: SnmpSketch = { kek: null, teks: {}, keyServer: null, sequence: 0 };
    const told = history([
      snmpAnswer(700, held),
      facts(700, 100_000),
      snmpAnswer(850, none),
      facts(850, 60),
      trap(880, 'GmRegistrationComplete'),
      snmpAnswer(900, { ...held, kek: 2, kekAt: NEW_KEK, sequence: 0 }),
      facts(900, 110),
    ]);
    expect(types(told).toSorted()).toEqual(['reload', 'reregistration']);
    expect(causes(told)).toEqual(['reload']);
  });

  test('reports initial for the first registration of a GM that was never seen with keys', () => {
    const none: SnmpSketch = { kek: null, teks: {}, keyServer: '10.1.12.2', sequence: 0 };
    const told = history([snmpAnswer(0, none), snmpAnswer(60, held), snmpAnswer(120, held)]);
    expect(causes(told)).toEqual(['initial']);
  });

  test('does not report a lost registration when no keys are shown', () => {
    const none: SnmpSketch = { kek: null, teks: {}, keyServer: null, sequence: null };
    expect(types(history([snmpAnswer(0, held), snmpAnswer(60, none), snmpAnswer(120, none)]))).toEqual([]);
  });

  test('reports nothing twice when the CLI answers for the first time', () => {
    const told = history([
      snmpAnswer(780, held),
      snmpAnswer(820, held),
      gmAnswer(830, { succeeded: 7, kekAt: 1000, teks: TEK_A }),
      snmpAnswer(840, held),
    ]);
    expect(types(told)).toEqual(['kek_rekey_overdue']);
  });
});

describe('SNMP beside the CLI', () => {
  const cli: GmSketch = { succeeded: 1, kekAt: 1000, teks: TEK_A, timerAt: 880 };

  test('narrows the time of a registration that the counters show later', () => {
    const told = history([
      gmAnswer(790, cli),
      snmpAnswer(800, held),
      snmpAnswer(870, held),
      snmpAnswer(890, { ...held, kek: 2, kekAt: NEW_KEK }),
      snmpAnswer(950, { ...held, kek: 2, kekAt: NEW_KEK }),
      gmAnswer(970, { ...cli, succeeded: 2, kekAt: NEW_KEK }),
    ]);
    expect(causes(told)).toEqual(['kek_missed_rekey']);
    const [from = 0, to = 0] = reregistrations(told)[0]?.betweenMs ?? [];
    expect(from).toBeGreaterThanOrEqual((T0 + 869) * 1000);
    expect(to).toBeLessThanOrEqual((T0 + 891) * 1000);
  });

  test('reports an overdue KEK rekey between two answers of the CLI once', () => {
    const told = history([gmAnswer(700, cli), snmpAnswer(810, held), snmpAnswer(840, held), gmAnswer(850, cli)]);
    expect(types(told)).toEqual(['kek_rekey_overdue']);
  });

  test('does not reset what the CLI taught and makes no event of its own', () => {
    const first = fed(initialTrackerState('gm1'), [gmAnswer(0, cli)]);
    const second = fed(first.state, [snmpAnswer(30, { ...held, teks: TEK_B }), snmpAnswer(60, held)]);
    expect(second.events).toEqual([]);
    const { snmp: _, ...kept } = second.state.groups.get('G1')!;
    const { snmp: __, ...taught } = first.state.groups.get('G1')!;
    expect(kept).toEqual(taught);
  });

  test('reports data_problem once when both disagree for more than three looks around an answer', () => {
    const other = { ...held, kekAt: 5000 };
    const rounds = Array.from({ length: 8 }, (_, index) => [
      snmpAnswer(index * 60 + 10, other),
      gmAnswer(index * 60 + 40, cli),
    ]).flat();
    const told = history(rounds);
    expect(types(told)).toEqual(['data_problem']);
    expect(told.events[0]?.evidence[0]).toContain('KEK expiry of the CLI and of SNMP 4000 s apart');
    expect(sourcesDisagreeOf(told.state, 'G1')).toBe(true);
    const agreeing = fed(told.state, [snmpAnswer(500, held), gmAnswer(510, cli), snmpAnswer(520, held)]);
    expect(sourcesDisagreeOf(agreeing.state, 'G1')).toBe(false);
  });

  test('does not report a disagreement when a rekey falls between an answer of the CLI and a look', () => {
    const rounds = Array.from({ length: 8 }, (_, index) => [
      gmAnswer(index * 60, { ...cli, kekAt: 50_000, received: index, since: index, teks: { [tek(index)]: 5000 } }),
      snmpAnswer(index * 60 + 30, { kekAt: 50_000, sequence: index + 1, teks: { [tek(index + 1)]: 5000 } }),
    ]).flat();
    expect(history(rounds).events).toEqual([]);
  });
});

test.each<[string, SnmpSketch, boolean]>([
  ['the same keys', held, false],
  ['a KEK with another SPI', { ...held, kek: 2 }, true],
  ['no KEK', { ...held, kek: null }, true],
  ['another TEK', { ...held, teks: TEK_B }, true],
  ['the next sequence number', { ...held, sequence: 6 }, true],
  ['another key server', { ...held, keyServer: '10.1.12.2' }, true],
])('an SNMP look with %s: does it hint to ask over SSH?', (_, sketch, expected) => {
  const { state } = fed(initialTrackerState('gm1'), [snmpAnswer(0, held)]);
  const { sentAtMs, receivedAtMs } = snmpAnswer(60, sketch);
  expect(snmpHintsAtChange(state, snmpSnapshot(60, sketch), { sentAtMs, receivedAtMs })).toBe(expected);
  expect(snmpHintsAtChange(initialTrackerState('gm1'), snmpSnapshot(60, sketch), { sentAtMs, receivedAtMs })).toBe(
    false,
  );
});

function tek(number: number): string {
  return `0x${String(number).padStart(8, '0')}`;
}
