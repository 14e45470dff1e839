/** Sentences about keys that only SNMP showed. */
import type { GmSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import type { GmAnswer } from './history.ts';
import { type Audited, form, literally, NUMBER, statement, type Statement, unless } from './statement.ts';

interface Looks {
  readonly before: GmSnapshot;
  readonly after: GmSnapshot;
}

/** Pairs of successive SNMP looks that can lie around the event: several if the agent's clock was set. */
function looks({ history, event }: Audited): readonly Looks[] {
  const [fromMs, toMs] = event.betweenMs;
  const snmp = history.answers.filter(({ origin }) => origin === 'snmp');
  const slack = (answer: GmAnswer) => answer.slackMs + 5;
  return snmp.flatMap((after, index) => {
    const before = snmp[index - 1];
    if (before === undefined || before.sentMs > fromMs + slack(before)) return [];
    return after.receivedMs < toMs - slack(after) ? [] : [{ before: before.gm, after: after.gm }];
  });
}

/** Returns null if one of the pairs shows it. */
function shownBy(audited: Audited, complaint: (pair: Looks) => string | null): string | null {
  const complaints = looks(audited).map(complaint);
  return complaints.includes(null) ? null : (complaints[0] ?? 'no two looks around it');
}

function holdsKek({ kek }: GmSnapshot): boolean {
  return (kek?.remainingSeconds ?? 0) > 0;
}

const KEK_BACK = statement(literally('no KEK before, one now: no rekey can have brought it'), (audited) => {
  return shownBy(audited, ({ before, after }) =>
    unless(!holdsKek(before) && holdsKek(after), 'the looks do not show that'),
  );
});

const SEQUENCE_STAYS = statement(
  form('another (KEK|TEK)(?: with the same KEK)?(?: and| with) rekey sequence number ', NUMBER, ' as before'),
  (audited, key = '', sequence = '') => {
    return shownBy(audited, ({ before, after }) => {
      const numbers = [before.rekeys.lastSequence, after.rekeys.lastSequence];
      if (numbers.some((shown) => shown !== Number(sequence))) return `shown is ${numbers.join(' -> ')}`;
      return unless(key === 'KEK' ? kekDiffers(before, after) : tekIsNew(before, after), 'the key stayed');
    });
  },
);

function kekDiffers(before: GmSnapshot, after: GmSnapshot): boolean {
  const spis = [before.kek?.spi, after.kek?.spi];
  return spis.includes(undefined) || spis[0] !== spis[1];
}

function tekIsNew(before: GmSnapshot, after: GmSnapshot): boolean {
  return after.teks?.some(({ spi }) => !before.teks?.some((tek) => tek.spi === spi)) ?? false;
}

const SEQUENCE_MOVED = statement(
  form(String.raw`another KEK, and rekey sequence number (\d+|\?) -> (\d+|\?)`),
  (audited, from = '', to = '') => {
    return shownBy(audited, ({ before, after }) => {
      const shown = [before.rekeys.lastSequence ?? '?', after.rekeys.lastSequence ?? '?'].map(String);
      return unless(shown[0] === from && shown[1] === to, `shown is ${shown.join(' -> ')}`);
    });
  },
);

const HOLDS_KEYS = statement(/(?:restarted, and )?it holds keys again/u, (audited) => {
  const last = audited.history.answers.at(-1)?.gm;
  return unless(last !== undefined && (holdsKek(last) || (last.teks ?? []).length > 0), 'it shows no keys');
});

const NO_COUNTERS = statement(literally('SNMP only: no counters'), ({ history }) =>
  unless(!history.answers.some(({ origin }) => origin === 'cli'), 'the CLI showed counters'),
);

/** The CLI and SNMP must each have shown what is quoted of them. */
const BY_CLI_AND_SNMP = statement(
  /Registered with (\S+) by the CLI, (\S+) by SNMP|no common TEK: (\S+) by the CLI, (\S+) by SNMP/u,
  ({ history }, cliKs, snmpKs, cliTek, snmpTek) => {
    const shows = (origin: 'cli' | 'snmp', ks: string | undefined, tek: string | undefined) =>
      history.answers.some(
        ({ origin: from, gm }) =>
          from === origin &&
          (ks === undefined || gm.keyServer === ks) &&
          (tek === undefined || (gm.teks?.some(({ spi }) => spi === tek) ?? false)),
      );
    return unless(shows('cli', cliKs, cliTek) && shows('snmp', snmpKs, snmpTek), 'they did not show that');
  },
);

const KEK_BY_CLI_ONLY = statement(literally('a KEK by the CLI, none by SNMP'), ({ history }) => {
  const cli = history.answers.findLast(({ origin }) => origin === 'cli');
  const snmp = history.answers.findLast(({ origin }) => origin === 'snmp');
  return unless(cli !== undefined && holdsKek(cli.gm) && snmp !== undefined && !holdsKek(snmp.gm), 'they agree');
});

const EXPIRIES_APART = statement(
  form('KEK expiry of the CLI and of SNMP ', NUMBER, ' s apart'),
  ({ history }, apart = '') => {
    const end = (origin: 'cli' | 'snmp') => {
      const answer = history.answers.findLast((shown) => shown.origin === origin && holdsKek(shown.gm));
      return answer === undefined ? Number.NaN : answer.sentMs / 1000 + (answer.gm.kek?.remainingSeconds ?? 0);
    };
    return unless(Math.abs(Math.abs(end('cli') - end('snmp')) - Number(apart)) <= 3, 'they are not');
  },
);

export const SNMP_STATEMENTS: readonly Statement[] = [
  KEK_BACK,
  SEQUENCE_STAYS,
  SEQUENCE_MOVED,
  HOLDS_KEYS,
  NO_COUNTERS,
];

export const DISAGREEMENT_STATEMENTS: readonly Statement[] = [BY_CLI_AND_SNMP, KEK_BY_CLI_ONLY, EXPIRIES_APART];
