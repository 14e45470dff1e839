/**
 * Worlds besides the built-in scenarios: other sizes, a fault twice, one fault after another, an agent that starts in
 * the middle or is restarted, and sites that see less. Each comes with what is true in it.
 */
import type { ExplanationCause } from '../../src/gdoi/explain/explanation.ts';
import type { FleetOperations, FleetPlan } from '../../src/simulator/scenarios/fleet-plan.ts';
import { oneGroup, SHORT, SPREAD } from '../../src/simulator/scenarios/one-group.ts';
import { scenarioNamed, type ScenarioName } from '../../src/simulator/scenarios/scenario.ts';
import type { SimulatedWatch } from '../builders/simulated-agent.ts';

/** Something that is wrong from one second to another, and what may be reported about it. */
export interface Fault {
  /** The true causes; the first must be reported, the others may be. */
  readonly causes: readonly [ExplanationCause, ...ExplanationCause[]];
  /** The causes over SNMP alone, where it shows less. */
  readonly bySnmp?: Fault['causes'];
  /** The causes when GMs are polled over RESTCONF, which shows none of their TEKs; null: nothing shows it. */
  readonly byRestconf?: Fault['causes'] | null;
  /** When it becomes visible. */
  readonly fromSeconds: number;
  /** When it is cured; its last traces are gone some looks later. Infinity: never. */
  readonly toSeconds: number;
  /** The GMs that it may concern; absent: any. */
  readonly gms?: readonly string[];
  /** It heals by itself at once or needs no action tonight, so it need not be reported at every moment. */
  readonly quiet?: true;
}

export interface Variant {
  readonly name: string;
  readonly minutes: number;
  readonly watched: Omit<SimulatedWatch, 'scenario' | 'pollInterval'> & {
    /** Default: a minute. */
    readonly pollInterval?: string;
    readonly restartsAtSeconds?: readonly number[];
  };
  readonly faults: readonly Fault[];
}

/** With its KSs, above the size from which changes of a group are gathered before it is judged (`fleet-step.ts`). */
const LARGE = 20;

type Act = readonly [atSeconds: number, act: (fleet: FleetOperations) => void];

const NEVER = Number.POSITIVE_INFINITY;
const scripted = (acts: readonly Act[]): FleetPlan['script'] => acts.map(([atSeconds, act]) => ({ atSeconds, act }));
const but = (...names: readonly string[]): NonNullable<SimulatedWatch['polled']> => {
  return ({ name }) => !names.includes(name);
};

function scenario(name: ScenarioName, size: { gms?: number; kss?: number } = {}, ...more: readonly Act[]): FleetPlan {
  const known = scenarioNamed(name);
  const plan = known.plan({ ...known.defaults, ...size, lifetimes: known.lifetimes });
  return { ...plan, script: [...plan.script, ...scripted(more)] };
}

function quietGroup(gms: number, kss: number, ...acts: readonly Act[]): FleetPlan {
  const plan = oneGroup({ gms, kss, lifetimes: SPREAD }, { kekRemainingSeconds: 300 });
  return { ...plan, script: scripted(acts) };
}

/** ks1 and ks2 with every other GM on one side, ks3 with the other GMs on the other. */
function splitOfThree(gms: number): FleetPlan {
  const plan = oneGroup({ gms, kss: 3, lifetimes: SHORT }, { kekRemainingSeconds: 300 });
  const members = plan.gms.map((gm, index) => ({
    ...gm,
    keyServers: index % 2 === 0 ? ['ks1', 'ks2'] : ['ks3', 'ks2'],
  }));
  const apart = (fleet: FleetOperations, isApart: boolean) => {
    for (const ks of ['ks1', 'ks2']) (isApart ? fleet.cutCoop : fleet.healCoop).call(fleet, ks, 'ks3');
    for (const [index, gm] of members.entries()) {
      for (const ks of index % 2 === 0 ? ['ks3'] : ['ks1', 'ks2']) {
        fleet.setPath(gm.name, ks, { rekeyLoss: Number(isApart), registrationLoss: Number(isApart) });
      }
    }
  };
  const script = scripted([
    [10, (fleet) => apart(fleet, true)],
    [910, (fleet) => apart(fleet, false)],
  ]);
  return { ...plan, gms: members, script };
}

/** Every other GM loses its authorization, and an operator clears these GMs. */
function halfUnauthorized(gms: number): FleetPlan {
  const plan = oneGroup({ gms, kss: 2, lifetimes: SPREAD }, { kekRemainingSeconds: 500 });
  const those = plan.gms.filter((_, index) => index % 2 === 0);
  const know = (fleet: FleetOperations, known: boolean) => {
    for (const gm of those) for (const ks of plan.kss) fleet.setPath(gm.name, ks.name, { unauthorized: !known });
  };
  const clear = (fleet: FleetOperations) => those.forEach(({ name }) => fleet.clearGm(name));
  const script = scripted([
    [60, (fleet) => know(fleet, false)],
    [100, clear],
    [600, (fleet) => know(fleet, true)],
  ]);
  return { ...plan, script };
}

/** Its KEK rekey begins at 75 s: gm1 and gm2 lose the first packet, and the KS dies before it sends another. */
function diesInRekey(kss: number): FleetPlan {
  const lose = (rekeyLoss: number) => (fleet: FleetOperations) => {
    for (const gm of ['gm1', 'gm2']) fleet.setPath(gm, 'ks1', { rekeyLoss });
  };
  return quietGroup(6, kss, [74, lose(1)], [81, (fleet) => fleet.killKs('ks1')], [82, lose(0)]);
}

const everyOther = (gms: number) => Array.from({ length: gms / 2 }, (_, index) => `gm${2 * index + 1}`);

const KS_DOWN: Fault = { causes: ['ks_down', 'not_registered', 'ks_members_lost'], fromSeconds: 60, toSeconds: 620 };
const SPLIT: Fault = { causes: ['coop_split', 'coop_peer_lost'], fromSeconds: 41, toSeconds: 910 };
/** A split that only the keys of the GMs show: from the first rekey of each side on. */
const SPLIT_BY_KEYS: Fault = { ...SPLIT, fromSeconds: 180 };
const path = (fromSeconds: number, toSeconds = NEVER): Fault => ({
  causes: ['path_loss'],
  fromSeconds,
  toSeconds,
  gms: ['gm1'],
  quiet: true,
});

export const VARIANTS: readonly Variant[] = [
  ...[2, LARGE].map(
    (gms): Variant => ({
      name: `a split with ${gms} GMs`,
      minutes: 17,
      watched: { plan: scenario('coop-split', { gms }) },
      faults: [SPLIT],
    }),
  ),
  ...(['ks1', 'ks2'] as const).map(
    (ks): Variant => ({
      name: `a split with one GM a side, ${ks} not polled`,
      minutes: 17,
      watched: { plan: scenario('coop-split', { gms: 2 }), polled: but(ks) },
      // gm2 of ks2 is too old for RESTCONF, and shows its TEKs.
      faults: [
        { ...SPLIT_BY_KEYS, byRestconf: ks === 'ks1' ? null : ['keys_differ', 'coop_peer_lost'] },
        { ...SPLIT, causes: ['coop_peer_lost'] },
      ],
    }),
  ),
  {
    name: 'a split with one GM a side, no KS polled',
    minutes: 17,
    watched: { plan: scenario('coop-split', { gms: 2 }), polled: but('ks1', 'ks2') },
    faults: [{ ...SPLIT_BY_KEYS, causes: ['keys_differ'], byRestconf: null }],
  },
  {
    name: 'a split of six GMs, no KS polled, no logs',
    minutes: 17,
    watched: { plan: scenario('coop-split', { gms: 6 }), polled: but('ks1', 'ks2'), logs: false },
    faults: [SPLIT_BY_KEYS],
  },
  { name: 'three KSs in two parts', minutes: 18, watched: { plan: splitOfThree(6) }, faults: [SPLIT] },
  ...(['ks1', 'ks3'] as const).map(
    (ks): Variant => ({
      name: `three KSs in two parts, ${ks} not polled`,
      minutes: 18,
      watched: { plan: splitOfThree(6), polled: but(ks) },
      faults: [SPLIT_BY_KEYS, { ...SPLIT, causes: ['coop_peer_lost'] }],
    }),
  ),
  {
    name: 'a split twice',
    minutes: 42,
    watched: {
      plan: scenario(
        'coop-split',
        {},
        [1500, (fleet) => fleet.cutCoop('ks1', 'ks2')],
        [2100, (fleet) => fleet.healCoop('ks1', 'ks2')],
      ),
    },
    faults: [SPLIT, { ...SPLIT, fromSeconds: 1500, toSeconds: 2100 }],
  },
  {
    name: 'a split, and then one KS dies',
    minutes: 34,
    watched: {
      plan: scenario(
        'coop-split',
        {},
        [1300, (fleet) => fleet.killKs('ks2')],
        [1900, (fleet) => fleet.reviveKs('ks2')],
      ),
    },
    faults: [SPLIT, { causes: ['redundancy_lost', 'coop_peer_lost'], fromSeconds: 1320, toSeconds: 1900 }],
  },
  ...[100, 300].map(
    (second): Variant => ({
      name: `a split, and the agent starts only after ${second} s`,
      minutes: 18,
      watched: { plan: scenario('coop-split'), agentStartsAtMs: second * 1000 },
      faults: [{ ...SPLIT, fromSeconds: second }],
    }),
  ),
  ...[100, 950].map(
    (second): Variant => ({
      name: `a split, and the agent is restarted after ${second} s`,
      minutes: 18,
      watched: { plan: scenario('coop-split'), restartsAtSeconds: [second] },
      faults: [SPLIT],
    }),
  ),
  ...[1, 2, LARGE].map(
    (gms): Variant => ({
      name: `the only KS dies in a group with ${gms} GM(s)`,
      minutes: gms === LARGE ? 12 : 16,
      watched: { plan: scenario('ks-down', { gms }) },
      faults: [KS_DOWN],
    }),
  ),
  ...['60s', '300s'].map(
    (pollInterval): Variant => ({
      name: `the only KS dies in the middle of a rekey, polled every ${pollInterval}`,
      minutes: 9,
      watched: { plan: diesInRekey(1), pollInterval },
      faults: [{ causes: ['ks_down', 'not_registered'], fromSeconds: 81, toSeconds: NEVER, quiet: true }],
    }),
  ),
  {
    name: 'a KS of a pair dies in the middle of a rekey',
    minutes: 9,
    watched: { plan: diesInRekey(2) },
    faults: [
      {
        causes: ['redundancy_lost', 'coop_peer_lost', 'ks_failover'],
        fromSeconds: 81,
        toSeconds: NEVER,
        quiet: true,
      },
    ],
  },
  {
    name: 'the only KS dies twice',
    minutes: 32,
    watched: {
      plan: scenario('ks-down', {}, [1100, (fleet) => fleet.killKs('ks1')], [1700, (fleet) => fleet.reviveKs('ks1')]),
    },
    faults: [KS_DOWN, { ...KS_DOWN, fromSeconds: 1140, toSeconds: 1700 }],
  },
  {
    name: 'the only KS is dead before the agent starts',
    minutes: 16,
    watched: { plan: scenario('ks-down'), agentStartsAtMs: 300_000 },
    faults: [{ ...KS_DOWN, fromSeconds: 300 }],
  },
  {
    name: 'the only KS is dead before the agent starts, and the agent is restarted',
    minutes: 16,
    watched: { plan: scenario('ks-down'), agentStartsAtMs: 300_000, restartsAtSeconds: [450] },
    faults: [{ ...KS_DOWN, fromSeconds: 300 }],
  },
  {
    name: 'one KS of a pair dies, and the other, which takes over, is not polled',
    minutes: 12,
    watched: { plan: scenario('coop-failover'), polled: but('ks2') },
    faults: [
      { causes: ['redundancy_lost', 'coop_peer_lost', 'ks_failover'], fromSeconds: 60, toSeconds: NEVER, quiet: true },
    ],
  },
  {
    name: 'one KS of a pair is dead before the agent starts, and the other is not polled',
    minutes: 12,
    watched: { plan: scenario('coop-failover'), polled: but('ks2'), agentStartsAtMs: 120_000 },
    faults: [
      { causes: ['redundancy_lost', 'coop_peer_lost', 'ks_failover'], fromSeconds: 120, toSeconds: NEVER, quiet: true },
    ],
  },
  ...[100, 650].map(
    (second): Variant => ({
      name: `the only KS dies, and the agent is restarted after ${second} s`,
      minutes: 16,
      watched: { plan: scenario('ks-down'), restartsAtSeconds: [second] },
      faults: [KS_DOWN],
    }),
  ),
  {
    name: 'both KSs of a pair die, one after the other',
    minutes: 17,
    watched: {
      plan: quietGroup(
        4,
        2,
        [20, (fleet) => fleet.killKs('ks1')],
        [80, (fleet) => fleet.killKs('ks2')],
        [500, (fleet) => fleet.reviveKs('ks2')],
        [700, (fleet) => fleet.reviveKs('ks1')],
      ),
    },
    faults: [
      { causes: ['redundancy_lost', 'coop_peer_lost'], fromSeconds: 60, toSeconds: 700, quiet: true },
      { causes: ['ks_down'], fromSeconds: 120, toSeconds: 500 },
    ],
  },
  {
    name: 'both KSs of a pair die at once, no logs',
    minutes: 17,
    watched: {
      plan: quietGroup(
        4,
        2,
        ...['ks1', 'ks2'].flatMap((ks): Act[] => [
          [20, (fleet) => fleet.killKs(ks)],
          [500, (fleet) => fleet.reviveKs(ks)],
        ]),
      ),
      logs: false,
    },
    faults: [{ causes: ['ks_down'], fromSeconds: 60, toSeconds: 500 }],
  },
  ...[1, LARGE].map(
    (gms): Variant => ({
      name: `the path of one GM drops KEK rekeys in a group with ${gms} GM(s)`,
      minutes: gms === LARGE ? 4 : 12,
      watched: { plan: scenario('rekey-loss', { gms }) },
      faults: [path(60)],
    }),
  ),
  {
    name: 'one path drops KEK rekeys, and then the only KS dies',
    minutes: 24,
    watched: {
      plan: scenario('rekey-loss', {}, [500, (fleet) => fleet.killKs('ks1')], [1100, (fleet) => fleet.reviveKs('ks1')]),
    },
    faults: [path(60), { ...KS_DOWN, fromSeconds: 540, toSeconds: 1100 }],
  },
  {
    name: 'one path drops KEK rekeys before the agent starts, and the agent is restarted',
    minutes: 10,
    watched: { plan: scenario('rekey-loss'), agentStartsAtMs: 150_000, restartsAtSeconds: [190] },
    faults: [path(150)],
  },
  {
    name: 'both GMs of a group of two miss a rekey',
    minutes: 10,
    watched: { plan: scenario('rekey-loss-fleet', { gms: 2 }) },
    faults: [{ causes: ['ks_rekeys_lost'], fromSeconds: 60, toSeconds: NEVER, quiet: true }],
  },
  {
    name: 'the only KS dies and comes back, and then GMs reload',
    minutes: 32,
    watched: {
      plan: scenario(
        'ks-down',
        { gms: 6 },
        ...[1, 2, 3, 4].map((number): Act => [1000 + 5 * number, (fleet) => fleet.reloadDevice(`gm${number}`)]),
      ),
    },
    faults: [
      KS_DOWN,
      {
        causes: ['gms_reloaded', 'gms_unreachable'],
        fromSeconds: 1005,
        toSeconds: 1150,
        gms: ['gm1', 'gm2', 'gm3', 'gm4'],
        quiet: true,
      },
    ],
  },
  {
    name: 'the only GM reloads',
    minutes: 8,
    watched: { plan: quietGroup(1, 1, [60, (fleet) => fleet.reloadDevice('gm1')]) },
    faults: [
      { causes: ['gms_reloaded', 'gms_unreachable'], fromSeconds: 60, toSeconds: 200, gms: ['gm1'], quiet: true },
    ],
  },
  ...[6, LARGE].map(
    (gms): Variant => ({
      name: `the KSs refuse half of ${gms} GMs`,
      minutes: 12,
      watched: { plan: halfUnauthorized(gms) },
      faults: [
        { causes: ['unauthorized'], bySnmp: ['without_tek'], fromSeconds: 105, toSeconds: 605, gms: everyOther(gms) },
      ],
    }),
  ),
  {
    name: 'the KSs refuse half of six GMs, no logs',
    minutes: 12,
    watched: { plan: halfUnauthorized(6), logs: false },
    faults: [
      { causes: ['not_registered'], bySnmp: ['without_tek'], fromSeconds: 120, toSeconds: 605, gms: everyOther(6) },
    ],
  },
];
