import type { Stated } from '../../../src/gdoi/events/gdoi-events.ts';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../../src/gdoi/explain/explanation.ts';
import { keysDiffer } from '../../../src/gdoi/explain/bare-symptoms.ts';
import { type GroupFacts, type MemberContext, NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import { symptomsOf } from '../../../src/gdoi/explain/symptom.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { assessFleet, measuresOf } from '../../../src/gdoi/fleet/assessment.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../../src/gdoi/fleet/fleet-settings.ts';
import { factsOf } from '../../../src/gdoi/fleet/group-facts-of.ts';
import { isGmByMulticast } from '../../../src/gdoi/fleet/kss-together.ts';
import { groupHealth } from '../../../src/gdoi/health/health-group.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, OVERDUE, said, silent } from './members.ts';
import { CHECK_DROPS } from '../../../src/gdoi/events/first-steps.ts';

test('keeps the instant since when a KS does not answer, however long the polls of it hang', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), member(1, 0));
  const instants = [30, 60, 900].map((second) => {
    const first = said(fleet, silent(ks(0), second, { inARow: 1, established: second > 30 }));
    return first === 'ok' ? first : [first.cause, first.sinceMs];
  });
  expect(instants).toEqual([30, 60, 900].map(() => ['ks_down', START + 200]));
});

describe('a missing rekey', () => {
  test('is an unclear path_loss when one GM lacks it and no other GM was polled since it was due', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { kekExpiry: 180 }), member(2, 0, { kekExpiry: 180 }));
    const first = said(fleet, member(1, 30, OVERDUE, { nextLookMs: START + 60_000 }));
    expect(first).toMatchObject({ cause: 'path_loss', phase: 'unclear', status: 'warning', confidence: 'possible' });
  });

  test('is a path_loss when one GM lacks it and the others have a newer KEK', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { kekExpiry: 180 }), member(2, 0, { kekExpiry: 80_000 }));
    expect(said(fleet, member(1, 30, OVERDUE))).toMatchObject({ cause: 'path_loss', phase: 'present', scope: ['gm1'] });
  });

  test('is a path_loss without a deadline once the GM re-registered, even if the cause of that is unknown', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { kekExpiry: 180 }), member(2, 0, { kekExpiry: 80_000 }));
    const missing = said(fleet, member(1, 30, OVERDUE, { reregistersAtMs: START + 60_000 }));
    expect(missing).toMatchObject({ cause: 'path_loss', deadlineMs: START + 60_000 });
    const last = { cause: 'unknown', atMs: START + 60_000, betweenMs: [START + 50_000, START + 65_000] } as const;
    for (const second of [65, 300]) {
      expect(said(fleet, member(1, second, { succeeded: 2, change: { lastReregistration: last } }))).toMatchObject({
        cause: 'path_loss',
        phase: 'present',
        status: 'warning',
        summary: 'Rekeys to GM gm1 were lost, and it re-registered between 08:00:50 and 08:01:05 UTC',
        consequence: { what: 'traffic goes on; the next rekey may be lost as well', unless: null },
        deadlineMs: null,
        evidence: [expect.stringMatching(/gm1, re-registered between 08:00:50 and 08:01:05 UTC: ./u)],
      });
    }
  });

  test('is ks_rekeys_lost when most GMs of a small group lack it, and names the GM that re-registers first', () => {
    const fleet = new Fleet();
    const waiting = (number: number) =>
      member(number, 30, OVERDUE, { reregistersAtMs: START + (60 + 10 * number) * 1000 });
    expect(said(fleet, ks(0, { kekExpiry: 180 }), waiting(1), waiting(2), waiting(3))).toMatchObject({
      cause: 'ks_rekeys_lost',
      status: 'critical',
      deadlineMs: START + 70_000,
      consequence: { what: '3 GMs re-register, gm1 first', unless: 'the rekey comes before' },
    });
  });

  test('is named by its key; that the KS has all acknowledgements of a later rekey is not listed as evidence', () => {
    const fleet = new Fleet();
    const members = { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0 };
    const first = said(fleet, ks(0, { kekExpiry: 180, members }), ...[1, 2, 3].map((n) => member(n, 30, OVERDUE)));
    expect(first).toMatchObject({
      cause: 'ks_rekeys_lost',
      summary: expect.stringMatching(/^KEK rekeys of KS ks1 do not arrive: .* missed the last one$/u),
      evidence: ['missed the last KEK rekey: gm1, gm2, gm3', 'all of them are registered with KS 10.1.0.1'],
    });
  });

  test('is called a TEK rekey when the TEK ran out, and the next loss that is predicted is of a TEK rekey, too', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const lastReregistration = { cause: 'tek_expired', atMs: START + 50_000 } as const;
    const first = said(fleet, ks(60), ...[1, 2].map((n) => member(n, 60, { change: { lastReregistration } })));
    expect(first).toMatchObject({
      cause: 'ks_rekeys_lost',
      summary: expect.stringMatching(/^TEK rekeys of KS ks1 do not arrive: both GMs/u),
      consequence: { what: expect.stringContaining('the next TEK rekey will be lost as well') },
    });
  });

  test('is said only to be not acknowledged, not whether it came, when only the counters of the KS show it', () => {
    const first = said(new Fleet(), ks(0, { members: { '10.0.0.1': 1, '10.0.0.2': 0, '10.0.0.3': 0 } }));
    expect(first).toMatchObject({
      cause: 'path_loss',
      summary:
        'GM 10.0.0.1 did not acknowledge the last rekey of KS ks1; others got it: it is off or gone, or rekeys or acknowledgements are lost on the way',
      evidence: ['no acknowledgement of the last rekey from 10.0.0.1, as the KS counts'],
    });
  });

  test('leads to the path from GM to KS when the GM has the current keys and only acknowledgements are lost', () => {
    const fleet = new Fleet();
    const members = { '10.0.0.1': 2, '10.0.0.2': 0 };
    fleet.see(ks(0), member(1, 0), member(2, 0));
    expect(said(fleet, ks(59, { members }), member(1, 60), member(2, 60))).toMatchObject({
      cause: 'path_loss',
      summary: expect.stringContaining('those of the last 2 rekeys are missing, though it has the current keys'),
      firstStep: expect.stringContaining('the path back, GM to KS'),
    });
  });

  test('is not taken for lost acknowledgements when the GM lacks the TEK that its KS gives out', () => {
    const fleet = new Fleet();
    const old = { '0x0000000A': 2000 };
    const renewed = { '0x0000000B': 5600, ...old };
    fleet.see(...[1, 2].map((number) => member(number, 0, { teks: old })), ks(0, { teks: old }));
    const counting = ks(59, { members: { '10.0.0.1': 1, '10.0.0.2': 0 }, teks: renewed });
    const first = said(fleet, counting, member(1, 60, { teks: old }), member(2, 60, { teks: renewed }));
    expect(first).toMatchObject({ cause: 'path_loss', summary: expect.not.stringMatching(/current keys/u) });
  });

  test('is unclear until the next answer of the GM when its KS counts it and the GM was not polled since', () => {
    const fleet = new Fleet();
    const members = { '10.0.0.1': 1, '10.0.0.2': 0 };
    const planned = { nextLookMs: START + 65_000 };
    fleet.see(ks(0), member(1, 0, {}, planned), member(2, 0));
    expect(said(fleet, ks(30, { members }))).toMatchObject({
      cause: 'path_loss',
      phase: 'unclear',
      summary:
        'KS ks1 has no acknowledgement of the last rekey from GM gm1; whether it was there to get it is not yet clear',
      knownAtMs: START + 65_000,
    });
    // In `fleet` the GM reloaded meanwhile; in `there` it did not, so its acknowledgements are what is lost.
    const reloaded = { cause: 'reload', atMs: START + 50_000 } as const;
    const booted = member(
      1,
      65,
      { succeeded: 1, received: 0, change: { lastReregistration: reloaded } },
      { bootMs: START + 45_000 },
    );
    const there = new Fleet();
    there.see(ks(0), member(1, 0), member(2, 0));
    expect(said(fleet, booted)).toMatchObject({ cause: 'gms_reloaded' });
    expect(said(there, ks(30, { members }), member(1, 65))).toMatchObject({
      phase: 'present',
      summary: expect.stringMatching(/^Acknowledgements of GM gm1 do not reach KS ks1/u),
    });
  });

  test('is an unclear path_loss when no KS is polled and no other GM shows that it was sent', () => {
    const fleet = new Fleet();
    const old = { teks: { '0x0000000A': 660 } } as const;
    fleet.see(member(1, 0, old), member(2, 0, old));
    fleet.see(member(2, 600, { ...old, registered: false }, { unregisteredSinceMs: START + 600_000 }));
    expect(fleet.see(member(1, 610, old)).explanations).toContainEqual(
      expect.objectContaining({
        cause: 'path_loss',
        phase: 'unclear',
        summary: 'GM gm1 did not get the rekey that is due; no KS is polled, and no other GM shows that it was sent',
      }),
    );
  });

  test.each([
    [1, 'path_loss'],
    [3, 'ks_rekeys_lost'],
  ])('mentions no acknowledgements when %i of three GMs lack it and it is sent by multicast', (waiting, cause) => {
    const fleet = new Fleet();
    const multicast = { transport: 'multicast' } as const;
    fleet.see(ks(0, { kekExpiry: 180 }), ...[1, 2, 3].map((n) => member(n, 0, { kekExpiry: 180, ...multicast })));
    const late = [1, 2, 3].map((n) =>
      member(n, 30, n <= waiting ? { ...OVERDUE, ...multicast } : { kekExpiry: 80_000, ...multicast }),
    );
    const first = said(fleet, ...late);
    expect(first).toMatchObject({ cause, firstStep: expect.stringContaining('show ip mroute') });
    expect(JSON.stringify(first)).not.toMatch(/acknowledge|Acks/u);
  });

  test.each([
    [1, 'path_loss'],
    [3, 'ks_rekeys_lost'],
  ])('mentions no acknowledgements when %i of three GMs lack it and only the KS shows multicast', (waiting, cause) => {
    const fleet = new Fleet();
    const shown = { transport: null } as const;
    // A KS may print 0 missed acknowledgements although it counts none.
    const members = { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0, '10.0.0.4': 0 };
    const server = ks(0, { kekExpiry: 180, transport: 'multicast', members });
    fleet.see(server, ...[1, 2, 3].map((n) => member(n, 0, { kekExpiry: 180, ...shown })));
    const late = [1, 2, 3].map((n) =>
      member(n, 30, n <= waiting ? { ...OVERDUE, ...shown } : { kekExpiry: 80_000, ...shown }),
    );
    const first = said(fleet, ...late);
    expect(first).toMatchObject({ cause, firstStep: expect.stringContaining('show ip mroute') });
    expect(JSON.stringify(first)).not.toMatch(/acknowledge|Acks/u);
  });

  test('has no evidence about acknowledgements when it is sent by multicast and no KS is polled', () => {
    const fleet = new Fleet();
    const multicast = { transport: 'multicast' } as const;
    fleet.see(member(1, 0, { kekExpiry: 180, ...multicast }), member(2, 0, { kekExpiry: 80_000, ...multicast }));
    const first = said(fleet, member(1, 30, { ...OVERDUE, ...multicast }));
    expect(first).toMatchObject({ cause: 'path_loss', evidence: ['missed the last KEK rekey: gm1', 'got it: gm2'] });
  });

  test('is not reported as lost when the GMs received and refused it, even once the refusals are past', () => {
    const fleet = new Fleet();
    const refused = [
      { kind: 'rekey_refused', atMs: START + 10_000, group: null, text: 'GDOI_REKEY_FAILURE: hash failed' },
    ] as const;
    const first = [1, 2, 3].map((number) => member(number, 30, OVERDUE, { reasons: refused }));
    expect(said(fleet, ks(0, { kekExpiry: 180 }), ...first)).toMatchObject({ cause: 'rekeys_refused' });
    // They registered for it, and have the new KEK.
    const lastReregistration = { cause: 'kek_missed_rekey', atMs: START + 90_000 } as const;
    const healed = (second: number) =>
      [1, 2, 3].map((number) => member(number, second, { change: { lastReregistration } }, { reasons: refused }));
    expect(said(fleet, ks(100), ...healed(100))).toMatchObject({ cause: 'rekeys_refused' });
    const later = fleet.see(ks(640), ...healed(640)).explanations.map(({ cause }) => cause);
    expect(later).not.toContain('ks_rekeys_lost');
    expect(later).not.toContain('path_loss');
  });

  test('is unclear at first when no KS has shown its release, because an old KS sends no rekey before expiry', () => {
    const fleet = new Fleet();
    const waiting = (second: number) => [1, 2, 3].map((number) => member(number, second, OVERDUE));
    expect(said(fleet, ...waiting(30))).toMatchObject({
      cause: 'path_loss',
      phase: 'unclear',
      status: 'warning',
      knownAtMs: START + 90_200,
    });
    expect(said(fleet, ...waiting(60))).toMatchObject({ phase: 'unclear' });
    expect(said(fleet, ...waiting(100))).toMatchObject({ cause: 'ks_rekeys_lost', phase: 'present' });
    // Once the KS is polled, there is nothing to wait for.
    const known = new Fleet();
    known.see(...waiting(30));
    expect(said(known, ks(31, { kekExpiry: 180 }))).toMatchObject({ cause: 'ks_rekeys_lost', phase: 'present' });
  });

  test('is unclear, too, when one of the GMs had re-registered minutes before for an unknown cause', () => {
    const fleet = new Fleet();
    const ending = { kekExpiry: 600 } as const;
    const last = { lastReregistration: { cause: 'unknown', atMs: START + 60_000 } } as const;
    const waiting = { kekRekeyOverdue: true } as const;
    fleet.see(member(1, 350, { ...ending, change: last }), member(2, 351, ending));
    fleet.see(member(1, 420, { ...ending, change: { ...last, ...waiting } }));
    const view = fleet.see(member(2, 421, { ...ending, change: waiting }));
    expect(view.explanations.map(({ cause, phase }) => `${cause} ${phase}`)).toEqual([
      'reregistered present',
      'path_loss unclear',
    ]);
  });

  test('is a path_loss of two GMs when only the KS is polled and two of its twelve GMs did not acknowledge', () => {
    const members = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`10.0.0.${index + 1}`, index < 2 ? 1 : 0]),
    );
    const first = said(new Fleet(), ks(0, { members }));
    expect(first).toMatchObject({ cause: 'path_loss', phase: 'present', scope: ['10.0.0.1', '10.0.0.2'] });
    expect(first).toHaveProperty('summary', expect.stringContaining('; others got it'));
  });

  test('is not blamed on the KS when the GMs do not answer, because they cannot acknowledge', () => {
    const fleet = new Fleet();
    const members = { '10.0.0.1': 1, '10.0.0.2': 1, '10.0.0.3': 1, '10.0.0.4': 0 };
    const gone = [1, 2, 3].map((number) => silent(member(number, 0), 30));
    const view = fleet.see(ks(60, { members }), ...gone, member(4, 60));
    expect(view.explanations.map(({ cause }) => cause)).toEqual(['gms_unreachable']);
    expect(view.explanations[0]).toMatchObject({ status: 'warning' });
  });
});

describe('a GM with a problem of its own', () => {
  const healthy = (second: number) => [ks(second), member(2, second)];
  const at = (second: number) => START + second * 1000;

  test('is interface_flap, not a path or KS problem, while its interface is down, comes back and it registers', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const down = { sinceMs: at(50), backMs: null, evidence: ['log: UPDOWN Serial1/0 down at 00:00:50Z'] };
    expect(said(fleet, member(1, 60, OVERDUE, { linkDown: down }))).toMatchObject({
      cause: 'interface_flap',
      status: 'warning',
      scope: ['gm1'],
      firstStep: expect.stringContaining('show interfaces'),
      explains: expect.arrayContaining([{ check: 'kek_remaining', devices: ['gm1'] }]),
    });
    const cut = member(1, 90, { registered: false }, { linkDown: down, unregisteredSinceMs: at(60) });
    expect(said(fleet, cut)).toMatchObject({ cause: 'interface_flap', status: 'critical' });
    const up = { ...down, backMs: at(100) };
    expect(said(fleet, member(1, 110, OVERDUE, { linkDown: up }))).toMatchObject({
      cause: 'interface_flap',
      summary: expect.stringContaining('is up since 08:01:40 UTC; it registers again'),
    });
    const lastReregistration = { cause: 'interface', atMs: at(104) } as const;
    expect(said(fleet, member(1, 160, { change: { lastReregistration } }))).toMatchObject({
      cause: 'interface_flap',
      status: 'ok',
    });
    expect(said(fleet, ...healthy(800), member(1, 800, { change: { lastReregistration } }))).toBe('ok');
  });

  describe('that cannot register for a reason that a router logged', () => {
    const failing = (failingFor: Stated, number = 1) =>
      member(number, 240, { registered: false }, { unregisteredSinceMs: at(60), failedAttempts: 3, failingFor });
    const ike = { reason: 'IKE with its KS failed', firstStep: 'show crypto isakmp sa on both ends' };

    test('is reported with that reason and its first step', () => {
      const fleet = new Fleet();
      fleet.see(...healthy(0), member(1, 0));
      expect(said(fleet, ...healthy(240), failing(ike))).toMatchObject({
        cause: 'not_registered',
        summary: expect.stringMatching(/is not registered since .*: IKE with its KS failed$/u),
        firstStep: 'show crypto isakmp sa on both ends',
        evidence: expect.arrayContaining(['gm1, by its log: IKE with its KS failed']),
      });
    });

    test('has each reason in the evidence and a general first step when another GM has another reason', () => {
      const fleet = new Fleet();
      fleet.see(...healthy(0), member(1, 0));
      const byKs = { reason: 'the KS refuses its GETVPN version', firstStep: 'On ks1, show it', by: 'ks1' };
      expect(said(fleet, ks(239), member(3, 239), failing(ike), failing(byKs, 2))).toMatchObject({
        cause: 'not_registered',
        summary: expect.stringMatching(/are not registered since [\d:]+ UTC$/u),
        firstStep: expect.stringContaining('UDP 848'),
        evidence: expect.arrayContaining(['gm2, by the log of ks1: the KS refuses its GETVPN version']),
      });
    });
  });

  test('is not ks_forced when its own crypto map was changed', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const last = { cause: 'ks_forced', atMs: at(50) } as const;
    const told = (stated: object) =>
      said(fleet, member(1, 60, { change: { lastReregistration: { ...last, ...stated } } }));
    expect(told({ stated: 'GM_CM_DETACH' })).toBe('ok');
    expect(told({ stated: 'GM_RECV_DELETE' })).toMatchObject({ cause: 'ks_forced', scope: ['gm1'] });
  });

  test('stays the same interface_flap between its registration message and the answer that shows the cause', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const linkDown = { sinceMs: at(50), backMs: at(100), evidence: ['log: UPDOWN Serial1/0 down at 00:00:50Z'] };
    const flap = { cause: 'interface_flap', sinceMs: at(50), scope: ['gm1'] };
    expect(said(fleet, member(1, 110, OVERDUE, { linkDown, nextLookMs: at(120) }))).toMatchObject(flap);
    expect(said(fleet, member(1, 112))).toMatchObject(flap);
    const lastReregistration = { cause: 'interface', atMs: at(104) } as const;
    expect(said(fleet, member(1, 121, { change: { lastReregistration } }))).toMatchObject({ ...flap, status: 'ok' });
    expect(said(fleet, ...healthy(800), member(1, 800, { change: { lastReregistration } }))).toBe('ok');
  });

  test('is without_tek when it is registered without any TEK and its log says the policy is not installed', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const reasons = [
      {
        kind: 'not_installed',
        atMs: at(58),
        group: 'G1',
        text: '%GDOI-3-GM_NO_IPSEC_FLOWS: FLOW limit possibly reached',
      },
    ] as const;
    const missing = member(1, 60, { teks: {} }, { reasons });
    expect(said(fleet, missing)).toMatchObject({
      cause: 'without_tek',
      status: 'critical',
      confidence: 'certain',
      evidence: [expect.stringContaining('GM_NO_IPSEC_FLOWS'), 'gm1: Registered, and no TEK is shown'],
      firstStep: expect.stringContaining('is the downloaded policy installed'),
    });
    expect(said(fleet, member(1, 120))).toBe('ok');
  });

  test('is replay_errors when packets fail the anti-replay check though keys and registration are fine', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const reasons = [
      {
        kind: 'replay_by_time',
        atMs: at(58),
        group: 'G1',
        text: 'TIMEBASED_REPLAY_FAILED: my_pseudotime = 900.1 secs, peer_pseudotime = 880.0 secs',
      },
    ] as const;
    expect(said(fleet, member(1, 60, {}, { dropping: true, reasons }))).toMatchObject({
      cause: 'replay_errors',
      status: 'warning',
      confidence: 'certain',
      explains: [{ check: 'packets_dropped', devices: ['gm1'] }],
    });
    // Only the counters show it.
    expect(said(fleet, member(1, 120, {}, { dropping: true }))).toMatchObject({
      cause: 'replay_errors',
      confidence: 'likely',
      consequence: { what: 'a part of the traffic to or from GM gm1 is lost', unless: null },
      firstStep: CHECK_DROPS,
    });
    expect(said(fleet, member(1, 180))).toBe('ok');
  });

  test('has dropped packets since the first message about it, even when that message is no longer shown', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const message = (seconds: number) =>
      ({ kind: 'replay', atMs: at(seconds), group: 'G1', text: 'replayed' }) as const;
    const first = [message(31), message(47)];
    expect(said(fleet, member(1, 60, {}, { dropping: true, reasons: first }))).toMatchObject({
      sinceMs: at(31),
      evidence: [expect.stringContaining(':31 UTC: replayed'), expect.stringContaining(':47 UTC: replayed')],
    });
    const later = [message(47), message(100)];
    expect(said(fleet, member(1, 120, {}, { dropping: true, reasons: later }))).toMatchObject({ sinceMs: at(31) });
  });

  test('does not date a new episode of dropped packets by a message of the one before', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const reasons = [{ kind: 'replay', atMs: at(20), group: 'G1', text: 'replayed' }] as const;
    expect(said(fleet, member(1, 60, {}, { dropping: true, reasons }))).toMatchObject({ sinceMs: at(20) });
    expect(said(fleet, member(1, 700))).toBe('ok');
    fleet.see(member(1, 2000));
    expect(said(fleet, member(1, 2060, {}, { dropping: true, reasons }))).toMatchObject({ sinceMs: at(2060) + 200 });
  });

  test('is said to drop packets for another reason than keys and registration only if both are fine', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const dropping = { dropping: true } as const;
    expect(said(fleet, member(1, 60, {}, dropping))).toMatchObject({
      summary: expect.stringMatching(/; its keys and registration are not the reason$/u),
    });
    const other = fleet.see(member(1, 120, { registered: false }, { ...dropping, unregisteredSinceMs: at(110) }));
    const summaries = other.explanations.map(({ summary }) => summary).join('\n');
    expect(summaries).toMatch(/gm1 drops packets/u);
    expect(summaries).not.toContain('not the reason');
  });

  test('is only said to risk losing packets when its pseudotime is far from that of its KS', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const text =
      '%GDOI-3-PSEUDO_TIME_LARGE: Pseudotime difference between KS and GM is larger than expected in group G1';
    const reasons = [{ kind: 'pseudotime', atMs: at(58), group: 'G1', text }] as const;
    expect(said(fleet, member(1, 60, {}, { dropping: true, reasons }))).toMatchObject({
      cause: 'replay_errors',
      summary: expect.stringContaining('has a pseudotime far from that of its KS since'),
      consequence: { what: expect.stringContaining('may be lost') },
    });
  });

  test('has a first step that leads to the sender when it drops packets that arrived in clear', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const text = "%CRYPTO-4-RECVD_PKT_NOT_IPSEC: Rec'd packet not an IPSEC packet. (ip) dest_addr= /10.1.1.1";
    const reasons = [{ kind: 'in_clear', atMs: at(58), group: null, text }] as const;
    expect(said(fleet, member(1, 60, {}, { dropping: true, reasons }))).toMatchObject({
      cause: 'replay_errors',
      summary: expect.stringContaining('some came in clear that should be encrypted'),
      firstStep: expect.stringContaining('The message names the source'),
      evidence: [expect.stringContaining('RECVD_PKT_NOT_IPSEC')],
    });
  });

  test('has a wrong clock, not a missing authorisation, when a certificate is not valid yet', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const reasons = [
      {
        kind: 'certificate_too_early',
        atMs: at(58),
        group: null,
        text: '%PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID: not yet valid',
      },
    ] as const;
    const failing = member(1, 60, { registered: false }, { reasons, unregisteredSinceMs: at(30), failedAttempts: 3 });
    expect(said(fleet, failing)).toMatchObject({
      cause: 'clock',
      status: 'critical',
      scope: ['gm1'],
      firstStep: expect.stringContaining('show clock on both ends'),
    });
    expect(said(fleet, member(1, 120, {}, { reasons }))).toBe('ok');
  });

  test('is named as the end with the wrong clock when its own clock was read and is off', () => {
    const fleet = new Fleet();
    fleet.see(...healthy(0), member(1, 0));
    const text = '%PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID: not yet valid';
    const reasons = [{ kind: 'certificate_too_early', atMs: at(58), group: null, text }] as const;
    const clock = { readMs: at(50), synchronised: false, aheadSeconds: -7200 };
    const failing = { reasons, unregisteredSinceMs: at(30), failedAttempts: 3, clock };
    expect(said(fleet, member(1, 60, { registered: false }, failing))).toMatchObject({
      cause: 'clock',
      summary: expect.stringContaining('so look at the clock of gm1'),
      evidence: [
        expect.stringContaining('NOT_YET_VALID'),
        'gm1: show clock at 08:00:50 UTC marks its time as not synchronised (* or .), and is 2 h 00 min behind the agent’s clock',
      ],
      firstStep: expect.stringContaining('show ntp associations on gm1'),
    });
  });
});

describe('a TEK rekey that did not come', () => {
  test('is said of the group as soon as the GM’s countdown shows it, as it is of the GM', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    expect(said(fleet, member(1, 60))).toBe('ok');
    const overdue = said(fleet, member(1, 70, { change: { tekRekeyOverdue: true } }));
    expect(overdue).toMatchObject({ cause: 'path_loss', phase: 'unclear', scope: ['gm1'] });
  });
});

describe('a GM that registers again and again', () => {
  const registered = (second: number, repeated?: number) => ({
    cause: 'unknown' as const,
    atMs: START + second * 1000,
    ...(repeated === undefined ? {} : { repeated }),
  });

  test('is critical from the third unexplained time within an hour on, as its event is', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    const second = said(fleet, member(1, 100, { change: { lastReregistration: registered(90) } }));
    expect(second).toMatchObject({ cause: 'reregistered', status: 'warning' });
    const third = said(fleet, member(1, 160, { change: { lastReregistration: registered(150, 3) } }));
    expect(third).toMatchObject({
      cause: 'reregistered',
      status: 'critical',
      evidence: ['gm1: cause not known, the third unexpected registration within an hour'],
    });
  });
});

describe('a KS that does not answer', () => {
  test('is an unclear ks_down until the next poll when one answer is missing', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    const once = silent(ks(60), 60, { inARow: 1, established: false });
    const planned = { ...once, context: { ...NO_CONTEXT, ...once.context, nextLookMs: START + 70_000 } };
    expect(said(fleet, planned)).toMatchObject({
      cause: 'ks_down',
      phase: 'unclear',
      status: 'warning',
      knownAtMs: START + 70_000,
    });
  });

  test('has a consequence that is said to follow only if the KS is down', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    expect(said(fleet, silent(ks(60), 60, { inARow: 1, established: false }))).toMatchObject({
      consequence: { what: 'if it is down, traffic of GM gm1 stops' },
    });
  });

  test('is silent since its last answer, even if that answer showed nothing of the group', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    expect(said(fleet, silent(ks(0), 60, { answeredMs: START + 50_000 }))).toMatchObject({
      cause: 'ks_down',
      sinceMs: START + 50_000,
      summary: expect.stringContaining('KS ks1, the only KS, has not answered since 08:00:50 UTC') as string,
      evidence: ['ks1: timeout 3 times in a row since 08:01:00 UTC; last answer at 08:00:50 UTC'],
    });
  });

  test('is critical when it stays silent, because the traffic of its GMs stops when their TEKs end', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0, { teks: { '0x0000000A': 600 } }), member(2, 0, { teks: { '0x0000000A': 900 } }));
    const first = said(fleet, silent(ks(60), 60));
    expect(first).toMatchObject({
      cause: 'ks_down',
      status: 'critical',
      consequence: { what: 'if it is down, traffic of 2 GMs stops, of gm1 first' },
    });
    expect((first as Explanation).deadlineMs).toBeCloseTo(START + 600_000, -4);
  });

  test('is not said to be back when only a GM shows that it was served', () => {
    const fleet = new Fleet();
    const unregistered = { unregisteredSinceMs: START + 200_000 };
    fleet.see(ks(0), member(1, 0));
    fleet.see(silent(ks(60), 60));
    fleet.see(member(1, 240, { registered: false }, unregistered));
    const last = { cause: 'unknown', atMs: START + 395_000 } as const;
    const served = member(1, 400, { succeeded: 2, lastAge: 1, change: { lastReregistration: last } });
    const down = fleet.see(silent(ks(60), 60), served).explanations.find(({ cause }) => cause === 'ks_down');
    expect(down?.summary).toMatch(/has not answered since .*; GMs are served again, a rekey or registration came at/u);
  });

  test('is ks_out_of_sight, and no page, when a GM got a rekey since', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    fleet.see(silent(ks(60), 60));
    const served = member(1, 120, { lastAge: 20 });
    expect(said(fleet, served)).toMatchObject({ cause: 'ks_out_of_sight', status: 'warning' });
  });

  test.each([10_000, 60_000])(
    'but served a GM is an unclear ks_out_of_sight until logins failed for a minute (polled every %i ms)',
    (pollIntervalMs) => {
      const fleet = new Fleet({ pollIntervalMs });
      fleet.see(ks(0), member(1, 0));
      fleet.see(silent(ks(60), 60));
      const triedAt = (second: number) => silent(ks(60), 60, { lastMs: START + second * 1000 });
      fleet.see(member(1, 120, { lastAge: 20 }));
      expect(said(fleet, triedAt(122))).toMatchObject({
        cause: 'ks_out_of_sight',
        phase: 'unclear',
        evidence: [expect.stringMatching(/^ks1: served a GM or a peer at .*, no answer at /u)],
      });
      expect(said(fleet, triedAt(182))).toMatchObject({
        cause: 'ks_out_of_sight',
        phase: 'present',
        summary:
          'KS ks1 has not answered the agent since 08:01:00 UTC, but served GMs or peers at 08:01:40 UTC: the agent’s path to it is broken, or it goes down and comes back',
      });
    },
  );

  test('but served a GM between two outages is ks_down once its GMs lack keys, even if no poll saw it up', () => {
    const fleet = new Fleet();
    const ending = (number: number, second: number, context = {}) =>
      member(number, second, { teks: { '0x0000000A': 400 }, lastAge: second - 100 }, context);
    fleet.see(ks(0), member(1, 0), member(2, 0));
    fleet.see(silent(ks(60), 60));
    fleet.see(ending(1, 120), ending(2, 121));
    const tried = silent(ks(60), 60, { inARow: 6, lastMs: START + 360_000 });
    expect(said(fleet, tried)).toMatchObject({ cause: 'ks_out_of_sight', phase: 'present', status: 'warning' });
    const view = fleet.see(ending(1, 365), ending(2, 366));
    expect(view.explanations.map(({ cause, status }) => `${cause} ${status}`)).toEqual(['ks_down critical']);
    expect(view.explanations[0]?.summary).toMatch(/^KS ks1.* has not answered since 08:01:40 UTC: /u);
  });

  test('but registered a GM between two polls of the GM is unclear until a minute after the later poll', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    fleet.see(silent(ks(60), 60));
    const betweenMs = [START + 70_000, START + 130_000] as const;
    const lastReregistration = { cause: 'tek_expired', atMs: START + 100_000, betweenMs } as const;
    fleet.see(member(1, 135, { succeeded: 2, change: { lastReregistration } }));
    const triedAt = (second: number) => silent(ks(60), 60, { lastMs: START + second * 1000 });
    expect(fleet.see(triedAt(175)).explanations).toContainEqual(
      expect.objectContaining({ cause: 'ks_out_of_sight', phase: 'unclear' }),
    );
    expect(fleet.see(triedAt(195)).explanations).toContainEqual(
      expect.objectContaining({ cause: 'ks_out_of_sight', phase: 'present' }),
    );
  });

  test.each(['auth', 'quarantined'])('because it refuses the agent (%s) is login_refused, not ks_down', (result) => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    expect(said(fleet, silent(ks(60), 60, { result }))).toMatchObject({ cause: 'login_refused', status: 'warning' });
  });

  test('is said to be known only by what still answers beside SSH', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    const refused = silent(ks(60), 60, { result: 'auth', established: false, answersBy: 'SNMP' });
    expect(said(fleet, { ...refused, presence: 'present' })).toMatchObject({
      consequence: { what: 'of ks1 only what SNMP shows is known' },
    });
  });

  test('is not coop_peer_lost after its boot when the peer called it dead only before that', () => {
    const fleet = new Fleet();
    const [first, second] = ['10.1.0.1', '10.1.0.2'] as const;
    const passive = { device: 'ks2', address: second, role: 'secondary', peers: { [first]: 'Dead' } } as const;
    fleet.see(
      ks(0, { peers: { [second]: 'Alive' } }),
      ks(0, { ...passive, peers: { [first]: 'Alive' } }),
      member(1, 0),
    );
    fleet.see(ks(100, passive), silent(ks(0), 90, { inARow: 1, established: false }));
    const up = { ...NO_CONTEXT, bootMs: START + 130_000 };
    const back = { ...ks(400, { peers: { [second]: 'Alive' } }), context: up };
    fleet.see(back);
    expect(fleet.see({ ...back, atMs: START + 480_000 }, member(1, 480)).explanations).toEqual([]);
    expect(said(fleet, ks(490, passive), back)).toMatchObject({ cause: 'coop_peer_lost' });
  });

  test('is redundancy_lost, not ks_down, when another KS answers as primary', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), ks(0, { device: 'ks2', address: '10.1.0.2', role: 'secondary' }), member(1, 0));
    fleet.see(silent(ks(60), 60));
    const takeover = ks(120, { device: 'ks2', address: '10.1.0.2', role: 'primary' });
    expect(said(fleet, takeover)).toMatchObject({
      cause: 'redundancy_lost',
      phase: 'present',
      status: 'warning',
      scope: ['ks1'],
    });
  });

  test('explains what its GMs still show once it is back, but not a later problem', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    fleet.see(silent(ks(60), 60), member(1, 90, { registered: false }, { unregisteredSinceMs: START + 90_000 }));
    expect(said(fleet, ks(120))).toMatchObject({
      cause: 'ks_down',
      phase: 'over',
      status: 'warning',
      // The GMs register by themselves, so nobody is sent to look at a path now.
      firstStep: expect.stringMatching(/^GMs try again about once a minute\. Of one that is still not registered at/u),
    });
    expect(said(fleet, member(1, 150))).toBe('ok');
    const later = member(2, 900, { registered: false }, { unregisteredSinceMs: START + 800_000 });
    expect(said(fleet, later)).toMatchObject({ cause: 'not_registered', status: 'critical' });
  });
});

test.each([-3600, -300, -49, -35, 35, 49, 60, 300, 3600])(
  'reports no lost rekey when the agent’s clock was changed by %i s',
  (bySeconds) => {
    const fleet = new Fleet();
    const teks = (expiry: number) => ({ '0x0000000A': expiry });
    const before = { kekExpiry: 9000, teks: teks(8000) };
    fleet.see(ks(0, before), ...[1, 2, 3].map((n) => member(n, 0, before)));
    // Devices that are read after the change show the same KEK on the new clock.
    const after = { kekExpiry: 9000 + bySeconds, teks: teks(8000 + bySeconds) };
    const at = (second: number) => second + Math.max(0, bySeconds);
    expect(fleet.see(ks(at(100), after)).explanations).toEqual([]);
    expect(fleet.see(member(2, at(160), after), member(3, at(160), after)).explanations).toEqual([]);
    expect(fleet.see(member(1, at(200), after)).explanations).toEqual([]);
  },
);

describe('a GM that does not get registered', () => {
  test('is an unclear not_registered when it was seen only once, as it may be registering just now', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0));
    const first = said(
      fleet,
      member(1, 60, { registered: false }, { unregisteredSinceMs: START + 60_200, nextLookMs: START + 70_000 }),
    );
    expect(first).toMatchObject({
      cause: 'not_registered',
      phase: 'unclear',
      status: 'warning',
      // An earlier poll may find it still registering.
      knownAtMs: START + 60_200 + 105_000,
    });
  });

  describe('while its old registration is valid', () => {
    const teks = { '0x0000000A': 320 };
    const told = (over: Partial<MemberContext>) => {
      const fleet = new Fleet();
      fleet.see(ks(0, { teks }), member(1, 0, { teks }), member(2, 0, { teks }));
      const trying = member(1, 200, { teks }, { ...over, unregisteredSinceMs: START + 140_000 });
      return fleet.see(ks(200, { teks }), trying, member(2, 200, { teks })).explanations;
    };

    test('is reported before its traffic stops once two attempts failed', () => {
      expect(told({ failedAttempts: 2, reregistersAtMs: START + 200_000 })).toMatchObject([
        {
          cause: 'not_registered',
          status: 'critical',
          summary:
            'GM gm1 has tried in vain to register since 08:02:20 UTC; it is still registered until its last TEK ends',
          consequence: { what: 'traffic of GM gm1 stops', unless: 'it registers before' },
          scope: ['gm1'],
        },
      ]);
    });

    test('is reported although its countdown runs, as for the next attempt, if attempt after attempt fails', () => {
      const ahead = { failedAttempts: 3, reregistersAtMs: START + 240_000 };
      expect(told(ahead)).toEqual([]);
      expect(told({ ...ahead, retrying: true })).toMatchObject([{ cause: 'not_registered', status: 'critical' }]);
    });

    test('is reported as the same when its last TEK ends, before its status shows it', () => {
      const fleet = new Fleet();
      const trying = { failedAttempts: 2, reregistersAtMs: START + 130_000, unregisteredSinceMs: START + 140_000 };
      fleet.see(ks(0, { teks }), member(1, 0, { teks }), member(2, 0, { teks }));
      fleet.see(ks(200, { teks }), member(2, 200, { teks }), member(1, 200, { teks }, trying));
      expect(fleet.see(member(1, 325, { teks: {} }, trying)).explanations).toMatchObject([
        {
          cause: 'not_registered',
          status: 'critical',
          summary: 'GM gm1 has tried in vain to register since 08:02:20 UTC; its last TEK has ended',
          consequence: { what: 'traffic of GM gm1 is dropped, or in clear where it fails open' },
        },
      ]);
    });

    test('has a consequence of its own beside a GM whose traffic is gone, and beside one like itself', () => {
      const off = (number: number, tekLeft: number) =>
        member(
          number,
          200,
          { registered: false, teks: { '0x0000000A': tekLeft } },
          { unregisteredSinceMs: START + 60_000 },
        );
      const consequenceOf = (...gms: Parameters<Fleet['see']>) =>
        new Fleet().see(ks(200, { teks }), ...gms, member(3, 200, { teks })).explanations[0]?.consequence;
      expect(consequenceOf(off(1, 0), off(2, 300))).toEqual({
        what: 'traffic of GM gm1 is dropped, or in clear where it fails open; traffic of 1 more stops',
        unless: 'it registers before',
      });
      expect(consequenceOf(off(1, 260), off(2, 300))).toEqual({
        what: 'traffic of 2 GMs stops, of gm1 first',
        unless: 'they register before',
      });
    });

    test.each([
      ['one attempt is under way', { failedAttempts: 1, reregistersAtMs: START + 200_000 }],
      ['attempts failed before and it counts down again', { failedAttempts: 2, reregistersAtMs: START + 400_000 }],
    ])('is not reported when %s', (_, over) => {
      expect(told(over).filter(({ cause }) => cause === 'not_registered')).toEqual([]);
    });
  });

  test('is unauthorized when its KS refuses its address, but not when the KS refuses another one', () => {
    const refused = (address: string) => {
      const text = `%GDOI-1-UNAUTHORIZED_IPADDR: Group G1 received registration from unauthorized ip address: ${address}`;
      const reason = { kind: 'unauthorized', atMs: START + 50_000, group: 'G1', text } as const;
      return { ...ks(60), context: { ...NO_CONTEXT, reasons: [reason] } };
    };
    const waiting = member(1, 200, { registered: false }, { unregisteredSinceMs: START + 60_000 });
    expect(said(new Fleet(), refused('10.0.0.1'), waiting)).toMatchObject({
      cause: 'unauthorized',
      scope: ['gm1', 'ks1'],
    });
    const other = new Fleet().see(refused('10.0.0.10'), waiting).explanations;
    expect(other.find(({ cause }) => cause === 'not_registered')).toMatchObject({ scope: ['gm1'] });
  });
});

describe('a GM that its KS dropped', () => {
  const members = (missed: number | null) => ({
    ...(missed === null ? {} : { '10.0.0.1': missed }),
    '10.0.0.2': 0,
    '10.0.0.3': 0,
  });

  test('stays ejected, but over, after it registered for a missed rekey, and that rekey is no path_loss', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: members(0) }), member(1, 0), member(2, 0), member(3, 0));
    fleet.see(ks(399, { members: members(2) }), member(1, 400));
    expect(said(fleet, member(1, 700), ks(701, { members: members(null) }))).toMatchObject({
      cause: 'ejected',
      status: 'critical',
      firstStep: expect.stringContaining('both ways'),
    });
    const lastReregistration = { cause: 'kek_missed_rekey', atMs: START + 750_000 } as const;
    const back = member(1, 760, { change: { lastReregistration }, succeeded: 2 });
    const view = fleet.see(back, ks(761, { members: members(0) }));
    expect(view.explanations).toMatchObject([
      {
        cause: 'ejected',
        phase: 'over',
        status: 'warning',
        summary: expect.stringMatching(/was on no KS’s list from .* and registered again at .*: it gets rekeys again/u),
        consequence: { what: 'the KS drops it again', unless: 'its acknowledgements arrive' },
      },
    ]);
  });

  test('is not told of a lost rekey when that ended by the list, and its registration was known a while later', () => {
    const fleet = new Fleet();
    const all = (second: number) => [member(2, second, { lastAge: 300 }), member(3, second, { lastAge: 300 })];
    fleet.see(ks(0, { members: members(0) }), member(1, 0), ...all(0));
    fleet.see(ks(399, { members: members(0) }), member(1, 400));
    fleet.see(member(1, 700), ks(701, { members: members(null) }));
    expect(said(fleet, member(1, 760), ks(761, { members: members(null) }))).toMatchObject({ cause: 'ejected' });
    const lastReregistration = { cause: 'kek_missed_rekey', atMs: START + 800_000 } as const;
    const back = (second: number) => member(1, second, { change: { lastReregistration }, succeeded: 2 });
    fleet.see(ks(805, { members: members(0) }), ...all(806));
    const looks = [830, 1200, 1390, 1404, 1408, 1415, 1425].map((second) => {
      const view = fleet.see(back(second), ks(second + 1, { members: members(0) }), ...all(second + 1));
      return view.explanations.map(({ cause, phase }) => `${cause} ${phase}`).join();
    });
    expect(looks).toEqual(looks.map(() => 'ejected over'));
    expect(fleet.see(back(1440), ks(1441, { members: members(0) })).explanations).toEqual([]);
  });

  describe('as one poll of the list showed, and that registered before the next poll', () => {
    const afterOneLook = (registeredAfterS: number) => {
      const fleet = new Fleet();
      fleet.see(ks(0, { members: members(0) }), member(1, 0), member(2, 0), member(3, 0));
      expect(said(fleet, member(1, 700), ks(701, { members: members(null) }))).toMatchObject({ phase: 'unclear' });
      // The list is read before the GM: no GM is missing from it, and the registration is not known yet.
      const listed = ks(761 + registeredAfterS, { members: members(0) });
      const lastReregistration = { cause: 'kek_missed_rekey', atMs: START + (701 + registeredAfterS) * 1000 } as const;
      const back = member(1, 770 + registeredAfterS, { change: { lastReregistration }, succeeded: 2 });
      fleet.see(listed);
      return fleet.see(back).explanations.map(({ cause, phase }) => `${cause} ${phase}`);
    };

    test('is ejected, with no path_loss, if it registered later than a registration takes', () => {
      expect(afterOneLook(60)).toEqual(['ejected over']);
    });

    test('is not ejected if it was just registering, and the rekey that it missed is an unclear path_loss', () => {
      expect(afterOneLook(5)).toEqual(['path_loss unclear']);
    });
  });
});

test('keeps in a closed incident the summary of when it concerned most devices, not that of the last one', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), member(1, 0), member(2, 0), member(3, 0));
  fleet.see(...[1, 2, 3].map((number) => silent(member(number, 100), 100)));
  fleet.see(member(1, 160), member(2, 160), silent(member(3, 160), 100));
  fleet.see(member(3, 400));
  const open = fleet.incidents.findLast(({ status }) => status === 'open');
  const closed = fleet.incidents.at(-1);
  expect(open?.summary).toMatch(/^GM gm3 /u);
  expect(closed).toMatchObject({ status: 'closed', devices: ['gm1', 'gm2', 'gm3'] });
  expect(closed?.summary).toMatch(/gm1, gm2, gm3/u);
});

describe('a cause that returns', () => {
  /**
   * Numbers and states of the incidents when gm1 is silent from 100 s on, answers at 200 s, and the named GM is silent
   * at `atSecond`.
   */
  const incidentsWhen = (device: 'gm1' | 'gm2', atSecond: number) => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0), member(2, 0));
    fleet.see(silent(member(1, 100), 100));
    fleet.see(member(1, 200));
    fleet.see(silent(member(device === 'gm1' ? 1 : 2, atSecond), atSecond));
    const ids = [...new Set(fleet.incidents.map(({ id }) => id))];
    return fleet.incidents.map(({ id, status }) => `${ids.indexOf(id) + 1} ${status}`);
  };

  test('continues the same incident if it returns soon for the same device', () => {
    expect(incidentsWhen('gm1', 280)).toEqual(['1 open', '1 closed', '1 open']);
  });

  test('begins a new incident if it returns later or for another device', () => {
    expect(incidentsWhen('gm1', 320)).toEqual(['1 open', '1 closed', '2 open']);
    expect(incidentsWhen('gm2', 280)).toEqual(['1 open', '1 closed', '2 open']);
  });
});

test('sorts device names by the numbers in them', () => {
  const fleet = new Fleet();
  const first = said(fleet, ...[10, 2, 1].map((number) => silent(member(number, 0), 0)));
  expect(first).toMatchObject({ scope: ['gm1', 'gm2', 'gm10'] });
});

/** Without the names of checks. */
function sentencesOf(first: Explanation | 'ok'): unknown {
  return first === 'ok' ? first : { ...first, explains: [] };
}

function factsAfter(...looks: readonly (readonly MemberFacts[])[]): GroupFacts {
  const fleet = new Fleet();
  const atMs = Math.max(...looks.map((changes) => fleet.see(...changes).atMs));
  const assessment = assessFleet(fleet.state, measuresOf(fleet.state, DEFAULT_FLEET_SETTINGS));
  return factsOf(fleet.state, assessment, atMs, DEFAULT_FLEET_SETTINGS);
}

describe('a group that changed from multicast to unicast rekeys', () => {
  const look = (second: number, ejected: boolean) => [
    ks(second, {
      transport: 'unicast',
      members: { ...(ejected ? {} : { '10.0.0.2': 2 }), '10.0.0.1': 0, '10.0.0.3': 0 },
    }),
    ...[1, 2, 3].map((number) => member(number, second, { since: 1 })),
  ];
  const statusAfter = (...before: readonly MemberFacts[]) => {
    const fleet = new Fleet();
    fleet.see(...before);
    for (const second of [60, 120]) fleet.see(...look(second, false));
    for (const second of [420, 480, 540]) fleet.see(...look(second, true));
    return fleet.see(...look(900, true)).explanations.find(({ cause }) => cause === 'ejected')?.status;
  };

  test('has a page for an ejected GM, whatever a GM showed that is off since before', () => {
    const old = member(4, 0, { transport: 'multicast' });
    expect(statusAfter()).toBe('critical');
    expect(statusAfter(old, silent(old, 30))).toBe('critical');
  });

  test('and whatever a KS showed that is off since before', () => {
    const old = ks(0, { device: 'ks2', address: '10.1.0.2', role: 'secondary', transport: 'multicast' });
    const fleet = new Fleet();
    fleet.see(...look(0, false), old);
    expect(isGmByMulticast(fleet.state, null)).toBe(true);
    fleet.see(silent(old, 30));
    expect(isGmByMulticast(fleet.state, null)).toBe(false);
    fleet.see({ ...look(60, false)[0]!, presence: 'unreachable' });
    expect(isGmByMulticast(fleet.state, null)).toBe(true);
  });

  test('is one with multicast as long as a GM that answers shows it for its KEK', () => {
    expect(statusAfter(member(4, 0, { transport: 'multicast' }))).toBe('warning');
  });
});

describe('a group with multicast rekeys', () => {
  const transport = 'multicast' as const;

  test('blames no lost rekey but asks where a GM registered when it holds other TEKs than the only KS', () => {
    const differing = (second: number) => [
      ks(second, { transport }),
      member(1, second, { transport: null, teks: { '0x0000000B': 3000 } }),
      member(2, second, { transport: null }),
    ];
    const facts = factsAfter(differing(0), differing(600));
    expect(keysDiffer({ facts, open: symptomsOf(facts), before: null, last: null, said: [], now: [] })).toMatchObject({
      summary:
        'GM gm1 holds other TEKs than KS ks1, and they are no older ones; whether a rekey is under way is not yet clear',
      firstStep: expect.stringMatching(/with which KS did it register/u),
    });
  });

  test('is not said to send no rekeys to an ejected GM, nor to drop it for missing acknowledgements', () => {
    const fleet = new Fleet();
    const unlisted = (second: number) => [
      ks(second, { transport, members: { '10.0.0.2': 0, '10.0.0.3': 0 } }),
      ...[1, 2, 3].map((number) => member(number, second, { transport })),
    ];
    fleet.see(ks(-300, { transport, members: { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0 } }));
    fleet.see(...unlisted(0));
    fleet.see(...unlisted(600));
    const first = said(fleet, ...unlisted(1200));
    const events = fleet.events.map(({ summary, evidence, action }) => [summary, evidence, action]);
    expect(first).toMatchObject({ cause: 'ejected', phase: 'present', status: 'warning', consequence: null });
    expect(JSON.stringify([sentencesOf(first), events])).not.toMatch(/acknowledge|Acks|no rekey/u);
    expect(fleet.events).toMatchObject([{ type: 'member_ejected', severity: 'warning' }]);
  });

  test('has no acknowledgements in the health summary of a site where only the KS is polled', () => {
    const fleet = new Fleet();
    const view = fleet.see(ks(0, { transport, members: { '10.0.0.1': 0, '10.0.0.2': 0 } }));
    expect(groupHealth(view, () => undefined, START).summary).toBe('G1: primary: ks1, 2 GMs are registered');
  });
});
