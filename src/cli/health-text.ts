/** A health document as text for a terminal and a ticket, and as the one line that Nagios-likes read. */
import type { HealthCheckDocument, HealthDocument } from '../gdoi/health/health-document.ts';

const WIDTH = 100;

/** `unobserved`: what to say where the document has no instant. */
export function healthText(health: HealthDocument, nowMs: number, unobserved = 'never: no answer yet'): string {
  const lines = [`${health.status.toUpperCase()}  ${health.summary}`, ''];
  lines.push(...field('observed', observed(health, unobserved)));
  for (const { group, role, status, summary } of health.groups) {
    lines.push(
      ...field('group', `${group} (${role === 'both' ? 'GM and KS' : role.toUpperCase()}), ${status}: ${summary}`),
    );
  }
  if (health.next !== null) lines.push(...field('next', `${health.next.what}, ${when(health.next.at, nowMs)}`));
  if (health.action !== null) lines.push(...field('do first', health.action));
  lines.push('');
  const several = health.groups.length > 1;
  const worstFirst = health.checks.toSorted((a, b) => weight(b) - weight(a));
  for (const check of worstFirst) lines.push(...checkLines(check, several));
  return `${lines.join('\n')}\n`;
}

/** `STATUS: summary | 'label'=value;warn;crit`, without line breaks and bars in the text. */
export function pluginLine(health: HealthDocument): string {
  const text = `${health.status.toUpperCase()}: ${health.summary}`.replaceAll('|', '/').replaceAll(/\s+/g, ' ');
  const data = health.checks.flatMap((check) => performanceData(check, health.groups.length > 1));
  return data.length === 0 ? `${text}\n` : `${text} | ${data.join(' ')}\n`;
}

function performanceData(check: HealthCheckDocument, several: boolean): readonly string[] {
  if (typeof check.value !== 'number') return [];
  const label = several && check.group !== null ? `${check.group} ${check.name}` : check.name;
  const threshold = typeof check.threshold === 'number' ? `;${check.threshold}` : '';
  return [`'${label.replaceAll(/['=]/g, '_')}'=${check.value}${threshold}`];
}

function observed({ observed_at, age_seconds }: HealthDocument, unobserved: string): string {
  if (observed_at === null) return unobserved;
  return `${observed_at} (${age_seconds === null ? 'age not known' : `${age_seconds} s ago`})`;
}

function when(at: string, nowMs: number): string {
  const seconds = Math.round((Date.parse(at) - nowMs) / 1000);
  return seconds >= 0 ? `in ${seconds} s (${at})` : `${-seconds} s overdue (${at})`;
}

const MARKS = { ok: ' ok ', unknown: ' ?? ', warning: 'WARN', critical: 'CRIT' } as const;

function checkLines(check: HealthCheckDocument, several: boolean): readonly string[] {
  const where = several && check.group !== null ? `${check.group}: ` : '';
  return wrapped(`[${MARKS[check.status]}] ${check.name.padEnd(22)}`, `${where}${check.detail}`);
}

function weight({ status }: HealthCheckDocument): number {
  return ['ok', 'unknown', 'warning', 'critical'].indexOf(status);
}

function field(name: string, text: string): readonly string[] {
  return wrapped(`  ${name.padEnd(10)}`, text);
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
