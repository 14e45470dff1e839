/** A GM that has never answered, of which its KS's list tells: what its group, its health and metrics say of it. */
import { describe, expect, test } from 'vitest';
import { deviceSettings } from '../../src/agent/poll/poll-target.ts';
import type { GroupView } from '../../src/gdoi/fleet/group-view.ts';
import { deviceHealth } from '../../src/gdoi/health/health.ts';
import { groupHealth } from '../../src/gdoi/health/health-group.ts';
import type { GroupSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import { type DeviceView, newDeviceView } from '../../src/model/device-view.ts';
import { KnownFleet } from '../../src/model/known-fleet.ts';
import type { PollResult } from '../../src/model/poll-result.ts';
import { aConfiguredDevice } from '../builders/config-builder.ts';
import { aReport, NOON } from '../builders/view-builder.ts';
import { aGm, aKek, aKs, aKsMember, aTek } from '../builders/snapshots.ts';

const HOSTS = { ks1: '10.1.0.1', gm1: '10.0.0.1', gm2: '10.0.0.2', gm3: '10.0.0.3' } as const;
type Name = keyof typeof HOSTS;

/** Keys of a day: none is renewed while this looks. */
const gm = (name: Name, second = 0) =>
  aGm({
    address: HOSTS[name],
    keyServer: HOSTS.ks1,
    kek: aKek(80_000 - second),
    teks: [aTek(70_000 - second)],
    registrations: { succeeded: 1, attempted: 1 },
  });

const ksListing = (missed: Partial<Record<Name, number | null>>) => [
  aKs({
    localAddress: HOSTS.ks1,
    members: 3,
    memberDetails: (['gm1', 'gm2', 'gm3'] as const).flatMap((name) =>
      missed[name] === null ? [] : [aKsMember(HOSTS[name], missed[name] ?? 0)],
    ),
  }),
];

class Polled {
  readonly known = new KnownFleet();
  readonly views = new Map<string, DeviceView>();

  poll(name: Name, second: number, shown: readonly GroupSnapshot[] | PollResult, role: 'gm' | 'ks' | 'auto' = 'auto') {
    const device = deviceSettings(aConfiguredDevice({ name, host: HOSTS[name], role }));
    const settings = { fleet: { pollIntervalMs: 60_000, detailIntervalMs: 60_000 }, maintenance: [], device };
    const at = NOON + second * 1000;
    const answered = typeof shown === 'string' ? {} : { 'show crypto gdoi': shown };
    const failed = typeof shown === 'string' ? shown : null;
    const report = aReport(answered, failed === null ? {} : { result: failed, error: failed }, at);
    const observations =
      failed === null
        ? report.observations.map((each) => ({ ...each, device: name }))
        : [{ kind: 'failure' as const, device: name, sentAtMs: at, receivedAtMs: at, result: failed }];
    const before = this.views.get(name) ?? newDeviceView({ device: name, host: HOSTS[name], configuredRole: role });
    const step = this.known.step(
      before,
      { kind: 'polled', report: { ...report, device: name, observations } },
      settings,
    );
    this.views.set(name, step.view);
  }

  /** gm3 fails with `result` for ten minutes; the others answer. */
  tenMinutes(result: PollResult, missed: Parameters<typeof ksListing>[0] = {}, role: 'gm' | 'ks' | 'auto' = 'auto') {
    for (let minute = 0; minute < 10; minute += 1) {
      const second = minute * 60;
      this.poll('ks1', second, ksListing(minute > 4 ? missed : {}), 'ks');
      this.poll('gm1', second + 1, [gm('gm1', second + 1)]);
      this.poll('gm2', second + 2, [gm('gm2', second + 2)]);
      this.poll('gm3', second + 3, result, role);
    }
    return this;
  }

  get group(): GroupView {
    const [group] = this.known.groupsByKey.values();
    if (group === undefined) throw new Error('no group is known');
    return group.view;
  }

  get health() {
    return groupHealth(this.group, () => undefined, this.group.atMs);
  }

  checkOf(name: string) {
    return this.health.checks.find((each) => each.name === name)?.detail;
  }
}

describe('a GM that a KS lists and that has never answered', () => {
  test('is one that is asked, in the numbers of its group', () => {
    const { group } = new Polled().tenMinutes('refused');
    expect(group.members).toBe(3);
    expect(group.notPolled).toEqual([]);
    expect(group.gms.map(({ device, reachable, registered }) => [device, reachable, registered])).toEqual([
      ['gm1', true, true],
      ['gm2', true, true],
      ['gm3', false, null],
    ]);
  });

  test('is said by its group to have given no answer, and counted nowhere as one that showed something', () => {
    const polled = new Polled().tenMinutes('timeout');
    expect(polled.health).toMatchObject({
      status: 'warning',
      statement: 'GM gm3 has not answered yet, asked since 12:00:03 UTC',
      action: expect.stringContaining('the address and port at which it is asked'),
    });
    expect(polled.checkOf('reachable')).toBe('GM gm3 does not answer');
    expect(polled.checkOf('registered')).toBe('2 of 3 polled GMs are registered, 1 not known');
    expect(polled.group.explanations[0]).toMatchObject({
      cause: 'gms_unreachable',
      scope: ['gm3'],
      evidence: [
        'gm3 (10.0.0.3): a KS of the group listed that address; timeout since 12:00:03 UTC; it has shown nothing since the agent began to ask',
      ],
    });
  });

  test('has the sentence of its group in its own health', () => {
    const polled = new Polled().tenMinutes('timeout');
    const view = polled.views.get('gm3')!;
    expect(deviceHealth(view, () => polled.group, polled.group.atMs).explanations).toMatchObject([
      { cause: 'gms_unreachable' },
    ]);
  });

  test.each([
    ['auth', 'gm3 does not let the agent in: the credential is refused', 'login_refused'],
    [
      'command',
      'GM gm3 answers and shows nothing of G1 since 12:00:03 UTC: whether it has keys is not seen',
      'gms_unreachable',
    ],
  ] as const)('and fails with %s is said to be there', (result, summary, cause) => {
    const { group } = new Polled().tenMinutes(result);
    expect(group.explanations).toMatchObject([{ cause, summary, scope: ['gm3'] }]);
  });

  test('keeps what its KS counts of it', () => {
    const { group } = new Polled().tenMinutes('timeout', { gm3: 2 });
    expect(group.unacknowledged).toMatchObject([{ device: 'gm3', acksMissed: 2 }]);
    expect(group.explanations).toMatchObject([
      {
        cause: 'gms_unreachable',
        status: 'critical',
        summary:
          'GM gm3 has not answered yet, asked since 12:00:03 UTC; no acknowledgement of the last 2 rekeys from gm3, as the KS counts: it is down, or neither rekeys nor the agent reach it',
      },
    ]);
  });

  test('and is there, as its refusal shows, is on a path that drops rekeys', () => {
    const { group } = new Polled().tenMinutes('auth', { gm3: 2 });
    expect(group.explanations.map(({ cause, status }) => `${cause} ${status}`)).toEqual([
      'path_loss critical',
      'login_refused warning',
    ]);
  });

  test('is said to be dropped as one that nobody asks is', () => {
    const polled = new Polled().tenMinutes('timeout', { gm3: 2 });
    for (const second of [610, 680]) polled.poll('ks1', second, ksListing({ gm3: null }), 'ks');
    polled.poll('gm3', 690, 'timeout');
    expect(polled.group.explanations).toMatchObject([
      {
        cause: 'ejected',
        status: 'critical',
        summary: expect.stringMatching(/^GM gm3, of which acknowledgements were missing, is on no list/u),
      },
      { cause: 'gms_unreachable', status: 'warning', summary: 'GM gm3 has not answered yet, asked since 12:00:03 UTC' },
    ]);
  });

  test('stays one of the group when the KS lists it no more, with its answer it is what it shows', () => {
    const polled = new Polled().tenMinutes('timeout', { gm3: null });
    expect(polled.group.gms.map(({ device }) => device)).toContain('gm3');
    polled.poll('gm3', 700, []);
    expect(polled.group.gms.map(({ device }) => device)).not.toContain('gm3');
    polled.poll('gm3', 760, [gm('gm3', 760)]);
    expect(polled.group.gmOf('gm3')?.gm).toMatchObject({ reachable: true, registered: true });
    expect(polled.views.get('gm3')).not.toHaveProperty('namedIn');
  });

  test('is none of the group where it is configured as a KS', () => {
    const { group } = new Polled().tenMinutes('timeout', {}, 'ks');
    expect(group.gms.map(({ device }) => device)).not.toContain('gm3');
  });
});

test('a GM that was stored as registered and gives no answer since the agent’s start is said to give none', () => {
  const before = new Polled().tenMinutes('timeout');
  before.poll('gm3', 640, [gm('gm3', 640)]);
  const after = new Polled();
  for (const [key, group] of before.known.groupsByKey) after.known.rememberGroup(key, group);
  for (const [name, state] of before.known.trackers) after.known.rememberDevice(name, state);
  after.poll('gm3', 720, 'timeout');
  expect(after.group.gmOf('gm3')?.gm.reachable).toBe(true);
  for (let minute = 13; minute < 18; minute += 1) {
    after.poll('ks1', minute * 60, ksListing({}), 'ks');
    after.poll('gm1', minute * 60 + 1, [gm('gm1', minute * 60 + 1)]);
    after.poll('gm2', minute * 60 + 2, [gm('gm2', minute * 60 + 2)]);
    after.poll('gm3', minute * 60 + 3, 'timeout');
  }
  expect(after.health.statement).toMatch(/^GM gm3 stopped answering /u);
});
