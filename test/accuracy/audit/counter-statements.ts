/** Sentences that quote counters, states and key servers as the device showed them. */
import type { ControlProcessor } from '../../../src/gdoi/seen/device-facts.ts';
import type { GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { type GmAnswer, quotes, type Seen } from './history.ts';
import { MESSAGE_STATEMENTS } from './message-statements.ts';
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

/** Label as events quote it -> the figure in an answer. */
const FIGURES: ReadonlyMap<string, (gm: GmSnapshot) => number | null> = new Map([
  ['Succeeded registration', (gm: GmSnapshot) => gm.registrations.succeeded],
  ['Attempted registration', (gm: GmSnapshot) => gm.registrations.attempted],
  ['Rekeys received', (gm: GmSnapshot) => gm.rekeys.received],
  ['After latest register', (gm: GmSnapshot) => gm.rekeys.sinceRegistration],
  ['Rekey ACKs sent', (gm: GmSnapshot) => gm.rekeys.acksSent],
]);

export function figure(gm: GmSnapshot, label: string): number | null {
  return FIGURES.get(label)?.(gm) ?? null;
}

/** Whether the two answers around the event show the figure as quoted. */
function movedAsQuoted({ around }: Audited, label: string, from: string, to: string): string | null {
  const { before, after } = around;
  if (before === null || after === null) return 'no two answers around it';
  const shown = [figure(before.gm, label), figure(after.gm, label)];
  return unless(
    shown[0] === Number(from) && shown[1] === Number(to),
    `the answers around it show ${label} ${shown[0]} -> ${shown[1]}`,
  );
}

const LABEL = String.raw`([A-Z][A-Za-z ]+?)`;

export const MOVED = statement(form(LABEL, ' ', NUMBER, ' -> ', NUMBER), (audited, label = '', from = '', to = '') =>
  FIGURES.has(label) ? movedAsQuoted(audited, label, from, to) : `no such counter: ${label}`,
);

function lastAnswer({ history }: Audited): GmAnswer | null {
  return history.answers.at(-1) ?? null;
}

/** Only the newest answer that shows the figure at all counts, since SNMP shows none. */
const FIGURE = statement(form(LABEL, ': ', NUMBER), ({ history }, label = '', value = '') => {
  if (!FIGURES.has(label)) return `no such figure: ${label}`;
  const shown = history.answers.findLast(({ gm }) => figure(gm, label) !== null);
  const last = shown === undefined ? null : figure(shown.gm, label);
  return unless(last === Number(value), `shown is ${last}`);
});

const FIGURE_NOT_SHOWN = statement(form(LABEL, ': not shown'), (audited, label = '') => {
  const last = lastAnswer(audited);
  return unless(last !== null && figure(last.gm, label) === null, 'it is shown');
});

const STATUS = statement(/Registration status: (.+)/u, (audited, status = '') => {
  const shown = lastAnswer(audited)?.gm.status ?? 'not registered';
  return unless(shown === status, `shown is ${shown}`);
});

const ATTEMPTS = statement(
  form('Attempted registration: ', NUMBER, ', Succeeded registration: ', NUMBER),
  (audited, attempted = '', succeeded = '') => {
    const shown = lastAnswer(audited)?.gm.registrations;
    return unless(
      shown?.attempted === Number(attempted) && shown.succeeded === Number(succeeded),
      `shown is ${shown?.attempted} and ${shown?.succeeded}`,
    );
  },
);

export const REGISTERED_WITH = statement(
  /Registered with (\S+) -> (\S+)/u,
  ({ around, history }, from = '', to = '') => {
    const { before, held, after } = around;
    const known = history.answers.findLast(({ index, gm }) => index <= (before?.index ?? -1) && gm.keyServer !== null);
    const shown = [(held ?? known)?.gm.keyServer ?? null, after?.gm.keyServer ?? null];
    // Over SNMP a GM also shows servers that it only tries: it may have registered with one shown earlier.
    const isEarlier =
      before?.origin === 'snmp' &&
      history.answers.some(({ index, gm }) => index <= before.index && gm.keyServer === from);
    return unless((shown[0] === from || isEarlier) && shown[1] === to, `shown is ${shown[0]} -> ${shown[1]}`);
  },
);

/** `counters restarted: Succeeded registration 5 -> 1, Rekeys received 9 -> 0`. */
const RESTARTED = statement(
  form('counters restarted: (', LABEL, ' ', NUMBER, ' -> ', NUMBER, '(?:, [A-Z][A-Za-z ]+ -?\\d+ -> -?\\d+)*)'),
  (audited, all = '') => fallen(audited, all),
);

/** `counters restarted: log: GM_CLEAR_REGISTER at T`: the counters came back to their values, but a message tells. */
const RESTARTED_BY_MESSAGE = statement(/counters restarted: (.+: .+)/u, (audited, told = '') => {
  for (const { form, check } of MESSAGE_STATEMENTS) {
    const quoted = form.exec(told);
    if (quoted !== null) return check(audited, ...quoted.slice(1));
  }
  return 'unknown sentence';
});

const MOVEMENT = form(LABEL, ' ', NUMBER, ' -> ', NUMBER);

function fallen(audited: Audited, all: string): string | null {
  for (const part of all.split(', ')) {
    const [, label = '', from = '', to = ''] = new RegExp(`^${MOVEMENT.source}$`, 'u').exec(part) ?? [];
    const found = movedAsQuoted(audited, label, from, to) ?? unless(Number(to) < Number(from), 'it did not fall');
    if (found !== null) return found;
  }
  return null;
}

const SAME_COUNTERS_OTHER_KEYS = form(
  '(?:counters restarted: )?keys changed with Succeeded registration ',
  NUMBER,
  ', Rekeys received ',
  NUMBER,
  ' as before',
);

const CAME_BACK = statement(SAME_COUNTERS_OTHER_KEYS, (audited, succeeded = '', received = '') => {
  const { before, after } = audited.around;
  if (before === null || after === null) return 'no two answers around it';
  const moved = countersMoved(audited, succeeded, received);
  if (moved !== null) return moved;
  const spis = (answer: GmAnswer) => answer.gm.teks?.map(({ spi }) => spi) ?? [];
  const sharesTek = spis(after).some((spi) => spis(before).includes(spi));
  // If no KEK is shown, it was deleted: the keys have changed since it was shown last.
  const kekStays = quotesSameKek(lastWithKek(audited.history.answers, before), after);
  return unless(!sharesTek || !kekStays, 'no key changed');
});

/** A TEK came before the first of two answers that show it, and neither counts the rekey. */
const UNCOUNTED_TEK = statement(
  form(
    '(?:counters restarted: )?another TEK came, with Succeeded registration ',
    NUMBER,
    ', Rekeys received ',
    NUMBER,
    ' as before in two answers',
  ),
  (audited, succeeded = '', received = '') => {
    const { before, after } = audited.around;
    if (before === null || after === null) return 'no two answers around it';
    const moved = countersMoved(audited, succeeded, received);
    if (moved !== null) return moved;
    const held = new Set(before.gm.teks?.map(({ spi }) => spi));
    const next = audited.history.answers.find(
      ({ index, origin, gm }) => index > after.index && origin === after.origin && gm.registrations.succeeded !== null,
    );
    const still =
      next?.gm.registrations.succeeded === Number(succeeded) && next.gm.rekeys.received === Number(received);
    return unless(
      still && after.gm.teks?.some(({ spi }) => !held.has(spi)) === true,
      'no TEK came, or the next answer counts it',
    );
  },
);

const UNCOUNTED_REKEY = statement(
  form(
    '(?:counters restarted: )?a rekey came since, with Succeeded registration ',
    NUMBER,
    ', Rekeys received ',
    NUMBER,
    ' as before',
  ),
  (audited, succeeded = '', received = '') => {
    const { before, after } = audited.around;
    const age = after?.gm.rekeys.lastAgeSeconds ?? null;
    if (before === null || after === null || age === null) return 'no two answers around it';
    if (after.sentMs - age * 1000 < before.receivedMs - 1000) return 'the last rekey came before';
    return countersMoved(audited, succeeded, received);
  },
);

function countersMoved(audited: Audited, succeeded: string, received: string): string | null {
  return (
    movedAsQuoted(audited, 'Succeeded registration', succeeded, succeeded) ??
    movedAsQuoted(audited, 'Rekeys received', received, received)
  );
}

function lastWithKek(answers: readonly GmAnswer[], upTo: GmAnswer): GmAnswer {
  return answers.findLast(({ index, gm }) => index <= upTo.index && gm.kek !== null) ?? upTo;
}

/** Whether both answers can show the same KEK, whose countdowns end at the same instant. */
function quotesSameKek(before: GmAnswer, after: GmAnswer): boolean {
  const was = before.gm.kek?.remainingSeconds ?? null;
  const is = after.gm.kek?.remainingSeconds ?? null;
  if (was === null || is === null) return true;
  return before.shiftsMs.some((shift) =>
    quotes(after, before.sentMs + was * 1000 + shift, is * 1000 - 4000, is * 1000 + 4000),
  );
}

export const RESTART_STATEMENTS: readonly Statement[] = [
  RESTARTED,
  CAME_BACK,
  UNCOUNTED_TEK,
  UNCOUNTED_REKEY,
  RESTARTED_BY_MESSAGE,
];

const SINCE_RELOAD = statement(form('Succeeded registration: ', NUMBER, ' since the reload'), (audited, value = '') => {
  const last = audited.history.answers.findLast(({ gm }) => gm.registrations.succeeded !== null);
  return unless(last?.gm.registrations.succeeded === Number(value), `shown is ${last?.gm.registrations.succeeded}`);
});

/** `uptime 120 s at T: booted about B`, or without the boot. */
const UPTIME = statement(
  form('uptime ', String.raw`(\d+)`, ' s at ', INSTANT, '(?:: booted about ', INSTANT, ')?'),
  ({ history, event }, uptime = '', at = '', booted = undefined as string | undefined) => {
    const facts = history.facts.filter(
      (answer) => answer.facts.uptimeSeconds === Number(uptime) && quotesSent(answer, msOf(at)),
    );
    if (facts.length === 0) return 'no answer showed it';
    if (booted === undefined) return null;
    const allowed = facts.some((answer) =>
      quotes(answer, msOf(booted), -(Number(uptime) + 60) * 1000, -Number(uptime) * 1000),
    );
    if (!allowed) return 'the uptime does not allow that boot';
    const isReload = event.cause === 'reload' || event.type === 'reload';
    const bootFromMs = msOf(booted) - 62_000;
    return unless(!isReload || event.betweenMs[1] >= bootFromMs, 'the event ends before the boot it is ascribed to');
  },
);

const WHOLE = String.raw`(\d+)`;

/** Whether an answer of that time showed a control processor so. */
function isProcessorShown(
  { history }: Audited,
  at: string,
  shows: (processor: ControlProcessor) => boolean,
): string | null {
  const seen = history.facts.some(
    ({ facts, ...answer }) => facts.processor !== undefined && shows(facts.processor) && quotesSent(answer, msOf(at)),
  );
  return unless(seen, `no answer at ${at} showed it`);
}

const TOOK_OVER = statement(
  form('its control processor took over ', WHOLE, ' s before ', INSTANT),
  (audited, seconds = '', at = '') =>
    isProcessorShown(audited, at, ({ activeSeconds }) => activeSeconds === Number(seconds)),
);

const ANOTHER_TOOK_OVER = statement(
  form('another control processor took over: uptime ', WHOLE, ' s at ', INSTANT, ', ', WHOLE, ' s at ', INSTANT),
  (audited, was = '', before = '', now = '', at = '') =>
    isProcessorShown(audited, before, ({ uptimeSeconds }) => uptimeSeconds === Number(was)) ??
    isProcessorShown(audited, at, ({ uptimeSeconds }) => uptimeSeconds === Number(now)) ??
    unless(
      Math.abs((Number(now) - Number(was)) * 1000 - (msOf(at) - msOf(before))) > 60_000,
      'the same processor prints these uptimes',
    ),
);

const BY_SWITCHOVER = statement(
  form('it had returned to ROM by a switchover at ', INSTANT, '(?:, and had not at ', INSTANT, ')?'),
  (audited, at = '', before = undefined as string | undefined) =>
    isProcessorShown(audited, at, ({ afterSwitchover }) => afterSwitchover === true) ??
    (before === undefined
      ? null
      : isProcessorShown(audited, before, ({ afterSwitchover }) => afterSwitchover === undefined)),
);

function quotesSent(seen: Seen, quotedMs: number): boolean {
  return seen.shiftsMs.some((shift) => Math.abs(seen.sentMs + shift - quotedMs) <= 1000 + Math.abs(shift) * 0.05);
}

const NO_UPTIME = statement(literally('the uptime was not seen'), ({ history, around }) => {
  const after = around.after;
  if (after === null) return null;
  const seen = history.facts.some(({ index, facts }) => index > after.index && facts.uptimeSeconds !== null);
  return unless(!seen, 'an uptime was seen after the answer');
});

const RELOAD_REASON = statement(/reload reason: (.+)/u, ({ history }, reason = '') => {
  const last = history.facts.at(-1)?.facts.reloadReason ?? '';
  return unless(last.startsWith(reason), `shown is ${last}`);
});

const FROM_LOG = statement(literally('the device does not answer: known from its log only'), ({ history }) =>
  unless(history.outcomes.at(-1)?.failed != null, 'it answered'),
);

export const COUNTER_STATEMENTS: readonly Statement[] = [
  FIGURE,
  FIGURE_NOT_SHOWN,
  STATUS,
  ATTEMPTS,
  SINCE_RELOAD,
  UPTIME,
  TOOK_OVER,
  ANOTHER_TOOK_OVER,
  BY_SWITCHOVER,
  NO_UPTIME,
  RELOAD_REASON,
  FROM_LOG,
];
