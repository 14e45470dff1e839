/**
 * Two problems in one group: each is reported on its own with the devices that it concerns, the worse one first, and
 * when one is over the other stays.
 */
import { describe, expect, test } from 'vitest';
import { CHECK_REGISTRATION } from '../../../src/gdoi/events/first-steps.ts';
import type { Explanation } from '../../../src/gdoi/explain/explanation.ts';
import { NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import type { GroupView } from '../../../src/gdoi/fleet/group-view.ts';
import { Fleet, ks, START } from '../../builders/fleet-group.ts';
import { member, OVERDUE, silent } from './members.ts';

const at = (second: number) => START + second * 1000;
const GMS = [1, 2, 3, 4, 5, 6] as const;

/** All GMs at this second, except those given in `without`. */
function others(second: number, ...without: readonly number[]): readonly MemberFacts[] {
  return GMS.filter((number) => !without.includes(number)).map((number) => member(number, second));
}

function members(missed: Readonly<Record<number, number>> = {}): Readonly<Record<string, number>> {
  return Object.fromEntries(GMS.map((number) => [`10.0.0.${number}`, missed[number] ?? 0]));
}

function told({ explanations }: Pick<GroupView, 'explanations'>): readonly string[] {
  return explanations.map(({ cause, phase, status }) => `${cause} ${phase} ${status}`);
}

function find({ explanations }: GroupView, cause: Explanation['cause']): Explanation | undefined {
  return explanations.find((explanation) => explanation.cause === cause);
}

describe('when one path drops rekeys,', () => {
  const lossy = (second: number) => member(1, second, { kekExpiry: 260, change: { kekRekeyOverdue: true } });
  const withLoss = () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: members() }), ...others(0));
    fleet.see(ks(100, { members: members() }), lossy(101), ...others(101, 1));
    return fleet;
  };

  test('a failed poll of the only KS does not change the path_loss, nor make it unclear', () => {
    const fleet = withLoss();
    const once = fleet.see(silent(ks(100, { members: members() }), 120, { inARow: 1, established: false }));
    expect(told(once)).toEqual(['path_loss present warning', 'ks_down unclear warning']);
    expect(find(once, 'path_loss')).toMatchObject({ scope: ['gm1'] });
    expect(find(once, 'ks_down')?.explains).toEqual([{ check: 'reachable', devices: ['ks1'] }]);
    expect(told(fleet.see(ks(130, { members: members() })))).toEqual(['path_loss present warning']);
  });

  test('a failed poll of the GM does not change the path_loss', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: members() }), ...others(0));
    const acks = (second: number) => ks(second, { members: members({ 1: 1 }) });
    expect(told(fleet.see(acks(100), ...others(101)))).toEqual(['path_loss present warning']);
    const once = fleet.see(silent(member(1, 101), 120, { inARow: 1, established: false }));
    expect(told(once)).toEqual(['path_loss present warning']);
    expect(told(fleet.see(member(1, 130)))).toEqual(['path_loss present warning']);
  });

  test('a missing acknowledgement does not lead to the path back if the GM registered meanwhile, unseen', () => {
    const fleet = withLoss();
    const counted = fleet.see(ks(200, { members: members({ 1: 1 }) }), member(1, 205), ...others(206, 1));
    expect(find(counted, 'path_loss')?.summary).toMatch(/drops rekeys/u);
    expect(find(counted, 'path_loss')?.summary).not.toMatch(/path back/u);
  });

  test('the death of the only KS is the page, and a rekey that is lost after its return is a path_loss again', () => {
    const fleet = withLoss();
    const dead = fleet.see(silent(ks(100, { members: members() }), 120));
    expect(told(dead)[0]).toBe('ks_down present critical');
    // All have the keys of the KS that is back, and one of them loses the next rekey.
    const keys = { kekExpiry: 500 };
    const back = fleet.see(ks(180, keys), ...GMS.map((number) => member(number, 190, keys)));
    expect(told(back)).not.toContain('ks_down present critical');
    fleet.see(ks(320), ...GMS.slice(1).map((number) => member(number, 325)));
    const again = fleet.see(member(1, 330, { ...keys, change: { kekRekeyOverdue: true } }));
    expect(told(again)[0]).toBe('path_loss present warning');
    expect(find(again, 'path_loss')).toMatchObject({ scope: ['gm1'] });
  });

  test('other GMs that reload are reported on their own, and no GM is in both', () => {
    const fleet = withLoss();
    const booted = [3, 4, 5].map((number) => member(number, 160, {}, { bootMs: at(130) }));
    const view = fleet.see(...booted);
    expect(told(view)).toEqual(['path_loss present warning', 'gms_reloaded present ok']);
    expect(find(view, 'gms_reloaded')).toMatchObject({ scope: ['gm3', 'gm4', 'gm5'] });
    expect(find(view, 'path_loss')).toMatchObject({ scope: ['gm1'] });
  });

  test('an operator’s clear of another GM is reported on its own and does not change the path_loss', () => {
    const fleet = withLoss();
    const lastReregistration = { cause: 'operator_clear', atMs: at(130) } as const;
    const view = fleet.see(member(2, 140, { change: { lastReregistration } }));
    expect(told(view)).toEqual(['path_loss present warning', 'operator_clear present ok']);
    expect(find(view, 'operator_clear')).toMatchObject({ scope: ['gm2'] });
    // A quarter of an hour after it the clear is no news any more, and the loss goes on.
    const later = fleet.see(
      ks(1030, { members: members({ 1: 1 }) }),
      member(2, 1031, { change: { lastReregistration } }),
      member(1, 1032),
    );
    expect(told(later)).toEqual(['path_loss present warning']);
  });

  test('another GM whose interface goes down is reported with a first step of its own', () => {
    const fleet = withLoss();
    const linkDown = { sinceMs: at(130), backMs: null, evidence: ['log: UPDOWN Serial1/0 down'] };
    const view = fleet.see(member(2, 140, {}, { linkDown }));
    expect(told(view)).toEqual(['path_loss present warning', 'interface_flap present warning']);
    expect(find(view, 'interface_flap')).toMatchObject({
      scope: ['gm2'],
      firstStep: expect.stringContaining('show interfaces'),
    });
  });

  test('another GM that the KS refuses is the page', () => {
    const fleet = withLoss();
    const text = '%GDOI-1-UNAUTHORIZED_IPADDR: Group G1 received registration from unauthorized ip address: 10.0.0.2';
    const reason = { kind: 'unauthorized', atMs: at(140), group: 'G1', text } as const;
    const refusing = { ...ks(150, { members: members() }), context: { ...NO_CONTEXT, reasons: [reason] } };
    const view = fleet.see(
      refusing,
      member(2, 250, { registered: false }, { unregisteredSinceMs: at(140) }),
      lossy(251),
    );
    expect(told(view)).toEqual(['unauthorized present critical', 'path_loss present warning']);
    expect(find(view, 'path_loss')).toMatchObject({ scope: ['gm1'] });
    expect(find(view, 'unauthorized')).toMatchObject({ scope: ['gm2', 'ks1'] });
  });

  test('another GM without a TEK is the page, and the path_loss stays when that GM has a TEK again', () => {
    const fleet = withLoss();
    const view = fleet.see(member(2, 140, { teks: {} }));
    expect(told(view)).toEqual(['without_tek present critical', 'path_loss present warning']);
    expect(told(fleet.see(member(2, 150)))).toEqual(['path_loss present warning']);
  });
});

test('still reports without_tek when one answer of the GM is lost, whatever its KS counts of it', () => {
  const fleet = new Fleet();
  fleet.see(ks(0, { members: members() }), ...others(0), member(2, 0));
  const without = ['without_tek present critical'];
  expect(told(fleet.see(member(2, 60, { teks: {} })))).toEqual(without);
  const lost = silent(member(2, 60, { teks: {} }), 121, { inARow: 1, established: false });
  const view = fleet.see(ks(120, { members: { ...members(), '10.0.0.2': 1 } }), lost);
  expect(told(view)).toEqual([...without, 'gms_unreachable unclear warning']);
});

test('explains by ks_rekeys_lost all that path_loss explained when first one GM and then most lose a rekey', () => {
  const fleet = new Fleet();
  const lost = (second: number, ...numbers: readonly number[]) =>
    numbers.map((number) => member(number, second, OVERDUE));
  const registered = { cause: 'unknown', atMs: at(103) } as const;
  fleet.see(ks(0, { kekExpiry: 180 }), ...GMS.map((number) => member(number, 0, { kekExpiry: 180 })));
  expect(told(fleet.see(ks(90), ...others(91, 1, 2, 3, 4), ...lost(92, 1)))).toEqual(['path_loss present warning']);
  // gm1 registers for a cause that its figures leave open, and the others are polled.
  const again = member(1, 105, { kekExpiry: 80_000, succeeded: 2, change: { lastReregistration: registered } });
  const view = fleet.see(...lost(104, 2, 3, 4), again, ...others(106, 1, 2, 3, 4));
  expect(told(view)).toEqual(['ks_rekeys_lost present critical']);
  expect(find(view, 'ks_rekeys_lost')?.explains).toContainEqual({ check: 'reregistrations', devices: ['gm1'] });
});

test('reports no ks_forced for a GM that was not_registered for long after the KS’s order and then registers', () => {
  const fleet = new Fleet();
  const off = (second: number) => member(1, second, { registered: false }, { unregisteredSinceMs: at(100) });
  fleet.see(ks(0), ...others(0));
  fleet.see(ks(300), off(300), ...others(301, 1));
  expect(told(fleet.see(ks(900), off(900), ...others(901, 1)))).toEqual(['not_registered present critical']);
  const lastReregistration = { cause: 'ks_forced', atMs: at(1190) } as const;
  const view = fleet.see(
    ks(1200),
    member(1, 1200, { succeeded: 2, change: { lastReregistration } }),
    ...others(1201, 1),
  );
  expect(told(view)).not.toContain('ks_forced present ok');
});

test('reports a GM as not_registered if it has not followed its KS’s order to register for three minutes', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...others(0));
  const forced = { atMs: at(100), evidence: 'log: GM_RECV_DELETE' };
  const lastReregistration = { cause: 'ks_forced', atMs: at(130) } as const;
  const again = (second: number) =>
    GMS.slice(1).map((number) => member(number, second, { succeeded: 2, change: { lastReregistration } }, { forced }));
  const off = (second: number) =>
    member(1, second, { registered: false }, { forced, unregisteredSinceMs: at(120), failedAttempts: 3 });
  const soon = fleet.see(ks(150), off(151), ...again(152));
  expect(told(soon)).toEqual(['ks_forced present ok']);
  expect(find(soon, 'ks_forced')?.summary).toMatch(/: GM gm1 has not yet$/u);
  const late = fleet.see(ks(310), off(311), ...again(312));
  expect(told(late)).toEqual(['not_registered present critical', 'ks_forced present ok']);
  expect(find(late, 'not_registered')).toMatchObject({ scope: ['gm1'], firstStep: CHECK_REGISTRATION });
  expect(find(late, 'ks_forced')?.summary).toMatch(/: 5 of 6 GMs \(gm2, gm3, gm4, gm5, gm6\) did$/u);
});

test('explains by not_registered that the first of two GMs that could not register has re-registered', () => {
  const fleet = new Fleet();
  const off = (number: number, second: number) =>
    member(number, second, { registered: false, teks: null, kekExpiry: null }, { unregisteredSinceMs: at(100) });
  fleet.see(member(1, 0), member(2, 0));
  expect(told(fleet.see(off(1, 200), off(2, 201)))).toEqual(['not_registered present critical']);
  const lastReregistration = { cause: 'kek_missed_rekey', atMs: at(255) } as const;
  const view = fleet.see(member(1, 260, { succeeded: 2, change: { lastReregistration } }), off(2, 261));
  expect(told(view)).toEqual(['not_registered present critical']);
  expect(find(view, 'not_registered')).toMatchObject({ scope: ['gm2'] });
});

describe('when acknowledgements of one GM are lost,', () => {
  const withLoss = () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: members() }), ...others(0));
    fleet.see(ks(399, { members: members({ 1: 2 }) }), ...others(400));
    return fleet;
  };

  test('ks_forced does not explain those that were missing before the KS made all register anew', () => {
    const fleet = withLoss();
    const forced = { atMs: at(430), evidence: 'log: GM_CLEAR_REGISTER' };
    const view = fleet.see(member(2, 440, {}, { forced }), member(3, 441, {}, { forced }));
    expect(told(view)).toEqual(['path_loss present critical', 'ks_forced present ok']);
    expect(find(view, 'ks_forced')).toMatchObject({ scope: ['gm2', 'gm3'] });
    // Once the list is read again, none is missing any more.
    expect(told(fleet.see(ks(480, { members: members() })))).toEqual(['ks_forced present ok']);
  });

  test('path_loss is not reported if the GM lost its registration, because it cannot acknowledge', () => {
    const fleet = new Fleet();
    fleet.see(ks(0, { members: members() }), ...others(0));
    const off = member(1, 500, { registered: false }, { unregisteredSinceMs: at(380) });
    const view = fleet.see(off, ks(501, { members: members({ 1: 1 }) }));
    expect(told(view)).toEqual(['not_registered present critical']);
    // It is registered again: until the list is read again, the KS counts what the GM could not acknowledge.
    const back = fleet.see(member(1, 520));
    expect(told(back)).toEqual(['not_registered over ok']);
  });
});

describe('a KS of which single polls fail', () => {
  test('is reported once in ten minutes, and at once when two polls fail in a row', () => {
    const fleet = new Fleet();
    fleet.see(ks(0), ...others(0));
    const lost = (second: number, inARow: number) => silent(ks(second - 60), second, { inARow, established: false });
    expect(told(fleet.see(lost(60, 1)))).toEqual(['ks_down unclear warning']);
    expect(told(fleet.see(ks(120)))).toEqual([]);
    expect(told(fleet.see(lost(180, 1)))).toEqual([]);
    expect(told(fleet.see(lost(180, 2)))).toEqual(['ks_down unclear warning']);
    expect(told(fleet.see(ks(240)))).toEqual([]);
    expect(told(fleet.see(lost(1000, 1)))).toEqual(['ks_down unclear warning']);
  });

  test('is reported once in ten minutes if it is one of a pair, too', () => {
    const fleet = new Fleet();
    const second = (second_: number) => ks(second_, { device: 'ks2', address: '10.1.0.2', role: 'secondary' });
    fleet.see(ks(0), second(0), ...others(0));
    const lost = (at_: number) => silent(second(at_ - 60), at_, { inARow: 1, established: false });
    expect(told(fleet.see(ks(60), lost(60)))).toEqual(['redundancy_lost unclear warning']);
    expect(told(fleet.see(ks(120), second(120)))).toEqual([]);
    expect(told(fleet.see(ks(180), lost(180)))).toEqual([]);
  });
});

test('keeps the path_loss of two GMs of four while the others are not polled again', () => {
  const fleet = new Fleet();
  const four = (second: number) => [3, 4].map((number) => member(number, second, { kekExpiry: 80_000 }));
  fleet.see(ks(0), ...[1, 2, 3, 4].map((number) => member(number, 0)));
  const waiting = (second: number) =>
    [1, 2].map((number) => member(number, second, { kekExpiry: 250, change: { kekRekeyOverdue: true } }));
  expect(told(fleet.see(ks(80), ...four(90), ...waiting(95)))).toEqual(['path_loss present warning']);
  const lastReregistration = { cause: 'kek_missed_rekey', atMs: at(200) } as const;
  const healed = [1, 2].map((number) => member(number, 210, { change: { lastReregistration } }));
  // gm3 and gm4 were polled before the others registered for it: that they got the rekey was known before.
  expect(told(fleet.see(...healed))).toEqual(['path_loss present warning']);
});

test('uses the plural for two GMs whose interfaces are down and for two that do not answer', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...others(0));
  const linkDown = { sinceMs: at(50), backMs: null, evidence: ['log: UPDOWN Serial1/0 down'] };
  const down = [1, 2].map((number) => member(number, 60, {}, { linkDown }));
  const gone = [3, 4].map((number) => silent(member(number, 0), 30));
  const texts = fleet.see(ks(60), ...down, ...gone).explanations.map(({ summary, firstStep }) => [summary, firstStep]);
  expect(texts.map(([summary]) => summary)).toEqual([
    expect.stringMatching(/they reload, or the agent’s path to them is broken$/u),
    expect.stringMatching(/^The interfaces that hold the keys of 2 of 6 GMs \(gm1, gm2\) are down since /u),
  ]);
  expect(texts[0]?.[1]).toBe('Check the path to these devices, and the devices themselves');
});

test('explains an unregistered GM by ks_down while the only KS is dead, as after an operator’s clear', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...others(0));
  fleet.see(silent(ks(0), 60));
  const view = fleet.see(member(1, 200, { registered: false }, { unregisteredSinceMs: at(150), failedAttempts: 2 }));
  expect(told(view)).toEqual(['ks_down present critical']);
  expect(find(view, 'ks_down')?.explains).toContainEqual({ check: 'registered', devices: ['gm1'] });
});

test('keeps legacy_ks beside a reload storm, and pages nobody', () => {
  const fleet = new Fleet();
  const old = (second: number) => ks(second, { behavior: 'legacy', version: '12.4(24)T' });
  fleet.see(old(0), ...others(0));
  const storm = [2, 3, 4, 5].map((number) => member(number, 160, {}, { bootMs: at(100 + number) }));
  expect(told(fleet.see(old(160), ...storm))).toEqual(['legacy_ks present warning', 'gms_reloaded present ok']);
  expect(told(fleet.see(old(900), ...others(900)))).toEqual(['legacy_ks present warning']);
});

test('puts the split of two KSs first when a GM reloads, and reports the reload on its own', () => {
  const fleet = new Fleet();
  const pair = (second: number, role: 'primary' | 'secondary') => [
    ks(second, { peers: { '10.1.0.2': 'Dead' } }),
    ks(second, { device: 'ks2', address: '10.1.0.2', role, peers: { '10.1.0.1': 'Dead' } }),
  ];
  fleet.see(...pair(0, 'secondary'), ...others(0));
  fleet.see(...pair(60, 'primary'));
  const view = fleet.see(...pair(130, 'primary'), member(5, 131, {}, { bootMs: at(100) }));
  expect(told(view)).toEqual(['coop_split present critical', 'gms_reloaded present ok']);
  expect(find(view, 'gms_reloaded')).toMatchObject({ scope: ['gm5'] });
});

test('reports a GM refused for its clock and one refused for its authorization each on its own', () => {
  const fleet = new Fleet();
  fleet.see(ks(0), ...others(0));
  const early = {
    kind: 'certificate_too_early',
    atMs: at(50),
    group: null,
    text: '%PKI-3-CERTIFICATE_INVALID_NOT_YET_VALID: not yet valid',
  } as const;
  const text = '%GDOI-1-UNAUTHORIZED_IPADDR: Group G1 received registration from unauthorized ip address: 10.0.0.2';
  const reason = { kind: 'unauthorized', atMs: at(50), group: 'G1', text } as const;
  const off = { unregisteredSinceMs: at(40), failedAttempts: 2 };
  const view = fleet.see(
    { ...ks(60), context: { ...NO_CONTEXT, reasons: [reason] } },
    member(1, 160, { registered: false }, { ...off, reasons: [early] }),
    member(2, 160, { registered: false }, off),
  );
  expect(told(view)).toEqual(['clock present critical', 'unauthorized present critical']);
  expect(find(view, 'clock')).toMatchObject({ scope: ['gm1'], firstStep: expect.stringContaining('show clock') });
  expect(find(view, 'unauthorized')).toMatchObject({
    scope: ['gm2', 'ks1'],
    firstStep: expect.stringContaining('authorization'),
  });
});

test('does not count a silent GM among those that lost a rekey when most did', () => {
  const fleet = new Fleet();
  fleet.see(ks(0, { kekExpiry: 180 }), ...others(0));
  const waiting = [1, 2, 3, 4, 5].map((number) => member(number, 30, OVERDUE));
  const view = fleet.see(ks(20, { kekExpiry: 180 }), ...waiting, silent(member(6, 0), 10));
  expect(told(view)).toEqual(['ks_rekeys_lost present critical', 'gms_unreachable present warning']);
  expect(find(view, 'ks_rekeys_lost')?.scope).not.toContain('gm6');
});

describe('GMs whose counters restarted', () => {
  const again = (number: number, configuredAgain?: true) =>
    member(number, 140, {
      succeeded: 1,
      change: {
        lastReregistration: {
          cause: 'operator_clear',
          atMs: at(130),
          ...(configuredAgain === undefined ? {} : { configuredAgain }),
        },
      },
    });
  const seen = (...gms: ReturnType<typeof again>[]) => {
    const fleet = new Fleet();
    fleet.see(ks(0), member(1, 0, { succeeded: 3 }), member(2, 0, { succeeded: 3 }), member(3, 0));
    return find(fleet.see(...gms), 'operator_clear');
  };

  test('were cleared, or their group was taken out of the configuration and put back: each is told of its own', () => {
    expect(seen(again(1))).toMatchObject({ summary: expect.stringContaining('cleared by an operator') });
    const back = seen(again(1, true));
    expect(back?.summary).toMatch(
      /^GM gm1 registered again .*: the group had been removed from its configuration, and was configured again$/u,
    );
    expect(back?.summary).not.toContain('clear');
    expect(back?.firstStep).toContain('show crypto map');
    expect(back?.evidence).toEqual([expect.stringMatching(/^gm1: its group was not shown before, registered /u)]);
    expect(seen(again(1), again(2, true))?.summary).toMatch(/^GM gm1 was cleared .*; GM gm2 registered again /u);
  });
});
