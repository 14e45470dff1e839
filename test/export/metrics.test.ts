import type { Tally } from '../../src/gdoi/memory/tracker-state.ts';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEVICE_METRICS } from '../../src/export/device-metrics.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import type { PollResult } from '../../src/model/poll-result.ts';
import type { DeviceView, GroupTracking } from '../../src/model/device-view.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { observationsOf } from '../../src/agent/poll/observations.ts';
import { parseCommandOutput } from '../../src/ios/parse.ts';
import type { Explanation } from '../../src/gdoi/explain/explanation.ts';
import type { GmInGroup } from '../../src/gdoi/fleet/gm-in-group.ts';
import { Fleet, ks as ksFacts } from '../builders/fleet-group.ts';
import { fleet, gmInFleet } from '../builders/health-builders.ts';
import { aDevice, aReport, facts, NOON, viewAfter } from '../builders/view-builder.ts';
import { aGm, aKek, aKs, aKsKey, aKsMember, aTek, rekeysReceived } from '../builders/snapshots.ts';

const MAIN = 'show crypto gdoi';

const NO_KS_ANSWERS: Explanation = {
  cause: 'ks_down',
  phase: 'present',
  status: 'critical',
  sinceMs: NOON,
  summary: 'KS ks1 has not answered',
  consequence: null,
  deadlineMs: null,
  confidence: 'certain',
  knownAtMs: null,
  firstStep: null,
  scope: [],
  evidence: [],
  explains: [],
};

function exposition(...views: readonly DeviceView[]): string {
  const lines = new PreparedLines(() => undefined);
  for (const view of views) lines.update(view.device, view);
  return [...lines.chunks()].join('');
}

/** The samples of one metric, without its name. */
function samples(text: string, name: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`))
    .map((line) => line.slice(name.length));
}

const VENDOR_GM = aGm({
  identity: '3333',
  address: '10.1.13.2',
  gmVersion: '1.0.4',
  keyServer: '10.1.11.2',
  reregistersInSeconds: 81,
  registrations: { succeeded: 1, attempted: 1 },
  rekeys: rekeysReceived(0, { lastSequence: 0 }),
  kek: aKek(56, { encryption: '3DES', keyBits: 192, signatureHash: 'HMAC_AUTH_SHA', signatureKeyBits: 1024 }),
  teks: [
    aTek(2228, { interface: 'Serial1/0', spi: '0xC41E6A87', antiReplay: 'time' }),
    aTek(35, { interface: 'Serial1/0', spi: '0xD835DB9A', antiReplay: 'time' }),
  ],
});

const KS = aKs({
  transport: 'unicast',
  members: 2,
  redundancy: true,
  localAddress: '10.1.11.2',
  localPriority: 100,
  localRole: 'primary',
  kek: aKsKey(86_235, { spi: '0xEE', lifetimeSeconds: 86_400, timeToRekeySeconds: 86_000 }),
  teks: [aKsKey(3436, { lifetimeSeconds: 3600 })],
  rekeysSent: 12,
  peers: [
    { address: '10.1.12.2', role: 'secondary', status: 'Alive' },
    { address: '10.1.12.3', role: 'secondary', status: 'Dead' },
    { address: '10.1.12.4', role: 'secondary', status: 'Unknown' },
  ],
  memberDetails: [aKsMember('10.1.13.2', 1, { rekeysSent: 7, acksReceived: 6 })],
});

describe('what a GM shows becomes metrics', () => {
  const text = exposition(viewAfter(aReport({ 'show version': facts(), [MAIN]: [VENDOR_GM] })));

  test.each([
    ['gdoi_device_up', '{device="gm1"} 1'],
    [
      'gdoi_device_info',
      '{device="gm1",host="192.0.2.1",role="gm",platform="CISCO2921/K9",version="15.6(3)M2",kek_behavior="timer"} 1',
    ],
    ['gdoi_device_uptime_seconds', '{device="gm1"} 3600'],
    ['gdoi_device_last_success_timestamp_seconds', `{device="gm1"} ${NOON / 1000}`],
    ['gdoi_device_poll_duration_seconds', '{device="gm1"} 0.12'],
    ['gdoi_unparsed_lines', '{device="gm1"} 0'],
    ['gdoi_gm_registered', '{device="gm1",group="G1"} 1'],
    [
      'gdoi_gm_info',
      '{device="gm1",group="G1",identity="3333",address="10.1.13.2",vrf="",gm_version="1.0.4",key_server="10.1.11.2",rekey_transport="unicast",kek_encryption="3DES"} 1',
    ],
    ['gdoi_gm_registrations_succeeded_total', '{device="gm1",group="G1"} 1'],
    ['gdoi_gm_registrations_attempted_total', '{device="gm1",group="G1"} 1'],
    ['gdoi_gm_rekeys_received_total', '{device="gm1",group="G1"} 0'],
    ['gdoi_gm_rekey_acks_sent_total', '{device="gm1",group="G1"} 0'],
    ['gdoi_gm_rekeys_since_registration', '{device="gm1",group="G1"} 0'],
    ['gdoi_gm_reregisters_in_seconds', '{device="gm1",group="G1"} 81'],
    ['gdoi_gm_kek_present', '{device="gm1",group="G1"} 1'],
    ['gdoi_gm_kek_remaining_seconds', '{device="gm1",group="G1"} 56'],
    ['gdoi_gm_kek_expiry_timestamp_seconds', `{device="gm1",group="G1"} ${NOON / 1000 + 57}`],
    ['gdoi_gm_tek_remaining_seconds', '{device="gm1",group="G1",interface="Serial1/0"} 2228'],
    ['gdoi_gm_tek_sas', '{device="gm1",group="G1",interface="Serial1/0"} 2'],
  ])('%s', (name, sample) => {
    expect(samples(text, name)).toEqual([sample]);
  });

  test('every result of a poll is a series from the first poll on, so that no first failure is missed', () => {
    expect(samples(text, 'gdoi_polls_total')).toContain('{device="gm1",result="ok"} 1');
    expect(samples(text, 'gdoi_polls_total')).toContain('{device="gm1",result="host_key"} 0');
  });

  test('a rekey age is the instant of the rekey', () => {
    const gm = { ...VENDOR_GM, rekeys: { ...VENDOR_GM.rekeys, lastAgeSeconds: 90 } };
    expect(samples(exposition(viewAfter(aReport({ [MAIN]: [gm] }))), 'gdoi_gm_last_rekey_timestamp_seconds')).toEqual([
      `{device="gm1",group="G1"} ${NOON / 1000 - 90}`,
    ]);
  });

  test('what the device does not show is absent, not 0', () => {
    const old = exposition(viewAfter(aReport({ [MAIN]: [aGm({ registered: null })] })));
    for (const name of [
      'gdoi_gm_registered',
      'gdoi_gm_kek_present',
      'gdoi_gm_kek_remaining_seconds',
      'gdoi_gm_kek_expiry_timestamp_seconds',
      'gdoi_gm_last_rekey_timestamp_seconds',
      'gdoi_gm_reregisters_in_seconds',
      'gdoi_gm_tek_sas',
      'gdoi_gm_registrations_succeeded_total',
      'gdoi_device_uptime_seconds',
      'gdoi_gm_replay_errors_total',
    ]) {
      expect(samples(old, name)).toEqual([]);
    }
  });
});

test('a TEK lifetime that no device could print is not the longest', () => {
  const [tek] = VENDOR_GM.teks ?? [];
  const [ksTek] = KS.teks ?? [];
  if (tek === undefined || ksTek === undefined) throw new Error('both show TEKs');
  const absurd = 4_294_967_295;
  const gm = { ...VENDOR_GM, teks: [tek, { ...tek, remainingSeconds: absurd }] };
  const ks = { ...KS, group: 'G2', teks: [ksTek, { ...ksTek, remainingSeconds: absurd }] };
  const text = exposition(viewAfter(aReport({ [MAIN]: [gm, ks] })));
  expect(samples(text, 'gdoi_gm_tek_remaining_seconds')).toEqual([
    '{device="gm1",group="G1",interface="Serial1/0"} 2228',
  ]);
  expect(samples(text, 'gdoi_ks_tek_remaining_seconds')).toEqual(['{device="gm1",group="G2"} 3436']);
});

describe('what a KS shows becomes metrics', () => {
  const text = exposition(viewAfter(aReport({ [MAIN]: [KS] })));

  test.each([
    [
      'gdoi_ks_info',
      [
        '{device="gm1",group="G1",identity="",address="10.1.11.2",priority="100",ks_version="",rekey_transport="unicast"} 1',
      ],
    ],
    ['gdoi_ks_members', ['{device="gm1",group="G1"} 2']],
    ['gdoi_ks_kek_lifetime_seconds', ['{device="gm1",group="G1"} 86400']],
    ['gdoi_ks_kek_remaining_seconds', ['{device="gm1",group="G1"} 86235']],
    ['gdoi_ks_kek_time_to_rekey_seconds', ['{device="gm1",group="G1"} 86000']],
    ['gdoi_ks_tek_remaining_seconds', ['{device="gm1",group="G1"} 3436']],
    ['gdoi_ks_rekeys_sent_total', ['{device="gm1",group="G1"} 12']],
    ['gdoi_ks_member_rekeys_sent_total', ['{device="gm1",group="G1",member="10.1.13.2"} 7']],
    ['gdoi_ks_member_rekey_acks_missed', ['{device="gm1",group="G1",member="10.1.13.2"} 1']],
    ['gdoi_ks_member_registered', ['{device="gm1",group="G1",member="10.1.13.2"} 1']],
    ['gdoi_ks_role', ['{device="gm1",group="G1",role="primary"} 1']],
    [
      'gdoi_ks_coop_peer_up',
      ['{device="gm1",group="G1",peer="10.1.12.2"} 1', '{device="gm1",group="G1",peer="10.1.12.3"} 0'],
    ],
  ])('%s', (name, expected) => {
    expect(samples(text, name)).toEqual(expected);
  });

  test('a KS without redundancy has the role none', () => {
    const alone = exposition(viewAfter(aReport({ [MAIN]: [aKs({ redundancy: false })] })));
    expect(samples(alone, 'gdoi_ks_role')).toEqual(['{device="gm1",group="G1",role="none"} 1']);
  });
});

describe('a GM that has TEKs', () => {
  const kekPresent = (kek: typeof VENDOR_GM.kek) =>
    samples(exposition(viewAfter(aReport({ [MAIN]: [{ ...VENDOR_GM, kek }] }))), 'gdoi_gm_kek_present');

  test('and shows no KEK has no KEK, nor has one whose KEK has no life left', () => {
    expect(kekPresent(null)).toEqual(['{device="gm1",group="G1"} 0']);
    expect(kekPresent({ ...VENDOR_GM.kek!, remainingSeconds: 0 })).toEqual(['{device="gm1",group="G1"} 0']);
  });

  test('has one if the release shows it without a lifetime', () => {
    expect(kekPresent({ ...VENDOR_GM.kek!, remainingSeconds: null })).toEqual(['{device="gm1",group="G1"} 1']);
  });
});

describe('why a device gives no answer', () => {
  const failures = (...results: readonly PollResult[]) =>
    samples(exposition(viewAfter(...results.map((result) => aReport({}, { result })))), 'gdoi_device_failure');

  test('is that of the last poll', () => {
    expect(failures('auth', 'timeout')).toEqual(['{device="gm1",reason="timeout"} 1']);
  });

  test.each<[string, PollResult, PollResult]>([
    ['a host key that was refused', 'host_key', 'backoff'],
    ['a login that was refused', 'auth', 'quarantined'],
  ])('holds while the device is left alone for it: %s', (_, result, waiting) => {
    expect(failures(result, waiting, waiting)).toEqual([`{device="gm1",reason="${result}"} 1`]);
  });

  test('is the quarantine of its credential, if other devices refused it', () => {
    expect(failures('ok', 'quarantined')).toEqual(['{device="gm1",reason="quarantined"} 1']);
    expect(failures('timeout', 'quarantined')).toEqual(['{device="gm1",reason="quarantined"} 1']);
  });

  test('is absent as soon as it answers, and before the first poll', () => {
    expect(failures('auth', 'quarantined', 'ok')).toEqual([]);
    expect(failures()).toEqual([]);
  });
});

test('the regular interval is a figure, but not with a cron expression', () => {
  const interval = (regularIntervalMs: number | null) =>
    samples(exposition(aDevice({ regularIntervalMs })), 'gdoi_device_poll_interval_seconds');
  expect(interval(30_000)).toEqual(['{device="gm1"} 30']);
  expect(interval(null)).toEqual([]);
});

describe('until when certificates are good', () => {
  const CERTIFICATES = 'show crypto pki certificates';
  const expiries = (text: string) => {
    const parsed = parseCommandOutput(CERTIFICATES, text, 'prompt');
    if (parsed.kind === 'failed') throw new Error(parsed.message);
    const at = { device: 'gm1', sentAtMs: NOON, receivedAtMs: NOON };
    const view = viewAfter(aReport({}, { observations: observationsOf(parsed, at) }));
    return samples(exposition(view), 'gdoi_certificate_expiry_timestamp_seconds');
  };
  const block = (end: string, trustpoints: string) =>
    `Certificate\n  Status: Available\n  Validity Date:\n    end   date: ${end}\n  Associated Trustpoints: ${trustpoints}\n`;

  test('is the first end among the certificates of each trustpoint', () => {
    const text = `${block('12:00:00 UTC Jan 31 2026', 'A')}CA ${block('12:00:00 UTC Jan 21 2026', 'B A')}`;
    expect(expiries(text)).toEqual([
      `{device="gm1",trustpoint="A"} ${NOON / 1000 + 20 * 86_400}`,
      `{device="gm1",trustpoint="B"} ${NOON / 1000 + 20 * 86_400}`,
    ]);
  });

  test('is, in a zone without a known offset, the earliest instant it can mean', () => {
    expect(expiries(block('12:00:00 CET Jan 21 2026', 'A'))).toEqual([
      `{device="gm1",trustpoint="A"} ${NOON / 1000 + 20 * 86_400 - 14 * 3600}`,
    ]);
  });

  test('is not told of what no IKE peer accepts, of a request, or of none', () => {
    expect(expiries(`Router Self-Signed ${block('00:00:00 UTC Jan 1 2020', 'TP-self-signed-1')}`)).toEqual([]);
    expect(expiries('Certificate\n  Status: Pending\n  Associated Trustpoint: A\n')).toEqual([]);
    expect(expiries('')).toEqual([]);
  });
});

test('a removed device has no series any more', () => {
  const lines = new PreparedLines(() => undefined);
  const view = viewAfter(aReport({ [MAIN]: [VENDOR_GM] }));
  lines.update('gm1', view);
  lines.update('gm2', { ...view, device: 'gm2' });
  lines.update('gm1', null);
  const text = [...lines.chunks()].join('');
  expect(text).not.toContain('device="gm1"');
  expect(text).toContain('device="gm2"');
});

test('the samples of a metric are together under one header, in whatever order devices changed', () => {
  const view = viewAfter(aReport({ [MAIN]: [VENDOR_GM] }));
  const text = exposition(view, { ...view, device: 'gm2' }, view);
  const names = text.split('\n').flatMap((line) => (/^\w+(?=\{)/.exec(line)?.[0] ? [/^\w+/.exec(line)![0]] : []));
  const runs = names.filter((name, index) => name !== names[index - 1]);
  expect(runs).toHaveLength(new Set(names).size);
});

test('whatever a device and others showed before, its lines are those of what it shows now', () => {
  const shown = [
    viewAfter(aReport({ [MAIN]: [VENDOR_GM] })),
    viewAfter(aReport({ [MAIN]: [{ ...VENDOR_GM, teks: [] }] })),
    viewAfter(aReport({ [MAIN]: [VENDOR_GM, { ...KS, group: 'G2' }] })),
    viewAfter(aReport({ 'show version': facts(), [MAIN]: [KS] })),
    viewAfter(aReport({ [MAIN]: [] })),
    aDevice({ labels: { site: 'taipei' } }),
  ];
  const steps = fc.array(fc.record({ device: fc.constantFrom('gm1', 'gm2'), view: fc.constantFrom(...shown) }));
  fc.assert(
    fc.property(steps, (sequence) => {
      const options = { labels: ['site'], ksMembers: true };
      const lines = new PreparedLines(() => undefined, options);
      for (const { device, view } of sequence) {
        lines.update(device, { ...view, device });
        const fresh = new PreparedLines(() => undefined, options);
        fresh.update(device, { ...view, device });
        expect(lines.of(device)).toBe(fresh.of(device));
      }
    }),
  );
});

test('hostile device text in a label stays a label', () => {
  const text = exposition(viewAfter(aReport({ [MAIN]: [aGm({ group: 'a"b\\c\nd', keyServer: '"} 1\nevil 1' })] })));
  expect(text).toContain('group="a\\"b\\\\c\\nd"');
  expect(text.split('\n').filter((line) => line.startsWith('evil'))).toEqual([]);
});

test('configured labels are on gdoi_device_info', () => {
  const text = exposition(aDevice({ labels: { site: 'taipei' } }));
  expect(samples(text, 'gdoi_device_info')[0]).toContain(',site="taipei"');
});

test('names, types and help pass promtool check metrics', ({ skip }) => {
  const both = viewAfter(aReport({ 'show version': facts(), [MAIN]: [VENDOR_GM, { ...KS, group: 'G2' }] }));
  const result = spawnSync('promtool', ['check', 'metrics'], { input: exposition(both), encoding: 'utf8' });
  if (result.error !== undefined) {
    if (process.env['CI']) throw new Error('promtool is missing in CI');
    skip('promtool is not installed (Debian package prometheus)');
  }
  expect(result.stdout + result.stderr).toBe('');
  expect(result.status).toBe(0);
});

test('every metric has a unique name and a help text that ends as a sentence', () => {
  expect(new Set(DEVICE_METRICS.map((metric) => metric.name)).size).toBe(DEVICE_METRICS.length);
  for (const metric of DEVICE_METRICS) expect(metric.help).toMatch(/^.{20,}[.)]$/);
});

describe('what the tracker knows becomes metrics', () => {
  const gmInGroup = viewAfter(aReport({ [MAIN]: [VENDOR_GM] }));
  const tracked = (over: Partial<GroupTracking>): DeviceView => ({
    ...gmInGroup,
    tracking: new Map([
      [
        'G1',
        {
          reregistrations: null,
          forecast: null,
          kekRekeyOverdue: false,
          tekRekeyOverdue: false,
          failedAttempts: null,
          packetsDropped: null,
          dataProblems: [],
          sourcesDisagree: null,
          ...over,
        },
      ],
    ]),
  });

  test('both counters of re-registrations start at 0 when the GM is first seen', () => {
    expect(samples(exposition(tracked({})), 'gdoi_gm_reregistrations_total')).toEqual([
      '{device="gm1",group="G1",unexpected="true"} 0',
      '{device="gm1",group="G1",unexpected="false"} 0',
    ]);
    expect(samples(exposition(tracked({})), 'gdoi_gm_last_reregistration_timestamp_seconds')).toEqual([]);
  });

  test('only the latest re-registration has a time stamp, with its cause', () => {
    const reregistrations = {
      expected: 1,
      unexpected: 2,
      last: { atMs: NOON, cause: 'legacy_ks', unexpected: true },
      recent: [],
    } as const;
    const text = exposition(tracked({ reregistrations }));
    expect(samples(text, 'gdoi_gm_reregistrations_total')).toEqual([
      '{device="gm1",group="G1",unexpected="true"} 2',
      '{device="gm1",group="G1",unexpected="false"} 1',
    ]);
    expect(samples(text, 'gdoi_gm_last_reregistration_timestamp_seconds')).toEqual([
      `{device="gm1",group="G1",cause="legacy_ks",unexpected="true"} ${NOON / 1000}`,
    ]);
  });

  test('which unexpected one within an hour the latest is: from the third on, and also after an expected one', () => {
    const third = { atMs: NOON, cause: 'tek_expired', unexpected: true, repeated: 3 } as const;
    const cleared = { atMs: NOON + 60_000, cause: 'operator_clear', unexpected: false } as const;
    const { repeated: _, ...blind } = third;
    const of = (tally: Pick<Tally, 'last' | 'lastUnexpected'>) =>
      samples(
        exposition(tracked({ reregistrations: { expected: 1, unexpected: 3, recent: [], ...tally } })),
        'gdoi_gm_reregistrations_within_hour',
      );
    const three = ['{device="gm1",group="G1",unexpected="true"} 3'];
    expect(of({ last: third })).toEqual(three);
    expect(of({ last: cleared, lastUnexpected: third })).toEqual(three);
    expect(of({ last: blind })).toEqual([]);
    expect(of({ last: cleared })).toEqual([]);
  });

  test('an overdue KEK rekey is 1; a GM that shows no KEK lifetime has no such series', () => {
    expect(samples(exposition(tracked({ kekRekeyOverdue: true })), 'gdoi_gm_kek_rekey_overdue')).toEqual([
      '{device="gm1",group="G1"} 1',
    ]);
    const legacy = { ...tracked({}), groups: viewAfter(aReport({ [MAIN]: [aGm()] })).groups };
    expect(samples(exposition(legacy), 'gdoi_gm_kek_rekey_overdue')).toEqual([]);
  });

  const expositionIn = (gm: Partial<GmInGroup>) => {
    const lines = new PreparedLines((group) => (group === 'G1' ? fleet({ gms: [gmInFleet(gm)] }) : undefined));
    lines.update('gm1', gmInGroup);
    return [...lines.chunks()].join('');
  };

  test('whether the keys are those of the KS is absent while unknown', () => {
    const text = expositionIn({ kekMatchesKs: false, tekMatchesKs: null });
    expect(samples(text, 'gdoi_gm_kek_matches_ks')).toEqual(['{device="gm1",group="G1"} 0']);
    expect(samples(text, 'gdoi_gm_tek_matches_ks')).toEqual([]);
  });

  test.each([
    [true, ['{device="gm1",group="G1"} 1']],
    [false, ['{device="gm1",group="G1"} 0']],
    [null, []],
  ])('a GM that a KS lists: %s', (listedByKs, expected) => {
    expect(samples(expositionIn({ listedByKs }), 'gdoi_gm_listed_by_ks')).toEqual(expected);
  });

  test('two primaries at once are a split of the group', () => {
    const views = createReadModel();
    views.setGroup(new Fleet().see(ksFacts(0)));
    views.setGroup(fleet({ group: 'G2', coopSplit: { primaries: ['ks1', 'ks2'], sinceMs: NOON } }));
    expect(samples(groupMetrics(views), 'gdoi_group_coop_split')).toEqual(['{group="G1"} 0', '{group="G2"} 1']);
  });

  test('every cause of a known group and every event type start at 0', () => {
    const fleet = createReadModel();
    fleet.totals.know({ group: 'G1' });
    fleet.totals.add({ type: 'reregistration', group: 'G1', cause: 'legacy_ks', unexpected: true });
    fleet.totals.add({ type: 'reregistration', group: 'G1', cause: 'initial', unexpected: false });
    const text = groupMetrics(fleet);
    expect(samples(text, 'gdoi_group_reregistrations_total')).toEqual([
      '{group="G1",cause="reload",unexpected="false"} 0',
      '{group="G1",cause="operator_clear",unexpected="false"} 0',
      '{group="G1",cause="kek_missed_rekey",unexpected="true"} 0',
      '{group="G1",cause="legacy_ks",unexpected="true"} 1',
      '{group="G1",cause="kek_expired",unexpected="true"} 0',
      '{group="G1",cause="tek_expired",unexpected="true"} 0',
      '{group="G1",cause="ks_failover",unexpected="true"} 0',
      '{group="G1",cause="ks_forced",unexpected="false"} 0',
      '{group="G1",cause="ks_forced",unexpected="true"} 0',
      '{group="G1",cause="interface",unexpected="false"} 0',
      '{group="G1",cause="recovery",unexpected="true"} 0',
      '{group="G1",cause="unknown",unexpected="true"} 0',
    ]);
    expect(samples(text, 'gdoi_events_total')).toContain('{type="coop_split"} 0');
    expect(samples(text, 'gdoi_events_total')).toContain('{type="reregistration"} 2');
  });
});

describe('lines that wait to be prepared', () => {
  const polled = (device: string) => ({ ...viewAfter(aReport({ 'show crypto gdoi': [aGm()] })), device });

  test('are those of the last view, however often it changed since', () => {
    const lines = new PreparedLines(() => undefined);
    lines.update('gm1', { ...polled('gm1'), pollDurationMs: 1000 });
    lines.update('gm1', { ...polled('gm1'), pollDurationMs: 7000 });
    expect([...lines.chunks()].join('')).toContain('gdoi_device_poll_duration_seconds{device="gm1"} 7\n');
    expect(lines.of('gm1')).toContain('gdoi_device_poll_duration_seconds{device="gm1"} 7\n');
  });

  test('are not prepared for a removed device', () => {
    const lines = new PreparedLines(() => undefined);
    lines.update('gm1', polled('gm1'));
    lines.update('gm1', null);
    expect([...lines.chunks()].join('')).toBe('');
  });

  test('of more devices than may wait are all there', () => {
    const lines = new PreparedLines(() => undefined);
    const devices = Array.from({ length: 4100 }, (_, n) => `gm${n}`);
    const view = polled('gm');
    for (const device of devices) lines.update(device, { ...view, device });
    const text = [...lines.chunks()].join('');
    for (const device of devices) expect(text).toContain(`gdoi_device_up{device="${device}"} 1\n`);
  });

  test('affect only their own device if they cannot be made', () => {
    const failed: string[] = [];
    const lines = new PreparedLines(
      () => undefined,
      { labels: [], ksMembers: true },
      (device, work) => {
        try {
          work();
        } catch {
          failed.push(device);
        }
      },
    );
    const broken = new Proxy(polled('gm1'), {
      get(view, field) {
        if (field === 'polls') throw new Error('a bug in a metric');
        const value: unknown = Reflect.get(view, field);
        return value;
      },
    });
    lines.update('gm1', polled('gm1'));
    const before = lines.of('gm1');
    lines.update('gm1', broken);
    lines.update('gm2', polled('gm2'));
    expect([...lines.chunks()].join('')).toContain('gdoi_device_up{device="gm2"} 1\n');
    expect(failed).toEqual(['gm1']);
    expect(lines.of('gm1')).toBe(before);
  });

  test('say of all devices what lines made anew say, whatever views came before and whichever are gone', () => {
    const tek = aTek(900, { interface: 'Gi0/0', spi: null });
    const gms = fc.array(
      fc.record({
        group: fc.constantFrom('G1', 'G2', 'G3'),
        registered: fc.boolean(),
        teks: fc.option(
          fc.array(
            fc.record({
              interface: fc.constantFrom('Gi0/0', 'Gi0/1', 'Tu1'),
              remainingSeconds: fc.constantFrom(7, 900),
            }),
            { maxLength: 4 },
          ),
        ),
        address: fc.constantFrom('10.1.13.2', 'a "quoted" one', null),
      }),
      { maxLength: 3 },
    );
    const polledNow = fc.record({
      gms,
      labels: fc.constantFrom({}, { site: 'Bern' }, { site: 'Genève', floor: '2' }),
      polls: fc.constantFrom({}, { ok: 1 }, { ok: 7, timeout: 2 }),
    });
    const steps = fc.array(
      fc.record({ device: fc.constantFrom('gm1', 'gm2', 'gm "3"'), now: fc.option(polledNow, { freq: 3 }) }),
    );
    const options = { labels: ['site'], ksMembers: true };
    const linesOf = (lines: PreparedLines) => [...lines.chunks()].join('').split('\n').toSorted();
    fc.assert(
      fc.property(steps, (drawn) => {
        const lines = new PreparedLines(() => undefined, options);
        const views = new Map<string, DeviceView>();
        for (const { device, now } of drawn) {
          views.delete(device);
          if (now !== null) {
            const snapshots = now.gms.map((gm) =>
              aGm({ ...gm, teks: gm.teks && gm.teks.map((own) => ({ ...tek, ...own })) }),
            );
            const { labels, polls } = now;
            views.set(device, { ...viewAfter(aReport({ [MAIN]: snapshots })), device, labels, polls });
          }
          lines.update(device, views.get(device) ?? null);
          const anew = new PreparedLines(() => undefined, options);
          for (const [name, view] of views) anew.update(name, view);
          expect(linesOf(lines)).toEqual(linesOf(anew));
          expect(lines.of(device)).toBe(anew.of(device));
        }
      }),
    );
  });
});

test('an open incident says what it leads to, in one label of bounded length', () => {
  const shown = (consequence: Explanation['consequence']) => {
    const model = createReadModel();
    model.setGroup(fleet({ explanations: [{ ...NO_KS_ANSWERS, consequence }] }));
    return samples(groupMetrics(model), 'gdoi_incident_consequence');
  };
  expect(shown(null)).toEqual([]);
  expect(shown({ what: 'traffic of GM gm1 stops', unless: 'it comes back before' })).toEqual([
    '{group="G1",cause="ks_down",consequence="traffic of GM gm1 stops, unless it comes back before"} 1',
  ]);
  const [long = ''] = shown({ what: 'traffic stops '.repeat(100), unless: null });
  expect(long.length).toBeLessThan(300);
});

test('an open incident says its first step, in one label of bounded length that ends as a sentence', () => {
  const shown = (firstStep: string | null, phase: Explanation['phase'] = 'present') => {
    const model = createReadModel();
    model.setGroup(fleet({ explanations: [{ ...NO_KS_ANSWERS, firstStep, phase }] }));
    return samples(groupMetrics(model), 'gdoi_incident_first_step');
  };
  expect(shown('Is the KS up?')).toEqual(['{group="G1",cause="ks_down",first_step="Is the KS up?"} 1']);
  expect(shown('Check the path')).toEqual(['{group="G1",cause="ks_down",first_step="Check the path."} 1']);
  const [long = ''] = shown('Check the path '.repeat(100));
  expect(long.length).toBeLessThan(460);
  expect(shown(null)).toEqual([]);
  expect(shown('Is the KS up?', 'over')).toEqual([]);
});

test('an open incident names its first devices, KSs before GMs, in one short label however many there are', () => {
  const name = 'gdoi_incident_first_devices';
  const incident = { ...NO_KS_ANSWERS, scope: ['gm1', 'gm2', 'gm10', 'ks1'] };
  const shown = (scope: readonly string[]) => {
    const model = createReadModel();
    model.setGroup(fleet({ explanations: [{ ...incident, scope }] }));
    return samples(groupMetrics(model), name);
  };
  expect(shown(['gm2', 'gm10'])).toEqual(['{group="G1",cause="ks_down",devices="gm2, gm10"} 1']);
  expect(shown(incident.scope)).toEqual(['{group="G1",cause="ks_down",devices="ks1, gm1, gm2 and 1 more"} 1']);
  const many = Array.from({ length: 5000 }, (_, index) => `gm${index + 1}`);
  expect(shown(many)).toEqual(['{group="G1",cause="ks_down",devices="gm1, gm2, gm3 and 4997 more"} 1']);
  expect(shown([])).toEqual([]);
});
