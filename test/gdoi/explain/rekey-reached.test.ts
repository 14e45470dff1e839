/** Only GMs whose keys show it are said to have got the rekey that another GM missed. */
import { describe, expect, test } from 'vitest';
import { type KnownReregistration, NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import { Fleet, type GmOptions, ks, START } from '../../builders/fleet-group.ts';
import { member, said } from './members.ts';

const OLD = { teks: { '0x0000000A': 660 } } as const;
const NEW = { teks: { '0x0000000B': 1500 } } as const;

const registered = (second: number, cause: KnownReregistration['cause']): GmOptions => ({
  change: { lastReregistration: { cause, atMs: START + second * 1000 } },
});

/** GM gm1 registers at 600 s for the TEK that ends at 660 s; `others` is what gm2 and gm3 showed last. */
function told(...others: readonly MemberFacts[]): { readonly summary: string; readonly evidence: readonly string[] } {
  const { explanations } = after(...others);
  return explanations.find(({ cause }) => cause === 'path_loss') ?? { summary: 'ok', evidence: [] };
}

function after(...others: readonly MemberFacts[]): Pick<GroupView, 'explanations'> {
  const fleet = new Fleet();
  fleet.see(ks(0, OLD), member(1, 0, OLD), member(2, 0, OLD), member(3, 0, OLD));
  fleet.see(ks(595, NEW), member(1, 550, OLD), ...others);
  return fleet.see(member(1, 605, { ...NEW, succeeded: 2, ...registered(600, 'tek_expired') }));
}

describe('when a GM registers for a TEK rekey that it missed,', () => {
  test('the others got it if they show the new TEK', () => {
    expect(told(member(2, 580, NEW), member(3, 590, NEW)).summary).toMatch(
      /^The path from KS ks1 to GM gm1 drops rekeys: it missed the last TEK rekey and re-registered at .*; others got it$/u,
    );
  });

  test('it is not yet clear who got it if the others, polled a moment before, show the TEK that ends', () => {
    const { summary, evidence } = told(member(2, 580, OLD), member(3, 590, OLD));
    expect(summary).toBe('GM gm1 did not get the rekey that is due; whether the others did is not yet clear');
    expect(evidence).toContain('not known to have it: gm2, gm3');
  });

  test('only the one that shows the new TEK is said to have got it', () => {
    const { summary, evidence } = told(member(2, 580, NEW), member(3, 590, OLD));
    expect(summary).toMatch(/; others got it$/u);
    expect(evidence).toEqual(expect.arrayContaining(['got it: gm2', 'not known to have it: gm3']));
  });

  test('one that holds no TEK at all is not said to have got it', () => {
    const { evidence } = told(member(2, 580, NEW), member(3, 590, { teks: {} }));
    expect(evidence).toEqual(expect.arrayContaining(['got it: gm2', 'not known to have it: gm3']));
  });

  test('nothing is said of the others if they have the new TEK from a registration of their own', () => {
    const reloaded = { ...NEW, succeeded: 2, ...registered(560, 'reload') };
    const { summary, evidence } = told(member(2, 580, reloaded), member(3, 590, reloaded));
    expect(`${summary} ${evidence.join(' ')}`).not.toMatch(/got it|have it/u);
  });
});

test('does not count a GM that shows the old keys as having the new keys of the KS', () => {
  const fleet = new Fleet();
  const old = { kekExpiry: 3000, teks: { '0x0000000A': 800 } } as const;
  const legacy = { ...old, kekExpiry: null, version: '15.1(4)M8' } as const;
  fleet.see(ks(0, old), member(1, 0, old), member(2, 0, legacy));
  fleet.see(ks(300, { kekExpiry: 9000, teks: { '0x0000000B': 3900 } }), member(2, 310, legacy));
  const first = said(fleet, member(1, 420, old));
  expect(first).toMatchObject({ cause: 'path_loss', evidence: expect.arrayContaining(['not known to have it: gm2']) });
});

test('reports a loss of a few GMs as path_loss, not as the group’s, when the others registered meanwhile', () => {
  const fleet = new Fleet();
  const all = [1, 2, 3, 4, 5, 6] as const;
  fleet.see(ks(0, OLD), ...all.map((number) => member(number, 0, OLD)));
  const reloaded = { ...NEW, succeeded: 2, ...registered(560, 'reload') };
  fleet.see(ks(595, NEW), member(3, 580, NEW), ...[4, 5, 6].map((number) => member(number, 585, reloaded)));
  const lost = { ...NEW, succeeded: 2, ...registered(600, 'tek_expired') };
  const { explanations } = fleet.see(member(1, 605, lost), member(2, 606, lost));
  expect(explanations.map(({ cause }) => cause)).toEqual(['path_loss', 'gms_reloaded']);
});

test('does not blame the path for a GM’s registration while its KS was not polled since the rekey was due', () => {
  const fleet = new Fleet();
  const planned = { ...ks(500, OLD), context: { ...NO_CONTEXT, nextLookMs: START + 800_000 } };
  fleet.see(ks(0, OLD), member(1, 0, OLD), member(2, 0, OLD));
  fleet.see(planned, member(1, 550, OLD), member(2, 580, { ...NEW, succeeded: 2, ...registered(560, 'reload') }));
  const lost = member(1, 605, { ...NEW, succeeded: 2, ...registered(600, 'tek_expired') });
  expect(said(fleet, lost)).toMatchObject({
    phase: 'unclear',
    summary:
      'GM gm1 did not get a rekey, and KS ks1 gave no answer since it was due: whether it was sent is not yet clear',
  });
});

describe('when some GMs got a KEK rekey that others miss, and their KS was not seen since it should have reached all,', () => {
  const old = { kekExpiry: 300 } as const;
  const waiting = { ...old, change: { kekRekeyOverdue: true } } as const;
  const dies = (...kss: readonly MemberFacts[]) => {
    const fleet = new Fleet();
    fleet.see(ks(0, old), member(1, 0, old), member(2, 0, old), member(3, 0, old));
    fleet.see(...kss, member(2, 110));
    return fleet;
  };
  // The rekey is due at 100 s; it takes a minute at most, as no KS says.
  const answered = (second: number, options: Parameters<typeof ks>[1] = {}) => ({
    ...ks(second, options),
    context: { ...NO_CONTEXT, nextLookMs: START + 240_000 },
  });

  test('it may have died in the middle of it, and no path is blamed', () => {
    expect(said(dies(answered(101)), member(1, 112, waiting))).toMatchObject({
      cause: 'path_loss',
      phase: 'unclear',
      summary:
        'GM gm1 did not get a rekey that others got, and KS ks1 gave no answer since it should have reached all: whether it went down meanwhile is not yet clear',
    });
  });

  test('nor are the rekeys of the KS said not to arrive', () => {
    const { explanations } = dies(answered(101)).see(member(1, 112, waiting), member(3, 113, waiting));
    expect(explanations.map(({ cause, phase }) => `${cause} ${phase}`)).toEqual(['path_loss unclear']);
  });

  test('the path drops them as soon as the KS answers after that', () => {
    const fleet = dies(answered(101));
    fleet.see(member(1, 112, waiting));
    expect(said(fleet, answered(171))).toMatchObject({
      phase: 'present',
      summary: expect.stringMatching(/^The path from KS ks1 to GM gm1 drops rekeys: .*; others got it$/u),
    });
  });

  test('the path drops them if the KS registered a GM since', () => {
    const fleet = dies(answered(101));
    const registers = member(3, 172, { succeeded: 2, ...registered(171, 'operator_clear') });
    expect(said(fleet, registers, member(1, 173, waiting))).toMatchObject({ cause: 'path_loss', phase: 'present' });
  });

  test('another KS that took over since says nothing of the one that sent it', () => {
    const peers = { peers: { '10.1.0.2': 'Alive' } } as const;
    const other = { device: 'ks2', address: '10.1.0.2' } as const;
    const fleet = new Fleet();
    fleet.see(ks(0, { ...old, ...peers }), ks(0, { ...old, ...other, role: 'secondary' }), member(1, 0, old));
    fleet.see(member(2, 0, old), member(3, 0, old));
    fleet.see(answered(101, peers), member(2, 110), ks(140, { ...other, role: 'primary' }));
    expect(said(fleet, member(1, 142, waiting))).toMatchObject({
      phase: 'unclear',
      summary: expect.stringMatching(/, and KS ks1 gave no answer since it should have reached all: /u),
    });
  });
});

describe('when the TEK of a GM runs out,', () => {
  const running = (number: number, second: number, change: GmOptions = {}) =>
    member(number, second, { ...OLD, ...change });
  const withOld = (server = ks(595, OLD)) => {
    const fleet = new Fleet();
    fleet.see(server, running(1, 500), running(2, 590));
    return fleet;
  };

  test('it is not yet clear who got the rekey if the other GM, polled a moment before, holds the same TEK', () => {
    expect(said(withOld(), running(1, 610))).toMatchObject({
      phase: 'unclear',
      summary: 'GM gm1 did not get the rekey that is due; whether the others did is not yet clear',
    });
  });

  test('its path drops rekeys if the other GM holds a newer TEK', () => {
    const fleet = withOld(ks(595, NEW));
    expect(said(fleet, member(2, 605, NEW), running(1, 610))).toMatchObject({
      phase: 'present',
      summary: expect.stringMatching(/^The path from KS ks1 to GM gm1 drops rekeys: .*; the other one got it$/u),
    });
  });

  test('nothing is said to be lost if all TEKs run out and the KS was not polled since the rekey was due', () => {
    const planned = { ...ks(300, OLD), context: { ...NO_CONTEXT, nextLookMs: START + 900_000 } };
    expect(said(withOld(planned), running(1, 610), running(2, 612))).toMatchObject({
      phase: 'unclear',
      summary:
        'both GMs (gm1, gm2) did not get a rekey, and KS ks1 gave no answer since it was due: whether it was sent is not yet clear',
    });
  });
});

describe('when a GM of a group with two KSs misses rekeys that others got,', () => {
  const peers = { peers: { '10.1.0.2': 'Alive' } } as const;
  const lossy = (keyServer: string, context: Parameters<typeof member>[3] = {}) => {
    const fleet = new Fleet();
    const old = { kekExpiry: 260 } as const;
    fleet.see(ks(0, { ...peers, ...old }), member(1, 0, { ...old, keyServer }, context), member(2, 0, old));
    const first = said(
      fleet,
      ks(100, peers),
      member(1, 101, { ...old, keyServer, change: { kekRekeyOverdue: true } }, context),
      member(2, 102),
    );
    return first === 'ok' ? { summary: first, firstStep: null } : first;
  };

  test('it may refuse them if it is registered with another KS and its log is not received', () => {
    const { summary, firstStep } = lossy('10.1.0.2');
    expect(summary).toMatch(/^The path from .* to GM gm1 drops rekeys, or it refuses them: it missed/u);
    expect(firstStep).toMatch(/show logging on the GM: does it refuse them\? Then show crypto key mypubkey rsa/u);
  });

  test('it may refuse them if its log is received only since the rekey was due', () => {
    const { summary } = lossy('10.1.0.2', { logHeardSinceMs: START + 90_000 });
    expect(summary).toMatch(/^The path from .* to GM gm1 drops rekeys, or it refuses them: it missed/u);
  });

  test('it may refuse them if another GM of its KS does, because its own message may be lost', () => {
    const text = '%GDOI-3-GDOI_REKEY_FAILURE: Processing of REKEY payloads failed on GM 10.0.0.3 in the group G1';
    const refused = { kind: 'rekey_refused', atMs: START + 95_000, group: 'G1', text } as const;
    const [old, elsewhere] = [{ kekExpiry: 260 }, { keyServer: '10.1.0.2' }] as const;
    const hears = { logHeardSinceMs: START };
    const fleet = new Fleet();
    fleet.see(
      ks(0, { ...peers, ...old }),
      member(1, 0, { ...old, ...elsewhere }, hears),
      member(2, 0, old),
      member(3, 0, { ...old, ...elsewhere }, hears),
    );
    const lost = { ...old, ...elsewhere, change: { kekRekeyOverdue: true } };
    const { explanations } = fleet.see(
      ks(100, peers),
      member(1, 101, lost, hears),
      member(2, 102),
      member(3, 103, lost, { ...hears, reasons: [refused] }),
    );
    expect(explanations).toMatchObject([
      { cause: 'rekeys_refused', scope: ['gm3'] },
      {
        cause: 'path_loss',
        scope: ['gm1'],
        summary: expect.stringMatching(/GM gm1 drops rekeys, or it refuses them/u),
      },
    ]);
  });

  test.each([
    ['its log is received and does not mention it', '10.1.0.2', { logHeardSinceMs: START }],
    ['it is registered with the same KS', '10.1.0.1', {}],
  ])('they are lost on its path if %s', (_what, keyServer, context) => {
    expect(lossy(keyServer, context).summary).toMatch(/^The path from .* to GM gm1 drops rekeys: it missed/u);
  });
});

test('waits for a second SNMP poll of a newer KEK, because the GM may have registered for it', () => {
  const bySnmp = (number: number, second: number, options: GmOptions) => {
    const facts = member(number, second, options);
    const { gm } = facts;
    if (gm === null) throw new Error('it is a GM');
    const registrations = { succeeded: null, attempted: null };
    return { ...facts, gm: { ...gm, snapshot: { ...gm.snapshot, registrations } } };
  };
  const waiting = { kekExpiry: 180, change: { kekRekeyOverdue: true } } as const;
  const newer = { kekExpiry: 900 } as const;
  const fleet = new Fleet();
  fleet.see(...[1, 2, 3].map((number) => bySnmp(number, 0, { kekExpiry: 180 })));
  expect(said(fleet, bySnmp(1, 30, waiting), bySnmp(3, 31, waiting))).toMatchObject({ phase: 'unclear' });
  expect(said(fleet, bySnmp(3, 90, newer))).toMatchObject({
    cause: 'path_loss',
    phase: 'unclear',
    evidence: expect.arrayContaining(['not known to have it: gm2, gm3']),
  });
  expect(said(fleet, bySnmp(3, 100, newer))).toMatchObject({
    phase: 'present',
    evidence: expect.arrayContaining(['got it: gm3']),
  });
});

describe('a KEK rekey that a GM misses', () => {
  const waiting = { kekExpiry: 180, change: { kekRekeyOverdue: true } } as const;
  const evidence = (...others: readonly MemberFacts[]) => {
    const fleet = new Fleet();
    fleet.see(...[1, 2, 3].map((number) => member(number, 0, { kekExpiry: 180 })));
    fleet.see(member(3, 20, { kekExpiry: 900, lastAge: 5 }), ...others);
    const first = said(fleet, member(1, 30, waiting));
    return first === 'ok' ? [] : first.evidence;
  };
  // Its old release shows no lifetime: only the rekeys that it got tell whether it holds the new KEK.
  const legacy = { kekExpiry: null, version: '15.1(4)M8' } as const;

  test.each([
    ['it got one since', member(2, 25, { ...legacy, lastAge: 10 }), 'got it: gm2, gm3'],
    ['it got its last one long before', member(2, 25, { ...legacy, lastAge: 2000 }), 'not known to have it: gm2'],
    ['it does not show when its last one came', member(2, 25, legacy), 'not known to have it: gm2'],
  ])('has reached an old GM beside it only if that one got a rekey since: %s', (_what, gm2, line) => {
    expect(evidence(gm2)).toContain(line);
  });

  test('is not said to have reached a GM that holds the new KEK from a registration', () => {
    const own = { change: { lastReregistration: { cause: 'reload', atMs: START + 18_000 } } } as const;
    const registered = member(2, 25, { kekExpiry: 900, succeeded: 2, ...own });
    expect(evidence(registered)).toContain('got it: gm3');
  });

  test('is not said to have reached a GM that waits for it, too, for a reason that is reported', () => {
    const fleet = new Fleet();
    const text = '%GDOI-3-GDOI_REKEY_FAILURE: Processing of REKEY payloads failed on GM 10.0.0.2 in the group G1';
    const reason = { kind: 'rekey_refused', atMs: START + 10_000, group: 'G1', text } as const;
    fleet.see(...[1, 2, 3].map((number) => member(number, 0, { kekExpiry: 180 })));
    fleet.see(member(3, 20, { kekExpiry: 900, lastAge: 5 }), member(2, 21, waiting, { reasons: [reason] }));
    const { explanations } = fleet.see(member(1, 30, waiting));
    expect(explanations.map(({ cause }) => cause)).toEqual(['rekeys_refused', 'path_loss']);
    expect(explanations[1]?.evidence).toContain('got it: gm3');
  });
});

test('reports no path_loss for a GM that its KS refused until it registered for its TEK', () => {
  const fleet = new Fleet();
  const text = '%GDOI-1-UNAUTHORIZED_IPADDR: Group G1 received registration from unauthorized ip address: 10.0.0.1';
  const refusing = { kind: 'unauthorized', atMs: START + 50_000, group: 'G1', text } as const;
  const off = { failedAttempts: 4, unregisteredSinceMs: START + 40_000 };
  const server = (second: number) => ({ ...ks(second), context: { ...NO_CONTEXT, reasons: [refusing] } });
  fleet.see(ks(0), member(1, 0), member(2, 0));
  fleet.see(server(60), member(1, 160, { registered: false, teks: null }, off), member(2, 161));
  expect(fleet.see().explanations.map(({ cause }) => cause)).toContain('unauthorized');
  const back = member(1, 205, { succeeded: 2, ...registered(200, 'tek_expired') });
  expect(fleet.see(server(204), member(2, 204), back).explanations.map(({ cause }) => cause)).not.toContain(
    'path_loss',
  );
});

test('does not conclude from its keys that a GM got a rekey when it counts none since its boot', () => {
  const members = { '10.0.0.1': 1, '10.0.0.2': 0 };
  const fleet = new Fleet();
  const never = { received: 0 } as const;
  fleet.see(ks(0, { members: { ...members, '10.0.0.1': 0 } }), member(1, 0, never), member(2, 0, never));
  const first = said(fleet, ks(100, { members }), member(1, 101, never), member(2, 102, never));
  expect(first).toMatchObject({
    cause: 'path_loss',
    summary: expect.stringMatching(/did not acknowledge the last rekey/u),
  });
  expect(first === 'ok' ? [] : first.evidence.filter((line) => line.startsWith('got it'))).toEqual([]);
});

test('does not take a long KEK whose countdowns have drifted apart for a newer one', () => {
  const DAY = 86_400;
  const ENDS = 30 * DAY;
  const fleet = new Fleet();
  const keys = (second: number, driftsBy = 0) => ({
    kekExpiry: Math.round(ENDS + (second / DAY) * driftsBy),
    teks: { '0x0000000A': second + 3000 },
  });
  // By 30 ppm: 2.6 s a day.
  const look = (second: number, overdue = false) => [
    ks(second, { ...keys(second, 1.3), kekLifetime: ENDS, behavior: 'timer' }),
    member(1, second + 1, { ...keys(second), change: { kekRekeyOverdue: overdue } }),
    member(2, second + 2, keys(second, 2.6)),
    member(3, second + 3, keys(second, 2.6)),
  ];
  for (let day = 0; day < 30; day += 1) fleet.see(...look(day * DAY));
  const { explanations } = fleet.see(...look(ENDS - 180, true));
  expect(explanations.map(({ summary, evidence }) => [summary, ...evidence].join('; ')).join('; ')).not.toMatch(
    /got it/u,
  );
});
