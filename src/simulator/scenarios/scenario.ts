/** The named scenarios: one table with what each shows and what to expect from a monitor. */
import type { FleetOperations, FleetPlan, GmPlan, KsPlan } from './fleet-plan.ts';
import {
  FIDELITY_LIFETIMES,
  group,
  groupMembers,
  keyServers,
  NEW_GM_RELEASES,
  OLD_GM_RELEASES,
  oneGroup,
  paths,
  type Scenario,
  SHORT,
  type Size,
  SPREAD,
} from './one-group.ts';
import { STATE_SCENARIOS } from './state-scenarios.ts';

export { FIDELITY_LIFETIMES, type Lifetimes, type Scenario } from './one-group.ts';

export const SCENARIOS = {
  demo: {
    description: 'Three groups: a healthy COOP pair with one lossy GM, an old KS with new GMs, and multicast.',
    expect:
      'BRANCH: legacy_ks twice for each new GM (25-175 s and 215-295 s); CORP: kek_missed_rekey of gm3 (80-230 s); MCAST: tek_expired of gm11 about 60 s after the start; gm2 cleared at 100 s, gm10 reloads at 140 s.',
    defaults: { gms: 12, kss: 3 },
    minimum: { gms: 12, kss: 3 },
    lifetimes: SHORT,
    plan: demoPlan,
  },
  healthy: {
    description: 'New KSs, new GMs, clean paths.',
    expect: 'A KEK rekey 40 s after the start, no re-registration ever.',
    defaults: { gms: 6, kss: 2 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => oneGroup(size),
  },
  'legacy-ks': {
    description: 'An old KS with new GMs: the interoperability problem.',
    expect: 'Each GM re-registers twice in every KEK cycle, first 10-160 s, then 200-280 s after the start: legacy_ks.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 200, cipher: '3DES', pastKekCycles: 2 }),
      kss: keyServers(size.kss, ['G1'], '15.1(4)M8'),
    }),
  },
  'rekey-loss': {
    description: 'The path of gm1 drops the large rekeys that carry a new KEK.',
    expect: 'kek_missed_rekey of gm1 80-230 s after the start and in every KEK cycle; the others are quiet.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SPREAD,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return { ...plan, paths: paths(plan.gms.slice(0, 1), plan.kss, { kekRekeyLoss: 1 }) };
    },
  },
  'rekey-loss-fleet': {
    description: 'A firewall beside the KS drops all rekeys that carry a new KEK.',
    expect: 'kek_missed_rekey of every GM 80-230 s after the start: the KS side, not the GMs.',
    defaults: { gms: 8, kss: 1 },
    minimum: { gms: 2, kss: 1 },
    lifetimes: SPREAD,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return { ...plan, paths: paths(plan.gms, plan.kss, { kekRekeyLoss: 1 }) };
    },
  },
  'tek-loss': {
    description: 'The path of gm1 drops every rekey.',
    expect: 'tek_expired of gm1 about once in a TEK lifetime; its acknowledgements are missed on the KS.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return { ...plan, paths: paths(plan.gms.slice(0, 1), plan.kss, { rekeyLoss: 1 }) };
    },
  },
  ejection: {
    description: 'The acknowledgements of gm1 are lost on the way back.',
    expect: 'The KS misses three in a row and drops gm1; without rekeys gm1 re-registers for its TEK.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return { ...plan, paths: paths(plan.gms.slice(0, 1), plan.kss, { ackLoss: 1 }) };
    },
  },
  'ks-down': {
    description: 'The only KS dies 20 s after the start and comes back, without its keys, after ten minutes.',
    expect:
      'GMs try to re-register from 80 s on, lose their KEK and then their TEKs, and register when the KS is back.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup({ ...size, kss: 1 }),
      script: [
        { atSeconds: 20, act: (fleet: FleetOperations) => fleet.killKs('ks1') },
        { atSeconds: 620, act: (fleet: FleetOperations) => fleet.reviveKs('ks1') },
      ],
    }),
  },
  'coop-failover': {
    description: 'The primary of a COOP pair dies 10 s after the start; it comes back as secondary after five minutes.',
    expect: 'ks2 becomes primary after 30 s and rekeys with the same keys: role change, no re-registration.',
    defaults: { gms: 6, kss: 2 },
    minimum: { gms: 1, kss: 2 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 290 }),
      script: [
        { atSeconds: 10, act: (fleet: FleetOperations) => fleet.killKs('ks1') },
        { atSeconds: 310, act: (fleet: FleetOperations) => fleet.reviveKs('ks1') },
      ],
    }),
  },
  'ks-upgrade': {
    description: 'An old COOP pair with new GMs is upgraded: the secondary at 320 s, the primary at 480 s.',
    expect: 'legacy_ks in the first KEK cycle only; then the KS rekeys ahead and the GMs are quiet.',
    defaults: { gms: 4, kss: 2 },
    minimum: { gms: 1, kss: 2 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 200, cipher: '3DES', pastKekCycles: 2 }),
      kss: keyServers(size.kss, ['G1'], '15.1(4)M8'),
      script: [
        { atSeconds: 320, act: (fleet: FleetOperations) => fleet.upgradeKs('ks2') },
        { atSeconds: 480, act: (fleet: FleetOperations) => fleet.upgradeKs('ks1') },
      ],
    }),
  },
  'coop-split': {
    description: 'The path between two KSs is cut at 10 s; each keeps the GMs of its side. It heals after 15 minutes.',
    expect: 'Two primaries from 40 s on; after the next rekey two sets of KEK and TEK in one group.',
    defaults: { gms: 6, kss: 2 },
    minimum: { gms: 2, kss: 2 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup({ ...size, kss: 2 }, { kekRemainingSeconds: 300 });
      const gms = plan.gms.map((gm, index) => ({
        ...gm,
        keyServers: index % 2 === 0 ? ['ks1', 'ks2'] : ['ks2', 'ks1'],
      }));
      const beyond = (fleet: FleetOperations, loss: number) => {
        for (const gm of gms) {
          fleet.setPath(gm.name, gm.keyServers[1] ?? 'ks1', { rekeyLoss: loss, registrationLoss: loss });
        }
      };
      return {
        ...plan,
        gms,
        script: [
          {
            atSeconds: 10,
            act: (fleet: FleetOperations) => {
              fleet.cutCoop('ks1', 'ks2');
              beyond(fleet, 1);
            },
          },
          {
            atSeconds: 910,
            act: (fleet: FleetOperations) => {
              beyond(fleet, 0);
              fleet.healCoop('ks1', 'ks2');
            },
          },
        ],
      };
    },
  },
  'reload-storm': {
    description: 'Two thirds of the GMs reload within a minute (a power cut in a region).',
    expect: 'reload, reported but expected; the KS serves many registrations at once.',
    defaults: { gms: 12, kss: 2 },
    minimum: { gms: 3, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return {
        ...plan,
        script: plan.gms
          .filter((_, index) => index % 3 !== 0)
          .map((gm, index) => ({
            atSeconds: 30 + ((index * 7) % 60),
            act: (fleet: FleetOperations) => fleet.reloadDevice(gm.name),
          })),
      };
    },
  },
  'operator-clear': {
    description: '`clear crypto gdoi` on gm1 at 45 s and twice on gm2 at 70 and 100 s.',
    expect: 'operator_clear; gm1 shows one succeeded registration before and after.',
    defaults: { gms: 4, kss: 1 },
    minimum: { gms: 2, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 500 }),
      script: [
        { atSeconds: 45, act: (fleet: FleetOperations) => fleet.clearGm('gm1') },
        { atSeconds: 70, act: (fleet: FleetOperations) => fleet.clearGm('gm2') },
        { atSeconds: 100, act: (fleet: FleetOperations) => fleet.clearGm('gm2') },
      ],
    }),
  },
  'ks-clear-members': {
    description: '`clear crypto gdoi ks members` on the KS at 60 s.',
    expect: 'ks_forced: every GM registers anew 65-120 s after the start.',
    defaults: { gms: 6, kss: 1 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => ({
      ...oneGroup(size, { kekRemainingSeconds: 500 }),
      script: [{ atSeconds: 60, act: (fleet: FleetOperations) => fleet.clearKsMembers('ks1') }],
    }),
  },
  'mixed-old-gms': {
    description: 'A new KS with old and new GMs; the path of the old gm1 drops rekeys that carry a new KEK.',
    expect: 'gm1 keeps its expired KEK from 270 s on and heals with its TEK only (tek_expired); the others are quiet.',
    defaults: { gms: 6, kss: 1 },
    minimum: { gms: 2, kss: 1 },
    lifetimes: SPREAD,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      const gms = groupMembers(
        size.gms,
        ['G1'],
        ['15.1(4)M8', '17.6.3', '12.4(24)T8', '15.2(4)M6', '15.0(1)M7', '16.9.5'],
      );
      return { ...plan, gms, paths: paths(gms.slice(0, 1), plan.kss, { kekRekeyLoss: 1 }) };
    },
  },
  multicast: {
    description: 'Multicast rekeys from a new KS; gm1 sits behind a path that drops those with a new KEK.',
    expect: 'KEK rekey 200 s before its expiry, no acknowledgements; kek_missed_rekey of gm1 60-210 s after the start.',
    defaults: { gms: 6, kss: 1 },
    minimum: { gms: 2, kss: 1 },
    lifetimes: SPREAD,
    plan: (size: Size) => {
      const plan = oneGroup(size, { transport: 'multicast', kekRemainingSeconds: 250 });
      return { ...plan, paths: paths(plan.gms.slice(0, 1), plan.kss, { kekRekeyLoss: 1 }) };
    },
  },
  unregistered: {
    description: 'gm1 and gm2 reach no KS; the path of gm2 is mended after two minutes.',
    expect: 'Both are Registering with growing attempts; gm2 registers (initial) between two and three minutes.',
    defaults: { gms: 4, kss: 2 },
    minimum: { gms: 2, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      return {
        ...plan,
        paths: paths(plan.gms.slice(0, 2), plan.kss, { registrationLoss: 1 }),
        script: [
          {
            atSeconds: 120,
            act: (fleet: FleetOperations) => {
              for (const ks of plan.kss) fleet.setPath('gm2', ks.name, { registrationLoss: 0 });
            },
          },
        ],
      };
    },
  },
  unauthorized: {
    description:
      'The KSs no longer know the identity of gm1, which reloads at 20 s; its entry is mended after six minutes.',
    expect:
      'UNAUTHORIZED_IDENTITY on the KSs from 85 s on, gm1 Registering with growing attempts; it registers after 360 s.',
    defaults: { gms: 4, kss: 2 },
    minimum: { gms: 1, kss: 1 },
    lifetimes: SHORT,
    plan: (size: Size) => {
      const plan = oneGroup(size);
      const know = (fleet: FleetOperations, known: boolean) => {
        for (const ks of plan.kss) fleet.setPath('gm1', ks.name, { unauthorized: !known });
      };
      return {
        ...plan,
        script: [
          { atSeconds: 10, act: (fleet: FleetOperations) => know(fleet, false) },
          { atSeconds: 20, act: (fleet: FleetOperations) => fleet.reloadDevice('gm1') },
          { atSeconds: 360, act: (fleet: FleetOperations) => know(fleet, true) },
        ],
      };
    },
  },
  ...STATE_SCENARIOS,
  field: {
    description:
      'Groups of ten GMs with default lifetimes: old and new KSs, weak paths, reloads, clears and KS failures.',
    expect: 'All causes over two days: for measuring how well they are told apart.',
    defaults: { gms: 60, kss: 6 },
    minimum: { gms: 10, kss: 1 },
    lifetimes: FIDELITY_LIFETIMES,
    plan: fieldPlan,
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name);
}

export const SCENARIO_NAMES: readonly ScenarioName[] = Object.keys(SCENARIOS).filter(isScenarioName);

export function scenarioNamed(name: ScenarioName): Scenario {
  return SCENARIOS[name];
}

function demoPlan(size: Size): FleetPlan {
  const coop = ['CORP', 'MCAST'] as const;
  const corpLifetimes = size.lifetimes === SHORT ? SPREAD : size.lifetimes;
  const more: GmPlan[] = Array.from({ length: Math.max(0, size.gms - 12) }, (_, index) => ({
    name: `gm${13 + index}`,
    release: NEW_GM_RELEASES[index % NEW_GM_RELEASES.length] ?? '17.6.3',
    groups: ['CORP'],
  }));
  return {
    groups: [
      group('CORP', corpLifetimes, { identity: '1223', kekRemainingSeconds: 270 }),
      group('BRANCH', size.lifetimes, {
        identity: '3333',
        cipher: '3DES',
        antiReplay: { kind: 'time', window: 10 },
        kekRemainingSeconds: 215,
        // No TEK rekey falls between the two re-registrations in this cycle.
        pastKekCycles: 2,
      }),
      // TEK rekey 40 s after the start; 90 s later the TEK of a GM that missed it ends.
      group('MCAST', size.lifetimes, {
        identity: '4444',
        transport: 'multicast',
        kekRemainingSeconds: size.lifetimes === SHORT ? 730 : size.lifetimes.kekSeconds / 2,
        pastKekCycles: 0,
      }),
    ],
    kss: [
      { name: 'ks1', release: '17.6.3', groups: coop, priority: 245 },
      { name: 'ks2', release: '16.9.5', groups: coop, priority: 200 },
      { name: 'ks3', release: '15.1(4)M8', groups: ['BRANCH'], sequenceNumbers: true },
    ],
    gms: [
      { name: 'gm1', release: '17.6.3', groups: ['CORP'] },
      { name: 'gm2', release: '16.9.5', groups: ['CORP'] },
      { name: 'gm3', release: '15.6(3)M2', groups: ['CORP'] },
      { name: 'gm4', release: '15.1(4)M8', groups: ['CORP'], clock: 'lost' },
      { name: 'gm5', release: '15.2(4)M6', groups: ['BRANCH'] },
      { name: 'gm6', release: '15.6(3)M2', groups: ['BRANCH'], sequenceNumbers: true },
      { name: 'gm7', release: '17.6.3', groups: ['BRANCH'] },
      { name: 'gm8', release: '12.4(24)T8', groups: ['BRANCH'], clock: 'never-set' },
      { name: 'gm9', release: '16.9.5', groups: coop, keyServers: ['ks2', 'ks1'] },
      { name: 'gm10', release: '17.6.3', groups: ['MCAST'] },
      { name: 'gm11', release: '15.6(3)M2', groups: ['MCAST'] },
      { name: 'gm12', release: '15.0(1)M7', groups: ['MCAST'] },
      ...more,
    ],
    paths: [
      ...paths([{ name: 'gm3' }], [{ name: 'ks1' }, { name: 'ks2' }], { kekRekeyLoss: 1 }),
      ...paths([{ name: 'gm11' }], [{ name: 'ks1' }, { name: 'ks2' }], { rekeyLoss: 1 }),
    ],
    script: [
      { atSeconds: 100, act: (fleet) => fleet.clearGm('gm2') },
      { atSeconds: 140, act: (fleet) => fleet.reloadDevice('gm10') },
    ],
  };
}

const HOUR_SECONDS = 3_600;

/**
 * Ten GMs per group; group k has ks(k); every third KS is old. Acts are spread over two days by the devices' numbers.
 */
function fieldPlan(size: Size): FleetPlan {
  const groupCount = Math.max(1, Math.min(size.kss, Math.ceil(size.gms / 10)));
  const names = Array.from({ length: groupCount }, (_, index) => `G${index + 1}`);
  const kss: KsPlan[] = names.map((name, index) => ({
    name: `ks${index + 1}`,
    release: index % 3 === 1 ? '15.1(4)M8' : '17.6.3',
    groups: [name],
  }));
  const releases = [...NEW_GM_RELEASES, ...OLD_GM_RELEASES];
  const gms: GmPlan[] = Array.from({ length: size.gms }, (_, index) => ({
    name: `gm${index + 1}`,
    release: releases[(index * 5) % releases.length] ?? '17.6.3',
    groups: [names[index % groupCount] ?? 'G1'],
  }));
  const ksOf = (index: number) => [{ name: `ks${(index % groupCount) + 1}` }];
  const weak = gms.flatMap((gm, index) => {
    if (index % 7 === 3) return paths([gm], ksOf(index), { kekRekeyLoss: 1 });
    if (index % 11 === 5) return paths([gm], ksOf(index), { rekeyLoss: 0.5 });
    if (index % 23 === 8) return paths([gm], ksOf(index), { ackLoss: 0.7 });
    return [];
  });
  const script = gms.flatMap((gm, index) => {
    const atSeconds = ((index * 7919) % 47) * HOUR_SECONDS + ((index * 613) % HOUR_SECONDS);
    if (index % 5 === 1) return [{ atSeconds, act: (fleet: FleetOperations) => fleet.reloadDevice(gm.name) }];
    if (index % 9 === 2) return [{ atSeconds, act: (fleet: FleetOperations) => fleet.clearGm(gm.name) }];
    return [];
  });
  for (const [index, ks] of kss.entries()) {
    if (index % 3 === 2) {
      const atSeconds = (7 + ((index * 5) % 30)) * HOUR_SECONDS;
      script.push({ atSeconds, act: (fleet) => fleet.clearKsMembers(ks.name) });
    }
    if (index % 4 === 3) {
      const atSeconds = (11 + ((index * 3) % 30)) * HOUR_SECONDS;
      script.push({ atSeconds, act: (fleet) => fleet.reloadDevice(ks.name) });
    }
  }
  return {
    groups: names.map((name, index) =>
      group(name, size.lifetimes, {
        identity: String(1000 + index),
        kekRemainingSeconds: size.lifetimes.kekSeconds * (0.05 + (0.9 * ((index * 3) % 7)) / 7),
        pastKekCycles: 1,
      }),
    ),
    kss,
    gms,
    paths: weak,
    script,
  };
}
