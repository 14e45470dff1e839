/** A health document as text for a terminal or a ticket, and as the one line that Nagios-like programs read. */
import { durationText } from '../../gdoi/events/duration-text.ts';
import type { CheckName } from '../../gdoi/health/health-check.ts';
import type { ExplanationDocument, HealthCheckDocument, HealthDocument } from '../../gdoi/health/health-document.ts';

const WIDTH = 100;

/**
 * `unobserved`: what to say of a text without a capture time; null: a device was asked. `from`: which device answered,
 * and how.
 */
export function healthText(
  health: HealthDocument,
  nowMs: number,
  { unobserved = null, from = null }: { readonly unobserved?: string | null; readonly from?: string | null } = {},
): string {
  const lines = [`${health.status.toUpperCase()}  ${health.summary}`, ''];
  const [first] = health.explanations;
  if (first !== undefined) lines.push(...explanationLines(first, nowMs));
  if (from !== null) lines.push(...field('asked', from));
  lines.push(...field('observed', observed(health, unobserved ?? 'never: no answer yet')));
  for (const { group, role, status, summary } of health.groups) {
    lines.push(
      ...field(
        'group',
        `${group} (${role === 'both' ? 'GM and KS' : role.toUpperCase()}), ${status}${health.summary.endsWith(summary) ? '' : `: ${summary}`}`,
      ),
    );
  }
  if (health.next !== null)
    lines.push(
      ...field(
        'next',
        `${health.next.what}, ${nextAt(health.next, nowMs, health.observed_at === null && unobserved !== null)}`,
      ),
    );
  if (health.action !== null) lines.push(...field('first step', health.action));
  lines.push('');
  const several = health.groups.length > 1;
  const worstFirst = health.checks.toSorted((a, b) => weight(b) - weight(a));
  for (const check of worstFirst) lines.push(...checkLines(check, several));
  return `${lines.join('\n')}\n`;
}

/** `STATUS: summary | 'label'=value;warn;crit`, without line breaks and bars in the text. */
export function pluginLine(
  health: Pick<HealthDocument, 'status' | 'summary' | 'checks'> & { readonly groups?: HealthDocument['groups'] },
): string {
  const text = `${health.status.toUpperCase()}: ${health.summary}`.replaceAll('|', '/').replaceAll(/\s+/g, ' ');
  const data = health.checks.flatMap((check) => performanceData(check, (health.groups?.length ?? 0) > 1));
  return data.length === 0 ? `${text}\n` : `${text} | ${data.join(' ')}\n`;
}

function performanceData(check: HealthCheckDocument, several: boolean): readonly string[] {
  if (typeof check.value !== 'number') return [];
  const label = several && check.group !== null ? `${check.group} ${check.name}` : check.name;
  const unit = SECONDS.has(check.name) ? 's' : '';
  const range = typeof check.threshold === 'number' ? `;${rangeOf(check.name, check.threshold)}` : '';
  return [`'${label.replaceAll(/['=]/g, '_')}'=${check.value}${unit}${range}`];
}

const SECONDS: ReadonlySet<CheckName> = new Set<CheckName>([
  'fresh',
  'kek_remaining',
  'tek_remaining',
  'certificates',
  'rekey_duration',
]);
const LESS_IS_WORSE: ReadonlySet<CheckName> = new Set<CheckName>([
  'kek_remaining',
  'tek_remaining',
  'certificates',
  'members',
]);
/** Bad at the threshold itself; the others are bad beyond it. */
const BAD_FROM: ReadonlySet<CheckName> = new Set<CheckName>(['rekeys_acknowledged', 'registration_attempts']);

/** The good range as plugins write it: `225:` is 225 and more, `3` is 0 to 3. */
function rangeOf(name: CheckName, threshold: number): string {
  if (LESS_IS_WORSE.has(name)) return `${threshold}:`;
  return String(BAD_FROM.has(name) && threshold > 0 ? threshold - 1 : threshold);
}

/** What follows and by when, or when it will be decided; and the evidence. */
export function explanationLines(explanation: ExplanationDocument, nowMs: number): readonly string[] {
  const { consequence, deadline, known_at: knownAt, evidence } = explanation;
  const until = (at: string | null) => (at === null ? '' : ` in ${durationText((Date.parse(at) - nowMs) / 1000)}`);
  return [
    ...(consequence === null
      ? []
      : field('follows', deadline === null ? consequence : `${until(deadline).trim()}: ${consequence}`)),
    ...(explanation.phase === 'unclear'
      ? field('unclear', `not yet decided; known${until(knownAt) || ' at the next look'}`)
      : []),
    ...evidence.slice(0, MAX_EVIDENCE).flatMap((line) => field('evidence', line)),
  ];
}

/** Most lines of evidence on a screen; the API has all. */
const MAX_EVIDENCE = 3;

function observed({ observed_at, age_seconds }: HealthDocument, unobserved: string): string {
  if (observed_at === null) return unobserved;
  return `${observed_at} (${age_seconds === null ? 'age not known' : `${age_seconds} s ago`})`;
}

/** A text without a capture time has no instants: times count from its capture. */
function nextAt({ at }: NonNullable<HealthDocument['next']>, nowMs: number, isUndated: boolean): string {
  return isUndated ? `${Math.round((Date.parse(at) - nowMs) / 1000)} s after this answer` : whenFromNow(at, nowMs);
}

export function whenFromNow(at: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(at) - nowMs) / 1000);
  return seconds >= 0 ? `in ${seconds} s (${at})` : `${-seconds} s overdue (${at})`;
}

const MARKS = { ok: ' ok ', unknown: ' ?? ', warning: 'WARN', critical: 'CRIT' } as const;

export function checkLines(check: HealthCheckDocument, several: boolean): readonly string[] {
  const where = several && check.group !== null ? `${check.group}: ` : '';
  return wrapped(
    `[${MARKS[check.status]}] ${check.name.padEnd(22)}`,
    `${where}${check.detail}${check.explained_by === null ? '' : ` (explained by ${check.explained_by})`}`,
  );
}

export function weight({ status }: HealthCheckDocument): number {
  return ['ok', 'unknown', 'warning', 'critical'].indexOf(status);
}

export function field(name: string, text: string): readonly string[] {
  return wrapped(`  ${name.padEnd(12)}`, text);
}

/** Lines of at most `WIDTH`, those after the first indented under the text. */
function wrapped(head: string, text: string): readonly string[] {
  const lines: string[] = [];
  let line = head;
  let empty = true;
  for (const word of text.split(' ')) {
    if (!empty && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = ' '.repeat(head.length);
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...lines, line];
}
