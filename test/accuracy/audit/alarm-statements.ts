/** Sentences about states that are reported once: KEK missing or overdue, rekeys, reachability, contradictions. */
import { figure } from './counter-statements.ts';
import { quotesEnd } from './history.ts';
import { type Audited, form, INSTANT, msOf, NUMBER, statement, type Statement, unless } from './statement.ts';

const LEAD_FLOOR_SECONDS = 200;

function newest({ history }: Audited) {
  return history.answers.at(-1) ?? null;
}

const KEK_DUE = statement(
  form('KEK lifetime: ', NUMBER, ' s; the KS sends the KEK rekey ', NUMBER, ' s before expiry'),
  (audited, remaining = '', lead = '') => {
    const shown = newest(audited)?.gm.kek?.remainingSeconds ?? null;
    if (shown !== Number(remaining)) return `shown is ${shown}`;
    if (Number(remaining) > Number(lead)) return 'it is not due yet';
    return unless(leads(audited).includes(Number(lead)), 'no KS tells that lead');
  },
);

const KEK_DUE_AT_LATEST = statement(
  form(
    'KEK lifetime: ',
    NUMBER,
    String.raw` s; a KS of 15\.2\(1\)T / XE 3\.5S or later sends the KEK rekey 200 s before expiry or earlier`,
  ),
  (audited, remaining = '') => {
    const shown = newest(audited)?.gm.kek?.remainingSeconds ?? null;
    if (shown !== Number(remaining)) return `shown is ${shown}`;
    return unless(Number(remaining) <= LEAD_FLOOR_SECONDS, 'it is not due yet');
  },
);

/** Remaining life minus time to rekey, for each answer of a KS that showed both. */
function leads({ history }: Audited): readonly number[] {
  return history.kss.flatMap(({ ks }) => {
    const { remainingSeconds = null, timeToRekeySeconds = null } = ks.kek ?? {};
    return remainingSeconds === null || timeToRekeySeconds === null ? [] : [remainingSeconds - timeToRekeySeconds];
  });
}

const COUNTDOWN = statement(form('Reregisters in: ', NUMBER, ' s'), (audited, seconds = '') => {
  const shown = newest(audited)?.gm.reregistersInSeconds ?? null;
  return unless(shown === Number(seconds), `shown is ${shown}`);
});

const NO_KEK = statement(/no KEK POLICY|KEK lifetime: 0|no KEK of the group among the rekey SAs/u, (audited) => {
  const kek = newest(audited)?.gm.kek ?? null;
  return unless((kek?.remainingSeconds ?? 0) === 0, 'a KEK is shown');
});

const KEK_BEFORE = statement(
  form('the KEK held before (?:was to expire|expired) at ', INSTANT),
  ({ history }, end = '') =>
    unless(
      history.answers.some((answer) => quotesEnd(answer, msOf(end), answer.gm.kek?.remainingSeconds)),
      'no answer showed a KEK that ends then',
    ),
);

const REKEYED = statement(
  form(String.raw`Rekeys received (\d+|\?) -> (\d+|\?), Succeeded registration `, NUMBER, ' as before'),
  ({ around }, from = '', to = '', succeeded = '') => {
    const { before, after } = around;
    if (before === null || after === null) return 'no two answers around it';
    const was = String(figure(before.gm, 'Rekeys received') ?? '?');
    const is = String(figure(after.gm, 'Rekeys received') ?? '?');
    if (was !== from || is !== to) return `shown is ${was} -> ${is}`;
    const counts = [before, after].map(({ gm }) => gm.registrations.succeeded);
    return unless(
      counts.every((count) => count === Number(succeeded)),
      `registrations are ${counts.join(' -> ')}`,
    );
  },
);

const KEK_CHANGED = statement(
  form('KEK expires at ', INSTANT, ', the one before at ', INSTANT),
  ({ around, history }, now = '', before = '') => {
    const { after } = around;
    if (after === null || !quotesEnd(after, msOf(now), after.gm.kek?.remainingSeconds)) return 'the new one does not';
    const held = history.answers.some(
      (answer) => answer.index < after.index && quotesEnd(answer, msOf(before), answer.gm.kek?.remainingSeconds),
    );
    return unless(held, 'no answer showed the old one');
  },
);

const FAILURES = statement(
  form(String.raw`(\d+) failures in a row before, the last one: (\S+)`),
  ({ history }, count = '', last = '') => {
    const outcomes = [...history.outcomes];
    while (outcomes.at(-1)?.failed === null) outcomes.pop();
    const failed = outcomes.slice(outcomes.findLastIndex((outcome) => outcome.failed === null) + 1);
    if (failed.at(-1)?.failed !== last) return `it was ${failed.at(-1)?.failed}`;
    return unless(failed.length >= Number(count), `there were ${failed.length}`);
  },
);

const LAST_FAILURE = statement(/last failure: (\S+)/u, ({ history }, last = '') => {
  const failed = history.outcomes.at(-1)?.failed ?? null;
  return unless(failed === last, `it was ${failed}`);
});

const TOO_MANY = statement(
  form('Succeeded registration ', NUMBER, ' -> ', NUMBER, ' in ', NUMBER, ' s'),
  ({ history }, from = '', to = '') => {
    const shown = history.answers.map(({ gm }) => gm.registrations.succeeded);
    return unless(shown.at(-1) === Number(to) && shown.includes(Number(from)), 'they were not shown');
  },
);

const KEPT_REKEYS = statement(
  form(String.raw`.+, (?:but Rekeys received (\d+) -> (\d+)|and (\d+) registrations since)`),
  (audited, from, to, succeeded) => {
    const gm = newest(audited)?.gm;
    if (gm === undefined) return 'nothing was shown';
    if (succeeded !== undefined) return unless(gm.registrations.succeeded === Number(succeeded), 'it is not shown');
    const was = audited.history.answers.some((answer) => answer.gm.rekeys.received === Number(from));
    return unless(was && gm.rekeys.received === Number(to), 'they were not shown');
  },
);

const KEK_LIFETIME_OFF = statement(
  form('KEK lifetime ', NUMBER, ' s off, with neither a rekey nor a registration'),
  ({ history }, off = '') => {
    const last = history.answers.at(-1);
    const end = (answer: typeof last) =>
      answer === undefined ? Number.NaN : answer.sentMs / 1000 + (answer.gm.kek?.remainingSeconds ?? Number.NaN);
    const found = history.answers.some((answer) => Math.abs(end(last) - end(answer) - Number(off)) <= 4);
    return unless(found, 'no answer showed such a KEK');
  },
);

export const KEK_MISSING_STATEMENTS: readonly Statement[] = [NO_KEK, KEK_BEFORE];
export const OVERDUE_STATEMENTS: readonly Statement[] = [KEK_DUE, KEK_DUE_AT_LATEST, COUNTDOWN];
export const REKEY_STATEMENTS: readonly Statement[] = [REKEYED, KEK_CHANGED];
export const REACH_STATEMENTS: readonly Statement[] = [FAILURES, LAST_FAILURE];
export const CONTRADICTION_STATEMENTS: readonly Statement[] = [TOO_MANY, KEPT_REKEYS, KEK_LIFETIME_OFF];

/** Time left, in the summary of an overdue KEK rekey. */
export const TIME_LEFT: readonly Statement[] = [
  statement(form('it re-registers by itself in ', NUMBER, ' s'), (audited, seconds = '') => {
    const shown = newest(audited)?.gm.reregistersInSeconds ?? null;
    return unless(shown === Number(seconds), `Reregisters in is ${shown}`);
  }),
  statement(form('it re-registers by itself in ', NUMBER, ' to ', NUMBER, ' s'), (audited, from = '', to = '') => {
    const remaining = newest(audited)?.gm.kek?.remainingSeconds ?? Number.NaN;
    return unless(
      Number(from) === Math.max(0, remaining - 190) && Number(to) === remaining - 40,
      `the KEK has ${remaining} s left`,
    );
  }),
  statement(form('its KEK expires in ', NUMBER, ' s'), (audited, seconds = '') =>
    unless(newest(audited)?.gm.kek?.remainingSeconds === Number(seconds), 'it does not'),
  ),
];
