/** Who got the rekey that a GM missed is said only of those whose keys show it. */
import { describe, expect, test } from 'vitest';
import { type KnownReregistration, NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { FleetView } from '../../../src/gdoi/fleet/fleet-view.ts';
import { Fleet, type GmOptions, ks, START } from '../../builders/fleet-group.ts';
import { member, said } from './members.ts';

const OLD = { teks: { '0x0000000A': 660 } } as const;
const NEW = { teks: { '0x0000000B': 1500 } } as const;

const registered = (second: number, cause: KnownReregistration['cause']): GmOptions => ({
  change: { lastReregistration: { cause, atMs: START + second * 1000 } },
});

/** GM gm1 registers at 600 s for the TEK that ends at 660 s; what gm2 and gm3 showed last is given. */
function told(...others: readonly MemberFacts[]): { readonly summary: string; readonly evidence: readonly string[] } {
  const { explanations } = after(...others);
  return explanations.find(({ cause }) => cause === 'path_loss') ?? { summary: 'ok', evidence: [] };
}

function after(...others: readonly MemberFacts[]): Pick<FleetView, 'explanations'> {
  const fleet = new Fleet();
  fleet.see(ks(0, OLD), member(1, 0, OLD), member(2, 0, OLD), member(3, 0, OLD));
  fleet.see(ks(595, NEW), member(1, 550, OLD), ...others);
  return fleet.see(member(1, 605, { ...NEW, succeeded: 2, ...registered(600, 'tek_expired') }));
}

describe('a GM registers for a TEK rekey that it missed', () => {
  test('and the others show the new TEK: they got it', () => {
    expect(told(member(2, 580, NEW), member(3, 590, NEW)).summary).toMatch(
      /^The path from KS ks1 to GM gm1 drops rekeys: it missed the last TEK rekey and re-registered at .*; others got it$/u,
    );
  });

  test('and the others, looked at a moment before, show the TEK that ends: who got it is not yet clear', () => {
    const { summary, evidence } = told(member(2, 580, OLD), member(3, 590, OLD));
    expect(summary).toBe('GM gm1 did not get the rekey that is due; whether the others did is not yet clear');
    expect(evidence).toContain('not known to have it: gm2, gm3');
  });

  test('and one of the others shows the new TEK: that one is named', () => {
    const { summary, evidence } = told(member(2, 580, NEW), member(3, 590, OLD));
    expect(summary).toMatch(/; others got it$/u);
    expect(evidence).toEqual(expect.arrayContaining(['got it: gm2', 'not known to have it: gm3']));
  });

  test('and one of the others holds no TEK at all: it is none that got it', () => {
    const { evidence } = told(member(2, 580, NEW), member(3, 590, { teks: {} }));
    expect(evidence).toEqual(expect.arrayContaining(['got it: gm2', 'not known to have it: gm3']));
  });

  test('and the others have theirs from a registration of their own: nothing is said of them', () => {
    const reloaded = { ...NEW, succeeded: 2, ...registered(560, 'reload') };
    const { summary, evidence } = told(member(2, 580, reloaded), member(3, 590, reloaded));
    expect(`${summary} ${evidence.join(' ')}`).not.toMatch(/got it|have it/u);
  });
});

test('who shows the old keys beside a KS with new ones is not known to have them', () => {
  const fleet = new Fleet();
  const old = { kekExpiry: 3000, teks: { '0x0000000A': 800 } } as const;
  const legacy = { ...old, kekExpiry: null, version: '15.1(4)M8' } as const;
  fleet.see(ks(0, old), member(1, 0, old), member(2, 0, legacy));
  fleet.see(ks(300, { kekExpiry: 9000, teks: { '0x0000000B': 3900 } }), member(2, 310, legacy));
  const first = said(fleet, member(1, 420, old));
  expect(first).toMatchObject({ cause: 'path_loss', evidence: expect.arrayContaining(['not known to have it: gm2']) });
});

test('who registered meanwhile makes no loss of a few one of the whole group', () => {
  const fleet = new Fleet();
  const all = [1, 2, 3, 4, 5, 6] as const;
  fleet.see(ks(0, OLD), ...all.map((number) => member(number, 0, OLD)));
  const reloaded = { ...NEW, succeeded: 2, ...registered(560, 'reload') };
  fleet.see(ks(595, NEW), member(3, 580, NEW), ...[4, 5, 6].map((number) => member(number, 585, reloaded)));
  const lost = { ...NEW, succeeded: 2, ...registered(600, 'tek_expired') };
  const { explanations } = fleet.see(member(1, 605, lost), member(2, 606, lost));
  expect(explanations.map(({ cause }) => cause)).toEqual(['path_loss', 'gms_reloaded']);
});

test('while its KS was not looked at since the rekey was due, the registration of one GM shows no path', () => {
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

describe('the TEK of a GM runs out', () => {
  const running = (number: number, second: number, change: GmOptions = {}) =>
    member(number, second, { ...OLD, ...change });
  const withOld = (server = ks(595, OLD)) => {
    const fleet = new Fleet();
    fleet.see(server, running(1, 500), running(2, 590));
    return fleet;
  };

  test('and the other one, looked at a moment before, holds the same one: nobody has got another, as far as is known', () => {
    expect(said(withOld(), running(1, 610))).toMatchObject({
      phase: 'unclear',
      summary: 'GM gm1 did not get the rekey that is due; whether the others did is not yet clear',
    });
  });

  test('and the other one holds a newer one: its path drops rekeys', () => {
    const fleet = withOld(ks(595, NEW));
    expect(said(fleet, member(2, 605, NEW), running(1, 610))).toMatchObject({
      phase: 'present',
      summary: expect.stringMatching(/^The path from KS ks1 to GM gm1 drops rekeys: .*; the other one got it$/u),
    });
  });

  test('and those of all GMs do, but the KS was not looked at since the rekey was due: nothing is told as lost', () => {
    const planned = { ...ks(300, OLD), context: { ...NO_CONTEXT, nextLookMs: START + 900_000 } };
    expect(said(withOld(planned), running(1, 610), running(2, 612))).toMatchObject({
      phase: 'unclear',
      summary:
        'both GMs (gm1, gm2) did not get a rekey, and KS ks1 gave no answer since it was due: whether it was sent is not yet clear',
    });
  });
});

describe('a GM misses a rekey that others of a group with two KSs got', () => {
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

  test('registered with another KS than they, and no message of its log comes: whether it refuses them is open', () => {
    const { summary, firstStep } = lossy('10.1.0.2');
    expect(summary).toMatch(/^The path from .* to GM gm1 drops rekeys, or it refuses them: it missed/u);
    expect(firstStep).toMatch(/show logging on the GM: does it refuse them\? Then show crypto key mypubkey rsa/u);
  });

  test('the same, where its log comes only since the rekey was due', () => {
    const { summary } = lossy('10.1.0.2', { logHeardSinceMs: START + 90_000 });
    expect(summary).toMatch(/^The path from .* to GM gm1 drops rekeys, or it refuses them: it missed/u);
  });

  test('the same, where one of its KS refuses them: its own message may be lost', () => {
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
    ['its log comes and says nothing of it', '10.1.0.2', { logHeardSinceMs: START }],
    ['it is registered with the same KS', '10.1.0.1', {}],
  ])('%s: they are lost on its path', (_what, keyServer, context) => {
    expect(lossy(keyServer, context).summary).toMatch(/^The path from .* to GM gm1 drops rekeys: it missed/u);
  });
});

test('over SNMP, who shows a newer KEK for the first time may have registered for it: the next look tells', () => {
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
  // Its old release shows no lifetime: whether it holds the new KEK is told by the rekeys that it got.
  const legacy = { kekExpiry: null, version: '15.1(4)M8' } as const;

  test.each([
    ['got one since', member(2, 25, { ...legacy, lastAge: 10 }), 'got it: gm2, gm3'],
    ['got its last one long before', member(2, 25, { ...legacy, lastAge: 2000 }), 'not known to have it: gm2'],
    ['shows of none when it came', member(2, 25, legacy), 'not known to have it: gm2'],
  ])('an old GM beside it %s', (_what, gm2, line) => {
    expect(evidence(gm2)).toContain(line);
  });

  test('a GM that holds the new one from a registration did not get it', () => {
    const own = { change: { lastReregistration: { cause: 'reload', atMs: START + 18_000 } } } as const;
    const registered = member(2, 25, { kekExpiry: 900, succeeded: 2, ...own });
    expect(evidence(registered)).toContain('got it: gm3');
  });

  test('nor does one that waits for it as well, for a reason that was told', () => {
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

test('a GM that its KS refused until it registered for its TEK missed no rekey on the way', () => {
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

test('a GM that counts no rekey since its boot got none, and its keys prove no way back', () => {
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
