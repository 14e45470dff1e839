/** Sentences that quote a log message, a trap, or a restart known from the uptime. */
import { type HeardMessage, type History, quotes, ROUNDING_MS, type Seen } from './history.ts';
import { type Audited, form, INSTANT, msOf, statement, type Statement, unless } from './statement.ts';

/** The longest delay of a message for which it is quoted with a single instant. */
const DELIVERY_MS = 2000;

/** `log: GM_REGS_COMPL at T`, `trap: GmReRegister at T`, `show logging: X between T and T`, `log and trap: ...`. */
const AT = form(
  String.raw`((?:log|show logging|trap|RESTCONF)(?: and (?:log|show logging|trap|RESTCONF))*): ([\w-]+) at `,
  INSTANT,
);
const BETWEEN = form(
  String.raw`((?:log|show logging|trap|RESTCONF)(?: and (?:log|show logging|trap|RESTCONF))*): ([\w-]+) between `,
  INSTANT,
  ' and ',
  INSTANT,
);
const RESTART = form('restart by: uptime (?:at ', INSTANT, '|between ', INSTANT, ' and ', INSTANT, ')');

const QUOTED_AT = statement(AT, (audited, sources = '', name = '', at = '') =>
  heard(audited, { sources, name, fromMs: msOf(at) - DELIVERY_MS, toMs: msOf(at) }),
);

const QUOTED_BETWEEN = statement(BETWEEN, (audited, sources = '', name = '', from = '', to = '') =>
  heard(audited, { sources, name, fromMs: msOf(from), toMs: msOf(to) }),
);

const RESTARTED = statement(RESTART, ({ history }, at, from, to) => {
  const range = at === undefined ? { fromMs: msOf(from), toMs: msOf(to) } : { fromMs: msOf(at), toMs: msOf(at) };
  const allowed = history.facts.some(({ facts, ...seen }) => {
    const uptimeMs = (facts.uptimeSeconds ?? -1) * 1000;
    return (
      uptimeMs >= 0 &&
      (quotes(seen, range.fromMs, -uptimeMs - 60_000, -uptimeMs) ||
        quotes(seen, range.toMs, -uptimeMs - 60_000, -uptimeMs))
    );
  });
  return unless(allowed, 'no uptime that was seen allows it');
});

interface Quoted {
  readonly sources: string;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** A cache by quotation: the result is the same for every pair of answers that an event is checked against. */
const HEARD = new WeakMap<History, Map<string, string | null>>();

function heard(audited: Audited, quoted: Quoted): string | null {
  const known = HEARD.get(audited.history) ?? new Map<string, string | null>();
  HEARD.set(audited.history, known);
  const key = JSON.stringify([audited.event.group, quoted]);
  const told = known.get(key);
  if (told !== undefined) return told;
  const wrong = heardAnew(audited, quoted);
  known.set(key, wrong);
  return wrong;
}

/** Each named source must have reported it then, about this group; one of them must have used the quoted name. */
function heardAnew(audited: Audited, quoted: Quoted): string | null {
  const sources = quoted.sources.split(' and ');
  let named = false;
  for (const source of sources) {
    const found = bySource(source, audited, quoted);
    if (found === null) return `no ${source} told it then`;
    named ||= found.includes(quoted.name);
  }
  return unless(named, `none of them is named ${quoted.name}`);
}

function bySource(source: string, audited: Audited, quoted: Quoted): readonly string[] | null {
  if (source === 'trap') return byTrap(audited, quoted);
  return source === 'RESTCONF' ? byRegistered(audited, quoted) : byMessage(audited, quoted, source === 'log');
}

/** The device stated that it had registered at that time. */
function byRegistered({ history }: Audited, { toMs }: Quoted): readonly string[] | null {
  const said = history.registered.some(({ between, shiftsMs }) =>
    shiftsMs.some(
      (shift) => toMs >= between.fromMs + shift - ROUNDING_MS && toMs <= between.toMs + shift + ROUNDING_MS,
    ),
  );
  return said ? ['prev-reg-time'] : null;
}

/** The names of the traps heard in that time; null: none. */
function byTrap({ history }: Audited, quoted: Quoted): readonly string[] | null {
  const names = history.traps.filter((trap) => covers(trap, quoted)).map(({ trap }) => trap.name);
  return names.length === 0 ? null : names;
}

function byMessage({ history, event }: Audited, quoted: Quoted, pushed: boolean): readonly string[] | null {
  const names = history.messages
    .filter((heardMessage) => heardMessage.pushed === pushed && isOfGroup(heardMessage, event.group))
    .filter((heardMessage) => (pushed ? covers(heardMessage, quoted) : wasReadAfter(heardMessage, quoted)))
    .map(({ message }) => message.mnemonic);
  return names.length === 0 ? null : names;
}

/** Whether it arrived within the quoted time. */
function covers(seen: Seen, { fromMs, toMs }: Quoted): boolean {
  return seen.shiftsMs.some(
    (shift) => seen.receivedMs + shift >= fromMs - ROUNDING_MS && seen.receivedMs + shift <= toMs + ROUNDING_MS,
  );
}

/** A line of a log buffer must have been written before it was read. */
function wasReadAfter(seen: HeardMessage, { fromMs }: Quoted): boolean {
  return fromMs <= seen.receivedMs + seen.slackMs + ROUNDING_MS;
}

export function isOfGroup({ group: named }: HeardMessage, group: string | null): boolean {
  return group === null || named === null || named === group;
}

export const MESSAGE_STATEMENTS: readonly Statement[] = [QUOTED_AT, QUOTED_BETWEEN, RESTARTED];
