/** Devices that are there and show the agent nothing, or are out of its sight beside others: each is said what is known of it. */
import { describe, expect, test } from 'vitest';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { FIRST, firstKs, member, SECOND, secondKs, silent } from './members.ts';

type View = ReturnType<Fleet['see']>;
const summaries = (view: View) => view.explanations.map(({ summary }) => summary);
const healthOf = (view: View, second: number) => groupHealth(view, () => undefined, START + second * 1000);
const checkOf = (view: View, name: string, second: number) =>
  healthOf(view, second).checks.find((each) => each.name === name);

describe('GMs that answer and show nothing of their group', () => {
  test('are said to show nothing, with what to ask the login, and not to be silent', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0), member(3, 0));
    const mute = [1, 2].map((number) => silent(member(number, 0), 60, { result: 'command' }));
    const view = fleet.see(...mute, ks(120), member(3, 120));
    expect(view.explanations).toMatchObject([
      {
        cause: 'gms_unreachable',
        phase: 'present',
        status: 'warning',
        confidence: 'certain',
        summary:
          '2 of 3 GMs (gm1, gm2) answer and show nothing of G1 since 08:01:00 UTC: whether they still have keys is not seen',
        firstStep: expect.stringMatching(/^show crypto gdoi on the device: may the login of the agent run it/u),
        scope: ['gm1', 'gm2'],
        evidence: ['gm1: command since 08:01:00 UTC', 'gm2: command since 08:01:00 UTC'],
      },
    ]);
    expect(checkOf(view, 'reachable', 120)).toMatchObject({
      status: 'warning',
      detail: 'GMs gm1, gm2 show the agent nothing',
      explainedBy: { cause: 'gms_unreachable', status: 'warning' },
    });
    expect(fleet.see(member(1, 180), member(2, 180)).explanations).toEqual([]);
    expect(fleet.incidents.at(-1)).toMatchObject({ status: 'closed', endedBy: 'the GMs show their group again' });
  });

  test('are named beside those that are silent', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), ...[1, 2, 3].map((number) => member(number, 0)));
    const view = fleet.see(
      silent(member(1, 0), 60, { result: 'parse' }),
      silent(member(2, 0), 70),
      ks(120),
      member(3, 120),
    );
    expect(summaries(view)).toEqual([
      'GM gm2 stopped answering at 08:01:10 UTC: it reloads, or the agent’s path to it is broken; GM gm1 answers and shows nothing of G1 since 08:01:00 UTC: whether it still has keys is not seen',
    ]);
    expect(checkOf(view, 'reachable', 120)?.detail).toBe('GM gm2 does not answer; GM gm1 shows the agent nothing');
  });
});

describe('devices that accept the login and end the session before a prompt', () => {
  const FIRST_STEP = expect.stringMatching(/aaa authorization exec.*vty line/u);

  test('are said to do that, and asked about their AAA and vty lines, not about a path', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const view = fleet.see(silent(member(1, 0), 60, { result: 'no_shell' }), ks(120), member(2, 120));
    expect(view.explanations).toMatchObject([
      {
        cause: 'gms_unreachable',
        status: 'warning',
        summary:
          'GM gm1 accepts the agent’s login and ends the session before a prompt since 08:01:00 UTC: whether it still has keys is not seen',
        firstStep: FIRST_STEP,
        evidence: ['gm1: no_shell since 08:01:00 UTC'],
      },
    ]);
  });

  test('so are KSs, and none is said to be down', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    const view = fleet.see(silent(ks(0), 60, { result: 'no_shell' }), member(1, 120));
    expect(view.explanations).toMatchObject([
      {
        cause: 'ks_out_of_sight',
        summary:
          'KS ks1 accepts the agent’s login and ends the session before a prompt since 08:01:00 UTC: what it does for its GMs is not seen',
        firstStep: FIRST_STEP,
      },
    ]);
  });

  test('beside others that answer and show nothing, both are asked about', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0), member(3, 0));
    const mute = [silent(member(1, 0), 60, { result: 'no_shell' }), silent(member(2, 0), 60, { result: 'command' })];
    const [first] = fleet.see(...mute, ks(120), member(3, 120)).explanations;
    expect(first?.firstStep).toMatch(/^show crypto gdoi on the device.*aaa authorization exec/u);
  });
});

describe('KSs out of the agent’s sight', () => {
  const tried = (facts: MemberFacts, at: number) => silent(facts, 60, { lastMs: START + at * 1000 });

  test('are each named: the one that serves the GMs, and the one of which nothing is known', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0), member(2, 0));
    fleet.see(tried(firstKs(0), 60), tried(secondKs(0), 60));
    fleet.see(member(1, 260, { lastFrom: FIRST, lastAge: 10 }), member(2, 260, { lastFrom: FIRST, lastAge: 10 }));
    const view = fleet.see(
      tried(firstKs(0), 500),
      tried(secondKs(0), 500),
      member(1, 560, { lastFrom: FIRST, lastAge: 310 }),
    );
    expect(summaries(view)).toContain(
      'KS ks2 has not answered since 08:00:00 UTC; a rekey or registration came to GMs at 08:04:10 UTC, from KS ks1, of which the agent sees nothing',
    );
  });

  test('are not said to have served anyone when another one of them did', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0));
    fleet.see(tried(firstKs(0), 60), tried(secondKs(0), 60));
    fleet.see(member(1, 260, { lastFrom: FIRST, lastAge: 10 }));
    fleet.see(tried(firstKs(0), 500), tried(secondKs(0), 500));
    // ks1 answers again, and says that ks2 is alive.
    const view = fleet.see(firstKs(900), tried(secondKs(0), 905), member(1, 905));
    const found = view.explanations.find(({ cause }) => cause === 'ks_out_of_sight');
    expect(found?.summary).toMatch(/^KS ks2 .* served GMs or peers at 08:15:00 UTC/u);
  });

  test('are no open question once a rekey has come from one that refuses the login', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0));
    fleet.see(silent(secondKs(0), 60, { result: 'auth' }));
    const open = fleet.see(tried(firstKs(0), 200), member(1, 260));
    expect(summaries(open).join()).toMatch(
      /whether KS ks2, of which the agent sees nothing, serves the GMs is not known/u,
    );
    const view = fleet.see(tried(firstKs(0), 500), member(1, 560, { lastFrom: SECOND, lastAge: 20 }));
    const lost = view.explanations.find(({ cause }) => cause === 'redundancy_lost');
    expect(lost).toMatchObject({
      status: 'warning',
      summary:
        'KS ks1 has not answered since 08:00:00 UTC; a rekey or registration came to GMs at 08:09:00 UTC, from KS ks2, of which the agent sees nothing',
      deadlineMs: null,
    });
  });

  test('did not answer: they, and not it', () => {
    const fleet = new Fleet();
    fleet.see(firstKs(0), secondKs(0), member(1, 0));
    const once = (facts: MemberFacts) => silent(facts, 60, { inARow: 1, established: false });
    const view = fleet.see(once(firstKs(0)), once(secondKs(0)), member(1, 61));
    expect(summaries(view)).toEqual(['KSs ks1, ks2 did not answer at 08:01:00 UTC: lost answers, or they are down']);
  });

  test('are back for GMs that are read; of silent ones nothing is said', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), ...[1, 2, 3, 4].map((number) => member(number, 0)));
    fleet.see(silent(ks(0), 60), silent(member(3, 0), 60), silent(member(4, 0), 60));
    const off = (number: number) =>
      member(number, 200, { registered: false }, { unregisteredSinceMs: START + 190_000 });
    fleet.see(off(1), off(2));
    const last = { cause: 'unknown', atMs: START + 295_000 } as const;
    const on = (number: number) => member(number, 300, { succeeded: 2, change: { lastReregistration: last } });
    const view = fleet.see(ks(300), on(1), on(2));
    const down = view.explanations.find(({ cause }) => cause === 'ks_down');
    expect(down?.summary).toMatch(/is back; 2 of 4 polled GMs are registered, of the others that is not known$/u);
    expect(checkOf(view, 'registered', 300)?.detail).toBe('2 of 4 polled GMs are registered, 2 not known');
  });
});

describe('a GM that SNMP shows without any key', () => {
  const keyless = (second: number): MemberFacts => {
    const facts = member(1, second, { kekExpiry: null, teks: {}, change: { kekBehavior: 'timer' } });
    const { snapshot, at } = facts.gm ?? expect.fail('a GM');
    return { ...facts, gm: { at, snapshot: { ...snapshot, registered: null, kek: null } } };
  };

  test('cannot acknowledge a rekey: no path is blamed for that, and it holds no other TEKs', () => {
    const list = (missed: number) => ({ '10.0.0.1': missed, '10.0.0.2': 0, '10.0.0.3': 0 });
    const fleet = new Fleet();
    fleet.see(ks(0, { members: list(0) }), ...[1, 2, 3].map((number) => member(number, 0)));
    fleet.see(keyless(60));
    fleet.see(keyless(180));
    for (const [at, missed] of [
      [600, 1],
      [1200, 2],
    ] as const) {
      const view = fleet.see(
        ks(at, { members: list(missed) }),
        keyless(at),
        ...[2, 3].map((number) => member(number, at, { lastAge: 300 })),
      );
      expect(view.explanations.map(({ cause }) => cause)).toEqual(['without_tek']);
      expect(checkOf(view, 'tek_matches_ks', at)?.detail).toBe('gm1 holds no TEK');
    }
  });
});

describe('a KS that leaves the agent’s configuration while it is down', () => {
  const gone = (device: string, second: number): MemberFacts => ({
    ...ks(second, { device }),
    ks: null,
    presence: 'gone',
  });

  test('is named in no sentence without its name, and its GMs are as ill as they are', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    fleet.see(silent(ks(0), 60));
    const off = (number: number, second: number) =>
      member(number, second, { registered: false }, { unregisteredSinceMs: START + 190_000 });
    expect(fleet.see(off(1, 200), off(2, 200)).explanations).toMatchObject([{ cause: 'ks_down', phase: 'present' }]);
    fleet.see(gone('ks1', 300));
    const view = fleet.see(off(1, 320), off(2, 320));
    expect(view.explanations).toMatchObject([
      { cause: 'not_registered', phase: 'present', status: 'critical', summary: expect.stringMatching(/^both GMs/u) },
    ]);
  });

  test('is not said to be back', () => {
    const second = (at: number, peer: string) =>
      ks(at, { device: 'ks2', address: '10.1.0.2', peers: { '10.1.0.1': peer } });
    const fleet = new Fleet();
    fleet.see(ks(0, { role: 'secondary' }), second(0, 'Alive'), member(1, 0));
    fleet.see(silent(ks(0), 60));
    expect(fleet.see(second(120, 'Dead'), member(1, 120)).explanations).toContainEqual(
      expect.objectContaining({ cause: 'redundancy_lost', phase: 'present' }),
    );
    const view = fleet.see(gone('ks1', 180), second(200, 'Dead'), member(1, 200));
    expect(summaries(view).join()).not.toMatch(/is back/u);
  });
});

describe('a KS that is up again beside one that nobody polls', () => {
  const up = (second: number, bootSecond: number | null, members: Record<string, number>): MemberFacts => ({
    ...ks(second, { role: 'secondary', members, peers: { '10.1.0.2': 'Alive' } }),
    context: { ...NO_CONTEXT, bootMs: bootSecond === null ? null : START + bootSecond * 1000 },
  });
  const ALL = { '10.0.0.1': 0, '10.0.0.2': 0 };
  const looks = (fleet: Fleet, bootSecond: number | null) => {
    for (const second of [0, 600, 660, 720, 780]) {
      fleet.see(up(second, bootSecond, second === 0 ? ALL : {}), member(1, second), member(2, second));
    }
    return fleet.types();
  };

  test('lists its GMs once it has heard from its peer: until then none was dropped', () => {
    const fleet = new Fleet();
    expect(looks(fleet, 580)).not.toContain('member_ejected');
    fleet.see(up(900, 580, ALL), member(1, 900), member(2, 900));
    expect(fleet.types()).not.toContain('member_ejected');
  });

  test('and did not restart has dropped those that it lists no more', () => {
    expect(looks(new Fleet(), null)).toContain('member_ejected');
  });
});

describe('KSs out of sight, and GMs that SNMP shows, without a counter of rekeys', () => {
  const [OLD, NEW] = ['0x0000000A', '0x0000000B'];
  const overSnmp = (
    number: number,
    second: number,
    teks: Readonly<Record<string, number>>,
    keyServers: readonly string[] = [FIRST],
  ): MemberFacts => {
    const facts = member(number, second, { teks, keyServer: null, keyServers });
    const { snapshot, at } = facts.gm ?? expect.fail('a GM');
    const rekeys = {
      lastSequence: null,
      received: null,
      sinceRegistration: null,
      acksSent: null,
      lastFrom: null,
      lastAgeSeconds: null,
    };
    return {
      ...facts,
      gm: { at, snapshot: { ...snapshot, rekeys, registrations: { succeeded: null, attempted: null } } },
    };
  };
  const tried = (second: number) => silent(ks(0), 60, { inARow: 9, lastMs: START + second * 1000 });

  test('are not said to be down once a GM shows a key that it did not have after they went silent', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), overSnmp(1, 0, { [OLD]: 700 }), overSnmp(2, 0, { [OLD]: 700 }));
    fleet.see(overSnmp(1, 120, { [OLD]: 700 }), overSnmp(2, 120, { [OLD]: 700 }));
    expect(fleet.see(tried(180)).explanations).toMatchObject([{ cause: 'ks_down', status: 'critical' }]);
    const both = { [NEW]: 4200, [OLD]: 700 };
    fleet.see(overSnmp(1, 240, both), overSnmp(2, 240, both));
    const view = fleet.see(tried(600), overSnmp(1, 605, { [NEW]: 4200 }), overSnmp(2, 605, { [NEW]: 4200 }));
    expect(view.explanations).toMatchObject([
      {
        cause: 'ks_out_of_sight',
        phase: 'present',
        status: 'warning',
        summary: expect.stringMatching(
          /^KS ks1 has not answered the agent since .*, but served GMs or peers by 08:04:00 UTC/u,
        ),
      },
    ]);
  });

  test('may have sent that key before, where the GM was not read in between', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), overSnmp(1, 0, { [OLD]: 700 }), overSnmp(2, 0, { [OLD]: 700 }));
    fleet.see(tried(180));
    const both = { [NEW]: 4200, [OLD]: 700 };
    const view = fleet.see(overSnmp(1, 240, both), overSnmp(2, 240, both), tried(300));
    expect(view.explanations).toMatchObject([{ cause: 'ks_down', phase: 'present', status: 'critical' }]);
  });

  test('leave no question open whether another KS serves the GMs, once one shows a key that it did not have', () => {
    const fleet = new Fleet();
    const of = (number: number, second: number, teks: Readonly<Record<string, number>>) =>
      overSnmp(number, second, teks, [FIRST, SECOND]);
    fleet.see(ks(0), of(1, 0, { [OLD]: 700 }), of(2, 0, { [OLD]: 700 }));
    fleet.see(of(1, 120, { [OLD]: 700 }), of(2, 120, { [OLD]: 700 }));
    expect(summaries(fleet.see(tried(180))).join()).toMatch(/serves? the GMs is not known before a rekey is due/u);
    const both = { [NEW]: 4200, [OLD]: 700 };
    fleet.see(of(1, 240, both), of(2, 240, both));
    const view = fleet.see(tried(600), of(1, 605, { [NEW]: 4200 }), of(2, 605, { [NEW]: 4200 }));
    expect(summaries(view)).toEqual([
      'KS ks1 has not answered since 08:00:00 UTC; a rekey or registration came to GMs by 08:04:00 UTC',
    ]);
  });
});
