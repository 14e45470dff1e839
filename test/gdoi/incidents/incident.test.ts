import { describe, expect, test } from 'vitest';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import { trackFleet } from '../../builders/track-fleet.ts';
import { initialFleetState, type MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { Incident } from '../../../src/gdoi/incidents/incident.ts';
import { incidentDocument, incidentMarkdown } from '../../../src/gdoi/incidents/incident-document.ts';
import { eventsOf, incidentOfEvent } from '../../../src/gdoi/incidents/incident-events.ts';
import { gm, type GmOptions, ks, START, throughStore } from '../../builders/fleet-group.ts';
import { anEvent } from '../../builders/event-builder.ts';

function silentKs(second: number, inARow = 3): MemberFacts {
  const failure = { sinceMs: START + 60_000, inARow, result: 'timeout', established: inARow >= 3 };
  return { ...ks(second), presence: 'unreachable', context: { ...NO_CONTEXT, failure } };
}

/**
 * Incidents as they are kept, in their last version; the state goes through JSON before each change, as in a restart.
 */
function keptAfter(...changes: readonly MemberFacts[]): readonly Incident[] {
  const kept = new Map<string, Incident>();
  let state = initialFleetState('G1');
  for (const change of changes) {
    const restarted = throughStore(state);
    const tracked = trackFleet(restarted, [change]);
    state = tracked.state;
    for (const incident of tracked.incidents) kept.set(incident.id, incident);
  }
  return [...kept.values()];
}

test('an incident is one entry from the first poll that shows it to the first that shows that it is over', () => {
  const [incident, ...others] = keptAfter(ks(0), gm(0), silentKs(60), silentKs(120), gm(130), silentKs(180), ks(240));
  expect(others).toEqual([]);
  expect(incident).toMatchObject({
    group: 'G1',
    cause: 'ks_down',
    status: 'closed',
    severity: 'critical',
    // At the earliest right after the last answer of the KS.
    beganAtMs: START + 60_200,
    endedAtMs: START + 240_200,
    devices: ['gm1', 'ks1'],
    endedBy: 'a KS answers again',
  });
});

test('an incident ends when no device of its group is polled any more, and no other end is claimed', () => {
  const gone = (facts: MemberFacts): MemberFacts => ({ ...facts, presence: 'gone', gm: null, ks: null });
  const incidents = keptAfter(ks(0), gm(0), silentKs(60), gone(gm(120)), gone(ks(180)));
  expect(incidents).toMatchObject([
    {
      cause: 'ks_down',
      status: 'closed',
      endedAtMs: START + 180_200,
      endedBy: 'no device that is polled is in the group any more',
    },
  ]);
});

test('a cause that was never more than unclear makes no incident', () => {
  expect(keptAfter(ks(0), gm(0), silentKs(60, 1), ks(120))).toEqual([]);
});

test('the same cause makes another incident when it occurs a second time', () => {
  const again = {
    ...silentKs(600),
    context: { ...NO_CONTEXT, failure: { sinceMs: START + 600_000, inARow: 3, result: 'timeout', established: true } },
  };
  const ids = keptAfter(ks(0), gm(0), silentKs(60), ks(240), again).map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
});

test('an incident has the events of its devices and of its group, but none from long after it', () => {
  const [incident] = keptAfter(ks(0), gm(0), silentKs(60), ks(240));
  const at = (second: number, over: object) => ({
    ...anEvent({ id: `${second}` }),
    atMs: START + second * 1000,
    ...over,
  });
  const all = [
    at(61, { device: 'ks1', group: null }),
    at(90, { device: 'gm1', group: 'G1' }),
    at(91, { device: 'gm1', group: 'G2' }),
    at(92, { device: 'gm7', group: 'G1' }),
    at(95, { device: null, group: 'G1' }),
    at(5000, { device: 'gm1', group: 'G1' }),
  ];
  const found = eventsOf(incident!, [], all, START + 300_000);
  expect(found.map(({ id }) => id)).toEqual(['61', '90', '95']);
  expect(incidentDocument(incident!, found)).toMatchObject({
    events: ['61', '90', '95'],
    ended_by: 'a KS answers again',
    deadline: null,
  });
});

test('a ticket has Markdown of our own only: names of devices are escaped', () => {
  const [incident] = keptAfter(ks(0), gm(0), silentKs(60));
  const text = incidentMarkdown({ ...incident!, devices: ['gm1|<b>', '[x](http://e)'] }, []);
  expect(text).toContain('## G1: ks\\_down (critical)'.replace('ks\\_down', 'ks_down'));
  expect(text).toContain(String.raw`\<b\>`);
  expect(text).not.toContain('[x](');
});

test('an event belongs to one incident of its group: that whose cause fits it, else that which lasts', () => {
  const [down] = keptAfter(ks(0), gm(0), silentKs(60), ks(240));
  const loss = { ...down!, id: 'loss', cause: 'path_loss', beganAtMs: START + 100_000, endedAtMs: null } as const;
  const at = (second: number, over: object) => ({
    ...anEvent({ id: `${second}` }),
    atMs: START + second * 1000,
    ...over,
  });
  const missed = at(150, { device: 'gm1', cause: 'kek_missed_rekey' });
  const silent = at(151, { device: 'ks1', group: null, type: 'unreachable', cause: null });
  const late = at(400, { device: 'gm1', type: 'kek_rekey', cause: null });
  const incidents = [down!, loss];
  const now = START + 500_000;
  const ids = [missed, silent, late].map((event) => incidentOfEvent(event, incidents, now)?.id);
  expect(ids).toEqual(['loss', down!.id, 'loss']);
  // The lookup in the other direction agrees.
  expect(eventsOf(loss, incidents, [missed, silent, late], now).map(({ id }) => id)).toEqual(['150', '400']);
  expect(eventsOf(down!, incidents, [missed, silent, late], now).map(({ id }) => id)).toEqual(['151']);
  expect(incidentOfEvent(at(9000, { device: 'gm1' }), [down!], START + 9_100_000)).toBeNull();
});

test.each([
  ['*bold* _it_ `code` ~struck~', String.raw`\*bold\* \_it\_ \`code\` \~struck\~`],
  ['![x](http://192.0.2.66/p.png)', String.raw`!\[x\](http\://192.0.2.66/p.png)`],
  ['www.example.net <b> &lt;b&gt; a|b', String.raw`www\.example.net \<b\> \&lt;b\&gt; a\|b`],
  ['- a list', String.raw`\- a list`],
  ['1. a list', String.raw`1\. a list`],
  ['=== a heading\n# another', String.raw`\=== a heading \# another`],
  ['\u202Eright to left\u0007\u001B[2J\u200B.', String.raw`right to left \[2J .`],
])('%j makes no markup in a ticket', (summary, text) => {
  const [incident] = keptAfter(ks(0), gm(0), silentKs(60));
  expect(incidentMarkdown({ ...incident!, summary }, []).split('\n')[2]).toBe(text);
});

const ticketOf = (incident: Incident | undefined) => incidentMarkdown(incident!, []).split('\n');

test('a ticket shows the cell, and the deadline while the incident is open', () => {
  const [open] = keptAfter(ks(0), gm(0), silentKs(60));
  const deadlineMs = Date.UTC(2027, 0, 15, 8, 50);
  expect(ticketOf({ ...open!, cell: 'north', deadlineMs })).toEqual(
    expect.arrayContaining([
      '- Cell: north',
      expect.stringMatching(/^- Follows: if it is down, traffic of GM gm1 stops, unless/u),
      '- Deadline: 2027-01-15T08:50:00Z',
    ]),
  );
});

test('a ticket of a closed incident says what ended it, and calls the consequence only foreseen', () => {
  const [closed] = keptAfter(ks(0), gm(0), silentKs(60), ks(240));
  const text = ticketOf(closed);
  expect(text).toContain('- Ended by: a KS answers again');
  expect(text.some((line) => /^- (?:Follows|Deadline)/u.test(line))).toBe(false);
  expect(text).toContainEqual(
    expect.stringMatching(/^- Foreseen while it was open: if it is down, traffic of GM gm1 stops, unless/u),
  );
});

test('a ticket shows the interval of an event that was only noticed later, not the middle of it', () => {
  const [open] = keptAfter(ks(0), gm(0), silentKs(60));
  const seen = (widthMs: number) => ({
    ...anEvent({ id: 'e' }),
    atMs: START + 2000,
    betweenMs: [START + 400, START + widthMs - 400] as [number, number],
  });
  const row = (widthMs: number) =>
    incidentMarkdown(open!, [seen(widthMs)])
      .trimEnd()
      .split('\n')
      .at(-1);
  expect(row(4000)).toMatch(/^\| 2027-01-15T08:00:02Z \|/u);
  expect(row(60_000)).toMatch(/^\| between 2027-01-15T08:00:00Z and 2027-01-15T08:01:00Z \|/u);
  const overdue = { ...seen(60_000), type: 'kek_rekey_overdue' } as const;
  const last = incidentMarkdown(open!, [overdue]).trimEnd().split('\n').at(-1);
  expect(last).toMatch(/^\| known at 2027-01-15T08:01:00Z, began after 2027-01-15T08:00:00Z \|/u);
});

describe('the end of an incident', () => {
  const overdue = { kekExpiry: 180, change: { kekRekeyOverdue: true } } as const;
  const named = (number: number, second: number, options: GmOptions = {}) =>
    gm(second, { device: `gm${number}`, address: `10.0.0.${number}`, ...options });

  test('is another cause if that one now explains what the incident explained', () => {
    const others = [2, 3, 4].map((number) => named(number, 20, { kekExpiry: 80_000 }));
    const lost = [named(1, 30, overdue), named(2, 40, overdue), named(3, 50, overdue)];
    const incidents = keptAfter(ks(0, { kekExpiry: 180 }), ...others, ...lost);
    expect(incidents).toMatchObject([
      {
        cause: 'path_loss',
        status: 'closed',
        endedBy: 'what it explained follows from another cause now: ks_rekeys_lost',
      },
      { cause: 'ks_rekeys_lost', status: 'open' },
    ]);
  });

  test.each([
    ['the KS counts its acknowledgement again', { '10.0.0.9': 0 }, 'no KS lacks an acknowledgement of theirs any more'],
    ['the KS lists it no more', {}, 'no KS lists the GMs any more, so that none counts what they acknowledge'],
  ])('of missing acknowledgements of a GM that nobody polls depends on its list: %s', (_what, members, ended) => {
    const lists = (second: number, missed: Readonly<Record<string, number>>) =>
      ks(second, { members: { '10.0.0.1': 0, ...missed } });
    const incidents = keptAfter(lists(0, { '10.0.0.9': 0 }), gm(1), lists(100, { '10.0.0.9': 1 }), lists(200, members));
    expect(incidents).toMatchObject([{ cause: 'path_loss', status: 'closed', endedBy: ended }]);
  });

  test('of a lost rekey is not that none registered for ten minutes, if a GM did and a later one has reached it', () => {
    const [old, fresh] = [{ teks: { '0x0000000A': 660 } }, { teks: { '0x0000000B': 1500 } }] as const;
    const lastReregistration = { cause: 'tek_expired', atMs: START + 600_000 } as const;
    const again = { ...fresh, succeeded: 2, change: { lastReregistration } };
    const lost = [ks(595, fresh), named(2, 598, fresh), named(1, 550, old), named(1, 605, again)];
    const reached = named(1, 710, { ...again, received: 6, lastAge: 5 });
    const incidents = keptAfter(ks(0, old), named(1, 0, old), named(2, 0, old), ...lost, reached);
    expect(incidents).toMatchObject([
      {
        cause: 'path_loss',
        status: 'closed',
        endedBy: 'the GMs have the current keys, and a later rekey has reached those that registered for a lost one',
      },
    ]);
  });

  test('of a lost rekey is not that its GM registered again while it is without a registration', () => {
    const [old, fresh] = [{ teks: { '0x0000000A': 660 } }, { teks: { '0x0000000B': 1500 } }] as const;
    const first = (second: number) => ks(second, { peers: { '10.1.0.2': 'Alive' }, ...(second < 500 ? old : fresh) });
    const other = (second: number, role: 'primary' | 'secondary', status: string) =>
      ks(second, { device: 'ks2', address: '10.1.0.2', role, peers: { '10.1.0.1': status }, ...fresh });
    const again = {
      ...fresh,
      succeeded: 2,
      change: { lastReregistration: { cause: 'tek_expired', atMs: START + 600_000 } },
    } as const;
    const lost = [
      first(580),
      named(2, 590, fresh),
      named(1, 595, { ...old, change: { tekRekeyOverdue: true } }),
      named(1, 605, again),
    ];
    const down = { sinceMs: START + 640_000, inARow: 3, result: 'timeout', established: true };
    const silent = {
      ...first(580),
      atMs: START + 660_000,
      presence: 'unreachable' as const,
      context: { ...NO_CONTEXT, failure: down },
    };
    const off = named(1, 665, { ...again, registered: false });
    const trying = { ...off, context: { ...NO_CONTEXT, unregisteredSinceMs: START + 660_000 } };
    const before = [first(0), other(1, 'secondary', 'Alive'), named(1, 2, old), named(2, 3, old)];
    const incidents = keptAfter(...before, ...lost, silent, trying, other(700, 'primary', 'Dead'));
    const loss = incidents.find(({ cause }) => cause === 'path_loss');
    expect(loss?.status).toBe('closed');
    expect(loss?.endedBy).not.toContain('registered again');
  });

  test('is not said to be a registration of a GM that is no longer polled', () => {
    const off = (number: number, second: number): MemberFacts => ({
      ...named(number, second, { registered: false }),
      context: { ...NO_CONTEXT, unregisteredSinceMs: START, failedAttempts: 5 },
    });
    const gone = (facts: MemberFacts): MemberFacts => ({ ...facts, presence: 'gone', gm: null, ks: null });
    const lasting = [ks(0), off(1, 10), off(2, 10), off(1, 310), off(2, 310)];
    const ended = (...last: readonly MemberFacts[]) => keptAfter(...lasting, ...last)[0];
    expect(ended(named(1, 400), named(2, 400))).toMatchObject({
      cause: 'not_registered',
      status: 'closed',
      endedBy: 'the GMs are registered',
    });
    expect(ended(named(2, 400), gone(named(1, 410)))).toMatchObject({
      status: 'closed',
      endedBy: 'the GMs are registered; of gm1, which nobody polls now, that is not known',
    });
    expect(ended(gone(named(1, 400)), gone(named(2, 410)))).toMatchObject({
      status: 'closed',
      endedBy: 'no device that it was about is polled in the group any more',
    });
  });

  test.each([
    [true, 'the GMs are registered'],
    [false, 'no KS has refused one for ten minutes'],
  ])('for a refused identity depends on whether its GM is registered: %s', (registered, ended) => {
    const text = '%GDOI-1-UNAUTHORIZED_IPADDR: Group G1 received registration from unauthorized ip address: 10.0.0.1';
    const reason = { kind: 'unauthorized', atMs: START + 50_000, group: 'G1', text } as const;
    const refusing = { ...ks(60), context: { ...NO_CONTEXT, reasons: [reason] } };
    const off = (second: number): MemberFacts => ({
      ...gm(second, { registered: false }),
      context: { ...NO_CONTEXT, unregisteredSinceMs: START + 40_000, failedAttempts: 2 },
    });
    // Either its registration is seen, or the KS's last refusal in the log grows old while it goes on trying.
    const later = registered ? [gm(300, { succeeded: 2 })] : [ks(1290), off(1300)];
    const incidents = keptAfter(ks(0), gm(0), refusing, off(160), ...later);
    expect(incidents[0]).toMatchObject({ cause: 'unauthorized', status: 'closed', endedBy: ended });
  });
});

describe('the text of an incident', () => {
  const missing = (second: number, acksMissed: number): MemberFacts =>
    ks(second, { members: { '10.0.0.1': acksMissed } });

  test('has in headline and evidence the instant at which these were true once the incident is over', () => {
    const [incident] = keptAfter(ks(0), gm(0), silentKs(60), silentKs(120), ks(240));
    expect(incident?.summary).toBe(
      'As seen at 2027-01-15T08:02:00Z: KS ks1, the only KS, has not answered since 08:01:00 UTC: if it is down, no GM of G1 can register or get a rekey',
    );
    expect(incident?.evidence.every((line) => /^at \d\d:\d\d:\d\d UTC: /u.test(line))).toBe(true);
    expect(ticketOf(incident)).toContainEqual(expect.stringMatching(/^- First step while it was open: /u));
  });

  test('follows each poll while the incident is open, and shows its worst state with the instant of that', () => {
    const [worse] = keptAfter(ks(0), gm(0), missing(60, 2), gm(61));
    expect(worse).toMatchObject({ cause: 'path_loss', severity: 'critical' });
    expect(worse?.evidence).toContain('no acknowledgement of the last 2 rekeys from gm1, as the KS counts');
    const [milder] = keptAfter(ks(0), gm(0), missing(60, 2), gm(61), missing(120, 1));
    expect(milder).toMatchObject({ status: 'open', severity: 'critical' });
    expect(milder?.evidence[0]).toBe('no acknowledgement of the last rekey from gm1, as the KS counts');
    expect(milder?.evidence.at(-1)).toMatch(/^at \d\d:\d\d:\d\d UTC: at its worst: .* last 2 rekeys/u);
  });
});
