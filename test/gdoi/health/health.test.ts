import { describe, expect, test } from 'vitest';
import { CHECK_REKEY_PATH } from '../../../src/gdoi/events/first-steps.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import { deviceHealth, type DeviceHealth } from '../../../src/gdoi/health/health.ts';
import type { CheckName, HealthStatus } from '../../../src/gdoi/health/health-check.ts';
import { healthDocument } from '../../../src/gdoi/health/health-document.ts';
import type { Cause } from '../../../src/gdoi/events/event.ts';
import type { Explanation } from '../../../src/gdoi/explain/explanation.ts';
import { emptyGmSnapshot, type GmSnapshot, type KsPeer, UNKNOWN_KEK } from '../../../src/gdoi/seen/snapshot.ts';
import {
  certificateEnding,
  device,
  type DeviceOptions,
  fleet,
  gmInFleet,
  NOW,
  teks,
} from '../../builders/health-builders.ts';
import { aKek, aKsKey, aKsMember } from '../../builders/snapshots.ts';

function healthOf(options: DeviceOptions, of: GroupView | null = fleet()): DeviceHealth {
  return deviceHealth(device(options), () => of, NOW);
}

const FACTS: NonNullable<DeviceOptions['facts']>['value'] = {
  role: 'device',
  hostname: null,
  software: null,
  version: null,
  platform: null,
  uptimeSeconds: null,
  reloadReason: null,
};

function peer(role: KsPeer['role'], status: string): KsPeer {
  return { address: '10.1.12.2', role, status };
}

function checkOf(health: DeviceHealth, name: CheckName) {
  const found = health.checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`no check ${name}`);
  return found;
}

test('a GM with keys, an answering KS and no re-registration is ok, with KS and KEK lifetime in the summary', () => {
  const health = healthOf({});
  expect(health.status).toBe('ok');
  expect(health.summary).toBe('gm1: registered with 10.1.11.2, its KEK lasts 1 h 23 min more');
  expect(health.action).toBeNull();
  expect(health.next).toEqual({ what: 'KEK rekey from the KS', atMs: NOW + 4755_500 });
});

test.each([
  ['is not registered', { registered: false, status: 'Registering' }, 'the GM tries to register again'],
  ['has no KEK any more', { kek: aKek(0) }, 'the GM registers: without a KEK no rekey reaches it before'],
  ['has its keys', { reregistersInSeconds: 900 }, 'rekey at the latest; without it the GM re-registers'],
] as const)('what its countdown announces of a GM that %s', (_what, own, what) => {
  const gm = { reregistersInSeconds: 1900, ...own };
  expect(healthOf({ gm }, fleet()).next).toMatchObject({ what });
});

test('the next event of a GM whose KS sends no KEK rekey ahead is its re-registration, not a rekey', () => {
  const next = (over: Partial<GroupView>) =>
    healthOf({ gm: { reregistersInSeconds: 4850, teks: teks(9000) } }, fleet(over)).next?.what;
  const mixedVersions = { legacyKss: [{ device: 'ks1', version: null }], sending: ['ks1'], affectedGms: ['gm1'] };
  expect(next({ mixedVersions })).toBe('the GM re-registers: its KS sends no KEK rekey before expiry');
  expect(next({})).toBe('KEK rekey from the KS');
});

test('a GM that is not registered has no traffic only when its TEK has ended', () => {
  const detailOf = (own: Partial<GmSnapshot>) =>
    checkOf(healthOf({ gm: { registered: false, status: 'Re-registering', ...own } }), 'registered').detail;
  expect(detailOf({ teks: teks(3051) })).toMatch(
    /^not registered \(Re-registering\): its TEK lasts \d+ min [^;]+ more; without a registration its traffic is dropped then, or in clear if it fails open$/,
  );
  for (const none of [teks(0), [], null]) {
    expect(detailOf({ teks: none })).toBe(
      'not registered (Re-registering): its traffic is dropped, or in clear if it fails open',
    );
  }
});

test('a GM is without a KEK only if the answer shows keys: no keys at all, or a KEK in unknown words, is unknown', () => {
  const shown = (own: Partial<GmSnapshot>) => checkOf(healthOf({ gm: { registered: true, ...own } }), 'kek_present');
  expect(shown({ kek: null, teks: null })).toMatchObject({ status: 'unknown', detail: 'no keys are shown' });
  expect(shown({ kek: UNKNOWN_KEK })).toMatchObject({
    status: 'unknown',
    detail: 'what is shown of its KEK was not understood',
  });
  expect(shown({ kek: null, teks: null, kekAbsent: true }).status).toBe('critical');
  expect(shown({ kek: null, teks: [] }).status).toBe('critical');
});

test('a GM whose SAs are inbound only is said to send in clear; of others the direction is not mentioned', () => {
  const shown = healthOf({ gm: { receiveOnly: true } });
  expect(checkOf(shown, 'sa_direction')).toMatchObject({
    status: 'warning',
    detail: 'its IPsec SAs are inbound only: it takes in encrypted traffic, and sends its own in clear',
    action: expect.stringMatching(/receive-only on purpose\?/u),
  });
  expect(healthOf({}).checks.map(({ name }) => name)).not.toContain('sa_direction');
});

test('of a KEK whose lifetime is not understood nothing is said about the release', () => {
  const kek = { ...aKek(0), remainingSeconds: null };
  expect(checkOf(healthOf({ gm: { kek } }), 'kek_remaining')).toMatchObject({
    status: 'unknown',
    detail: 'no lifetime of its KEK is shown (releases before 15.2(1)T / XE 3.5S print none)',
  });
});

describe('a problem of a GM decides its status, is named in the summary and has a first step:', () => {
  const cases: readonly [title: string, CheckName, HealthStatus, DeviceOptions, Partial<GroupView>?][] = [
    ['it is not registered', 'registered', 'critical', { gm: { registered: false, status: 'Registering' } }],
    ['it is registered, but holds no KEK', 'kek_present', 'critical', { gm: { kek: null } }],
    ['its KEK shows a lifetime of 0', 'kek_present', 'critical', { gm: { kek: aKek(0) } }],
    ['its KEK rekey is overdue', 'kek_remaining', 'warning', { gm: { kek: aKek(150) } }],
    [
      'the tracker knows that its KEK rekey is overdue',
      'kek_remaining',
      'warning',
      { tracked: { kekRekeyOverdue: true } },
    ],
    [
      'it holds another KEK than its KS',
      'kek_matches_ks',
      'critical',
      {},
      { gms: [gmInFleet({ kekMatchesKs: false })] },
    ],
    [
      'it holds other TEKs than its KS',
      'tek_matches_ks',
      'critical',
      {},
      { gms: [gmInFleet({ tekMatchesKs: false })] },
    ],
    ['it diverges from most GMs', 'tek_matches_ks', 'critical', {}, { gms: [gmInFleet({ divergent: true })] }],
    ['it holds no TEK', 'tek_remaining', 'critical', { gm: { teks: [] } }],
    ['its TEKs have expired', 'tek_remaining', 'critical', { gm: { teks: teks(0, 0) } }],
    ['no TEK rekey came', 'tek_remaining', 'warning', { gm: { teks: teks(20, 50) } }],
    [
      'it is about to register because no TEK rekey came',
      'tek_remaining',
      'warning',
      { tracked: { tekRekeyOverdue: true } },
    ],
    [
      'it tries in vain to register again, and its countdown is over',
      'registration_attempts',
      'critical',
      { gm: { reregistersInSeconds: 0 }, tracked: { failedAttempts: 2 } },
    ],
    [
      'it tries in vain to register again, and shows no countdown',
      'registration_attempts',
      'critical',
      { tracked: { failedAttempts: 4 } },
    ],
    [
      'it tries in vain to register again, and its countdown runs for each attempt',
      'registration_attempts',
      'critical',
      { gm: { reregistersInSeconds: 20 }, tracked: { failedAttempts: 4, retrying: true } },
    ],
    [
      'attempts to register again failed, and its countdown runs again',
      'registration_attempts',
      'warning',
      { gm: { reregistersInSeconds: 20 }, tracked: { failedAttempts: 4 } },
    ],
    ['it drops packets', 'packets_dropped', 'warning', { tracked: { packetsDropped: true } }],
    ['it did not acknowledge one rekey', 'rekeys_acknowledged', 'warning', {}, { gms: [gmInFleet({ acksMissed: 1 })] }],
    [
      'it did not acknowledge two rekeys',
      'rekeys_acknowledged',
      'critical',
      {},
      { gms: [gmInFleet({ acksMissed: 2 })] },
    ],
    [
      'it did not acknowledge two rekeys, and may have registered since they were counted',
      'rekeys_acknowledged',
      'warning',
      {},
      { gms: [gmInFleet({ acksMissed: 2, registeredSinceList: true })] },
    ],
    ['no KS lists it any more', 'rekeys_acknowledged', 'critical', {}, { notListed: ['gm1'] }],
    [
      'it re-registered unexpectedly within the hour',
      'reregistrations',
      'warning',
      {
        tracked: {
          reregistrations: {
            expected: 0,
            unexpected: 1,
            last: { atMs: NOW - 600_000, cause: 'kek_missed_rekey', unexpected: true },
            recent: [NOW - 600_000],
          },
        },
      },
    ],
    [
      'it may register with a KS of the old behaviour',
      'mixed_versions',
      'warning',
      {},
      {
        mixedVersions: { legacyKss: [{ device: 'ks1', version: '15.1(4)M8' }], sending: ['ks1'], affectedGms: ['gm1'] },
      },
    ],
    ['its certificate ends in 29 days', 'certificates', 'warning', { certificates: certificateEnding(29) }],
    ['its certificate ends in 6 days', 'certificates', 'critical', { certificates: certificateEnding(6) }],
    ['its certificate has ended', 'certificates', 'critical', { certificates: certificateEnding(-3) }],
    ['its figures contradict each other', 'data_agreement', 'warning', { tracked: { dataProblems: ['counters'] } }],
    ['its sources disagree', 'sources_agree', 'warning', { tracked: { sourcesDisagree: true } }],
    ['lines of its output were not understood', 'parser', 'warning', { unparsedLines: 3 }],
    ['it may not run the command', 'reachable', 'warning', { result: 'command', error: '% Authorization failed.' }],
    ['a follow-up command was unreadable', 'commands', 'warning', { collectors: new Map([['show version', 'parse']]) }],
    ['the last poll failed, but the answer before is fresh', 'reachable', 'warning', { result: 'timeout' }],
    ['the credential is refused', 'reachable', 'warning', { result: 'auth' }],
    ['it waits since it refused the credential', 'reachable', 'warning', { result: 'quarantined', failure: 'auth' }],
    ['others refused its credential', 'reachable', 'warning', { result: 'quarantined', age: 400 }],
    ['it waits since its host key changed', 'reachable', 'critical', { result: 'backoff', failure: 'host_key' }],
    ['the host key changed', 'reachable', 'critical', { result: 'host_key' }],
    ['it does not answer by SNMP', 'snmp_reachable', 'warning', { snmp: { result: 'timeout', error: null } }],
    ['it does not answer any more', 'reachable', 'unknown', { result: 'timeout', age: 400 }],
    ['its answer is old', 'fresh', 'unknown', { age: 400 }],
    ['its answer is from the future, because the clock was set back', 'fresh', 'unknown', { age: -4000 }],
  ];
  test.each([
    ['in-clear', /came in clear/u, /^The message names the source/u],
    ['pseudotime', /pseudotime is far/u, /^show crypto gdoi gm replay/u],
    [null, /anti-replay or data plane/u, /^show crypto gdoi gm replay/u],
  ] as const)(
    'what its messages say about dropped packets decides the detail and the first step: %s',
    (saidOfPackets, detail, action) => {
      const found = checkOf(
        healthOf({ tracked: { packetsDropped: true, saidOfPackets } }, fleet({})),
        'packets_dropped',
      );
      expect(found.detail).toMatch(detail);
      expect(found.action).toMatch(action);
    },
  );

  const dataplane = { encrypted: 1, decrypted: 1, errors: { no_sa: 700 } };
  const replay = { enabled: true, inputErrors: 3, outputErrors: 0, timeSyncErrors: 0, maxTimeDeltaSeconds: 0 };
  test.each([
    ['of the data plane', { dataplane }, /^show crypto gdoi gm dataplane counters/u],
    ['of anti-replay', { replay }, /^show crypto gdoi gm replay on this GM/u],
    ['of both', { dataplane, replay }, /^show crypto gdoi gm replay and show crypto gdoi gm dataplane counters/u],
  ] as const)(
    'the first step for dropped packets is to read the counters that are collected: %s',
    (_of, gm, action) => {
      const found = checkOf(healthOf({ gm, tracked: { packetsDropped: true } }, fleet({})), 'packets_dropped');
      expect(found.action).toMatch(action);
    },
  );

  test.each([
    ['quarantined', 'auth', /^the agent does not log in: /, /password/u],
    ['backoff', 'host_key', /^the SSH host key is not accepted: /, /fingerprint/u],
    ['backoff', 'parse', /^it answers, and shows nothing that can be used: /, /^show crypto gdoi on the device/u],
    ['backoff', 'timeout', /^no answer: /, /path to the device/u],
  ] as const)(
    'what is said of a device that waits (%s) is what failed before: %s',
    (result, failure, detail, action) => {
      const found = checkOf(healthOf({ result, failure, error: 'why' }), 'reachable');
      expect(found.detail).toMatch(detail);
      expect(found.action).toMatch(action);
    },
  );

  test('a refused host key is not said to have changed, because it may only be unknown', () => {
    expect(checkOf(healthOf({ result: 'host_key' }), 'reachable').detail).toMatch(
      /^the SSH host key is not accepted: /,
    );
  });

  test('it is said when no command was answered or when there are no two sources to compare', () => {
    expect(checkOf(healthOf({ collectors: new Map() }), 'commands')).toMatchObject({
      status: 'unknown',
      detail: 'no command was answered yet',
    });
    const withoutCli = { snmp: { result: 'ok', error: null }, tracked: { sourcesDisagree: null } };
    expect(checkOf(healthOf(withoutCli), 'sources_agree').detail).toBe(
      'not both the CLI and what is asked beside it show the group now',
    );
    expect(checkOf(healthOf({ tracked: { sourcesDisagree: null } }), 'sources_agree').detail).toBe(
      'only one source is asked',
    );
  });

  test.each(cases)('%s', (_title, name, status, options, view) => {
    const health = healthOf(options, fleet(view ?? {}));
    const found = checkOf(health, name);
    expect([found.status, health.status]).toEqual([status, status]);
    expect(health.summary).toContain(found.detail);
    expect(found.action).toBeTruthy();
    expect(health.action).toBe(found.action);
  });
});

test('a re-registration that its group no longer explains leads to the incidents, not to the path', () => {
  const last = { atMs: NOW - 470_000, cause: 'tek_expired', unexpected: true } as const;
  const reregistrations = { expected: 0, unexpected: 1, last, recent: [last.atMs] };
  const action = (of: GroupView | null) =>
    checkOf(healthOf({ tracked: { reregistrations } }, of), 'reregistrations').action;
  expect(action(fleet({}))).toMatch(/^gdoiwatch incidents --group G1/u);
  // Nothing else is known of a device that is in no configuration.
  expect(action(null)).toBe(CHECK_REKEY_PATH);
});

test('a GM with other TEKs is said to be cut off from the group only if another GM has the group’s TEKs', () => {
  const told = (...gms: readonly GroupView['gms'][number][]) => {
    const divergentMembers = gms.flatMap(({ device, divergent }) => (divergent ? [device] : []));
    return checkOf(healthOf({}, fleet({ gms, divergentMembers })), 'tek_matches_ks').detail;
  };
  const ofItsKs = 'holds other TEKs than its KS: traffic with GMs that have those is dropped';
  const apart = gmInFleet({ divergent: true, tekMatchesKs: false });
  expect(told(apart, gmInFleet({ device: 'gm2' }))).toBe('holds other TEKs than the group: traffic with it is dropped');
  expect(told(apart, { ...apart, device: 'gm2' })).toBe(ofItsKs);
  // In a split the others hold the same TEKs, those of the other primary.
  expect(told(gmInFleet({ tekMatchesKs: false }), gmInFleet({ device: 'gm2', tekMatchesKs: false }))).toBe(ofItsKs);
});

test('the check of a certificate names trustpoint and end; without a certificate there is no check', () => {
  expect(checkOf(healthOf({ certificates: certificateEnding(29) }), 'certificates')).toMatchObject({
    detail: 'the certificate of trustpoint CORP-CA ends in 29 days, on 2026-01-30T03:00:00Z',
    value: 29 * 86_400,
    threshold: 30 * 86_400,
  });
  expect(checkOf(healthOf({ certificates: certificateEnding(31) }), 'certificates').status).toBe('ok');
  expect(healthOf({}).checks.map(({ name }) => name)).not.toContain('certificates');
});

describe('an overdue KEK rekey, with the time left counted on since the answer,', () => {
  const told = (age: number) => checkOf(healthOf({ gm: { kek: aKek(195) }, age }, null), 'kek_remaining');

  test('tells within what time the GM re-registers', () => {
    expect(told(10)).toMatchObject({
      status: 'warning',
      detail: 'no KEK rekey came, 3 min 05 s of the old KEK left: it re-registers within 2 min 26 s',
      value: 185,
      threshold: 200,
    });
  });

  test('tells that the GM re-registers at this moment', () => {
    expect(told(156)?.detail).toBe('no KEK rekey came, 39 s of the old KEK left: it re-registers at this moment');
  });
});

test('the summary of a device in several groups says which group it means', () => {
  const at = { sentAtMs: NOW, receivedAtMs: NOW };
  const part = (group: string, registered: boolean) =>
    [
      group,
      {
        group,
        gm: { snapshot: { ...emptyGmSnapshot(group), registered, teks: teks(2000), kek: aKek(5000) }, at },
        ks: null,
      },
    ] as const;
  const well = healthOf({ groups: new Map([part('G1', true), part('G2', true)]) });
  expect(well.summary).toContain(
    'registered (group G1), its KEK lasts 1 h 23 min more (group G1), registered (group G2)',
  );
  const ill = healthOf({ groups: new Map([part('G1', true), part('G2', false)]) });
  expect(ill.summary).toContain('in clear if it fails open (group G2)');
  expect(ill.groups.map(({ status }) => status)).toEqual(['ok', 'critical']);
});

describe('what is not known is neither 0 nor ok', () => {
  test('the KEK lifetime of a GM without a KEK timer is unknown, and the GM is still ok', () => {
    const health = healthOf({ gm: { kek: aKek(null) } });
    expect(checkOf(health, 'kek_remaining')).toMatchObject({ status: 'unknown', value: null });
    expect(health.status).toBe('ok');
  });

  test('the comparison of a GM with its KS is unknown if the KS is not polled, and the GM is still ok', () => {
    const health = healthOf({}, null);
    for (const name of ['kek_matches_ks', 'tek_matches_ks', 'rekeys_acknowledged', 'mixed_versions'] as const)
      expect(checkOf(health, name)).toMatchObject({ status: 'unknown' });
    expect(health.status).toBe('ok');
  });

  test('a GM that shows neither registration nor keys is unknown', () => {
    expect(healthOf({ gm: { registered: null, kek: null, teks: null } }).status).toBe('unknown');
  });

  test('the registration of a GM that shows only keys, as by SNMP, is unknown, and the GM is still ok', () => {
    const health = healthOf({ gm: { registered: null } });
    expect(checkOf(health, 'registered').status).toBe('unknown');
    expect(health.status).toBe('ok');
  });

  test('it is unknown whether the figures of a GM contradict each other if no tracker follows it', () => {
    expect(checkOf(healthOf({ tracked: null }), 'data_agreement').status).toBe('unknown');
  });

  test('a device that was never polled is unknown', () => {
    const health = deviceHealth(
      device({ result: null, lastSuccessAtMs: null, unparsedLines: null, groups: new Map(), tracking: new Map() }),
      () => null,
      NOW,
    );
    expect(health).toMatchObject({ status: 'unknown', summary: 'gm1: not polled yet; and 1 more check is not ok' });
    expect(health).toMatchObject({ observedAtMs: null, ageSeconds: null });
  });

  test('the KEK lifetime is unknown if a KEK rekey was due since the last answer', () => {
    expect(checkOf(healthOf({ gm: { kek: aKek(240) }, age: 100 }), 'kek_remaining')).toMatchObject({
      status: 'unknown',
      detail: 'a KEK rekey was due since it was last asked',
    });
  });
});

test('old answers still count for what was bad, but not for what was good', () => {
  const health = healthOf({ age: 700, result: 'timeout', gm: { kek: null } });
  expect(health.checks.filter(({ group, status }) => group !== null && status === 'ok')).toEqual([]);
  expect(health.status).toBe('critical');
  expect(health.summary).toContain('by its answer of 11 min 40 s ago: holds no KEK');
});

test('the remaining lifetime of a KEK by an old answer is counted down to now', () => {
  expect(checkOf(healthOf({ age: 700, gm: { kek: aKek(1600) } }), 'kek_remaining')).toMatchObject({
    status: 'unknown',
    detail: 'by its answer of 11 min 40 s ago: its KEK lasts 15 min 00 s more',
    value: 900,
  });
});

test('answers of a device that is polled at long intervals count as old later', () => {
  expect(healthOf({ age: 700, regularIntervalMs: 300_000 }).status).toBe('ok');
});

test('a device that answers but is in no group is a warning', () => {
  const health = healthOf({ groups: new Map(), tracking: new Map() });
  expect(health).toMatchObject({ status: 'warning', summary: 'gm1: answers, but is in no GDOI group' });
});

describe('a KS', () => {
  test('that shows neither KEK nor TEKs is unknown, whatever else it shows', () => {
    expect(healthOf({ ks: { kek: null, teks: [] } })).toMatchObject({
      status: 'unknown',
      summary: 'ks1: no KEK lifetime is shown',
    });
  });

  test('that shows only its TEKs is judged by them', () => {
    expect(healthOf({ ks: { kek: null } }).status).toBe('ok');
  });

  test('that is primary, with keys and acknowledging GMs, is ok', () => {
    const health = healthOf({ ks: {} });
    expect(health).toMatchObject({ status: 'ok', summary: 'ks1: its KEK lasts 1 h 23 min more, primary key server' });
    expect(health.next).toEqual({ what: 'TEK rekey to all GMs', atMs: NOW + 1864_500 });
  });

  const cases: readonly [title: string, CheckName, HealthStatus, DeviceOptions, Partial<GroupView>?][] = [
    ['does not answer', 'reachable', 'critical', { ks: {}, result: 'timeout', age: 400 }],
    ['refuses the login, and waits', 'reachable', 'warning', { ks: {}, result: 'quarantined', age: 400 }],
    [
      'is one of two primaries',
      'coop_split',
      'critical',
      { ks: {} },
      { coopSplit: { primaries: ['ks1', 'ks2'], sinceMs: NOW } },
    ],
    ['does not know its role', 'coop_role', 'warning', { ks: { localRole: 'unknown' } }],
    ['is dead in COOP', 'coop_role', 'critical', { ks: { localStatus: 'Dead' } }],
    [
      'has a dead peer',
      'coop_peers',
      'warning',
      { ks: { peers: [{ address: '10.1.12.2', role: null, status: 'Dead' }] } },
    ],
    [
      'lists a living peer as primary beside itself',
      'coop_split',
      'warning',
      { ks: { peers: [{ address: '10.1.12.2', role: 'primary', status: 'Alive' }] } },
    ],
    [
      'is primary and has not heard of its peers',
      'coop_peers',
      'warning',
      { ks: { peers: [{ address: '10.1.12.2', role: 'unknown', status: 'Unknown' }] } },
    ],
    [
      'misses one acknowledgement',
      'rekeys_acknowledged',
      'warning',
      { ks: { memberDetails: [aKsMember('10.0.0.9', 1)] } },
    ],
    ['is about to drop a GM', 'rekeys_acknowledged', 'critical', { ks: { memberDetails: [aKsMember('10.0.0.9', 2)] } }],
    ['has no GM', 'members', 'warning', { ks: { members: 0 } }],
    ['takes long for a rekey', 'rekey_duration', 'warning', { ks: { lastRekeyDurationMs: 130_000 } }],
    [
      'has a release too old for its GMs',
      'mixed_versions',
      'warning',
      { ks: {} },
      {
        mixedVersions: { legacyKss: [{ device: 'ks1', version: '15.1(4)M8' }], sending: ['ks1'], affectedGms: ['gm1'] },
      },
    ],
    ['has keys that ran out', 'kek_remaining', 'critical', { ks: { kek: aKsKey(0, { lifetimeSeconds: 86_400 }) } }],
  ];
  test.each(cases)('that %s', (_title, name, status, options, view) => {
    const health = healthOf(options, fleet(view ?? {}));
    const found = checkOf(health, name);
    expect([found.status, health.status]).toEqual([status, status]);
    expect(health.summary).toContain(found.detail);
    expect(health.action).toBe(found.action);
  });

  test.each([
    ['a dead peer that was primary before the failover', { localRole: 'primary', peers: [peer('primary', 'Dead')] }],
    ['the primary, as a secondary', { localRole: 'secondary', peers: [peer('primary', 'Alive')] }],
  ] as const)('sees no second primary in %s', (_peer, ks) => {
    expect(checkOf(healthOf({ ks }), 'coop_split')).toMatchObject({
      status: 'ok',
      detail: 'no second primary is seen',
    });
  });

  test.each([
    ['as a secondary, of another secondary', { localRole: 'secondary' }, 600],
    ['as a primary that started a minute ago', { localRole: 'primary' }, 60],
  ] as const)('may hear nothing of a peer %s', (_who, own, uptimeSeconds) => {
    const ks = { ...own, peers: [peer('secondary', 'Unknown')] };
    const facts = { value: { ...FACTS, uptimeSeconds }, at: { sentAtMs: NOW, receivedAtMs: NOW } };
    expect(checkOf(healthOf({ ks, facts }), 'coop_peers').status).toBe('ok');
  });

  // It was asked 10 s ago; an old KS makes the next KEK when this one ends.
  test.each([
    ['when it was asked', NOW - 10_000, 'unknown', 'its KEK ends at this moment'],
    ['a minute before', NOW - 70_000, 'critical', 'its KEK has run out and was not replaced'],
  ] as const)('whose KEK ended %s', (_when, kekExpiryMs, status, detail) => {
    const ended = aKsKey(0, { lifetimeSeconds: 86_400 });
    const kss = fleet().kss.map((each) => ({ ...each, kekExpiryMs }));
    expect(checkOf(healthOf({ ks: { kek: ended } }, fleet({ kss })), 'kek_remaining')).toMatchObject({
      status,
      detail,
    });
  });

  // A GM that it does not list and a peer that it does not hear may show otherwise on their own pages.
  test.each([
    ['members', { members: 0 }, 'lists no GM'],
    ['members', { members: 2 }, 'lists 2 GMs'],
    [
      'coop_peers',
      { peers: [{ address: '10.1.12.2', role: null, status: 'Dead' }] },
      'sees COOP peer 10.1.12.2 as dead',
    ],
    [
      'coop_peers',
      { peers: [{ address: '10.1.12.2', role: null, status: 'Dead', ike: 'In Progress' }] },
      'sees COOP peer 10.1.12.2 (IKE status In Progress) as dead',
    ],
  ] as const)('is reported with what it shows of others, not with how these are (%s: %j)', (name, ks, detail) => {
    expect(checkOf(healthOf({ ks }), name).detail).toBe(detail);
  });

  test.each([
    ['', { '10.0.0.1': 2 }, ['warning', 'from gm1, by a list that may be from before it registered']],
    [
      ' unless another GM misses more',
      { '10.0.0.1': 2, '10.0.0.9': 1 },
      ['warning', 'from 10.0.0.9; worst: 1 in a row'],
    ],
  ] as const)(
    'is not said to drop a GM that may have registered since it was listed%s',
    (_, missed, [status, said]) => {
      const memberDetails = Object.entries(missed).map(([address, acks]) => aKsMember(address, acks));
      const health = healthOf({ ks: { memberDetails } }, fleet({ gms: [gmInFleet({ registeredSinceList: true })] }));
      expect(checkOf(health, 'rekeys_acknowledged')).toMatchObject({ status, detail: expect.stringContaining(said) });
    },
  );

  test('refers to a polled GM by its name and to another one by its address', () => {
    const health = healthOf({ ks: { memberDetails: [aKsMember('10.0.0.1', 1), aKsMember('10.0.0.9', 2)] } });
    expect(checkOf(health, 'rekeys_acknowledged').detail).toContain('10.0.0.9, gm1');
  });
});

test('the document has the names of the contract, and instants in ISO 8601', () => {
  const document = healthDocument(healthOf({ gm: { kek: aKek(150) } }));
  expect(document).toMatchObject({
    device: 'gm1',
    status: 'warning',
    observed_at: '2026-01-01T02:59:50Z',
    age_seconds: 10,
  });
  expect(document.checks.find(({ name }) => name === 'kek_remaining')).toEqual({
    name: 'kek_remaining',
    group: 'G1',
    status: 'warning',
    detail: expect.stringContaining('no KEK rekey came') as string,
    value: 140,
    threshold: 235,
    action: expect.stringContaining('UDP 848') as string,
    explained_by: null,
  });
  expect(document.groups).toMatchObject([{ group: 'G1', role: 'gm', status: 'warning' }]);
});

describe('the first step for a re-registration', () => {
  interface More {
    readonly stated?: string;
    readonly followedBy?: Cause;
    readonly agoMs?: number;
  }
  const reregistered = (cause: Cause, { stated, followedBy, agoMs = 600_000 }: More = {}) => {
    const told = { atMs: NOW - agoMs, cause, unexpected: true, ...(stated === undefined ? {} : { stated }) };
    const last = followedBy === undefined ? told : { atMs: NOW - 60_000, cause: followedBy, unexpected: false };
    const reregistrations = {
      expected: followedBy === undefined ? 0 : 1,
      unexpected: 1,
      last,
      recent: [NOW - agoMs],
      ...(followedBy === undefined ? {} : { lastUnexpected: told }),
    };
    // Nothing is known of its group.
    return checkOf(healthOf({ tracked: { reregistrations } }, null), 'reregistrations');
  };

  test.each<[Cause, RegExp]>([
    ['kek_missed_rekey', /^On the KS, show crypto gdoi ks members.*UDP 848/u],
    ['tek_expired', /^On the KS, show crypto gdoi ks members.*UDP 848/u],
    ['legacy_ks', /^show version on the KS/u],
    ['kek_expired', /^show version on the KS/u],
    ['ks_failover', /^show crypto gdoi ks coop on the KSs/u],
    ['recovery', /two KSs with different keys\?/iu],
    ['unknown', /logs of GM and KS at that time/u],
  ])('follows its cause: %s', (cause, step) => {
    expect(reregistered(cause)).toMatchObject({ status: 'warning', action: expect.stringMatching(step) });
  });

  test('does not lead to the path if a rekey came and was refused', () => {
    const { action, detail } = reregistered('kek_missed_rekey', { stated: 'GDOI_REKEY_FAILURE' });
    expect(action).toMatch(/^show crypto key mypubkey rsa on every KS/u);
    expect(detail).toBe(
      're-registered unexpectedly 10 min 00 s ago: a KEK rekey did not reach it (a rekey came that it could not use)',
    );
  });

  test('is to read what happened once its group no longer reports it, because it may be over', () => {
    const { detail, action } = reregistered('kek_missed_rekey', { agoMs: 1_800_000 });
    expect(detail).toBe('re-registered unexpectedly 30 min 00 s ago: a KEK rekey did not reach it');
    expect(action).toMatch(/^gdoiwatch incidents --group G1: what else happened/u);
  });

  test('and its cause are not hidden by an expected re-registration after it', () => {
    const { action, detail } = reregistered('legacy_ks', { followedBy: 'operator_clear' });
    expect(detail).toBe(
      're-registered unexpectedly 10 min 00 s ago: its KS does not rekey the KEK ahead of expiry (old release)',
    );
    expect(action).toMatch(/^show version on the KS/u);
  });
});

/** An explanation of gm1 that has been present for a minute. */
function explained(over: Partial<Explanation>): Explanation {
  return {
    cause: 'rekeys_refused',
    phase: 'present',
    status: 'critical',
    sinceMs: NOW - 60_000,
    summary: 'GM gm1 receives rekeys and refuses them',
    consequence: null,
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: 'show crypto key mypubkey rsa on every KS',
    scope: ['gm1'],
    evidence: [],
    explains: [{ check: 'kek_remaining', devices: ['gm1'] }],
    ...over,
  };
}

test('a check that is explained has the first step of its cause', () => {
  const refused = explained({});
  const health = healthOf({ tracked: { kekRekeyOverdue: true } }, fleet({ explanations: [refused] }));
  expect(checkOf(health, 'kek_remaining').action).toBe(refused.firstStep);
  expect(health.action).toBe(refused.firstStep);
});

test.each([
  ['that its policy differs from the others', 'coop_mismatch', 'critical', 'critical'],
  ['that it can hold no more GMs', 'coop_mismatch', 'warning', 'warning'],
  ['that it has no key to sign rekeys with', 'rekeys_refused', 'critical', 'critical'],
  ['that it refuses a GM that nobody polls', 'registration_refused', 'warning', 'warning'],
  ['that it refuses a GM that is not registered', 'unauthorized', 'critical', 'warning'],
] as const)(
  'a KS whose log says %s has that as status and summary, though all of its checks are ok',
  (_what, cause, said, status) => {
    const own = explained({ cause, status: said, scope: ['ks1'], explains: [] });
    expect(healthOf({ ks: {} }, fleet({ explanations: [own] }))).toMatchObject({
      status,
      summary: `ks1: ${own.summary}`,
      groups: [{ status }],
    });
    const over = { ...own, phase: 'over', status: 'ok' } as const;
    expect(healthOf({ ks: {} }, fleet({ explanations: [over] })).status).toBe('ok');
    expect(healthOf({ ks: {} }, fleet({ explanations: [{ ...own, scope: ['ks2'] }] })).status).toBe('ok');
  },
);

describe('a cause that names a device, though all of its checks are ok,', () => {
  const statusBy = (options: DeviceOptions, over: Partial<Explanation>) => {
    const explanations = [explained({ explains: [], ...over })];
    const { status, groups } = healthOf(options, fleet({ explanations }));
    return [status, ...groups.map((part) => part.status)];
  };

  test.each(['ks_down', 'ks_rekeys_lost', 'no_primary', 'redundancy_lost'] as const)(
    'makes a KS as bad as it is, where it is %s',
    (cause) => {
      expect(statusBy({ ks: {} }, { cause, scope: ['gm1', 'ks1'] })).toEqual(['critical', 'critical']);
      const unclear = { cause, scope: ['ks1'], phase: 'unclear', status: 'warning' } as const;
      expect(statusBy({ ks: {} }, unclear)).toEqual(['warning', 'warning']);
      expect(statusBy({ ks: {} }, { cause, scope: ['ks1'], phase: 'over', status: 'warning' })).toEqual(['ok', 'ok']);
    },
  );

  test('makes each KS a warning where they know different numbers of GMs', () => {
    const differ = { cause: 'member_counts_differ', scope: ['ks1', 'ks2'], status: 'warning' } as const;
    expect(statusBy({ ks: {} }, differ)).toEqual(['warning', 'warning']);
    expect(statusBy({ ks: {} }, { ...differ, phase: 'unclear', status: 'ok' })).toEqual(['ok', 'ok']);
  });

  test('makes a GM as bad as it is where it is of this GM alone', () => {
    const flap = { cause: 'interface_flap', scope: ['gm1'] } as const;
    expect(statusBy({}, { ...flap, status: 'warning' })).toEqual(['warning', 'warning']);
    expect(statusBy({}, { ...flap, status: 'critical' })).toEqual(['critical', 'critical']);
  });

  test('is a warning where the GM is one of several, or suffers what all will', () => {
    const flaps = { cause: 'interface_flap', scope: ['gm1', 'gm2'] } as const;
    expect(statusBy({}, flaps)).toEqual(['warning', 'warning']);
    expect(statusBy({}, { cause: 'ks_down', scope: ['gm1', 'ks1'] })).toEqual(['warning', 'warning']);
  });
});

test.each([
  ['one poll of a GM failed', {}, 'warning'],
  ['one poll of a KS failed', { ks: {} }, 'warning'],
  ['a KS does not answer', { ks: {}, age: 400 }, 'critical'],
  ['a GM does not answer', { age: 400 }, 'unknown'],
] as const)('where %s, that is its status in its group, too', (_title, options, status) => {
  const health = healthOf({ ...options, result: 'timeout', error: 'no answer' });
  expect([health.status, health.groups[0]?.status]).toEqual([status, status]);
});

test('a KS that does not know its COOP role is no warning while it may join its peers after a boot', () => {
  const bootedBefore = (uptimeSeconds: number) => {
    const value = { ...FACTS, uptimeSeconds };
    const facts = { value, at: { sentAtMs: NOW - 10_000, receivedAtMs: NOW - 10_000 } };
    return healthOf({ ks: { localRole: 'unknown' }, facts }).status;
  };
  expect(bootedBefore(180)).toBe('ok');
  expect(bootedBefore(240)).toBe('warning');
});

test('missed acknowledgements do not make a KS worse than what explains them', () => {
  const traces = explained({
    cause: 'coop_split',
    phase: 'over',
    status: 'ok',
    firstStep: null,
    explains: [{ check: 'rekeys_acknowledged', devices: ['gm1'] }],
  });
  const ks = { memberDetails: [aKsMember('10.1.12.2', 2)] };
  expect(healthOf({ ks }).status).toBe('critical');
  const health = healthOf({ ks }, fleet({ explanations: [traces] }));
  expect(health.status).toBe('ok');
  expect(checkOf(health, 'rekeys_acknowledged')).toMatchObject({
    status: 'critical',
    action: null,
    explainedBy: { cause: 'coop_split', status: 'ok' },
  });
});

describe('a KEK that ended after the poll that was explained', () => {
  const ended = (explanation: Explanation) =>
    checkOf(healthOf({ gm: { kek: aKek(5) }, age: 10 }, fleet({ explanations: [explanation] })), 'kek_remaining');

  test('is explained by what is said of the GM and its keys', () => {
    const old = explained({ cause: 'legacy_ks', status: 'warning', explains: [] });
    expect(ended(old)).toMatchObject({ explainedBy: { cause: 'legacy_ks', status: 'warning' } });
  });

  test('is not explained by what says nothing of keys', () => {
    const dropping = explained({ cause: 'replay_errors', status: 'warning', explains: [] });
    expect(ended(dropping)).toMatchObject({ explainedBy: null });
  });
});
