/**
 * A group judged again: after one member's change, after its KS was read once more, while it comes up, and in the
 * storms that a group can have. Judging holds up the main thread: a loop that stands still for 100 ms is too long.
 */
import { initialFleetState, type MemberFacts } from '../../src/gdoi/fleet/fleet-state.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../src/gdoi/fleet/fleet-settings.ts';
import { groupAfter, groupOfState, type GroupMemory, judged } from '../../src/model/fleet-step.ts';
import { createReadModel } from '../../src/model/read-model.ts';
import { gm, type GmOptions, ks, START } from '../builders/fleet-group.ts';
import { type BenchRow, median } from './bench-row.ts';

const SETTINGS = { fleet: DEFAULT_FLEET_SETTINGS, maintenance: [] };
const SIZES = [10, 100, 1000, 8000];
const WARM_UP = 6;
const ROUNDS = 21;
const MOST_MS = 100;
/** All members were read by then, and the group judged. */
const READ_AT = 600;

const TEKS = { '0x0000000A': 6000 };
const OLD_TEKS = { '0x00000009': 3000 };

interface World {
  /** What a member shows; null: it was not read yet. */
  readonly member: (member: number, of: number) => GmOptions | null;
  /** What changes before a judgement. */
  readonly change: 'member' | 'ks' | 'new';
  readonly listed?: false;
}

const REREGISTERED: GmOptions = {
  succeeded: 2,
  change: { lastReregistration: { cause: 'kek_missed_rekey', atMs: START + READ_AT * 1000 - 30_000 } },
};

const SILENT: GmOptions = {
  presence: 'unreachable',
  change: {
    context: {
      failure: { sinceMs: START + READ_AT * 1000, inARow: 5, result: 'timeout', established: true },
      bootMs: null,
      forced: null,
      unregisteredSinceMs: null,
      failedAttempts: null,
      reregistersAtMs: null,
      nextLookMs: START + 900_000,
      reasons: [],
    },
  },
};

const WORLDS: Readonly<Record<string, World>> = {
  'one registered again': { member: () => ({}), change: 'member' },
  'the KS was read once more': { member: () => ({}), change: 'ks' },
  'coming up, one is new': { member: (member, of) => (2 * member < of ? {} : null), change: 'new' },
  'a hundredth lacks a rekey': { member: (member) => (member % 100 === 1 ? { teks: OLD_TEKS } : {}), change: 'member' },
  'all but one lack a rekey': { member: (member) => (member === 0 ? {} : { teks: OLD_TEKS }), change: 'member' },
  'half registered for a rekey': { member: (member) => (member % 2 === 1 ? REREGISTERED : {}), change: 'member' },
  'all registered for a rekey': { member: () => REREGISTERED, change: 'member' },
  'half silent': { member: (member) => (member % 2 === 1 ? SILENT : {}), change: 'member' },
  'all silent': { member: () => SILENT, change: 'member' },
  'half not registered': {
    member: (member) => (member % 2 === 1 ? { registered: false, teks: {} } : {}),
    change: 'member',
  },
  'the KS has lost its list': { member: () => ({}), change: 'ks', listed: false },
};

export async function benchJudging(): Promise<BenchRow[]> {
  return Object.entries(WORLDS).flatMap(([name, world]) =>
    SIZES.map((members) => {
      const measured = judgingMs(world, members);
      return {
        name: `judging ${members} GMs: ${name}`,
        unit: 'ms',
        measured,
        bare: null,
        ratio: measured / MOST_MS,
        budget: 1,
      };
    }),
  );
}

function judgingMs(world: World, members: number): number {
  let memory: GroupMemory = groupOfState(initialFleetState('G1'), START, DEFAULT_FLEET_SETTINGS);
  const model = createReadModel();
  const judge = (second: number) => {
    memory = judged(memory, START + second * 1000, SETTINGS).memory;
    model.setGroup(memory.view);
  };
  const take = (facts: MemberFacts) => {
    memory = groupAfter({ ...memory, judgedAtMs: facts.atMs }, facts, SETTINGS).memory;
  };
  take(ksRead(0, members, world));
  for (let member = 0; member < members; member += 1) take(gmRead(100, member, {}));
  judge(110);
  memory = groupOfState(initialFleetState('G1'), START, DEFAULT_FLEET_SETTINGS);
  take(ksRead(120, members, world));
  for (let member = 0; member < members; member += 1) {
    const shown = world.member(member, members);
    if (shown !== null) take(gmRead(READ_AT, member, shown));
  }
  judge(READ_AT + 5);
  const spentMs = Array.from({ length: ROUNDS }, (_, round) => {
    const second = READ_AT + 10 + round;
    take(changeOf(world, members, round, second));
    const from = process.hrtime.bigint();
    judge(second);
    return Number(process.hrtime.bigint() - from) / 1e6;
  });
  return median(spentMs.slice(WARM_UP));
}

function changeOf(world: World, members: number, round: number, second: number): MemberFacts {
  if (world.change === 'ks') return ksRead(second, members, world);
  const member = world.change === 'new' ? Math.ceil(members / 2) + round : round;
  return gmRead(second, member % members, { succeeded: 3 + round });
}

const addressOf = (member: number) => `10.${member >> 16}.${(member >> 8) & 255}.${member & 255}`;

function gmRead(second: number, member: number, shown: GmOptions): MemberFacts {
  return gm(second, { device: `gm${member}`, address: addressOf(member), teks: TEKS, ...shown });
}

function ksRead(second: number, members: number, { listed }: World): MemberFacts {
  const rows = Array.from({ length: listed === false ? 0 : members }, (_, member) => [addressOf(member), 0] as const);
  return ks(second, { members: Object.fromEntries(rows), teks: TEKS });
}
