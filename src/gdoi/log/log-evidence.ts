/**
 * What a message of a GM proves, a log message or a trap: an instant, and sometimes a cause. Matched by mnemonic or by the
 * trap's name only, since texts and severities differ between releases. One occurrence that several sources tell is one
 * mark. A message is a hint until an answer agrees with it.
 */
import type { LogMessage } from '../seen/device-facts.ts';
import type { GdoiTrap, GdoiTrapName } from '../seen/gdoi-trap.ts';
import { instant } from '../events/instant-text.ts';
import { intersection, type Interval, overlaps, widened } from '../seen/interval.ts';
import type { EpochMs } from '../seen/instant.ts';

export type LogProof = 'start' | 'complete' | 'clear' | 'kek_deleted' | 'forced' | 'restart' | 'rekey' | 'rekey_failed';

/** `log`: pushed by the device; `buffer`: found in its log; `uptime`, `restconf`: no message, the
 * device's own uptime, or its instant of the last registration. */
export type MarkSource = 'log' | 'buffer' | 'trap' | 'uptime' | 'restconf';

export interface LogMark {
  readonly proof: LogProof;
  /** Mnemonic of the message, or name of the trap. */
  readonly mnemonic: string;
  /** Between these it took place. */
  readonly fromMs: EpochMs;
  readonly atMs: EpochMs;
  /** Distinguishes a message from its duplicates: sequence number or time stamp as printed. */
  readonly key: string;
  readonly sources: readonly MarkSource[];
}

const LOG_PROOFS: ReadonlyMap<string, LogProof> = new Map<string, LogProof>([
  ['GM_RE_REGISTER', 'start'],
  ['GM_REGSTER', 'start'],
  ['GM_REGISTER', 'start'],
  ['GM_REGS_COMPL', 'complete'],
  ['GM_CLEAR_REGISTER', 'clear'],
  ['GM_DELETE_EXPIRED_KEK', 'kek_deleted'],
  ['GM_CM_ATTACH', 'forced'],
  ['GM_CM_DETACH', 'forced'],
  ['GM_RECV_DELETE', 'forced'],
  ['GM_RECV_DELETE_IMMEDIATE', 'forced'],
  ['GM_RECV_POLICY_REPLACE_NOW', 'forced'],
  ['GM_DELETE', 'forced'],
  ['GM_REJECTING_SA_PAYLOAD', 'forced'],
  ['GM_RECV_RE_AUTH', 'forced'],
  ['RE_AUTH', 'forced'],
  ['GM_RECV_REKEY', 'rekey'],
  ['GDOI_REKEY_FAILURE', 'rekey_failed'],
  ['GDOI_REKEY_SEQ_FAILURE', 'rekey_failed'],
]);

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
/** Two sources tell one occurrence within this: they are sent one after the other. */
const SAME_OCCURRENCE_MS = 2000;
const MAX_MARKS = 12;
const MAX_KEY_CHARS = 36;

const GROUP_IN_TEXT = /\bgroup ([!-~]{1,80})/iu;

/** The mark of a message with the group its text names (null: none named); null for messages that prove nothing. */
export function logMark(
  message: LogMessage,
  written: Interval,
  source: 'log' | 'buffer',
): { readonly mark: LogMark; readonly group: string | null } | null {
  const { facility, mnemonic, sequence, timestamp } = message;
  const proof = facility === 'SYS' && mnemonic === 'RESTART' ? 'restart' : LOG_PROOFS.get(mnemonic);
  if (proof === undefined) return null;
  const named = GROUP_IN_TEXT.exec(message.text)?.[1];
  const stamp = sequence === null ? (timestamp ?? String(written.toMs)) : `${sequence} ${timestamp ?? ''}`;
  return {
    mark: mark(proof, mnemonic, written, stamp, source),
    group: named === undefined ? null : named.replace(/[.,;:)]+$/u, ''),
  };
}

export function trapMark({ name }: GdoiTrap, receivedAtMs: EpochMs): LogMark | null {
  const proof = TRAP_PROOFS.get(name);
  if (proof === undefined) return null;
  const sent = { fromMs: receivedAtMs - DELIVERY_MS, toMs: receivedAtMs };
  return mark(proof, name, sent, 'trap', 'trap');
}

/** Not a message, but as good as one: the uptime says that the device was restarted. */
export function restartMark(boot: Interval): LogMark {
  return mark('restart', 'uptime', boot, `uptime ${boot.toMs}`, 'uptime');
}

/** As good as a message, and certain: the device shows when its GM was registered last. */
export function registeredMark(between: Interval): LogMark {
  return mark('complete', 'prev-reg-time', between, 'prev-reg-time', 'restconf');
}

function mark(proof: LogProof, mnemonic: string, at: Interval, key: string, source: MarkSource): LogMark {
  return { proof, mnemonic, fromMs: at.fromMs, atMs: at.toMs, key: key.slice(0, MAX_KEY_CHARS), sources: [source] };
}

/** With one more mark, oldest first and bounded; the same array when there is nothing new in it. */
export function withMark(marks: readonly LogMark[], added: LogMark): readonly LogMark[] {
  const [source = 'log'] = added.sources;
  if (marks.some((known) => known.sources.includes(source) && isDuplicate(known, added, source))) return marks;
  const twin = marks.findIndex(
    (known) =>
      known.proof === added.proof &&
      !known.sources.includes(source) &&
      overlaps(widened(instantOf(known), SAME_OCCURRENCE_MS), instantOf(added)),
  );
  const others = marks.filter((_, index) => index !== twin);
  const known = marks[twin];
  return bounded([...others, known === undefined ? added : sameOccurrence(known, added)]);
}

/** A trap has no stamp of its own: the same one twice at once is one. */
function isDuplicate(known: LogMark, added: LogMark, source: MarkSource): boolean {
  if (source === 'trap' || source === 'restconf')
    return known.proof === added.proof && overlaps(instantOf(known), instantOf(added));
  return known.key === added.key && known.mnemonic === added.mnemonic;
}

/** Of the rekeys only the last one matters. */
function bounded(marks: readonly LogMark[]): readonly LogMark[] {
  const sorted = marks.toSorted((a, b) => a.atMs - b.atMs);
  const lastRekey = sorted.findLast(({ proof }) => proof === 'rekey');
  return sorted.filter((each) => each.proof !== 'rekey' || each === lastRekey).slice(-MAX_MARKS);
}

/** The message's words and the common instant; the key of the first source keeps its duplicates away. */
function sameOccurrence(known: LogMark, added: LogMark): LogMark {
  const both = intersection(instantOf(known), instantOf(added));
  const isMessage = known.sources.includes('trap') && !added.sources.includes('trap');
  return {
    ...known,
    mnemonic: isMessage ? added.mnemonic : known.mnemonic,
    key: isMessage ? added.key : known.key,
    fromMs: both?.fromMs ?? known.fromMs,
    atMs: both?.toMs ?? known.atMs,
    sources: [...known.sources, ...added.sources],
  };
}

/** When the message's occurrence took place. */
export function instantOf(of: LogMark): Interval {
  return { fromMs: of.fromMs, toMs: of.atMs };
}

/** Marks of one kind whose instant can lie in an interval, oldest first. */
export function marksIn(marks: readonly LogMark[], proof: LogProof, interval: Interval): readonly LogMark[] {
  if (marks.length === 0) return marks;
  return marks.filter((each) => each.proof === proof && overlaps(instantOf(each), interval));
}

/** Another message or source says so as well: more than one forged datagram. */
export function isCorroborated(complete: LogMark, marks: readonly LogMark[]): boolean {
  const { sources, atMs } = complete;
  return sources.length > 1 || marks.some((each) => each.proof === 'start' && each.fromMs <= atMs);
}

const SOURCE_WORDS: Readonly<Record<MarkSource, string>> = {
  log: 'log',
  buffer: 'show logging',
  trap: 'trap',
  uptime: 'restart by',
  restconf: 'RESTCONF',
};

/** As evidence: who told it, what, and when. */
export function quoted(of: LogMark): string {
  const from = of.sources.map((source) => SOURCE_WORDS[source]).join(' and ');
  const spanMs = of.atMs - of.fromMs;
  return spanMs <= 2 * DELIVERY_MS
    ? `${from}: ${of.mnemonic} at ${new Date(of.atMs).toISOString()}`
    : `${from}: ${of.mnemonic} between ${instant(of.fromMs)} and ${instant(of.atMs)}`;
}
