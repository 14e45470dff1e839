/** Sentences that quote what routers stated themselves, and those about TEKs and dropped packets. */
import type { GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { type HeardMessage, quotes, quotesEnd, ROUNDING_MS } from './history.ts';
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

const ONE_SOURCE = '(?:log|show logging)';
const SOURCE = `(${ONE_SOURCE}(?: and ${ONE_SOURCE})?)`;
const SPI = String.raw`(0x[0-9A-F]{8})`;

function newest({ history }: Audited) {
  return history.answers.at(-1) ?? null;
}

/** Whether the message holds all addresses and pseudotimes of the quoted detail. */
function holds({ message }: HeardMessage, detail: string): boolean {
  const figures = detail.match(/[\d.]+|[\da-f:]{4,}/giu) ?? [];
  return figures.every((figure) => message.text.toLowerCase().includes(figure.toLowerCase()));
}

interface Quoted {
  readonly name: string;
  readonly detail: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly group: string | null;
}

/** There must be a message of that name, about this group, with the whole detail, at the quoted time. */
function wasHeard(messages: readonly HeardMessage[], quoted: Quoted): string | null {
  const found = messages.some(
    (heard) =>
      heard.message.mnemonic === quoted.name &&
      holds(heard, quoted.detail) &&
      isOfGroup(heard, quoted.group) &&
      (heard.pushed ? arrivedThen(heard, quoted) : quoted.fromMs <= heard.receivedMs + heard.slackMs),
  );
  return unless(found, `no ${quoted.name} told it then`);
}

function arrivedThen({ receivedMs, shiftsMs }: HeardMessage, { fromMs, toMs }: Quoted): boolean {
  return shiftsMs.some(
    (shift) => receivedMs + shift >= fromMs - ROUNDING_MS && receivedMs + shift <= toMs + ROUNDING_MS,
  );
}

const WHEN = `(?:at ${INSTANT}|between ${INSTANT} and ${INSTANT})`;

function whenOf(at?: string, from?: string, to?: string): { readonly fromMs: number; readonly toMs: number } {
  return at === undefined ? { fromMs: msOf(from), toMs: msOf(to) } : { fromMs: msOf(at), toMs: msOf(at) };
}

const WITH_DETAIL = statement(
  form(SOURCE, String.raw`: (\w+) \(([^)]+)\) `, WHEN),
  ({ history, event }, _source = '', name = '', detail = '', ...when) =>
    wasHeard(history.messages, { name, detail, group: event.group, ...whenOf(...when) }),
);

const LINK = statement(
  form(SOURCE, String.raw`: (LINEPROTO|LINK)-\d-(\w+) (\S+)(?: down `, WHEN, ')?,?(?: up ', WHEN, ')?'),
  ({ history }, _source = '', facility = '', name = '', link = '', ...when) => {
    const told = ([at, from, to]: readonly (string | undefined)[], state: string) =>
      (at === undefined && from === undefined) ||
      history.messages.some(
        (heard) =>
          heard.message.facility === facility &&
          heard.message.mnemonic === name &&
          heard.message.text.includes(`nterface ${link}, changed state to`) &&
          heard.message.text.endsWith(state) &&
          (!heard.pushed || arrivedThen(heard, { name, detail: '', group: null, ...whenOf(at, from, to) })),
      );
    return unless(told(when.slice(0, 3), 'down') && told(when.slice(3), 'up'), 'no such messages');
  },
);

/** A message that a KS wrote itself, about the address of this GM if the KS names one. */
const OF_A_KS = statement(
  form(String.raw`(\S+) `, SOURCE, String.raw`: (\w+)(?: \(([^)]+)\))? `, WHEN),
  ({ history, event }, ks = '', _source = '', name = '', detail = '', ...when) => {
    const address = history.answers.findLast(({ gm }) => gm.address !== null)?.gm.address ?? null;
    if (event.type !== 'member_ejected' && detail !== '' && address !== null && !detail.includes(address))
      return `it is about ${detail}, not ${address}`;
    if (event.type === 'member_ejected' && !event.summary.includes(detail.split(', ')[0] ?? ''))
      return `it is about ${detail}`;
    return wasHeard(history.messagesOf(ks), { name, detail, group: event.group, ...whenOf(...when) });
  },
);

const ATTEMPTS_FAILED = statement(
  form('Attempted registration: ', NUMBER, ', Succeeded registration: ', NUMBER, ': ', NUMBER, ' attempts failed'),
  (audited, attempted = '', succeeded = '', failed = '') => {
    const shown = newest(audited)?.gm.registrations;
    if (shown?.attempted !== Number(attempted) || shown.succeeded !== Number(succeeded)) return 'shown otherwise';
    const failures = audited.history.answers.map(
      ({ gm }) => (gm.registrations.attempted ?? 0) - (gm.registrations.succeeded ?? 0),
    );
    const now = failures.at(-1) ?? 0;
    return unless(
      Number(failed) === now || failures.includes(now - Number(failed)),
      'no answer before showed so many fewer',
    );
  },
);

const NO_TEK = statement(/Registration status: (.+), and no TEK is shown/u, (audited, status = '') => {
  const gm = newest(audited)?.gm;
  return unless(gm?.status === status && gm.registered === true && !holdsTek(gm), 'the answer shows otherwise');
});

/** The same as SNMP shows it. */
const KEK_WITHOUT_TEK = statement(literally('a KEK is shown, and no TEK is shown'), (audited) => {
  const gm = newest(audited)?.gm;
  const holdsKek = (gm?.kek?.remainingSeconds ?? 0) > 0;
  return unless(gm?.registered === null && holdsKek && !holdsTek(gm), 'the answer shows otherwise');
});

/** If TEKs are not shown, it may hold one. */
function holdsTek({ teks }: GmSnapshot): boolean {
  return teks?.some(({ remainingSeconds }) => (remainingSeconds ?? 0) > 0) ?? true;
}

const TEK_BEFORE = statement(
  form('longest-lived TEK held before, ', SPI, ', ended at ', INSTANT),
  ({ history }, spi = '', end = '') =>
    unless(
      history.answers.some((answer) =>
        (answer.gm.teks ?? []).some((tek) => tek.spi === spi && quotesEnd(answer, msOf(end), tek.remainingSeconds)),
      ),
      'no answer showed a TEK that ends then',
    ),
);

const TEK_LEFT = statement(form('longest-lived TEK ', SPI, ': ', NUMBER, ' s left'), (audited, spi = '', left = '') => {
  const teks = newest(audited)?.gm.teks ?? [];
  const longest = Math.max(...teks.map(({ remainingSeconds }) => remainingSeconds ?? 0));
  const shown = teks.some((tek) => tek.spi === spi && tek.remainingSeconds === longest);
  return unless(shown && longest === Number(left), `the longest has ${longest} s`);
});

const TEK_PLAN = statement(
  form('the KS sends the TEK rekey ', NUMBER, ' s before expiry'),
  ({ history }, lead = '') => {
    const leads = history.kss.flatMap(({ ks }) =>
      (ks.teks ?? []).map((tek) => (tek.remainingSeconds ?? Number.NaN) - (tek.timeToRekeySeconds ?? Number.NaN)),
    );
    return unless(leads.includes(Number(lead)), 'no KS shows that plan');
  },
);

const IN_TEK_WINDOW = statement(
  form('Reregisters in: ', NUMBER, ' s, ', NUMBER, ' s before TEK expiry: in the TEK’s window'),
  (audited, countdown = '', before = '') => {
    const gm = newest(audited)?.gm;
    const longest = Math.max(...(gm?.teks ?? []).map(({ remainingSeconds }) => remainingSeconds ?? 0));
    if (gm?.reregistersInSeconds !== Number(countdown)) return `shown is ${gm?.reregistersInSeconds}`;
    return unless(longest - Number(countdown) === Number(before), `it is ${longest - Number(countdown)} s before`);
  },
);

const COUNTDOWN = statement(form('Reregisters in: ', NUMBER, ' s'), (audited, seconds = '') =>
  unless(newest(audited)?.gm.reregistersInSeconds === Number(seconds), 'shown is another'),
);

const RISEN = statement(
  form(
    String.raw`(?:Input Error Packets|Input and Output Error Packets|data-plane errors) `,
    NUMBER,
    ' -> ',
    NUMBER,
    ' in ',
    NUMBER,
    ' s',
  ),
  (audited, from = '', to = '') => {
    const counts = audited.history.answers.map(({ gm }) => droppedBy(gm));
    return unless(counts.includes(Number(to)) && counts.includes(Number(from)), 'they were not shown');
  },
);

function droppedBy({ replay, dataplane }: NonNullable<ReturnType<typeof newest>>['gm']): number | null {
  if (replay !== undefined) return (replay.inputErrors ?? 0) + (replay.outputErrors ?? 0);
  return dataplane === undefined ? null : Object.values(dataplane.errors).reduce((sum, packets) => sum + packets, 0);
}

const TIME_SYNC = statement(form('Time Sync Error: ', NUMBER), (audited, errors = '') =>
  unless(
    audited.history.answers.some(({ gm }) => gm.replay?.timeSyncErrors === Number(errors)),
    'it is not shown',
  ),
);

const MAX_DELTA = statement(/Max time delta: ([\d.]+) s/u, (audited, delta = '') =>
  unless(
    audited.history.answers.some(({ gm }) => gm.replay?.maxTimeDeltaSeconds === Number(delta)),
    'it is not shown',
  ),
);

const KINDS = statement(/now: \w+ \d+(?:, \w+ \d+)*/u, () => null);

const NOT_COLLECTED = statement(/its anti-replay counters are not collected/u, ({ history }) =>
  unless(
    history.answers.every(({ gm }) => gm.replay === undefined),
    'they are',
  ),
);

const READ_BEFORE = statement(
  form('its anti-replay counters were last read before, at ', INSTANT),
  (audited, at = '') =>
    unless(
      audited.history.answers.some((answer) => answer.gm.replay !== undefined && quotes(answer, msOf(at), 0, 0)),
      'they were not read then',
    ),
);

const ACKS_MISSED = statement(
  form('Rekey Acks missed: ', NUMBER, '; at 3 the KS drops a GM'),
  ({ history }, missed = '') => {
    const shown = history.kss.some(({ ks }) =>
      ks.memberDetails?.some(({ acksMissed }) => acksMissed === Number(missed)),
    );
    return unless(Number(missed) >= 3 && shown, 'no KS shows it');
  },
);

const NOT_LISTED = statement(
  /(\S+): Registration status Registered, and no KS that answers lists (\S+)/u,
  ({ history }, device = '', address = '') => {
    const last = history.gms.findLast((answer) => answer.device === device && answer.gm.registered !== null)?.gm;
    return unless(last?.registered === true && last.address === address, 'it does not say so');
  },
);

const GONE_FROM_LIST = statement(
  form(String.raw`(\S+): Rekey Acks missed: `, NUMBER, ' when it was listed last, and no KS that answers lists it'),
  ({ history }, address = '', missed = '') => {
    const lists = history.kss.filter(({ ks }) => ks.memberDetails !== null);
    const row = ({ ks }: (typeof lists)[number]) => ks.memberDetails?.find((member) => member.address === address);
    const last = lists.findLastIndex((answer) => row(answer)?.acksMissed === Number(missed));
    if (last === -1 || Number(missed) === 0) return 'no list showed that';
    const { device } = lists[last]!;
    const later = lists.slice(last + 1).filter((answer) => answer.device === device);
    return unless(later.length > 0 && later.every((answer) => row(answer) === undefined), 'it is listed');
  },
);

/** Reasons that may come with several kinds of events. */
export const STATED_STATEMENTS: readonly Statement[] = [WITH_DETAIL, LINK, OF_A_KS];
export const FAILED_STATEMENTS: readonly Statement[] = [ATTEMPTS_FAILED, ...STATED_STATEMENTS];
export const TEK_STATEMENTS: readonly Statement[] = [
  NO_TEK,
  KEK_WITHOUT_TEK,
  TEK_BEFORE,
  TEK_LEFT,
  TEK_PLAN,
  IN_TEK_WINDOW,
  COUNTDOWN,
  ...STATED_STATEMENTS,
];
export const PACKET_STATEMENTS: readonly Statement[] = [
  RISEN,
  TIME_SYNC,
  MAX_DELTA,
  KINDS,
  NOT_COLLECTED,
  READ_BEFORE,
  ...STATED_STATEMENTS,
];
export const EJECTION_STATEMENTS: readonly Statement[] = [ACKS_MISSED, NOT_LISTED, GONE_FROM_LIST, OF_A_KS];
