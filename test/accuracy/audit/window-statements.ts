/**
 * Sentences that place a registration in a window of its KEK or TEK, and those that say what became of the keys. The
 * windows are written down here anew, from Cisco's description of the KEK rekey behaviour change and the countdowns
 * that real devices showed.
 */
import type { GdoiTrap } from '../../../src/gdoi/seen/gdoi-trap.ts';
import type { GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import {
  type GmAnswer,
  type HeardMessage,
  type History,
  isTrying,
  quotesEnd,
  ROUNDING_MS,
  type Seen,
} from './history.ts';
import { isOfGroup } from './message-statements.ts';
import {
  type Audited,
  form,
  INSTANT,
  literally,
  msOf,
  NUMBER,
  statement,
  type Statement,
  unless,
} from './statement.ts';

/** A registration takes seconds when its first attempt succeeds. */
const REGISTRATION_MS = 5_000;
const KEK_MISSED = { fromMs: -190_000, toMs: -40_000 } as const;
const KEK_EXPIRED = { fromMs: 0, toMs: 80_000 } as const;
/** A KS renews a key at most this long before its end. */
const LONGEST_LEAD_MS = 300_000;
/** And at least this long; a release without a KEK timer waits for the end. */
const KEK_LEAD_MS = 200_000;
/** A registration passes lifetimes on in whole seconds, rounded in the KS and in the GM. */
const HANDOVER_MS = 4_000;
const DEFAULT_TEK_SECONDS = 3600;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** When the registration can have begun: `between` is when it was complete, and attempts may have failed before. */
function startOf({ event, around, history }: Audited): Span {
  const [fromMs, toMs] = event.betweenMs;
  const { held, before, after } = around;
  // A GM that is not registered has an attempt under way that is counted but has not failed yet.
  const isHeld = before !== null && before === held && before.gm.registered !== false;
  const quick = isHeld && after !== null && failedAttempts(before.gm) === failedAttempts(after.gm);
  if (quick) return { fromMs: fromMs - REGISTRATION_MS, toMs };
  // If the answer with the registration before shows it lost again, this one began between the answer before and that.
  if (held?.gm.registered === false) {
    const earlier = history.answers.findLast(({ index }) => index < held.index);
    return { fromMs: earlier?.sentMs ?? held.sentMs, toMs: held.receivedMs };
  }
  const begunMs = Math.min(toMs, firstSign(history, event.group, held));
  // SNMP does not show that a GM is not registered: attempts may have been failing for a long time.
  if (held?.origin === 'snmp') return { fromMs: history.answers[0]?.sentMs ?? fromMs, toMs };
  return { fromMs: held?.sentMs ?? history.answers[0]?.sentMs ?? fromMs, toMs: begunMs };
}

/** The first sign that it had begun: an answer that shows the GM unregistered, or a message. */
function firstSign(history: History, group: string | null, held: GmAnswer | null): number {
  const since = held?.index ?? -1;
  const identity = history.answers.findLast(({ gm }) => gm.identity !== null)?.gm.identity ?? null;
  const isOfIt = ({ groupIdentity }: GdoiTrap) => identity === null || (groupIdentity ?? identity) === identity;
  const signs: readonly Seen[] = [
    ...history.answers.filter(({ gm }) => gm.registered === false || isTrying(gm)),
    ...newSince(history, since).filter((heard) => STARTS.has(heard.message.mnemonic) && isOfGroup(heard, group)),
    ...history.traps.filter(({ trap }) => STARTS.has(trap.name) && isOfIt(trap)),
  ];
  const later = signs.filter(({ index, receivedMs }) => index > since && receivedMs >= (held?.sentMs ?? 0));
  return Math.min(Infinity, ...later.map(({ receivedMs, shiftsMs }) => receivedMs + Math.max(...shiftsMs)));
}

/** A log buffer is read repeatedly: lines that an earlier reading showed were written before. */
function newSince({ messages }: History, since: number): readonly HeardMessage[] {
  const keyOf = ({ message }: HeardMessage) => `${message.timestamp} ${message.mnemonic} ${message.text}`;
  const known = new Set(messages.filter(({ index, pushed }) => index <= since && !pushed).map(keyOf));
  return messages.filter((heard) => heard.pushed || !known.has(keyOf(heard)));
}

const STARTS: ReadonlySet<string> = new Set(['GM_RE_REGISTER', 'GM_REGSTER', 'GmReRegister', 'GmRegister']);

function failedAttempts({ registrations }: GmSnapshot): number | null {
  const { succeeded, attempted } = registrations;
  return succeeded === null || attempted === null ? Number.NaN : attempted - succeeded;
}

function canBeIn(audited: Audited, endMs: number, window: Span): boolean {
  return canBeAround(audited, { fromMs: endMs, toMs: endMs }, window);
}

function canBeAround(audited: Audited, end: Span, window: Span): boolean {
  const start = startOf(audited);
  const slackMs = audited.around.slackMs + ROUNDING_MS;
  return start.fromMs <= end.toMs + window.toMs + slackMs && start.toMs >= end.fromMs + window.fromMs - slackMs;
}

/** Whether the KEK held before ends then, as far as the device showed one. */
function kekEnds(audited: Audited, endMs: number): boolean {
  const shown = lastKek(audited);
  return shown !== null && quotesEnd(shown, endMs, shown.gm.kek?.remainingSeconds);
}

function inKekWindow(audited: Audited, end: string, window: Span): string | null {
  const endMs = msOf(end);
  if (!kekEnds(audited, endMs)) return 'no answer showed a KEK that ends then';
  return unless(canBeIn(audited, endMs, window), 'the registration cannot have begun in that window');
}

const KEK_MISSED_LINE = statement(
  form('KEK held before ended at ', INSTANT, String.raw`: inside \[expiry - 190 s, expiry - 40 s\]`),
  (audited, end = '') => inKekWindow(audited, end, KEK_MISSED),
);

const KEK_EXPIRED_LINE = statement(
  form('KEK expired at ', INSTANT, String.raw`: inside \[expiry, expiry \+ 80 s\]`),
  (audited, end = '') => inKekWindow(audited, end, KEK_EXPIRED),
);

const SECOND_OF_CYCLE = statement(
  form('KEK expired at ', INSTANT, ': second re-registration of this KEK cycle'),
  (audited, end = '') => {
    const endMs = msOf(end);
    if (!kekEnds(audited, endMs)) return 'no answer showed a KEK that ends then';
    const first = audited.earlier.some(
      ({ type, cause, atMs }) => type === 'reregistration' && cause === 'legacy_ks' && Math.abs(endMs - atMs) < 300_000,
    );
    const pointedPast = audited.history.answers.some(
      (answer) =>
        (answer.gm.reregistersInSeconds ?? -1) >= (answer.gm.kek?.remainingSeconds ?? Infinity) &&
        quotesEnd(answer, endMs, answer.gm.kek?.remainingSeconds),
    );
    return unless(first || pointedPast, 'no first one is known');
  },
);

const PAIR = statement(literally('two registrations in one KEK cycle'), ({ around }) => {
  const { before, after } = around;
  if (before === null || after === null) return 'no two answers around it';
  const moved = (after.gm.registrations.succeeded ?? 2) - (before.gm.registrations.succeeded ?? 0);
  return unless(moved >= 2 || before.origin === 'snmp', `${moved} registrations between the answers`);
});

const PAIR_WINDOWS = statement(
  form(
    'KEK expired at ',
    INSTANT,
    String.raw`: one fits \[expiry - 190 s, expiry - 40 s\], one \[expiry, expiry \+ 80 s\]`,
  ),
  (audited, end = '') => {
    const endMs = msOf(end);
    const { around } = audited;
    if (!kekEnds(audited, endMs)) return 'no answer showed a KEK that ends then';
    const whole = { fromMs: around.held?.sentMs ?? 0, toMs: around.after?.receivedMs ?? Infinity };
    const meets = (window: Span) =>
      whole.fromMs <= endMs + window.toMs + ROUNDING_MS && whole.toMs >= endMs + window.fromMs - ROUNDING_MS;
    if (!meets(KEK_MISSED) || !meets(KEK_EXPIRED)) return 'the answers do not leave room for both';
    return unless(
      canBeIn(audited, endMs, KEK_MISSED) || canBeIn(audited, endMs, KEK_EXPIRED),
      'it fits neither window',
    );
  },
);

/** The longest lifetime that the group's TEKs can have, by what was shown of them. */
function tekLifetimeSeconds({ history }: Audited): number {
  const shown = [
    ...history.kss.flatMap(({ ks }) => ks.teks?.map(({ lifetimeSeconds }) => lifetimeSeconds ?? 0) ?? []),
    ...history.answers.flatMap(({ gm }) => gm.teks?.map(({ remainingSeconds }) => remainingSeconds ?? 0) ?? []),
  ];
  return Math.max(DEFAULT_TEK_SECONDS, ...shown);
}

function tekWindow(audited: Audited): Span {
  return { fromMs: -1200 * Math.max(0.05 * tekLifetimeSeconds(audited), 60), toMs: -60_000 };
}

/** Rekeys that came between the answers and before the registration; null: not shown. */
function rekeysBetween(audited: Audited): number | null {
  const { around } = audited;
  const was = around.held?.gm.rekeys.received ?? null;
  // If it was seen unregistered, only rekeys that had come by then came before the registration began.
  const unregistered = around.held?.gm.registered === false ? around.held : lostAnswer(audited);
  const is = (unregistered ?? around.after)?.gm.rekeys.received ?? null;
  const since = unregistered === undefined ? (around.after?.gm.rekeys.sinceRegistration ?? 0) : 0;
  return was === null || is === null ? null : is - was - since - rekeysMeanwhile(audited);
}

const REKEYS: ReadonlySet<string> = new Set(['GM_RECV_REKEY', 'GmRekeyReceived']);

/** Rekeys reported between start and completion of the registration; the source that reports the most counts. */
function rekeysMeanwhile(audited: Audited): number {
  const { history, around, event } = audited;
  const since = around.held?.index ?? -1;
  const [, toMs] = event.betweenMs;
  const isMeanwhile = ({ index, receivedMs, shiftsMs }: Seen) =>
    index > since && shiftsMs.some((shift) => receivedMs + shift <= toMs + ROUNDING_MS);
  const countAfterStart = (recent: readonly { readonly name: string }[]) => {
    const start = recent.findIndex(({ name }) => STARTS.has(name));
    return start < 0 ? 0 : recent.slice(start).filter(({ name }) => REKEYS.has(name)).length;
  };
  return Math.max(
    countAfterStart(
      history.messages
        .filter((heard) => isMeanwhile(heard) && isOfGroup(heard, event.group))
        .map(({ message }) => ({ name: message.mnemonic })),
    ),
    countAfterStart(history.traps.filter(isMeanwhile).map(({ trap }) => trap)),
    rekeysInTheLog(audited),
  );
}

/** The same from the log buffer that was read before the answer: its lines are in order, whenever it was read. */
function rekeysInTheLog({ history, around, event }: Audited): number {
  const isLine = (heard: HeardMessage) => !heard.pushed && isOfGroup(heard, event.group);
  const until = around.after?.index ?? -1;
  const read = history.messages.findLast((heard) => heard.index <= until && isLine(heard))?.index;
  const lines = history.messages.filter((heard) => heard.index === read && isLine(heard));
  const names = lines.map(({ message }) => message.mnemonic);
  const complete = names.lastIndexOf('GM_REGS_COMPL');
  const start = names.slice(0, Math.max(0, complete)).findLastIndex((name) => name === 'GM_RE_REGISTER');
  return start < 0 ? 0 : names.slice(start, complete).filter((name) => REKEYS.has(name)).length;
}

function noTekRekey(audited: Audited): string | null {
  const rekeys = rekeysBetween(audited);
  const several = (audited.event.evidence[0] ?? '').startsWith('counters restarted');
  return unless(
    rekeys === null || rekeys <= 0 || several || kekIsNew(audited) === true || keptItsTek(audited),
    `${rekeys} rekeys came before it`,
  );
}

/**
 * When it was seen unregistered, its longest-lived TEK was still the one from before: no rekey had brought another.
 */
function keptItsTek(audited: Audited): boolean {
  const lost = lostAnswer(audited);
  const was = longestLived(audited.around.held);
  return lost !== undefined && was !== null && was === longestLived(lost);
}

function longestLived(answer: GmAnswer | null): string | null {
  const [longest] = (answer?.gm.teks ?? []).toSorted((a, b) => (b.remainingSeconds ?? 0) - (a.remainingSeconds ?? 0));
  return longest?.spi ?? null;
}

/** The first answer between the two that shows it unregistered. */
function lostAnswer({ around, history }: Audited): GmAnswer | undefined {
  return history.answers.find(
    ({ index, gm }) => index > (around.held?.index ?? -1) && index < (around.after?.index ?? 0) && !gm.registered,
  );
}

const TEK_LINE = statement(
  form(String.raw`longest-lived TEK (0x[0-9A-F]+) ended at `, INSTANT, ', and no TEK rekey came'),
  (audited, spi = '', end = '') => {
    const held = lastTeks(audited);
    const tek = held?.gm.teks?.find((shown) => shown.spi === spi);
    if (held === null || tek === undefined) return 'the last answer did not show this TEK';
    const longest = Math.max(...(held.gm.teks ?? []).map(({ remainingSeconds }) => remainingSeconds ?? 0));
    if ((tek.remainingSeconds ?? 0) < longest) return 'it was not the longest-lived one';
    if (!quotesEnd(held, msOf(end), tek.remainingSeconds)) return 'it did not end then';
    if (!canBeIn(audited, msOf(end), tekWindow(audited))) return 'the registration cannot have begun in its window';
    return noTekRekey(audited);
  },
);

const NO_TEK_REKEY = statement(literally('no TEK rekey came'), noTekRekey);

const EITHER_TIMER = statement(
  literally('inside the TEK’s window as well: no TEK rekey came either, and either timer may have fired first'),
  (audited) => {
    const end = tekEndMs(audited);
    if (end === null) return 'no TEK was shown';
    return unless(canBeIn(audited, end, tekWindow(audited)), 'the TEK’s window is elsewhere') ?? noTekRekey(audited);
  },
);

function lastTeks(audited: Audited): GmAnswer | null {
  const { around, history } = audited;
  const lost = lostAnswer(audited);
  // A rekey that came before the loss had brought the TEKs that it showed then.
  if (lost !== undefined && (lost.gm.teks ?? []).length > 0 && (rekeysBetween(audited) ?? 0) > 0) return lost;
  return (
    history.answers.findLast(
      ({ index, gm }) => index <= (around.held?.index ?? -1) && gm.teks !== null && gm.teks.length > 0,
    ) ?? null
  );
}

/** The end of the longest-lived TEK in the last answer that showed some; null: none did. */
function tekEndMs(audited: Audited): number | null {
  const held = lastTeks(audited);
  const remaining = held?.gm.teks?.flatMap(({ remainingSeconds }) => remainingSeconds ?? []) ?? [];
  return held === null || remaining.length === 0 ? null : held.receivedMs + Math.max(...remaining) * 1000;
}

const SEVERAL_TIMERS = statement(literally('more than one timer can have made it: not decided'), (audited) => {
  const kek = endsOf(lastKek(audited), ({ kek: shown }) => shown?.remainingSeconds ?? null);
  const tek = endsOf(lastTeks(audited), ({ teks }) => longest(teks?.map(({ remainingSeconds }) => remainingSeconds)));
  const fits = [
    kek !== null && canBeAround(audited, kek, KEK_MISSED),
    kek !== null && canBeAround(audited, kek, KEK_EXPIRED),
    tek !== null && canBeAround(audited, tek, tekWindow(audited)),
  ].filter(Boolean).length;
  return unless(fits > 1 && audited.event.cause === 'unknown', `${fits} timers fit`);
});

/**
 * When a key ends whose remaining time an answer shows: over SNMP an answer takes seconds, any of which may count.
 */
function endsOf(answer: GmAnswer | null, left: (gm: GmAnswer['gm']) => number | null): Span | null {
  const seconds = answer === null ? null : left(answer.gm);
  if (answer === null || seconds === null) return null;
  return { fromMs: answer.sentMs + seconds * 1000, toMs: answer.receivedMs + seconds * 1000 };
}

function shownKekEnd(audited: Audited): number | null {
  const shown = lastKek(audited);
  const remaining = shown?.gm.kek?.remainingSeconds ?? null;
  return shown === null || remaining === null ? null : shown.receivedMs + remaining * 1000;
}

function longest(seconds: readonly (number | null)[] | undefined): number | null {
  const shown = seconds?.flatMap((each) => each ?? []) ?? [];
  return shown.length === 0 ? null : Math.max(...shown);
}

const COUNTDOWN = statement(
  form('Reregisters in pointed at ', INSTANT, ' \\(answer of ', INSTANT, '\\)'),
  (audited, at = '', answerOf = '') => {
    const answer = audited.history.answers.findLast(
      (shown) =>
        shown.shiftsMs.some((shift) => Math.abs(shown.sentMs + shift - msOf(answerOf)) <= 1500) &&
        quotesEnd(shown, msOf(at), shown.gm.reregistersInSeconds),
    );
    return answer === undefined ? 'no answer showed that countdown' : pointsThere(audited, msOf(at));
  },
);

/** A clock step is measured by keys, whose lifetimes a registration shortens by up to two seconds. */
const STEP_BLUR_MS = 2000;

const MOVED_COUNTDOWN = statement(
  form(
    'Reregisters in pointed at about ',
    INSTANT,
    ' \\(answer of about ',
    INSTANT,
    ': the agent’s clock was set since\\)',
  ),
  (audited, at = '', answerOf = '') => {
    const answer = audited.history.answers.findLast(
      (shown) =>
        shown.slackMs > 0 &&
        shown.shiftsMs.some((shift) => Math.abs(shown.sentMs + shift - msOf(answerOf)) <= 1500 + STEP_BLUR_MS) &&
        [-STEP_BLUR_MS, 0, STEP_BLUR_MS].some((by) => quotesEnd(shown, msOf(at) + by, shown.gm.reregistersInSeconds)),
    );
    return answer === undefined ? 'no answer showed that countdown' : pointsThere(audited, msOf(at));
  },
);

/** Returns null if the countdown ran out when the registration can have begun. */
function pointsThere(audited: Audited, atMs: number): string | null {
  const start = startOf(audited);
  const slackMs = audited.around.slackMs + 2 * ROUNDING_MS;
  if (audited.event.evidence.some((line) => line.startsWith(NOT_DUE)))
    return unless(atMs > start.toMs - slackMs, 'it was due');
  return unless(atMs >= start.fromMs - slackMs && atMs <= start.toMs + slackMs, 'it does not point into the interval');
}

const NOT_DUE = 'that was not due yet';
const NOT_DUE_LINE = statement(form(NOT_DUE, '(?: when its registration was lost)?'), ({ event }) =>
  unless(
    event.evidence.some((line) => line.startsWith('Reregisters in pointed at ')),
    'no countdown is quoted',
  ),
);

/** The last answer before it that showed a KEK: later ones may no longer have shown one. */
function lastKek({ around, history }: Audited): GmAnswer | null {
  return (
    history.answers.findLast(
      ({ index, gm }) => index <= (around.held?.index ?? -1) && (gm.kek?.remainingSeconds ?? 0) > 0,
    ) ?? null
  );
}

/** Whether the KEK changed from the last answer to the next one; null: they do not show it. */
function kekIsNew(audited: Audited): boolean | null {
  const { around } = audited;
  const { after } = around;
  const held = lastKek(audited);
  const was = held?.gm.kek ?? null;
  const now = after?.gm.kek ?? null;
  const is = now?.remainingSeconds ?? null;
  if (held === null || after === null || is === null || is === 0) return null;
  if (was?.spi !== undefined && now?.spi !== undefined) return was.spi !== now.spi;
  const leftMs = (was?.remainingSeconds ?? 0) * 1000;
  // On the clock of the later answer, however the agent's clock was set in between. A slow answer widens the end.
  const slackMs = HANDOVER_MS + around.slackMs;
  return !held.shiftsMs.some(
    (shift) =>
      held.sentMs + leftMs + shift <= after.receivedMs + is * 1000 + slackMs &&
      held.receivedMs + leftMs + shift >= after.sentMs + is * 1000 - slackMs,
  );
}

const SAME_KEK = statement(literally('the KEK afterwards is the same: the KS had not changed it'), (audited) =>
  unless(kekIsNew(audited) === false, 'the answers do not show the same KEK'),
);

const GONE_KEK = statement(literally('the KEK it brought expired with the old one: it was the same'), (audited) => {
  const { around, event } = audited;
  const ended = shownKekEnd(audited);
  if (ended !== null && event.betweenMs[0] > ended + ROUNDING_MS + around.slackMs)
    return 'the old one had ended before';
  const shown = around.after?.gm.kek?.remainingSeconds ?? 0;
  const deleted = event.evidence.some((line) => line.includes('GM_DELETE_EXPIRED_KEK'));
  return unless(shown === 0 || deleted, 'the next answer shows a KEK');
});

const AFTER_ITS_END = statement(
  literally('complete only after that KEK had ended: it brought another one'),
  (audited) => {
    const ended = shownKekEnd(audited);
    const { around, event } = audited;
    return unless(
      ended !== null && event.betweenMs[0] + 2 * ROUNDING_MS + around.slackMs > ended,
      'it was complete before',
    );
  },
);

const NEW_KEK = statement(
  /a new KEK afterwards: the KS had sent a rekey that this GM (?:did not get|could not use)/u,
  (audited) => unless(kekIsNew(audited) === true, 'the answers do not show another KEK'),
);

const MADE_LATER = statement(
  literally('a new KEK afterwards, made only after this registration had begun: no rekey had brought it before'),
  (audited) => {
    const { after } = audited.around;
    const remaining = after?.gm.kek?.remainingSeconds ?? null;
    if (kekIsNew(audited) !== true || after === null || remaining === null)
      return 'the answers do not show another KEK';
    const endsMs = after.receivedMs + remaining * 1000 + HANDOVER_MS + audited.around.slackMs;
    const isLater = audited.history.kss.some(({ ks }) => {
      const lifetime = ks.kek?.lifetimeSeconds ?? null;
      return lifetime !== null && endsMs - lifetime * 1000 >= startOf(audited).fromMs;
    });
    return unless(isLater, 'no KS shows a lifetime by which it was made then');
  },
);

const KEK_NOT_SEEN = statement(literally('the KEK it brought was not seen: not decided'), ({ event }) =>
  unless(event.cause === 'unknown', 'it is decided'),
);

const REPLACED_EARLY = statement(
  /the KS had replaced its (KEK(?= long before it was)|TEKs(?= long before they were)) long before (?:it was|they were) due, and no rekey told this GM/u,
  (audited, key = '') => {
    const rekeys = rekeysBetween(audited);
    if (rekeys !== null && rekeys > 0) return `${rekeys} rekeys came`;
    const { held, after } = audited.around;
    if (held === null || after === null) return 'no two answers around it';
    if (key === 'KEK') {
      const ends = shownKekEnd(audited);
      const early = ends !== null && startOf(audited).toMs < ends;
      return unless(kekIsNew(audited) !== false && early, 'the KEK was due or stayed');
    }
    const shares = after.gm.teks?.some(({ spi }) => held.gm.teks?.some((tek) => tek.spi === spi)) ?? false;
    const tek = tekEndMs(audited);
    return unless(
      !shares && tek !== null && startOf(audited).toMs < tek - LONGEST_LEAD_MS,
      'the TEKs were due or stayed',
    );
  },
);

const REPLACED_AFTER_REKEY = statement(
  literally('the KS had replaced its KEK long before it was due, and after the last rekey that came'),
  (audited) => {
    const ends = shownKekEnd(audited);
    const early = ends !== null && startOf(audited).toMs < ends;
    return unless(
      (rekeysBetween(audited) ?? 1) > 0 && kekIsNew(audited) !== false && early,
      'no rekey came, or the KEK was due or stayed',
    );
  },
);

const PERHAPS_RENEWED = statement(
  literally(
    'a rekey came in between, and it can have been the one with the KEK held since: then no timer of the one before fired',
  ),
  (audited) => {
    if (audited.event.cause !== 'unknown') return 'and yet it was decided';
    const ends = shownKekEnd(audited);
    return unless(
      (rekeysBetween(audited) ?? 0) > 0 && kekIsNew(audited) !== false && ends !== null,
      'no rekey came, or the KEK stayed',
    );
  },
);

/** A KS that makes a key without an order does so before the end of the old one, or at it, as its release does. */
const MADE_WHEN_NONE_WAS_DUE = statement(
  form(
    'the (KEK|TEK) held since was made at ',
    INSTANT,
    ', when none was due: an order of the KS, or (?:the timer after a missed rekey|the timer of the TEK): not decided',
  ),
  (audited, key = '', at = '') => {
    const { after } = audited.around;
    if (audited.event.cause !== 'unknown') return 'and yet it was decided';
    if (after === null) return 'no answer shows what it brought';
    const madeMs = msOf(at);
    const made = key === 'KEK' ? kekWasMade(audited, after, madeMs) : tekWasMade(audited, after, madeMs);
    if (!made) return `no KS shows a lifetime by which the ${key} was made then`;
    const held = key === 'KEK' ? lastKek(audited) : lastTeks(audited);
    const ends = key === 'KEK' ? shownKekEnd(audited) : tekEndMs(audited);
    if (held === null || ends === null) return `no ${key} was shown before`;
    const slackMs = held.slackMs + HANDOVER_MS;
    const isDue = key === 'KEK' && madeMs > ends - LONGEST_LEAD_MS + slackMs && madeMs < ends - KEK_LEAD_MS - slackMs;
    return unless(madeMs < ends + slackMs && !isDue, `the ${key} was due`);
  },
);

const REPLACED_OR_TEK = statement(
  literally('the KS had replaced its KEK long before it was due: its order, or the timer of the TEK: not decided'),
  (audited) => {
    if (audited.event.cause !== 'unknown') return 'and yet it was decided';
    const ends = shownKekEnd(audited);
    const early = ends !== null && audited.event.betweenMs[1] < ends - LONGEST_LEAD_MS + ROUNDING_MS;
    return unless(early && kekIsNew(audited) !== false, 'the KEK was due or stayed');
  },
);

function kekWasMade({ history }: Audited, after: GmAnswer, madeMs: number): boolean {
  const remaining = after.gm.kek?.remainingSeconds ?? null;
  return history.kss.some(({ ks }) => wasMade(after, remaining, ks.kek?.lifetimeSeconds, madeMs));
}

function tekWasMade({ history }: Audited, after: GmAnswer, madeMs: number): boolean {
  const remaining = Math.max(...(after.gm.teks ?? []).map((tek) => tek.remainingSeconds ?? 0));
  return history.kss.some(({ ks }) =>
    (ks.teks ?? []).some(({ lifetimeSeconds }) => wasMade(after, remaining, lifetimeSeconds, madeMs)),
  );
}

function wasMade(
  seen: GmAnswer,
  remaining: number | null,
  lifetime: number | null | undefined,
  madeMs: number,
): boolean {
  return typeof lifetime === 'number' && remaining !== null && quotesEnd(seen, madeMs, remaining - lifetime);
}

/** An answer without a KEK, or with one that has no time left, may come between the KEK's end and the registration. */
const ORDER_OR_EXPIRY = statement(
  literally('the KEK had run out after the order of the KS: either makes a GM register: not decided'),
  (audited) => {
    const { event, history } = audited;
    const withKek = lastKek(audited);
    const since = (withKek?.sentMs ?? 0) - shiftSlackOf(withKek);
    const deleted = history.messages.some(
      ({ message, receivedMs }) => message.mnemonic === 'GM_DELETE_EXPIRED_KEK' && receivedMs >= since,
    );
    if (!deleted || event.cause !== 'unknown') return 'no message says that a KEK ran out';
    const [, order, end] = LAST_TWO_QUOTED.exec(event.evidence.join(' | ')) ?? [];
    return unless(order === undefined || msOf(order) <= msOf(end), 'the KEK had run out before the order');
  },
);

/** The order and the end of the KEK, as the event quotes them before it says so. */
const LAST_TWO_QUOTED = form(
  INSTANT,
  String.raw` \| [^|]*?GM_DELETE_EXPIRED_KEK (?:at|between) `,
  INSTANT,
  String.raw`[^|]*? \| the KEK had run out`,
);

/** The longest time from the return of a link to the registration it causes; an answer may come in between. */
const LINK_BACK_MS = 10_000;

const LINK_OR_TIMER = statement(
  /the interface had come back (?:before that timer was due|after the order of the KS): either makes a GM register: not decided/u,
  ({ event, history, around }) => {
    const since = (around.held?.sentMs ?? 0) - shiftSlackOf(around.held) - LINK_BACK_MS;
    const back = history.messages.some(
      ({ message, receivedMs }) => receivedMs >= since && /\bup\b/u.test(message.text) && LINKS.has(message.mnemonic),
    );
    return unless(back && event.cause === 'unknown', 'no message says that an interface came back');
  },
);

const END_OR_ORDER = statement(
  form(
    'KEK held before ended at ',
    INSTANT,
    ': its end or the order of the KS can have made the GM register: not decided',
  ),
  (audited, end = '') =>
    inKekWindow(audited, end, KEK_EXPIRED) ?? unless(audited.event.cause === 'unknown', 'it is decided'),
);

const LINKS: ReadonlySet<string> = new Set(['UPDOWN', 'CHANGED']);

function shiftSlackOf(seen: GmAnswer | null): number {
  return seen === null ? 0 : seen.slackMs;
}

const ONE_OF_SEVERAL = statement(
  literally('one of several registrations between two answers: the keys between them were not seen'),
  ({ around }) => {
    const was = around.before?.gm.registrations.succeeded ?? 0;
    const is = around.after?.gm.registrations.succeeded ?? null;
    return unless(is === null || is - was > 1 || is > 1 || around.after?.origin === 'snmp', 'there was only one');
  },
);

const UNSEEN_SAME_KEK = statement(
  literally(
    'a registration before, in the KEK’s window, that brought the same KEK would not be seen: then the KS is an old one',
  ),
  ({ around }) => unless(around.held?.origin === 'snmp', 'the CLI shows counters'),
);

const TEK_CUT = statement(
  form('TEK lifetime cut by ', NUMBER, ' s without a rekey: the KS told its members to register again'),
  ({ history }, cut = '') => {
    const shown = history.answers;
    const found = shown.some((answer, index) => {
      const before = shown[index - 1];
      return (
        before !== undefined &&
        cutBy(before, answer).some(([least, most]) => Number(cut) >= least - 3 && Number(cut) <= most + 3)
      );
    });
    return unless(found, 'no two answers show that cut');
  },
);

const NEW_TEK_CUT = statement(
  form('the TEK that a rekey has just brought ends in ', NUMBER, ' s: the KS told its members to register again'),
  ({ history }, left = '') => {
    const shown = history.answers.filter(({ gm }) => gm.teks !== null);
    const found = shown.some(({ gm, origin }, index) => {
      const earlier = shown.slice(0, index).findLast((answer) => answer.origin === origin);
      const held = new Set(earlier?.gm.teks?.map(({ spi }) => spi));
      const longest = Math.max(...(gm.teks ?? []).map(({ remainingSeconds }) => remainingSeconds ?? 0));
      const tek = gm.teks?.find(({ remainingSeconds }) => remainingSeconds === longest);
      return earlier !== undefined && tek !== undefined && !held.has(tek.spi) && longest === Number(left);
    });
    return unless(found, 'no answer shows a new TEK that ends so soon');
  },
);

/** By how much it was cut between the two answers, by the instants of both: least and most, in seconds. */
function cutBy(before: GmAnswer, now: GmAnswer): readonly (readonly [least: number, most: number])[] {
  return (now.gm.teks ?? []).flatMap(({ spi, remainingSeconds }) => {
    const was = before.gm.teks?.find((tek) => tek.spi === spi)?.remainingSeconds ?? null;
    if (was === null || remainingSeconds === null) return [];
    const left = was - remainingSeconds;
    return [[left - (now.receivedMs - before.sentMs) / 1000, left - (now.sentMs - before.receivedMs) / 1000]];
  });
}

export const WINDOW_STATEMENTS: readonly Statement[] = [
  KEK_MISSED_LINE,
  KEK_EXPIRED_LINE,
  SECOND_OF_CYCLE,
  PAIR,
  PAIR_WINDOWS,
  TEK_LINE,
  NO_TEK_REKEY,
  EITHER_TIMER,
  SEVERAL_TIMERS,
  COUNTDOWN,
  MOVED_COUNTDOWN,
  NOT_DUE_LINE,
  SAME_KEK,
  GONE_KEK,
  AFTER_ITS_END,
  NEW_KEK,
  MADE_LATER,
  KEK_NOT_SEEN,
  REPLACED_EARLY,
  REPLACED_AFTER_REKEY,
  PERHAPS_RENEWED,
  MADE_WHEN_NONE_WAS_DUE,
  REPLACED_OR_TEK,
  ORDER_OR_EXPIRY,
  END_OR_ORDER,
  LINK_OR_TIMER,
  ONE_OF_SEVERAL,
  UNSEEN_SAME_KEK,
  TEK_CUT,
  NEW_TEK_CUT,
];
