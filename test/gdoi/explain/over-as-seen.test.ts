/** A problem is over only if its end was seen: a silent device shows neither the problem nor its end. */
import { describe, expect, test } from 'vitest';
import type { Explanation, ExplanationCause } from '../../../src/gdoi/explain/explanation.ts';
import type { MemberContext } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import { Fleet, ks, type KsOptions, START } from '../../builders/fleet-group.ts';
import { member, silent } from './members.ts';

const ks2 = (second: number, options: KsOptions = {}) =>
  ks(second, { device: 'ks2', address: '10.1.0.2', role: 'secondary', ...options });
const ks3 = (second: number, options: KsOptions = {}) =>
  ks(second, { device: 'ks3', address: '10.1.0.3', role: 'secondary', ...options });
const DEAD = { '10.1.0.1': 'Dead' } as const;

function find({ explanations }: GroupView, cause: ExplanationCause): Explanation | undefined {
  return explanations.find((explanation) => explanation.cause === cause);
}

/** Only one poll of it failed. */
function once(facts: MemberFacts, second: number): MemberFacts {
  return silent(facts, second, { inARow: 1, established: false });
}

function endOf({ incidents }: Fleet, cause: ExplanationCause): string | null | undefined {
  return incidents.findLast((incident) => incident.cause === cause && incident.status === 'closed')?.endedBy;
}

describe('a KS of three that went silent', () => {
  const withoutKs1 = () => {
    const fleet = new Fleet();
    fleet.see(ks(0), ks2(0), ks3(0), member(1, 0));
    fleet.see(silent(ks(0), 60), ks2(90, { role: 'primary', peers: DEAD }), ks3(90), member(1, 90));
    return fleet;
  };

  test('is not taken to be back when one poll of the new primary fails', () => {
    const fleet = withoutKs1();
    const before = find(fleet.see(), 'redundancy_lost');
    expect(before).toMatchObject({ phase: 'present', scope: ['ks1'] });
    expect(find(fleet.see(once(ks2(90, { role: 'primary', peers: DEAD }), 150)), 'redundancy_lost')).toMatchObject({
      phase: 'present',
      summary: before?.summary,
    });
    expect(endOf(fleet, 'redundancy_lost')).toBeUndefined();
  });

  test('is not taken to be back when the new primary steps down, and no KS is said to serve the GMs then', () => {
    const fleet = withoutKs1();
    const view = fleet.see(ks2(150, { peers: DEAD }), ks3(150), member(1, 150));
    expect(endOf(fleet, 'redundancy_lost')).toBeUndefined();
    expect(find(view, 'redundancy_lost')?.summary).toBe(
      'KS ks1 has not answered since 08:00:00 UTC; no KS that answers says that it is primary',
    );
  });

  test('is not taken to be back when the others go silent as well, which is ks_down', () => {
    const fleet = withoutKs1();
    const view = fleet.see(silent(ks2(90, { role: 'primary' }), 150), silent(ks3(90), 150));
    expect(view.explanations.map(({ cause, phase }) => `${cause} ${phase}`)).toEqual(['ks_down present']);
    expect(endOf(fleet, 'redundancy_lost')).toBe('what it explained follows from another cause now: ks_down');
  });

  test('shares one explanation with a second KS that goes silent, which says since when neither answers', () => {
    const fleet = withoutKs1();
    const view = fleet.see(silent(ks2(90, { role: 'secondary', peers: DEAD }), 150), ks3(150, { role: 'primary' }));
    expect(find(view, 'redundancy_lost')).toMatchObject({
      sinceMs: START + 200,
      summary: 'KSs ks1, ks2 have not answered since 08:01:30 UTC; KS ks3 took over as primary and serves the GMs',
    });
    expect(find(fleet.see(ks(300, { role: 'secondary' }), ks2(300, { peers: DEAD })), 'redundancy_lost')?.summary).toBe(
      'KSs ks1, ks2 did not all answer from 08:00:00 UTC to 08:05:00 UTC and are back; a peer’s last answer still calls ks1 dead',
    );
  });

  test('is back when it answers, with a note on what still shows its absence', () => {
    const fleet = withoutKs1();
    const view = fleet.see(ks(200, { role: 'secondary' }));
    expect(endOf(fleet, 'redundancy_lost')).toBe('the KS answers again');
    expect(find(view, 'redundancy_lost')).toMatchObject({
      phase: 'over',
      summary:
        'KS ks1 did not answer from 08:00:00 UTC to 08:03:20 UTC and is back; a peer’s last answer still calls ks1 dead',
    });
  });
});

test('says that two KSs were both primary, not that they are, when one of them went silent', () => {
  const fleet = new Fleet();
  const pair = (second: number) => [ks(second), ks2(second, { role: 'primary' })] as const;
  for (const second of [0, 60, 120]) fleet.see(...pair(second), member(1, second));
  expect(find(fleet.see(), 'coop_split')?.summary).toMatch(/are both primary since .*: COOP is split/u);
  expect(find(fleet.see(silent(pair(120)[1], 180)), 'coop_split')).toMatchObject({
    confidence: 'likely',
    summary: expect.stringMatching(
      /were both primary from .* on: COOP was split; KS ks2 has not answered since 08:02:00/u,
    ),
  });
});

test('does not say that silent KSs are back when a KS that is not polled serves their GMs', () => {
  const fleet = new Fleet();
  const servers = ['10.1.0.1', '10.1.0.9'] as const;
  const gm = (number: number, second: number, context: Partial<MemberContext> = {}) =>
    member(number, second, { keyServers: servers, registered: context.failedAttempts === undefined }, context);
  fleet.see(ks(0), gm(1, 0), gm(2, 0));
  const off = { failedAttempts: 2, unregisteredSinceMs: START + 90_000 };
  expect(find(fleet.see(silent(ks(0), 60), gm(1, 100, off), gm(2, 100, off)), 'ks_down')).toMatchObject({
    phase: 'present',
  });
  const again = (number: number, second: number) =>
    member(number, second, {
      keyServers: servers,
      keyServer: '10.1.0.9',
      succeeded: 2,
      change: { lastReregistration: { cause: 'unknown', atMs: START + 170_000 } },
    });
  const view = fleet.see(again(1, 180), again(2, 181));
  expect(find(view, 'ks_down')?.summary ?? '').not.toMatch(/is back/u);
  expect(endOf(fleet, 'ks_down')).toBe('a GM got a rekey, or registered');
});

describe('an incident of unregistered GMs', () => {
  const OFF = { failedAttempts: 2, unregisteredSinceMs: START + 60_000 };
  const withoutRegistration = () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    fleet.see(ks(160), member(1, 160, { registered: false, teks: null, kekExpiry: null }, OFF));
    expect(find(fleet.see(), 'not_registered')).toMatchObject({ phase: 'present' });
    return fleet;
  };

  test('is not said to end with their registration when they went silent', () => {
    const fleet = withoutRegistration();
    fleet.see(silent(member(1, 160, { registered: false, teks: null, kekExpiry: null }), 220));
    expect(endOf(fleet, 'not_registered')).toBe('nothing shows it any more; what ended it is not known');
    expect(fleet.see().explanations.map(({ cause }) => cause)).toEqual(['gms_unreachable']);
  });

  test('ends because they are polled no more, neither with their registration nor for an unknown reason', () => {
    const fleet = withoutRegistration();
    fleet.see({ ...member(1, 220), presence: 'gone', gm: null, ks: null });
    expect(endOf(fleet, 'not_registered')).toBe('no device that it was about is polled in the group any more');
  });

  test('ends with their registration when they are registered again', () => {
    const fleet = withoutRegistration();
    fleet.see(member(1, 220, { succeeded: 2 }));
    expect(endOf(fleet, 'not_registered')).toBe('the GMs are registered');
  });
});

test('does not say that a KS lists nobody when its list has other addresses and no count', () => {
  const fleet = new Fleet();
  const lists = (...addresses: readonly string[]) => Object.fromEntries(addresses.map((address) => [address, 0]));
  fleet.see(ks(0, { members: lists('10.0.0.1', '10.0.0.2') }), member(1, 1), member(2, 2));
  // The KS now knows both by other addresses, as behind another NAT.
  const moved = ks(1000, { members: lists('198.51.100.7', '198.51.100.8') });
  const found = find(fleet.see(moved, member(1, 1001), member(2, 1002)), 'ks_members_lost');
  expect(found?.evidence).toEqual(['ks1: lists none of the polled GMs', 'Registered, and not on its list: gm1, gm2']);
});

test('does not say that a device accepts the agent’s login when it refused it and then went silent', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), member(1, 0), member(2, 0));
  fleet.see(silent(member(1, 0), 60, { result: 'auth' }));
  expect(find(fleet.see(), 'login_refused')).toMatchObject({ phase: 'present' });
  fleet.see(silent(member(1, 0), 60, { result: 'timeout' }));
  expect(endOf(fleet, 'login_refused')).toBe('what it explained follows from another cause now: gms_unreachable');
});

describe('rekeys that one GM missed', () => {
  const missed = () => {
    const fleet = new Fleet();
    const all = (second: number) => [2, 3, 4].map((number) => member(number, second));
    fleet.see(ks(0), member(1, 0), ...all(0));
    const lastReregistration = { cause: 'tek_expired', atMs: START + 100_000 } as const;
    const again = (second: number) => member(1, second, { succeeded: 2, change: { lastReregistration } });
    fleet.see(ks(110), again(120), ...all(121));
    expect(find(fleet.see(), 'path_loss')).toMatchObject({ phase: 'present', scope: ['gm1'] });
    return { fleet, again, all };
  };

  test('are over when it has the current keys and did not register for a lost rekey for ten minutes', () => {
    const { fleet, again, all } = missed();
    fleet.see(ks(800), again(801), ...all(802));
    expect(endOf(fleet, 'path_loss')).toBe(
      'the GMs have the current keys, and none registered for a lost rekey for ten minutes',
    );
  });

  test('end for an unknown reason when it has no registration and shows no keys', () => {
    const { fleet, all } = missed();
    const off = { failedAttempts: 2, unregisteredSinceMs: START + 790_000 };
    fleet.see(ks(800), member(1, 801, { registered: false, teks: null, kekExpiry: null }, off), ...all(802));
    expect(endOf(fleet, 'path_loss')).toBe('nothing shows it any more; what ended it is not known');
  });
});

test('ends an unknown re-registration with the cause that soon explains it, not with ten minutes of quiet', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), member(1, 0), member(2, 0));
  const lastReregistration = { cause: 'unknown', atMs: START + 100_000 } as const;
  const again = (second: number) => member(1, second, { succeeded: 2, change: { lastReregistration } });
  fleet.see(ks(110), again(120));
  expect(find(fleet.see(), 'reregistered')).toMatchObject({ phase: 'present', scope: ['gm1'] });
  const elsewhere = { cause: 'ks_failover', atMs: START + 100_000 } as const;
  fleet.see(member(1, 140, { succeeded: 2, change: { lastReregistration: elsewhere } }));
  expect(endOf(fleet, 'reregistered')).toBe('what it explained follows from another cause now: ks_failover');
});

test('ends the loss of GMs that are not polled with their acknowledgements, not with their keys', () => {
  const fleet = new Fleet();
  const members = (missed: number) => ({ '10.0.0.1': missed, '10.0.0.2': 0, '10.0.0.3': 0, '10.0.0.4': 0 });
  fleet.see(ks(0, { members: members(1) }));
  expect(find(fleet.see(), 'path_loss')).toMatchObject({ phase: 'present', scope: ['10.0.0.1'] });
  fleet.see(ks(60, { members: members(0) }));
  expect(endOf(fleet, 'path_loss')).toBe('no KS lacks an acknowledgement of theirs any more');
});

test('does not report an explained re-registration anew when the message that explained it has grown old', () => {
  const fleet = new Fleet();
  const refusal = (number: number, second: number) =>
    ({
      kind: 'rekey_refused',
      atMs: START + second * 1000,
      group: 'G1',
      text: `%GDOI-3-GDOI_REKEY_FAILURE: Processing of REKEY payloads failed on GM 10.0.0.${number} in the group G1`,
    }) as const;
  const registered = (number: number, second: number, refusedAt: number) =>
    member(
      number,
      second,
      { succeeded: 2, change: { lastReregistration: { cause: 'tek_expired', atMs: START + 100_000 } } },
      { reasons: [refusal(number, refusedAt)] },
    );
  fleet.see(ks(0), member(1, 0), member(2, 0), member(3, 0));
  fleet.see(ks(110), registered(1, 120, 50), registered(2, 120, 50), member(3, 121));
  expect(find(fleet.see(), 'rekeys_refused')).toMatchObject({ scope: ['gm1', 'gm2'] });
  // gm2 logs it again; the message of gm1 is older than ten minutes, but its registration is not.
  fleet.see(registered(2, 655, 600), registered(1, 656, 50), ks(657));
  const { explanations } = fleet.see(registered(1, 690, 50), registered(2, 691, 600), ks(692));
  expect(explanations.map(({ cause }) => cause)).toEqual(['rekeys_refused']);
});

test('reports no outage for two failed polls of an old KS whose GMs lack a KEK as in each of its cycles', () => {
  const fleet = new Fleet();
  const old = (second: number) => ({
    ...ks(second, { kekExpiry: 200 }),
    version: '15.0(1)M',
    kekBehavior: 'legacy' as const,
  });
  const overdue = (number: number, second: number) =>
    member(number, second, { kekExpiry: 200, change: { kekRekeyOverdue: true } });
  fleet.see(old(0), member(1, 0, { kekExpiry: 200 }), member(2, 0, { kekExpiry: 200 }));
  expect(find(fleet.see(overdue(1, 60), overdue(2, 60)), 'legacy_ks')).toMatchObject({ phase: 'present' });
  fleet.see(silent(old(0), 70, { inARow: 1, established: false }));
  const view = fleet.see(silent(old(0), 70, { inARow: 2, established: false, lastMs: START + 130_000 }));
  expect(find(view, 'ks_down')?.phase).not.toBe('present');
});

test('does not report a boot again when a later answer dates it some seconds later', () => {
  const fleet = new Fleet();
  const keys = { teks: { '0x0000000A': 9000 } } as const;
  const up = (second: number, bootSecond: number) => member(1, second, keys, { bootMs: START + bootSecond * 1000 });
  fleet.see(ks(0, keys), member(1, 0, keys), member(2, 0, keys));
  expect(find(fleet.see(up(120, 60)), 'gms_reloaded')).toMatchObject({ phase: 'present', scope: ['gm1'] });
  // Ten minutes after the boot it is not reported any more.
  expect(fleet.see(up(680, 60), ks(680, keys), member(2, 680, keys)).explanations).toEqual([]);
  expect(fleet.see(up(700, 110), ks(700, keys), member(2, 700, keys)).explanations).toEqual([]);
});

test.each([
  ['before its KS’s list is read again', [], 'the GMs registered again'],
  ['when its KS lists it', [ks(759, { members: { '10.0.0.1': 0, '10.0.0.2': 0 } })], 'a KS lists the GMs again'],
])('ends the ejection of a GM once it registered again, %s', (_when, read, ended) => {
  const fleet = new Fleet();
  const members = (missed: number | null) => ({ ...(missed === null ? {} : { '10.0.0.1': missed }), '10.0.0.2': 0 });
  fleet.see(ks(0, { members: members(0) }), member(1, 0), member(2, 0));
  fleet.see(ks(399, { members: members(2) }), member(1, 400));
  expect(find(fleet.see(member(1, 700), ks(701, { members: members(null) })), 'ejected')).toMatchObject({
    phase: 'present',
  });
  const last = { cause: 'kek_missed_rekey', atMs: START + 750_000 } as const;
  fleet.see(...read, member(1, 760, { succeeded: 2, change: { lastReregistration: last } }));
  expect(endOf(fleet, 'ejected')).toBe(ended);
});

describe('a re-registration that a KS ordered', () => {
  const forced = { atMs: START + 100_000, evidence: 'log: GM_RECV_DELETE' };
  const ordered = (second: number, ...gms: readonly MemberFacts[]) => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    return { fleet, summary: find(fleet.see(ks(second), ...gms), 'ks_forced')?.summary ?? '' };
  };

  test('is not said to be done by GMs that have not registered since', () => {
    const { summary } = ordered(105, member(1, 106, {}, { forced }), member(2, 106, {}, { forced }));
    expect(summary).toMatch(/^KS ks1 made its GMs register anew at 08:01:40 UTC .*: none did so far$/u);
  });

  test('is said to be done by GMs that have registered since', () => {
    const change = { lastReregistration: { cause: 'ks_forced', atMs: START + 120_000 } } as const;
    const { summary } = ordered(130, member(1, 131, { change }, { forced }), member(2, 131, {}, { forced }));
    expect(summary).toMatch(/: GM gm1 did so far$/u);
  });

  test('stays done by all GMs as time passes, until it is no longer reported', () => {
    const ended = (number: number, atSecond: number) => (second: number) =>
      member(number, second, {
        change: { lastReregistration: { cause: 'ks_forced', atMs: START + atSecond * 1000 } },
      });
    const [first, second] = [ended(1, 110), ended(2, 300)];
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const told = (at: number) => find(fleet.see(ks(at), first(at), second(at)), 'ks_forced')?.summary;
    expect(told(310)).toMatch(/between 08:01:50 and 08:05:00 UTC .*: both GMs \(gm1, gm2\) did$/u);
    // Ten minutes after the first registration.
    expect(told(720)).toBe(told(310));
    expect(told(910)).toBeUndefined();
  });

  test('is a replaced policy instead if that came by a rekey, and ends before ten minutes have passed', () => {
    const policy = { atMs: START + 100_000, evidence: 'log: GM_RECV_POLICY_REPLACE_NOW' };
    const got = (number: number, second: number) => member(number, second, { lastAge: 6 }, { forced: policy });
    const { fleet, summary } = ordered(105, got(1, 106), got(2, 106));
    expect(summary).toBe(
      'KS ks1 replaced the policy of its GMs at 08:01:40 UTC: both GMs (gm1, gm2) took it by a rekey',
    );
    fleet.see(ks(300), member(1, 301), member(2, 301));
    expect(endOf(fleet, 'ks_forced')).toBe('the GMs are registered');
  });
});
