/** One thing that goes wrong in a random world, with its beginning, its end and a line that describes it. */
import type { Random } from '../../src/kernel/random.ts';
import type { FleetOperations, FleetPlan, GmPlan, KsPlan } from '../../src/simulator/scenarios/fleet-plan.ts';
import type { Path } from '../../src/simulator/world/world.ts';

export type TroubleKind =
  | 'gm_reload'
  | 'gm_clear'
  | 'kek_rekeys_lost'
  | 'rekeys_lost'
  | 'acks_lost'
  | 'registrations_lost'
  | 'path_cut'
  | 'ks_dead'
  | 'ks_reload'
  | 'kek_rekeys_lost_by_all'
  | 'coop_cut'
  | 'members_cleared'
  | 'rekey_now'
  | 'policy_replaced'
  | 'interface_flap'
  | 'unauthorized'
  | 'replay_errors'
  | 'teks_lost'
  | 'clock_set';

export interface Trouble {
  readonly kind: TroubleKind;
  /** The device that it happens to; null: the whole fleet. */
  readonly device: string | null;
  /** Seconds after the start. */
  readonly atSeconds: number;
  /** When it ends; for an instantaneous act the same. */
  readonly untilSeconds: number;
  readonly description: string;
  readonly acts: FleetPlan['script'];
}

interface Place {
  readonly seconds: number;
  readonly gms: readonly GmPlan[];
  readonly kss: readonly KsPlan[];
  /** When keys are renewed, if half of the troubles are to fall near that; empty: they come at any time. */
  readonly renewalsSeconds: readonly number[];
}

interface Drawn {
  readonly random: Random;
  readonly atSeconds: number;
  readonly gm: string;
  readonly ks: string;
  readonly place: Place;
}

/** `kind` and `device`: given if they are not those of the table. */
type Draw = (drawn: Drawn) => Omit<Trouble, 'kind' | 'device'> & Partial<Pick<Trouble, 'kind' | 'device'>>;

type Subject = 'gm' | 'ks' | null;

/** Kinds of trouble, how often each is drawn, and what it happens to. */
const KINDS: readonly (readonly [share: number, kind: TroubleKind, subject: Subject, draw: Draw])[] = [
  [4, 'gm_reload', 'gm', gmReloads],
  [3, 'gm_clear', 'gm', gmIsCleared],
  [3, 'kek_rekeys_lost', 'gm', (drawn) => pathSuffers(drawn, { kekRekeyLoss: 1 }, 'drops rekeys with a new KEK')],
  [3, 'rekeys_lost', 'gm', (drawn) => pathSuffers(drawn, { rekeyLoss: 1 }, 'drops rekeys')],
  [1, 'acks_lost', 'gm', (drawn) => pathSuffers(drawn, { ackLoss: 1 }, 'drops acknowledgements')],
  [2, 'registrations_lost', 'gm', (drawn) => pathSuffers(drawn, { registrationLoss: 1 }, 'drops registrations')],
  [1, 'path_cut', 'gm', (drawn) => pathSuffers(drawn, { rekeyLoss: 1, registrationLoss: 1 }, 'is cut')],
  [2, 'ks_dead', 'ks', ksDies],
  [2, 'ks_reload', 'ks', ksReloads],
  [1, 'kek_rekeys_lost_by_all', null, everyPathLosesKekRekeys],
  [1, 'coop_cut', null, coopIsCut],
  [2, 'members_cleared', 'ks', membersAreCleared],
  [
    1,
    'rekey_now',
    'ks',
    (drawn) => act(drawn, `crypto gdoi ks rekey on ${drawn.ks}`, (fleet) => fleet.rekeyNow(drawn.ks)),
  ],
  [
    1,
    'policy_replaced',
    'ks',
    (drawn) => act(drawn, `crypto gdoi ks rekey replace-now on ${drawn.ks}`, (fleet) => fleet.replacePolicy(drawn.ks)),
  ],
  [2, 'interface_flap', 'gm', interfaceFlaps],
  [1, 'unauthorized', 'gm', identityIsUnknown],
  [1, 'replay_errors', 'gm', replayChecksFail],
  [1, 'teks_lost', 'gm', teksAreLost],
  [1, 'clock_set', 'gm', deviceClockIsSet],
];

export function drawTrouble(random: Random, place: Place): Trouble {
  const all = KINDS.reduce((sum, [share]) => sum + share, 0);
  let chance = random() * all;
  const atSeconds = drawInstant(random, place);
  const gm = place.gms[Math.floor(random() * place.gms.length)]?.name ?? 'gm1';
  const ks = place.kss[Math.floor(random() * place.kss.length)]?.name ?? 'ks1';
  const drawn = { random, atSeconds, gm, ks, place };
  for (const [share, kind, subject, draw] of KINDS) {
    const device = subject === null ? null : drawn[subject];
    if (chance < share) return { kind, device, ...draw(drawn) };
    chance -= share;
  }
  return { kind: 'gm_reload', device: gm, ...gmReloads(drawn) };
}

/** From the time of the rekey to a little after the end of the key. */
const NEAR_RENEWAL_SECONDS = { from: -40, to: 330 } as const;

function drawInstant(random: Random, { seconds, renewalsSeconds }: Place): number {
  const whenever = Math.floor(seconds * (0.02 + 0.93 * random()));
  if (renewalsSeconds.length === 0 || random() < 0.5) return whenever;
  const renewal = renewalsSeconds[Math.floor(random() * renewalsSeconds.length)] ?? whenever;
  const near = renewal - 230 + between(random, NEAR_RENEWAL_SECONDS.from, NEAR_RENEWAL_SECONDS.to);
  return Math.max(Math.floor(0.02 * seconds), Math.min(near, Math.floor(0.95 * seconds)));
}

function between(random: Random, from: number, to: number): number {
  return Math.floor(from + random() * (to - from));
}

function act({ atSeconds }: Drawn, description: string, run: (fleet: FleetOperations) => void): ReturnType<Draw> {
  return { atSeconds, untilSeconds: atSeconds, description, acts: [{ atSeconds, act: run }] };
}

function forAWhile(
  { atSeconds }: Drawn,
  lasting: { readonly seconds: number; readonly description: string },
  acts: { readonly begin: (fleet: FleetOperations) => void; readonly end: (fleet: FleetOperations) => void },
): ReturnType<Draw> {
  return {
    atSeconds,
    untilSeconds: atSeconds + lasting.seconds,
    description: `${lasting.description} for ${lasting.seconds} s`,
    acts: [
      { atSeconds, act: acts.begin },
      { atSeconds: atSeconds + lasting.seconds, act: acts.end },
    ],
  };
}

function gmReloads(drawn: Drawn): ReturnType<Draw> {
  const { random, gm } = drawn;
  const downSeconds = random() < 0.3 ? between(random, 10, 30) : between(random, 30, 300);
  return act(drawn, `${gm} reloads, down for ${downSeconds} s`, (fleet) => fleet.reloadDevice(gm, downSeconds));
}

function gmIsCleared(drawn: Drawn): ReturnType<Draw> {
  const { random, gm, atSeconds } = drawn;
  const clear = (fleet: FleetOperations) => fleet.clearGm(gm);
  if (random() < 0.75) return act(drawn, `clear crypto gdoi on ${gm}`, clear);
  const laterSeconds = between(random, 15, 400);
  return {
    atSeconds,
    untilSeconds: atSeconds + laterSeconds,
    description: `clear crypto gdoi on ${gm}, and again ${laterSeconds} s later`,
    acts: [
      { atSeconds, act: clear },
      { atSeconds: atSeconds + laterSeconds, act: clear },
    ],
  };
}

function nothingLost(change: Partial<Path>): Partial<Path> {
  return Object.fromEntries(Object.keys(change).map((name) => [name, name === 'unauthorized' ? false : 0]));
}

function pathSuffers(drawn: Drawn, change: Partial<Path>, what: string): ReturnType<Draw> {
  const { random, gm, place } = drawn;
  const setAll = (fleet: FleetOperations, to: Partial<Path>) => {
    for (const ks of place.kss) fleet.setPath(gm, ks.name, to);
  };
  const seconds = random() < 0.5 ? between(random, 60, 600) : between(random, 600, 5400);
  return forAWhile(
    drawn,
    { seconds, description: `the path of ${gm} ${what}` },
    { begin: (fleet) => setAll(fleet, change), end: (fleet) => setAll(fleet, nothingLost(change)) },
  );
}

function ksDies(drawn: Drawn): ReturnType<Draw> {
  const { random, ks } = drawn;
  const seconds = random() < 0.5 ? between(random, 60, 400) : between(random, 400, 2400);
  return forAWhile(
    drawn,
    { seconds, description: `${ks} is dead` },
    { begin: (fleet) => fleet.killKs(ks), end: (fleet) => fleet.reviveKs(ks) },
  );
}

function ksReloads(drawn: Drawn): ReturnType<Draw> {
  const { random, ks } = drawn;
  const downSeconds = between(random, 20, 300);
  return act(drawn, `${ks} reloads, down for ${downSeconds} s`, (fleet) => fleet.reloadDevice(ks, downSeconds));
}

function everyPathLosesKekRekeys(drawn: Drawn): ReturnType<Draw> {
  const { random, place } = drawn;
  const setAll = (fleet: FleetOperations, kekRekeyLoss: number) => {
    for (const gm of place.gms) for (const ks of place.kss) fleet.setPath(gm.name, ks.name, { kekRekeyLoss });
  };
  return forAWhile(
    drawn,
    { seconds: between(random, 300, 3600), description: 'a firewall at the KSs drops rekeys with a new KEK' },
    { begin: (fleet) => setAll(fleet, 1), end: (fleet) => setAll(fleet, 0) },
  );
}

function coopIsCut(drawn: Drawn): ReturnType<Draw> {
  const { random, place } = drawn;
  const [a, b] = place.kss;
  if (a === undefined || b === undefined) return { kind: 'gm_reload', device: drawn.gm, ...gmReloads(drawn) };
  const beyond = random() < 0.5;
  const far = (fleet: FleetOperations, loss: number) => {
    if (!beyond) return;
    for (const gm of place.gms) {
      const other = gm.keyServers?.[1] ?? b.name;
      fleet.setPath(gm.name, other, { rekeyLoss: loss, registrationLoss: loss });
    }
  };
  return forAWhile(
    drawn,
    { seconds: between(random, 60, 2400), description: `${a.name} and ${b.name} do not hear each other` },
    {
      begin: (fleet) => {
        fleet.cutCoop(a.name, b.name);
        far(fleet, 1);
      },
      end: (fleet) => {
        far(fleet, 0);
        fleet.healCoop(a.name, b.name);
      },
    },
  );
}

function membersAreCleared(drawn: Drawn): ReturnType<Draw> {
  const { ks } = drawn;
  return act(drawn, `clear crypto gdoi ks members on ${ks}`, (fleet) => fleet.clearKsMembers(ks));
}

function interfaceFlaps(drawn: Drawn): ReturnType<Draw> {
  const { random, gm } = drawn;
  const seconds = between(random, 2, 90);
  return act(drawn, `the interface of ${gm} is down for ${seconds} s`, (fleet) => fleet.flapInterface(gm, seconds));
}

function identityIsUnknown(drawn: Drawn): ReturnType<Draw> {
  const { random, gm, place } = drawn;
  const setAll = (fleet: FleetOperations, unauthorized: boolean) => {
    for (const ks of place.kss) fleet.setPath(gm, ks.name, { unauthorized });
  };
  return forAWhile(
    drawn,
    { seconds: between(random, 200, 2400), description: `the KSs do not know ${gm}` },
    { begin: (fleet) => setAll(fleet, true), end: (fleet) => setAll(fleet, false) },
  );
}

function replayChecksFail(drawn: Drawn): ReturnType<Draw> {
  const { random, gm } = drawn;
  const seconds = between(random, 60, 900);
  return act(drawn, `replay checks fail on ${gm} for ${seconds} s`, (fleet) => fleet.failReplayChecks(gm, seconds));
}

function teksAreLost(drawn: Drawn): ReturnType<Draw> {
  const { gm } = drawn;
  return act(drawn, `${gm} loses its IPsec SAs`, (fleet) => fleet.loseTeks(gm));
}

function deviceClockIsSet(drawn: Drawn): ReturnType<Draw> {
  const { random, gm } = drawn;
  const offsetSeconds = between(random, -4000, 4000);
  return act(drawn, `the clock of ${gm} is set ${offsetSeconds} s off`, (fleet) =>
    fleet.setDeviceClock(gm, offsetSeconds),
  );
}
