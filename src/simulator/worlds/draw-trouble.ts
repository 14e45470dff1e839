/** One thing that goes wrong in a drawn world, with its beginning, its end and a line that says so. */
import type { Random } from '../../kernel/random.ts';
import type { FleetOperations, FleetPlan, GmPlan, KsPlan } from '../scenarios/fleet-plan.ts';
import type { Path } from '../world/world.ts';

export interface Trouble {
  /** After the start. */
  readonly atSeconds: number;
  readonly description: string;
  readonly acts: FleetPlan['script'];
}

interface Place {
  readonly seconds: number;
  readonly gms: readonly GmPlan[];
  readonly kss: readonly KsPlan[];
}

interface Drawn {
  readonly random: Random;
  readonly atSeconds: number;
  readonly gm: string;
  readonly ks: string;
  readonly place: Place;
}

type Draw = (drawn: Drawn) => Trouble;

/** Kinds, and how often each is drawn. */
const KINDS: readonly (readonly [share: number, draw: Draw])[] = [
  [4, gmReloads],
  [3, gmIsCleared],
  [3, (drawn) => pathSuffers(drawn, { kekRekeyLoss: 1 }, 'drops rekeys with a new KEK')],
  [3, (drawn) => pathSuffers(drawn, { rekeyLoss: 1 }, 'drops rekeys')],
  [1, (drawn) => pathSuffers(drawn, { ackLoss: 1 }, 'drops acknowledgements')],
  [2, (drawn) => pathSuffers(drawn, { registrationLoss: 1 }, 'drops registrations')],
  [1, (drawn) => pathSuffers(drawn, { rekeyLoss: 1, registrationLoss: 1 }, 'is cut')],
  [2, ksDies],
  [2, ksReloads],
  [1, everyPathLosesKekRekeys],
  [1, coopIsCut],
  [2, membersAreCleared],
  [1, (drawn) => act(drawn, `crypto gdoi ks rekey on ${drawn.ks}`, (fleet) => fleet.rekeyNow(drawn.ks))],
  [
    1,
    (drawn) => act(drawn, `crypto gdoi ks rekey replace-now on ${drawn.ks}`, (fleet) => fleet.replacePolicy(drawn.ks)),
  ],
  [2, interfaceFlaps],
  [1, identityIsUnknown],
  [1, replayChecksFail],
  [1, teksAreLost],
  [1, deviceClockIsSet],
];

export function drawTrouble(random: Random, place: Place): Trouble {
  const all = KINDS.reduce((sum, [share]) => sum + share, 0);
  let chance = random() * all;
  const atSeconds = Math.floor(place.seconds * (0.02 + 0.93 * random()));
  const gm = place.gms[Math.floor(random() * place.gms.length)]?.name ?? 'gm1';
  const ks = place.kss[Math.floor(random() * place.kss.length)]?.name ?? 'ks1';
  for (const [share, draw] of KINDS) {
    if (chance < share) return draw({ random, atSeconds, gm, ks, place });
    chance -= share;
  }
  return gmReloads({ random, atSeconds, gm, ks, place });
}

function between(random: Random, from: number, to: number): number {
  return Math.floor(from + random() * (to - from));
}

function act({ atSeconds }: Drawn, description: string, run: (fleet: FleetOperations) => void): Trouble {
  return { atSeconds, description, acts: [{ atSeconds, act: run }] };
}

function forAWhile(
  { atSeconds }: Drawn,
  lasting: { readonly seconds: number; readonly description: string },
  acts: { readonly begin: (fleet: FleetOperations) => void; readonly end: (fleet: FleetOperations) => void },
): Trouble {
  return {
    atSeconds,
    description: `${lasting.description} for ${lasting.seconds} s`,
    acts: [
      { atSeconds, act: acts.begin },
      { atSeconds: atSeconds + lasting.seconds, act: acts.end },
    ],
  };
}

function gmReloads(drawn: Drawn): Trouble {
  const { random, gm } = drawn;
  const downSeconds = random() < 0.3 ? between(random, 10, 30) : between(random, 30, 300);
  return act(drawn, `${gm} reloads, down for ${downSeconds} s`, (fleet) => fleet.reloadDevice(gm, downSeconds));
}

function gmIsCleared(drawn: Drawn): Trouble {
  const { random, gm, atSeconds } = drawn;
  const clear = (fleet: FleetOperations) => fleet.clearGm(gm);
  if (random() < 0.75) return act(drawn, `clear crypto gdoi on ${gm}`, clear);
  const laterSeconds = between(random, 15, 400);
  return {
    atSeconds,
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

function pathSuffers(drawn: Drawn, change: Partial<Path>, what: string): Trouble {
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

function ksDies(drawn: Drawn): Trouble {
  const { random, ks } = drawn;
  const seconds = random() < 0.5 ? between(random, 60, 400) : between(random, 400, 2400);
  return forAWhile(
    drawn,
    { seconds, description: `${ks} is dead` },
    { begin: (fleet) => fleet.killKs(ks), end: (fleet) => fleet.reviveKs(ks) },
  );
}

function ksReloads(drawn: Drawn): Trouble {
  const { random, ks } = drawn;
  const downSeconds = between(random, 20, 300);
  return act(drawn, `${ks} reloads, down for ${downSeconds} s`, (fleet) => fleet.reloadDevice(ks, downSeconds));
}

function everyPathLosesKekRekeys(drawn: Drawn): Trouble {
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

function coopIsCut(drawn: Drawn): Trouble {
  const { random, place } = drawn;
  const [a, b] = place.kss;
  if (a === undefined || b === undefined) return gmReloads(drawn);
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

function membersAreCleared(drawn: Drawn): Trouble {
  const { ks } = drawn;
  return act(drawn, `clear crypto gdoi ks members on ${ks}`, (fleet) => fleet.clearKsMembers(ks));
}

function interfaceFlaps(drawn: Drawn): Trouble {
  const { random, gm } = drawn;
  const seconds = between(random, 2, 90);
  return act(drawn, `the interface of ${gm} is down for ${seconds} s`, (fleet) => fleet.flapInterface(gm, seconds));
}

function identityIsUnknown(drawn: Drawn): Trouble {
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

function replayChecksFail(drawn: Drawn): Trouble {
  const { random, gm } = drawn;
  const seconds = between(random, 60, 900);
  return act(drawn, `replay checks fail on ${gm} for ${seconds} s`, (fleet) => fleet.failReplayChecks(gm, seconds));
}

function teksAreLost(drawn: Drawn): Trouble {
  const { gm } = drawn;
  return act(drawn, `${gm} loses its IPsec SAs`, (fleet) => fleet.loseTeks(gm));
}

function deviceClockIsSet(drawn: Drawn): Trouble {
  const { random, gm } = drawn;
  const offsetSeconds = between(random, -4000, 4000);
  return act(drawn, `the clock of ${gm} is set ${offsetSeconds} s off`, (fleet) =>
    fleet.setDeviceClock(gm, offsetSeconds),
  );
}
