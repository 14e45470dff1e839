/** The alerting rules as Markdown tables, one for each rule group, each alert with its runbook. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PUSHED_RULES } from '../../src/export/alertmanager/alerts-of-event.ts';
import { ROOT } from './documents.ts';
import { code, table } from './generated-part.ts';

interface Rule {
  readonly alert?: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

/** Rule groups as headings; a group that is not here fails. */
const HEADINGS: Readonly<Record<string, string>> = {
  'gdoi-reregistration': 'Re-registrations',
  'gdoi-incidents': 'Incidents',
  'gdoi-keys': 'Keys and members',
  'gdoi-key-servers': 'Key servers and devices',
  'gdoi-agent': 'The agent',
};

export function alertsReference(): string {
  const { groups } = parse(readFileSync(join(ROOT, 'dashboards/prometheus/rules.yml'), 'utf8')) as RuleFile;
  return groups
    .map(({ name, rules }) => {
      const heading = HEADINGS[name];
      if (heading === undefined) throw new Error(`the rule group ${name} has no heading`);
      const alerts = rules.filter(({ alert }) => alert !== undefined);
      return `## ${heading}\n\n${table(['alert', 'severity', 'for', 'pushed', 'meaning'], alerts.map(row))}`;
    })
    .join('\n\n');
}

function row({ alert = '', for: wait = '', labels = {}, annotations = {} }: Rule): readonly string[] {
  const { severity = '', ...others } = labels;
  const more = Object.entries(others).map(([label, value]) => code(`${label}="${value}"`));
  const link = `[${alert}](../dashboards/runbooks/${alert}.md)`;
  const pushed = alert in PUSHED_RULES && more.length === 0 ? 'yes' : '';
  return [link, [severity, ...more].join(' '), wait || '0s', pushed, annotations['summary'] ?? ''];
}
