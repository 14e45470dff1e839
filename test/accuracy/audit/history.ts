/**
 * What had been seen of one device in one group when an event was reported: only the observations, in the order in
 * which they were made. Nothing here comes from the tracker.
 *
 * Instants stay as recorded. The agent's clock may have been set since: `shiftsMs` are the amounts by which a quoted
 * instant may therefore differ from the recorded one.
 */
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import type { DeviceFacts, LogMessage } from '../../../src/gdoi/seen/device-facts.ts';
import type { GdoiTrap } from '../../../src/gdoi/seen/gdoi-trap.ts';
import type { EpochMs } from '../../../src/gdoi/seen/instant.ts';
import type { GmSnapshot, KsSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import type { RecordedObservation } from '../agent-model.ts';

export interface Seen {
  readonly device: string;
  /** Index in the recording. */
  readonly index: number;
  readonly sentMs: EpochMs;
  readonly receivedMs: EpochMs;
  readonly shiftsMs: readonly number[];
  /** The largest step of the clock since. */
  readonly slackMs: number;
}

type Registered = Seen & { readonly between: { readonly fromMs: number; readonly toMs: number } };
export type GmAnswer = Seen & { readonly origin: 'cli' | 'snmp' | 'restconf'; readonly gm: GmSnapshot };
export type KsAnswer = Seen & { readonly ks: KsSnapshot };
type FactsAnswer = Seen & { readonly facts: DeviceFacts };
/** `group`: the group that its text names; null: none. */
export type HeardMessage = Seen & {
  readonly message: LogMessage;
  readonly pushed: boolean;
  readonly group: string | null;
};
type HeardTrap = Seen & { readonly trap: GdoiTrap };
/** `failed` null: an answer. `look`: an answer over SNMP, which ends failures but says nothing about a boot. */
type Outcome = Seen & { readonly failed: string | null; readonly look: boolean };

/** Smaller steps are covered by the rounding that every comparison allows. */
const STEP_MS = 1000;
/** For the rounding to whole seconds, both of quoted and of read values. */
export const ROUNDING_MS = 2500;

interface OfDevice {
  readonly registered: Map<string, Registered[]>;
  readonly facts: FactsAnswer[];
  readonly messages: HeardMessage[];
  readonly traps: HeardTrap[];
  readonly outcomes: Outcome[];
  readonly answers: Map<string, GmAnswer[]>;
  readonly kss: KsAnswer[];
}

export class Histories {
  readonly #devices = new Map<string, OfDevice>();
  readonly #kss = new Map<string, KsAnswer[]>();
  readonly #gms = new Map<string, GmAnswer[]>();
  readonly #versions = new Map<string, string[]>();

  constructor(observations: readonly RecordedObservation[]) {
    const shifts = shiftsOf(observations);
    for (const [index, { observation }] of observations.entries()) {
      const { device, sentAtMs: sentMs, receivedAtMs: receivedMs } = observation;
      const shiftsMs = shifts[index] ?? [0];
      const slackMs = Math.max(...shiftsMs.map(Math.abs));
      const seen = { device, index, sentMs, receivedMs, shiftsMs, slackMs };
      this.#add(seen, observation);
    }
  }

  #add(seen: Seen, observation: RecordedObservation['observation']): void {
    const of = this.#ofDevice(seen.device);
    switch (observation.kind) {
      case 'groups':
        // SNMP shows keys but no counters. Beside SSH, RESTCONF is used for no more than that.
        of.outcomes.push({ failed: null, look: originOf(observation) === 'snmp', ...seen });
        for (const snapshot of observation.snapshots) {
          if (snapshot.role === 'ks') {
            listed(this.#kss, snapshot.group).push({ ks: snapshot, ...seen });
            of.kss.push({ ks: snapshot, ...seen });
            continue;
          }
          const gm = observation.beside === true ? lookedAt(snapshot) : snapshot;
          const answer = { origin: originOf(observation), gm, ...seen };
          listed(of.answers, snapshot.group).push(answer);
          listed(this.#gms, snapshot.group).push(answer);
        }
        break;
      case 'facts':
        of.facts.push({ facts: observation.facts, ...seen });
        of.outcomes.push({ failed: null, look: false, ...seen });
        listed(this.#versions, seen.device).push(observation.facts.version ?? '');
        break;
      case 'log':
        for (const message of observation.messages)
          of.messages.push({ message, pushed: observation.pushed, group: groupNamedIn(message), ...seen });
        break;
      case 'trap':
        of.traps.push({ trap: observation.trap, ...seen });
        break;
      case 'failure':
        of.outcomes.push({ failed: observation.result, look: false, ...seen });
        break;
      case 'registered':
        listed(of.registered, observation.group).push({ between: observation.between, ...seen });
        break;
      case 'clock':
      case 'certificates':
        break;
      default:
        observation satisfies never;
    }
  }

  #ofDevice(device: string): OfDevice {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    const fresh: OfDevice = {
      facts: [],
      messages: [],
      traps: [],
      outcomes: [],
      answers: new Map(),
      registered: new Map(),
      kss: [],
    };
    this.#devices.set(device, fresh);
    return fresh;
  }

  /** The history of the event's device and group, up to what was known. */
  of({ device, group }: Pick<GdoiEvent, 'device' | 'group'>, known: number): History {
    const of = this.#ofDevice(device ?? '');
    const upTo = <T extends Seen>(all: readonly T[] | undefined) => upToIndex(all ?? [], known);
    return {
      answers: upTo(of.answers.get(group ?? '')),
      facts: upTo(of.facts),
      messages: upTo(of.messages),
      traps: upTo(of.traps),
      registered: upTo(of.registered.get(group ?? '')),
      outcomes: upTo(of.outcomes),
      kss: upTo(this.#kss.get(group ?? '')),
      ownKss: upTo(of.kss),
      gms: upTo(this.#gms.get(group ?? '')),
      versions: this.#versions,
      messagesOf: (other) => upTo(this.#devices.get(other)?.messages),
    };
  }
}

export interface History {
  /** What the device itself stated about its last registration. */
  readonly registered: readonly Registered[];
  /** Answers of the event's device in its group, from all transports. */
  readonly answers: readonly GmAnswer[];
  readonly facts: readonly FactsAnswer[];
  readonly messages: readonly HeardMessage[];
  readonly traps: readonly HeardTrap[];
  readonly outcomes: readonly Outcome[];
  /** Answers of the group's KSs. */
  readonly kss: readonly KsAnswer[];
  /** Answers of the event's device itself as a KS, in all groups. */
  readonly ownKss: readonly KsAnswer[];
  /** Answers of all GMs of the group. */
  readonly gms: readonly GmAnswer[];
  /** Releases that each device of the fleet has shown. */
  readonly versions: ReadonlyMap<string, readonly string[]>;
  /** The messages of another device, a KS, by then. */
  readonly messagesOf: (device: string) => readonly HeardMessage[];
}

function listed<T>(lists: Map<string, T[]>, key: string): T[] {
  const known = lists.get(key);
  if (known !== undefined) return known;
  const fresh: T[] = [];
  lists.set(key, fresh);
  return fresh;
}

/** Binary search, since the lists are long and in order. */
function upToIndex<T extends Seen>(all: readonly T[], known: number): readonly T[] {
  let from = 0;
  let to = all.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((all[middle]?.index ?? Infinity) < known) from = middle + 1;
    else to = middle;
  }
  return all.slice(0, from);
}

/**
 * For each observation, the differences between its clock and the clocks after it. Clocks that differ by less than a
 * second count as one; the difference to another clock is not rounded, since drift adds to every step.
 */
function shiftsOf(observations: readonly RecordedObservation[]): readonly (readonly number[])[] {
  const later = new Map<number, number>();
  const shifts: (readonly number[])[] = [];
  for (let index = observations.length - 1; index >= 0; index -= 1) {
    const offset = observations[index]?.clockOffsetMs ?? 0;
    const own = Math.round(offset / STEP_MS);
    if (!later.has(own)) later.set(own, offset);
    shifts[index] = Array.from(later, ([clock, other]) => (clock === own ? 0 : other - offset));
  }
  return shifts;
}

/** Whether the instant `quotedMs` can lie `fromMs` to `toMs` after what was read at `seen`. */
export function quotes(seen: Seen, quotedMs: EpochMs, fromMs = 0, toMs = fromMs): boolean {
  return seen.shiftsMs.some(
    (shift) =>
      quotedMs >= seen.sentMs + fromMs + shift - ROUNDING_MS &&
      quotedMs <= seen.receivedMs + toMs + shift + ROUNDING_MS,
  );
}

/** Its countdown is over and an attempt is under way or failed, though it may still show the old registration. */
export function isTrying({ reregistersInSeconds, registrations: { attempted, succeeded } }: GmSnapshot): boolean {
  return reregistersInSeconds === 0 && attempted !== null && succeeded !== null && attempted > succeeded;
}

/** Whether a countdown read there can end at the quoted instant. */
export function quotesEnd(seen: Seen, quotedMs: EpochMs, remainingSeconds: number | null | undefined): boolean {
  if (typeof remainingSeconds !== 'number') return false;
  return quotes(seen, quotedMs, remainingSeconds * 1000, remainingSeconds * 1000 + 1000);
}

const GROUP = /\bgroup (\S+)/iu;

function groupNamedIn({ text }: LogMessage): string | null {
  return GROUP.exec(text)?.[1]?.replace(/[.,;:)]+$/u, '') ?? null;
}

function originOf({
  origin,
  beside,
}: Extract<RecordedObservation['observation'], { kind: 'groups' }>): GmAnswer['origin'] {
  return beside === true ? 'snmp' : origin;
}

/** The part that the tracker uses: only the keys, as from SNMP. */
function lookedAt(gm: GmSnapshot): GmSnapshot {
  const rekeys = { ...gm.rekeys, received: null, sinceRegistration: null, acksSent: null, lastAgeSeconds: null };
  return { ...gm, registered: null, registrations: { succeeded: null, attempted: null }, rekeys };
}
