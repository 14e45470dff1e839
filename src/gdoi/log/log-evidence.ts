/**
 * What a message of a GM proves, a log message or a trap: an instant, and sometimes a cause (`known-messages.ts`). One
 * occurrence that several sources report is one mark. A message is a hint until an answer agrees with it.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import type { GdoiTrap, GdoiTrapName } from '../seen/gdoi-trap.ts';
import { instant } from '../events/instant-text.ts';
import { messageFacts } from './message-facts.ts';
import type { LogProof, MessageFact } from './message-meaning.ts';
import { addressesIn, detailOf, isSameAddress, linkChange } from './message-detail.ts';
import { intersection, type Interval, overlaps, widened } from '../seen/interval.ts';
import type { EpochMs } from '../seen/instant.ts';

export type { LogProof } from './message-meaning.ts';

/** `log`: pushed by the device; `buffer`: found in its log; `uptime`, `restconf`: no message, the
 * device's own uptime, or its instant of the last registration. */
type MarkSource = 'log' | 'buffer' | 'trap' | 'uptime' | 'restconf';

export interface LogMark {
  readonly proof: LogProof;
  /** Mnemonic of the message, or name of the trap. */
  readonly mnemonic: string;
  /** What it is about: an interface, addresses, pseudotimes; empty: nothing that is used. */
  readonly detail: string;
  /** Between these it took place. */
  readonly fromMs: EpochMs;
  readonly atMs: EpochMs;
  /** Tells a message from others like it: sequence number or time stamp as printed. */
  readonly key: string;
  readonly sources: readonly MarkSource[];
}

/** Traps of a GM; a KS's are hints to look at it and prove nothing of a GM. */
const TRAP_PROOFS: ReadonlyMap<GdoiTrapName, LogProof> = new Map<GdoiTrapName, LogProof>([
  ['GmReRegister', 'start'],
  ['GmRegister', 'start'],
  ['GmRegistrationComplete', 'complete'],
  ['GmRekeyReceived', 'rekey'],
  ['GmRekeyFailure', 'rekey_failed'],
]);

/** A pushed message is this old at most when the agent gets it. */
export const DELIVERY_MS = 2000;
/** Two sources report one occurrence within this: they are sent one after the other. */
const SAME_OCCURRENCE_MS = 2000;
const MAX_MARKS = 12;
const MAX_KEY_CHARS = 36;

/** A mark with the groups that its text may name, place by place; no place: it is about all groups of the device. */
export interface NamedMark {
  readonly by: MessageFact['by'];
  readonly mark: LogMark;
  readonly groups: readonly (readonly string[])[];
}

/** An uptime of weeks is printed in days and hours (`1w2d`): many messages share such a stamp. */
const IN_HOURS = /^\d{1,4}[ywd]\d{1,3}[wdh]$/u;

/** A mark for each thing that the message states; empty: it states nothing. */
export function logMarks(message: LogMessage, written: Interval, source: 'log' | 'buffer'): readonly NamedMark[] {
  const { facility, mnemonic, sequence, timestamp, text } = message;
  const time = timestamp === null || IN_HOURS.test(timestamp) ? null : timestamp;
  const stamp = sequence === null ? (time ?? String(written.toMs)) : `${sequence} ${time ?? ''}`;
  const link = linkChange(message);
  if (link !== null) {
    const named = {
      proof: link.proof,
      mnemonic: `${facility}-${message.severity}-${mnemonic}`,
      detail: link.interface,
    };
    return [{ by: 'gm', mark: mark(named, written, { key: stamp, source }), groups: [] }];
  }
  const groups = groupsNamed(text);
  return messageFacts(facility, mnemonic).map(({ proof, by, about }) => ({
    by,
    mark: mark({ proof, mnemonic, detail: about === 'group' ? '' : detailOf(proof, text) }, written, {
      key: stamp,
      source,
    }),
    groups,
  }));
}

const GROUP_IN_TEXT = /\bgroup[: ]{1,3}([!-~]{1,80})(?: {1,2}([!-~]{1,80}))?/giu;
const MAX_NAMED = 4;

/**
 * Where a text says "group", the two words after it, of which one may be its name: "group G1", "group member 10.1.1.1",
 * "group id 3333". Each place is an alternative by itself.
 */
function groupsNamed(text: string): readonly (readonly string[])[] {
  return [...text.matchAll(GROUP_IN_TEXT)]
    .slice(0, MAX_NAMED)
    .map(([, first = '', second = '']) => [first, second].map(bareWord));
}

/** Without quotes and brackets around it, and the sentence's own marks. */
function bareWord(word: string): string {
  return word.replace(/^["'([<]+/u, '').replace(/(?<!["'.,:;)\]>])["'.,:;)\]>]+$/u, '');
}

export function trapMark({ name }: GdoiTrap, receivedAtMs: EpochMs): LogMark | null {
  const proof = TRAP_PROOFS.get(name);
  if (proof === undefined) return null;
  const sent = { fromMs: receivedAtMs - DELIVERY_MS, toMs: receivedAtMs };
  return mark({ proof, mnemonic: name, detail: '' }, sent, { key: 'trap', source: 'trap' });
}

/** Not a message, but as good as one: the uptime says that the device was restarted. */
export function restartMark(boot: Interval): LogMark {
  const key = `uptime ${boot.toMs}`;
  return mark({ proof: 'restart', mnemonic: 'uptime', detail: '' }, boot, { key, source: 'uptime' });
}

/**
 * As good as a message, and certain: the device shows when its GM was registered last. `deviceMs`, on the device's
 * clock, tells it from an earlier one also after that clock was set.
 */
export function registeredMark(between: Interval, deviceMs: EpochMs): LogMark {
  const named = { proof: 'complete', mnemonic: 'prev-reg-time', detail: '' } as const;
  return mark(named, between, { key: `prev-reg-time ${deviceMs}`, source: 'restconf' });
}

function mark(
  of: Pick<LogMark, 'proof' | 'mnemonic' | 'detail'>,
  at: Interval,
  { key, source }: { readonly key: string; readonly source: MarkSource },
): LogMark {
  return { ...of, fromMs: at.fromMs, atMs: at.toMs, key: key.slice(0, MAX_KEY_CHARS), sources: [source] };
}

/** With one more mark, oldest first and bounded; the same array when there is nothing new in it. */
export function withMark(marks: readonly LogMark[], added: LogMark): readonly LogMark[] {
  const [source = 'log'] = added.sources;
  const duplicate = marks.find((known) => known.sources.includes(source) && isDuplicate(known, added, source));
  if (duplicate !== undefined) {
    // Both traps of a beginning come at once, in any order; the one that no later attempt sends says more.
    const saysMore = source === 'trap' && isAttempt(duplicate) && !isAttempt(added) && duplicate.sources.length === 1;
    return saysMore ? bounded([...marks.filter((known) => known !== duplicate), added]) : marks;
  }
  const twin = marks.findIndex(
    (known) =>
      known.proof === added.proof &&
      !known.sources.includes(source) &&
      (known.detail === added.detail || known.detail === '' || added.detail === '') &&
      overlaps(widened(intervalOfMark(known), SAME_OCCURRENCE_MS), intervalOfMark(added)),
  );
  const others = marks.filter((_, index) => index !== twin);
  const known = marks[twin];
  const kept = source === 'restconf' ? others.filter((mark) => !isOnlyShown(mark)) : others;
  return bounded([...kept, known === undefined ? added : sameOccurrence(known, added)]);
}

/** The device shows only its last registration, and no other source reported this one: a newer one takes its place. */
function isOnlyShown({ sources }: LogMark): boolean {
  return sources.every((source) => source === 'restconf');
}

/**
 * The same message again, from the same source. The proof is compared too: a link may go down and up within one second.
 */
export function isSameMessage(known: LogMark, added: LogMark): boolean {
  return (
    known.key === added.key &&
    known.proof === added.proof &&
    known.mnemonic === added.mnemonic &&
    known.detail === added.detail
  );
}

/** A trap has no stamp of its own: the same one twice at once is one. */
function isDuplicate(known: LogMark, added: LogMark, source: MarkSource): boolean {
  const isSame = isSameMessage(known, added);
  if (source !== 'trap' && source !== 'restconf') return isSame;
  // Each reading of an instant that is shown for long has other limits.
  const isAtOnce = known.proof === added.proof && overlaps(intervalOfMark(known), intervalOfMark(added));
  return source === 'trap' ? isAtOnce : isSame || isAtOnce;
}

/**
 * How many marks of one kind are kept, the newest ones: what may come with every packet must not push out what comes
 * once.
 */
const KEPT: Readonly<Record<LogProof, number>> = {
  start: MAX_MARKS,
  complete: MAX_MARKS,
  clear: MAX_MARKS,
  kek_deleted: MAX_MARKS,
  forced: MAX_MARKS,
  restart: MAX_MARKS,
  // Of the rekeys only the last one matters.
  rekey: 1,
  rekey_failed: 2,
  left: 2,
  refused: 2,
  ike_failed: 2,
  interface_down: 2,
  interface_up: 2,
  recovery: 1,
  invalid_spi: 1,
  not_ipsec: 1,
  replay: 1,
  pseudotime: 1,
  ejected: 2,
};

/** The newest, and those with which the last two registrations began: each later attempt sends a message as well. */
function bounded(marks: readonly LogMark[]): readonly LogMark[] {
  const sorted = marks.toSorted((a, b) => a.atMs - b.atMs);
  const kept = sorted.filter(
    ({ proof }, index) => sorted.slice(index).filter((later) => later.proof === proof).length <= KEPT[proof],
  );
  const newest = kept.slice(-MAX_MARKS);
  const older = begins(sorted).filter((begin) => !newest.includes(begin));
  return [...older, ...newest.slice(older.length)];
}

/**
 * For each of the last two registrations, complete or not: the message that only a beginning sends, else the first one.
 */
function begins(sorted: readonly LogMark[]): readonly LogMark[] {
  const runs: LogMark[][] = [[]];
  for (const mark of sorted) {
    if (mark.proof === 'start') runs.at(-1)?.push(mark);
    if (mark.proof === 'complete') runs.push([]);
  }
  return runs
    .filter((starts) => starts.length > 0)
    .slice(-2)
    .flatMap((starts) => starts.find((mark) => !isAttempt(mark)) ?? starts.slice(0, 1));
}

const ATTEMPTS: ReadonlySet<string> = new Set(['GM_REGSTER', 'GmRegister']);

/** Any attempt to register sends it, so it need not mark the beginning. */
export function isAttempt({ mnemonic }: LogMark): boolean {
  return ATTEMPTS.has(mnemonic);
}

/** The message's words and the common instant; the key of the first source keeps its duplicates away. */
function sameOccurrence(known: LogMark, added: LogMark): LogMark {
  const both = intersection(intervalOfMark(known), intervalOfMark(added));
  const isMessage = known.sources.every((source) => source === 'uptime')
    ? !added.sources.includes('uptime')
    : known.sources.includes('trap') && !added.sources.includes('trap');
  return {
    ...known,
    mnemonic: isMessage ? added.mnemonic : known.mnemonic,
    detail: known.detail === '' ? added.detail : known.detail,
    key: isMessage ? added.key : known.key,
    fromMs: both?.fromMs ?? known.fromMs,
    atMs: both?.toMs ?? known.atMs,
    sources: [...known.sources, ...added.sources],
  };
}

/** When the message's occurrence took place. */
export function intervalOfMark(of: LogMark): Interval {
  return { fromMs: of.fromMs, toMs: of.atMs };
}

/** Marks of one kind whose instant can lie in an interval, oldest first. */
export function marksIn(marks: readonly LogMark[], proof: LogProof, interval: Interval): readonly LogMark[] {
  if (marks.length === 0) return marks;
  return marks.filter((each) => each.proof === proof && overlaps(intervalOfMark(each), interval));
}

/** Another message or source agrees: one forged datagram is not enough. */
export function isCorroborated(complete: LogMark, marks: readonly LogMark[]): boolean {
  const { sources, atMs } = complete;
  return (
    sources.length > 1 || marks.some(({ proof, fromMs }) => (proof === 'start' || proof === 'clear') && fromMs <= atMs)
  );
}

const SOURCE_WORDS: Readonly<Record<MarkSource, string>> = {
  log: 'log',
  buffer: 'show logging',
  trap: 'trap',
  uptime: 'restart by',
  restconf: 'RESTCONF',
};

/** As evidence: whose word it is, what, and when. */
export function quotedMark(of: LogMark): string {
  return `${sourcesOf(of)}: ${of.mnemonic}${of.detail === '' ? '' : ` (${of.detail})`} ${whenOf(of)}`;
}

/** What the messages of a link said: in one line where both are of one kind and link. */
export function quotedLink(down: LogMark | undefined, up: LogMark | undefined): readonly string[] {
  const states = [
    ...(down === undefined ? [] : [{ of: nameOfLink(down), state: `down ${whenOf(down)}` }]),
    ...(up === undefined ? [] : [{ of: nameOfLink(up), state: `up ${whenOf(up)}` }]),
  ];
  return [...new Set(states.map(({ of }) => of))].map(
    (name) => `${name} ${states.flatMap(({ of, state }) => (of === name ? [state] : [])).join(', ')}`,
  );
}

function nameOfLink(mark: LogMark): string {
  return `${sourcesOf(mark)}: ${mark.mnemonic} ${mark.detail}`;
}

/** It names no address, or one of these: a router has other peers than its KSs. */
export function isOfPeer({ detail }: LogMark, peers: readonly string[]): boolean {
  const about = addressesIn(detail);
  return about.length === 0 || about.some((address) => peers.some((peer) => isSameAddress(peer, address)));
}

/** An uptime that agrees with a message adds nothing to its words. */
function sourcesOf({ sources }: LogMark): string {
  const said = sources.filter((source) => source !== 'uptime');
  return (said.length === 0 ? sources : said).map((source) => SOURCE_WORDS[source]).join(' and ');
}

function whenOf({ fromMs, atMs }: LogMark): string {
  return atMs - fromMs <= 2 * DELIVERY_MS ? `at ${instant(atMs)}` : `between ${instant(fromMs)} and ${instant(atMs)}`;
}

/** The groups among `known` (name -> identity) that a message is about; null: it names none, and is about all. */
export function groupsMeant(
  named: NamedMark['groups'],
  known: Iterable<readonly [name: string, identity: string | null]>,
): ReadonlySet<string> | null {
  if (named.length === 0) return null;
  const names = [...known];
  const meant = named.map((words) =>
    words.map((word) => names.find(([name, identity]) => name === word || identity === word)).find(Boolean),
  );
  return new Set(meant.flatMap((each) => (each === undefined ? [] : [each[0]])));
}
