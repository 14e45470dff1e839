/** A group's view updated step by step equals one computed anew, and costs only what changed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FleetJudgement, judgeFleet, rememberMember } from '../../src/gdoi/fleet/fleet.ts';
import { trackFleet } from '../builders/track-fleet.ts';
import { type FleetState, initialFleetState, type MemberFacts } from '../../src/gdoi/fleet/fleet-state.ts';
import { type GroupView, groupView, notJudgedYet } from '../../src/gdoi/fleet/group-view.ts';
import { measuresOf } from '../../src/gdoi/fleet/assessment.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { groupAfter, groupOfState, type GroupMemory, isDue, judged } from '../../src/model/fleet-step.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { gm, ks, START } from '../builders/fleet-group.ts';

const SETTINGS = { pollIntervalMs: 60_000, detailIntervalMs: 60_000 };
const OF_GROUPS = { fleet: SETTINGS, maintenance: [] };

const SHOWN = [
  'group',
  'atMs',
  'members',
  'gms',
  'kss',
  'ofOtherGroup',
  'lead',
  'tekLifetimeSeconds',
  'tekLeadSeconds',
  'rekeySeconds',
  'ksMulticast',
  'ksSaid',
  'kekLifetimeSeconds',
  'divergentMembers',
  'groupTeks',
  'mixedVersions',
  'primaries',
  'coopSplit',
  'coopPeers',
  'unacknowledged',
  'notPolled',
  'notListed',
  'rekeyLoss',
] as const satisfies readonly (keyof GroupView)[];

/** The part of a view that outlets can see, as plain data. */
function shown(view: GroupView): ReadonlyMap<string, unknown> {
  return new Map(SHOWN.map((field) => [field, view[field]]));
}

/** One change by one device: most are only another reading, some change keys, registration or reachability. */
const anyChange = (members: number) =>
  fc.record({
    member: fc.integer({ min: 0, max: members - 1 }),
    what: fc.constantFrom(
      'read',
      'read',
      'read',
      'read',
      'rekey',
      'reregistered',
      'unregistered',
      'silent',
      'gone',
      'ks',
      'another group',
      'ks of another group',
      'ks alone',
      'ks of another customer',
      'ks that joins the customers',
      'gm of another customer',
      'behind NAT',
    ),
    gapSeconds: fc.integer({ min: 0, max: 40 }),
  });

const CUSTOMER = { device: 'ks8', address: '10.1.0.8', kekSpi: '0x8' };

function factsOf(second: number, member: number, what: string): MemberFacts {
  const device = `gm${member}`;
  const same = { device, identity: '1111', address: `10.0.0.${member}`, kekExpiry: member % 3 === 0 ? null : 80_000 };
  switch (what) {
    case 'rekey':
      return gm(second, { ...same, teks: { [`0x${second}`]: second + 3600 }, received: second });
    case 'reregistered':
      return gm(second, { ...same, succeeded: second + 2 });
    case 'unregistered':
      return gm(second, { ...same, registered: false, teks: {} });
    case 'silent':
      return gm(second, { ...same, presence: 'unreachable' });
    case 'gone':
      return gm(second, { ...same, presence: 'gone' });
    case 'ks':
      return ks(second, {
        identity: '1111',
        members: { [`10.0.0.${member}`]: second % 4 },
        kekExpiry: second > 600 ? 90_000 : 80_000,
      });
    case 'another group':
      return gm(second, { ...same, identity: '2222' });
    case 'ks of another group':
      return ks(second, { device: 'ks9', identity: '2222', members: { [`10.0.0.${member}`]: 0 } });
    case 'ks alone':
      return ks(second, { kekSpi: '0x1', peers: {}, members: { [`10.0.0.${member}`]: 0 } });
    case 'ks of another customer':
      return ks(second, { ...CUSTOMER, peers: {}, members: second % 3 === 0 ? null : { '10.9.0.9': 0 } });
    case 'ks that joins the customers':
      return ks(second, { ...CUSTOMER, peers: { '10.1.0.1': 'Dead' }, members: {} });
    case 'gm of another customer':
      return gm(second, { ...same, keyServer: CUSTOMER.address, keyServers: [CUSTOMER.address] });
    case 'behind NAT':
      return { ...gm(second, same), host: `203.0.113.${member}` };
    default:
      return gm(second, same);
  }
}

function stepped(changes: readonly MemberFacts[]): {
  readonly memory: GroupMemory;
  readonly events: readonly GdoiEvent[];
} {
  let memory = groupOfState(initialFleetState('G1'), START, SETTINGS);
  const events: GdoiEvent[] = [];
  for (const facts of changes) {
    const step = groupAfter(memory, facts, OF_GROUPS);
    memory = step.memory;
    events.push(...step.events);
  }
  return { memory, events };
}

/** A judgement as plain data: what is reported and remembered, and every verdict on a GM. */
function plain({ state, events, incidents, view, last }: FleetJudgement): object {
  const { yardstick, roster, explanations, members } = last;
  const verdicts = members.map(({ inGroup, holdsGroupTeks, facts }) => ({ inGroup, holdsGroupTeks, facts }));
  return {
    state: JSON.stringify(state),
    events,
    incidents,
    shown: shown(view),
    yardstick,
    roster,
    explanations,
    verdicts,
  };
}

describe.each([6, 60])('a group of %i', (members) => {
  const anyChanges = fc.array(anyChange(members), { minLength: 1, maxLength: 120 }).map((changes) => {
    let second = 0;
    return changes.map(({ member, what, gapSeconds }) => {
      second += gapSeconds;
      return factsOf(second, member, what);
    });
  });

  test('has the same records, and the same verdict on each GM, after any changes as one computed anew', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        const { memory } = stepped(changes);
        const anew = trackFleet(initialFleetState('G1'), changes, SETTINGS).state;
        const records = ({ gms, kss, kekGeneration }: FleetState) => ({ gms: [...gms], kss: [...kss], kekGeneration });
        expect(records(memory.state)).toEqual(records(anew));
        const { last, view } = memory;
        expect(shown(view)).toEqual(shown(groupView(memory.state, view.atMs, { ...last, members: [] })));
        for (const each of view.gms) {
          const notListed = view.notListed.includes(each.device);
          const meetsLegacyKs = view.mixedVersions?.affectedGms.includes(each.device) === true;
          expect(view.gmOf(each.device)).toEqual({ gm: each, notListed, meetsLegacyKs, multicast: false });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('gets the same judgement after each change with the help of the last judgement as without it', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        let memory = groupOfState(initialFleetState('G1'), START, SETTINGS);
        for (const facts of changes) {
          memory = groupAfter(memory, facts, OF_GROUPS).memory;
          const again = judgeFleet(memory.state, facts.atMs, SETTINGS, memory.last);
          expect(plain(again)).toEqual(plain(judgeFleet(memory.state, facts.atMs, SETTINGS, null)));
        }
      }),
      { numRuns: 15 },
    );
  });

  test('counts, when judged again, a GM of another group of the same name that has become one of its own', () => {
    const [asOther, asOwn] = [factsOf(60, 1, 'another group'), factsOf(70, 1, 'read')];
    const others = Array.from({ length: members - 2 }, (_, n) => factsOf(1, n + 2, 'read'));
    const kss = [factsOf(0, 1, 'ks'), factsOf(0, 1, 'ks of another group')];
    const { memory } = stepped([...kss, ...others, asOther]);
    const { last, state } = judged(memory, asOther.atMs, OF_GROUPS).memory;
    const after = rememberMember(state, asOwn, last.yardstick).state;
    const again = judgeFleet(after, asOwn.atMs, SETTINGS, last);
    expect(again.last.roster).toEqual(judgeFleet(after, asOwn.atMs, SETTINGS, null).last.roster);
  });

  test('has the same view once judged as one computed anew from its state', () => {
    fc.assert(
      fc.property(anyChanges, (changes) => {
        const { memory } = stepped(changes);
        const { view, last, state } = judged(memory, memory.unjudged.atMs, OF_GROUPS).memory;
        expect(last.yardstick).toEqual(measuresOf(state, SETTINGS).yardstick);
        expect(last.roster.notPolled).toBe(view.notPolled.length);
        expect(shown(view)).toEqual(shown(groupView(state, view.atMs, notJudgedYet(state, SETTINGS))));
      }),
      { numRuns: 60 },
    );
  });
});

test('the read model does not compute the lists of a view that nobody asks for', () => {
  const { memory } = stepped([ks(0), ...Array.from({ length: 50 }, (_, n) => factsOf(1, n, 'read'))]);
  const unasked = new Proxy(memory.view, {
    get(view, field) {
      if (field === 'gms' || field === 'divergentMembers' || field === 'notPolled') throw new Error('a list was made');
      const value: unknown = Reflect.get(view, field, view);
      return typeof value === 'function' ? value.bind(view) : value;
    },
  });
  const views = createReadModel();
  views.setGroup(memory.view);
  views.setGroup(unasked);
  expect(views.group('G1')).toBe(unasked);
});

describe('a small group in which nothing happens', () => {
  const quiet = () => {
    const { memory } = stepped([ks(0), ...Array.from({ length: 8 }, (_, n) => factsOf(1, n, 'read'))]);
    return judged(memory, START + 10_000, OF_GROUPS).memory;
  };

  test('is judged at most once a second while its members are only read again', () => {
    const before = quiet();
    expect(before.view.explanations).toEqual([]);
    const { memory } = groupAfter(before, factsOf(10, 7, 'read'), OF_GROUPS);
    expect(memory.unjudged.changes).toBe(1);
    expect(isDue(memory, before.judgedAtMs + 999)).toBe(false);
    expect(isDue(memory, before.judgedAtMs + 1000)).toBe(true);
    expect(isDue(memory, before.judgedAtMs - 1000)).toBe(true);
  });

  test.each(['rekey', 'reregistered', 'unregistered', 'silent'])(
    'is judged at once when a member has changed: %s',
    (what) => {
      const { memory } = groupAfter(quiet(), factsOf(10, 7, what), OF_GROUPS);
      expect(memory.unjudged.changes).toBe(0);
    },
  );
});

describe('a large group', () => {
  const large = (count: number) => {
    const all = [ks(0), ...Array.from({ length: count }, (_, n) => factsOf(1, n, 'read'))];
    const { memory } = stepped(all);
    return judged(memory, START + 10_000, OF_GROUPS).memory;
  };

  test('keeps the yardstick of all its GMs, and is not judged, while they are only read again', () => {
    const before = large(300);
    const { memory, events } = groupAfter(before, factsOf(60, 7, 'read'), OF_GROUPS);
    expect(memory.last).toBe(before.last);
    expect(memory.view.yardstick).toBe(before.view.yardstick);
    expect(isDue(memory, START + 3_600_000)).toBe(false);
    expect(events).toEqual([]);
    expect([...memory.state.gms].filter(([name, record]) => record !== before.state.gms.get(name))).toHaveLength(1);
  });

  test('computes no new verdict on a GM that was not read since, and drops all while most are read', () => {
    const before = large(300);
    const changed = groupAfter(before, factsOf(60, 7, 'reregistered'), OF_GROUPS).memory;
    const { last } = judged(changed, START + 70_000, OF_GROUPS).memory;
    const anew = last.members.filter((member) => !before.last.members.includes(member));
    expect(anew.map(({ record }) => record.device)).toEqual(['gm7']);
    expect(last.yardstick).toBe(before.last.yardstick);
    expect(last.roster).toBe(before.last.roster);
    let memory = before;
    for (let n = 0; n < 60; n += 1) memory = groupAfter(memory, factsOf(60 + n, n, 'read'), OF_GROUPS).memory;
    expect(memory.last.members).toEqual([]);
  });

  test.each(['rekey', 'reregistered', 'unregistered', 'silent', 'ks'])(
    'is judged within a second when a member has changed: %s',
    (what) => {
      const { memory } = groupAfter(large(300), factsOf(60, 7, what), OF_GROUPS);
      expect(memory.unjudged.changes === 0 || isDue(memory, memory.judgedAtMs + 1000)).toBe(true);
    },
  );

  test.each([
    { members: 300, everyMs: 1000 },
    { members: 5000, everyMs: 2500 },
  ])('of $members is judged every $everyMs ms while one of its members after the other changes', (of) => {
    const before = large(of.members);
    let memory = before;
    const judgedAt = new Set<number>();
    for (let n = 0; n < 100; n += 1) {
      memory = groupAfter(memory, factsOf(60 + n / 10, n, 'reregistered'), OF_GROUPS).memory;
      judgedAt.add(memory.judgedAtMs);
    }
    const instants = [...judgedAt];
    const between = instants.slice(1).map((atMs, index) => atMs - (instants[index] ?? 0));
    expect(Math.min(...between)).toBe(of.everyMs);
    expect(memory.unjudged.changes === 0 || isDue(memory, memory.judgedAtMs + of.everyMs)).toBe(true);
  });

  test('is judged after enough readings even if nothing but instants changed', () => {
    let memory = large(40);
    for (let n = 0; n < 40; n += 1) memory = groupAfter(memory, factsOf(60 + n, n, 'read'), OF_GROUPS).memory;
    expect(memory.unjudged.changes).toBe(0);
  });
});

test('another reading is not a material change; changed keys, counters, reachability or KS statements are', () => {
  const before = trackFleet(initialFleetState('G1'), [ks(0), factsOf(1, 1, 'read')], SETTINGS);
  const material = (facts: MemberFacts) => rememberMember(before.state, facts, before.last.yardstick).material;
  expect(material(factsOf(61, 1, 'read'))).toBe(false);
  expect(material(ks(60))).toBe(false);
  for (const what of ['rekey', 'reregistered', 'unregistered', 'silent', 'gone', 'ks']) {
    expect([what, material(factsOf(61, 1, what))]).toEqual([what, true]);
  }
});

describe('a TEK that is no longer shown', () => {
  const [OLD, NEW] = ['0x0000000A', '0x0000000B'];
  const teks = { [NEW]: 3600, [OLD]: 60 };
  const before = trackFleet(initialFleetState('G1'), [ks(0, { teks }), gm(1, { teks })], SETTINGS);
  const material = (facts: MemberFacts) => rememberMember(before.state, facts, before.last.yardstick).material;

  test('is not a material change at the end of its lifetime, give or take the delay of reading it', () => {
    expect(material(gm(61, { teks: { [NEW]: 3600 } }))).toBe(false);
    expect(material(gm(58, { teks: { [NEW]: 3600 } }))).toBe(false);
  });

  test('is a material change before the end of its lifetime, or if it was the last TEK', () => {
    expect(material(gm(31, { teks: { [NEW]: 3600 } }))).toBe(true);
    expect(material(gm(3601, { teks: {} }))).toBe(true);
  });

  test('is a material change if another TEK took its place', () => {
    expect(material(gm(61, { teks: { '0x0000000C': 7200, [NEW]: 3600 } }))).toBe(true);
  });
});
