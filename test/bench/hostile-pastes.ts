/** Texts made to cost more than their length: each form as long as it is asked for. */
import { parseCapturedText } from '../../src/ios/captured-text.ts';

const FORMS: ReadonlyMap<string, string> = new Map([
  ['quotes', '>'],
  ['nested quotes', `${'> '.repeat(20)}\n`],
  ['entities', '&amp;'],
  ['open tags', '<'],
  ['line tags', '<br>'],
  ['table cells', '| a '],
  ['table rows', '| a | b |\n'],
  ['blank columns', `${' '.repeat(79)}\n`],
  ['rules', '-'],
  ['headings', '----- show version -----\n'],
  ['numbered lines', '17: x\n'],
  ['typed commands', 'R1#show crypto gdoi\n'],
  ['log messages', '%GDOI-5-X: a\n'],
  ['log stamps', 'Jan  1 00:00:00 h '],
  ['colons', 'a : '],
  ['group names', 'Group Name : G\n'],
  ['carriage returns', '\r'],
  ['escape sequences', '\u001b[1;31m'],
  ['fences', '```\n'],
  ['pagers', ' --More-- \b\b'],
  ['digits', '1'],
  ['full lines', `${'a'.repeat(80)}\n`],
  ['mail headers', 'Subject: a\n'],
]);
const SHORT = 50_000;
const LONG = 200_000;
const ROUNDS = 5;

/** Microseconds a kilobyte of a long and of a short text, of the form that grows most. */
export function worstGrowth(): { readonly form: string; readonly long: number; readonly short: number } {
  const grown = [...FORMS].map(([form, part]) => ({
    form,
    long: perKilobyte(part, LONG),
    short: perKilobyte(part, SHORT),
  }));
  // a form that costs next to nothing is measured by the clock's own steps
  const costly = grown.filter(({ long }) => long >= 20);
  return costly.reduce((worst, one) => (one.long / one.short > worst.long / worst.short ? one : worst));
}

function perKilobyte(part: string, length: number): number {
  const text = part.repeat(Math.ceil(length / part.length));
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage();
    parseCapturedText(text);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  // CPU, not time: a long text is interrupted more often than a short one
  return Math.min(...rounds) / (length / 1000);
}
