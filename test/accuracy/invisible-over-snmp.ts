/**
 * Which registrations SNMP alone does not show, by rule: from what the GM's own SNMP agent and its messages showed
 * around it, never from what the tracker said. The MIB has no count of registrations and no countdown. A registration
 * shows by keys that change as no rekey can change them, by another key server that stays, by the uptime, or by a
 * message.
 */
import type { EpochMs } from '../../src/gdoi/seen/instant.ts';
import type { Observation } from '../../src/gdoi/seen/observation.ts';
import type { GmSnapshot } from '../../src/gdoi/seen/snapshot.ts';
import type { TruthCause } from '../../src/simulator/world/ground-truth.ts';
import type { TrueRegistration } from './undecidable.ts';
import type { Watched } from './watch-fleet.ts';

/** Causes that are timers of the GM's keys, which the looks show: if one was due, messages are believed. */
const TIMED: ReadonlySet<TruthCause> = new Set(['kek_missed_rekey', 'legacy_ks', 'kek_expired', 'tek_expired']);

interface Look {
  /** In true time. */
  readonly atMs: EpochMs;
  readonly identity: string | null;
  readonly kek: string | null;
  readonly teks: readonly string[];
  readonly sequence: number | null;
  readonly keyServer: string | null;
}

/** A GM that is only trying its servers shows the next one sooner than this. */
const STAYS_MS = 600_000;
/** Before KEK expiry, the earliest instant at which a GM without a rekey re-registers: no rekey can be under way. */
const WINDOW_FROM_MS = 190_000;
/** For the rounding of the lifetimes that the looks show, and for the time that an answer takes. */
const ROUNDING_MS = 4_000;
/** A rekey with a new KEK restarts the numbers, and this many may follow between two looks. */
const FIRST_NUMBERS = 1;

/** Whether only SNMP shows this GM. */
export function isSeenOverSnmpAlone(device: string, { observations }: Watched): boolean {
  const answers = observations
    .map(({ observation }) => observation)
    .filter((each): each is Answer => isAnswerOf(each, device));
  return answers.length > 0 && answers.every(({ origin }) => origin === 'snmp');
}

type Answer = Extract<Observation, { kind: 'groups' }>;

function isAnswerOf(each: Observation, device: string): each is Answer {
  return each.kind === 'groups' && each.device === device && each.beside !== true;
}

/** Why nothing shows the registration; null: something does. */
export function invisibleOverSnmp(event: TrueRegistration, watched: Watched): string | null {
  const looks = looksOf(event, watched);
  const before = looks.findLast(({ atMs }) => atMs < event.atMs);
  const after = looks.find(({ atMs }) => atMs > event.atMs);
  if (before === undefined || after === undefined) return 'no two looks are around it';
  const between = { fromMs: before.atMs, toMs: after.atMs };
  if (event.cause === 'reload') return null;
  const heard = heardOf(event, watched, { ...between, identity: after.identity });
  if (heard.size === 0 && isFollowed(event, watched, after.atMs))
    return 'SNMP: another registration followed before the next look, and no message of this one arrived';
  if (before.kek === null && after.kek !== null) return null;
  const known = looks.filter(({ atMs }) => atMs <= before.atMs);
  const change = keyChange(before, after, { known, expiryMs: event.before.kekExpiryMs });
  if (change === 'by registration' || stays(after, before, looks)) return null;
  const isAgreed = change !== 'none' || TIMED.has(event.cause) || heard.has('GM_CLEAR_REGISTER');
  if (heard.size > 0 && isAgreed) return null;
  if (heard.size > 0)
    return 'SNMP: messages alone, which anyone can forge, tell of it: no key changed, and no timer was due';
  return change === 'none'
    ? 'SNMP: it changed no key, and no message of it arrived'
    : 'SNMP: a rekey would have changed its keys so, and no message of it arrived';
}

/** Without a count only the last registration before the next look shows, by its keys. */
function isFollowed({ device, group, atMs }: TrueRegistration, { truth }: Watched, untilMs: EpochMs): boolean {
  return truth.some(
    (other) =>
      other.kind === 'registration' &&
      other.device === device &&
      other.group === group &&
      other.atMs > atMs &&
      other.atMs < untilMs,
  );
}

/** The GM's answers for the group, in order. */
function looksOf({ device, group }: TrueRegistration, { observations }: Watched): readonly Look[] {
  return observations.flatMap(({ observation, clockOffsetMs }) => {
    if (!isAnswerOf(observation, device)) return [];
    const gm = observation.snapshots.find((each) => each.role === 'gm' && each.group === group);
    if (gm?.role !== 'gm') return [];
    return [lookOf(gm, (observation.sentAtMs + observation.receivedAtMs) / 2 - clockOffsetMs)];
  });
}

function lookOf({ identity, kek, teks, rekeys, keyServer }: GmSnapshot, atMs: EpochMs): Look {
  const holdsKek = kek !== null && kek.remainingSeconds !== 0;
  return {
    atMs,
    identity,
    kek: holdsKek ? (kek.spi ?? null) : null,
    teks: (teks ?? []).flatMap(({ spi }) => spi ?? []),
    sequence: rekeys.lastSequence,
    keyServer,
  };
}

/** `known`: all looks up to `before`. */
function keyChange(
  before: Look,
  after: Look,
  { known, expiryMs }: { readonly known: readonly Look[]; readonly expiryMs: EpochMs | null },
): 'none' | 'as by a rekey' | 'by registration' {
  const kekIsNew = before.kek !== null && after.kek !== null && before.kek !== after.kek;
  const tekIsNew = after.teks.some((spi) => !before.teks.includes(spi));
  if (!kekIsNew && !tekIsNew) return 'none';
  if (before.sequence === null || before.sequence !== after.sequence) return 'as by a rekey';
  if (kekIsNew) {
    const isTooLate = expiryMs !== null && before.atMs >= expiryMs - WINDOW_FROM_MS + ROUNDING_MS;
    return before.sequence > FIRST_NUMBERS || isTooLate ? 'by registration' : 'as by a rekey';
  }
  // The number may be left from an earlier KEK, and that of the first rekey under this one may equal it by chance.
  const since = known.slice(1 + known.findLastIndex(({ kek }) => kek !== before.kek));
  const isOfThisKek = since.some(({ sequence }) => sequence !== before.sequence);
  return isOfThisKek || before.sequence === 0 ? 'by registration' : 'as by a rekey';
}

/** Whether it shows another server from then on: one that it only tries is shown for a shorter time. */
function stays(after: Look, before: Look, looks: readonly Look[]): boolean {
  if (before.keyServer === after.keyServer || after.keyServer === null) return false;
  const later = looks.filter(({ atMs }) => atMs >= after.atMs && atMs <= after.atMs + STAYS_MS);
  return later.every(({ keyServer }) => keyServer === after.keyServer);
}

/**
 * The messages that report the registration, including its completion; empty unless two agree: a single datagram may be
 * forged.
 */
function heardOf(
  { device, group, startedAtMs, atMs }: TrueRegistration,
  { observations }: Watched,
  { toMs, identity }: { readonly toMs: EpochMs; readonly identity: string | null },
): ReadonlySet<string> {
  const heard = observations.flatMap(({ observation, clockOffsetMs }) => {
    const heardMs = observation.receivedAtMs - clockOffsetMs;
    if (observation.device !== device || heardMs < startedAtMs || heardMs > toMs) return [];
    return namesIn(observation, group, identity).map((name) => ({ name, heardMs }));
  });
  const isComplete = heard.some(({ name, heardMs }) => COMPLETE.has(name) && heardMs >= atMs);
  const names = new Set(heard.map(({ name }) => name).filter((name) => COMPLETE.has(name) || BEGUN.has(name)));
  return isComplete && names.size > 1 ? names : new Set();
}

/** The names of the messages about the group. */
function namesIn(observation: Observation, group: string, identity: string | null): readonly string[] {
  if (observation.kind === 'trap') {
    const { name, groupIdentity } = observation.trap;
    return groupIdentity === identity ? [name] : [];
  }
  if (observation.kind !== 'log') return [];
  return observation.messages.filter(({ text }) => text.includes(group)).map(({ mnemonic }) => mnemonic);
}

/** Why SNMP and the messages that came do not show the cause of a registration; null: they may. */
export function undecidableOverSnmp(
  { cause, device, startedAtMs, atMs }: TrueRegistration,
  watched: Watched,
): string | null {
  if (cause === 'interface') return 'SNMP does not show which interface holds the keys';
  if (cause !== 'operator_clear') return null;
  const said = watched.observations.some(
    ({ observation, clockOffsetMs }) =>
      observation.kind === 'log' &&
      observation.device === device &&
      observation.receivedAtMs - clockOffsetMs >= startedAtMs &&
      observation.receivedAtMs - clockOffsetMs <= atMs + SAID_WITHIN_MS &&
      observation.messages.some(({ mnemonic }) => mnemonic === 'GM_CLEAR_REGISTER'),
  );
  return said ? null : 'SNMP: it counts nothing that could restart, and no message of the clear arrived';
}

const SAID_WITHIN_MS = 60_000;

const COMPLETE: ReadonlySet<string> = new Set(['GM_REGS_COMPL', 'GmRegistrationComplete']);
const BEGUN: ReadonlySet<string> = new Set([
  'GM_RE_REGISTER',
  'GM_REGSTER',
  'GM_CLEAR_REGISTER',
  'GmReRegister',
  'GmRegister',
]);
