/**
 * The rules as a whole: the alerts of the contract, each complete, on metrics that exist, checked and tested by
 * promtool.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryDirectory } from '../deploy/repository.ts';
import { missing, PROMETHEUS_DIRECTORY, RULES_FILE, run } from './promtool.ts';

/** Other people's routes and silences depend on these names. */
const ALERTS = [
  'GdoiIncident',
  'GdoiExplained',
  'GdoiMaintenance',
  'GdoiUnexpectedReregistration',
  'GdoiReregistrationStorm',
  'GdoiKekRekeyOverdue',
  'GdoiKekExpiredInUse',
  'GdoiGmWithoutKek',
  'GdoiGmWithoutTek',
  'GdoiTekRekeyOverdue',
  'GdoiReplayErrors',
  'GdoiLegacyKeyServer',
  'GdoiMixedVersions',
  'GdoiGmNotRegistered',
  'GdoiTekDivergence',
  'GdoiGmRekeyUnacknowledged',
  'GdoiGmEjected',
  'GdoiAuthenticationFailed',
  'GdoiHostKeyChanged',
  'GdoiCertificateExpiring',
  'GdoiKeyServerUnreachable',
  'GdoiCoopPeerDown',
  'GdoiCoopSplit',
  'GdoiDeviceUnreachable',
  'GdoiParserDrift',
  'GdoiInternalError',
  'GdoiStoreDamaged',
  'GdoiOutputFailing',
  'GdoiAgentSaturated',
  'GdoiAgentDown',
  'GdoiTargetsFailing',
  'GdoiCellUnowned',
  'GdoiCellOwnedTwice',
  'GdoiInventoriesDiffer',
];

const RUNBOOKS = fileURLToPath(new URL('../../dashboards/runbooks', import.meta.url));
const RUNBOOK_BASE_URL = 'https://github.com/gdoiwatch/gdoiwatch/blob/main/dashboards/runbooks';
const EXPORT = fileURLToPath(new URL('../../src/export', import.meta.url));
const TESTS = join(PROMETHEUS_DIRECTORY, 'tests');

interface TestFile {
  readonly rule_files: readonly string[];
  readonly tests: readonly TestCase[];
}

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const { groups } = parse(await readFile(RULES_FILE, 'utf8')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter((rule) => rule.alert !== undefined);
const names = [...new Set(alerts.map((rule) => rule.alert ?? ''))];

const TEST_FILES = await readdir(TESTS);
const testFiles = new Map(
  await Promise.all(
    TEST_FILES.map(async (file) => [file, parse(await readFile(join(TESTS, file), 'utf8')) as TestFile] as const),
  ),
);
const cases = [...testFiles.values()].flatMap(({ tests }) => tests);

/** What it asks Prometheus. */
const textsOf = (rule: Rule) => [rule.expr, rule.annotations?.['description'] ?? ''];

describe('the alerting rules', () => {
  test('are those of the contract, no more and no less', () => {
    expect(names.toSorted()).toEqual(ALERTS.toSorted());
  });

  test.each(alerts.map((rule) => [rule.alert ?? '', rule.labels?.['severity'] ?? '', rule] as const))(
    '%s (%s) says what, how much, and what to do',
    (alert, severity, { annotations = {} }) => {
      expect(severity).toMatch(/^(critical|warning|info)$/);
      expect(annotations['summary']).toMatch(/^[A-Z].{10,120}[.]$/);
      expect(annotations['summary']).not.toContain('{{');
      expect(annotations['description']).toContain('{{');
      expect(annotations['description']).toMatch(/[.]$/);
      expect(annotations['runbook_url']).toBe(`${RUNBOOK_BASE_URL}/${alert}.md`);
    },
  );
});

describe('runbooks', () => {
  test('there is one for each alert and no other', async () => {
    const pages = (await readdir(RUNBOOKS)).filter((page) => page !== 'README.md');
    expect(pages.toSorted()).toEqual(ALERTS.map((alert) => `${alert}.md`).toSorted());
  });

  test('the index links to each', async () => {
    const index = await readFile(join(RUNBOOKS, 'README.md'), 'utf8');
    for (const alert of ALERTS) expect(index).toContain(`[${alert}](${alert}.md)`);
  });

  test.each(ALERTS)('%s has the sections an engineer looks for', async (alert) => {
    const page = await readFile(join(RUNBOOKS, `${alert}.md`), 'utf8');
    const headings = [...page.matchAll(/^#+ .*$/gm)].map(([heading]) => heading);
    expect(headings).toEqual([
      `# ${alert}`,
      '## Meaning',
      '## Confirm',
      '## First action',
      '## How it ends',
      '## If it does not end',
    ]);
    // For three in the morning: it fits a screen or two.
    expect(page.split('\n').length).toBeLessThan(70);
  });
});

/** From Prometheus and from prom-client. */
const OTHERS = ['up', 'nodejs_eventloop_lag_p99_seconds'];

/** The names in the tables of metrics. */
async function exportedMetrics(): Promise<ReadonlySet<string>> {
  const files = (await readdir(EXPORT, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const sources = files.map((file) => readFile(join(EXPORT, file), 'utf8'));
  return new Set((await Promise.all(sources)).flatMap((text) => text.match(/(?<=')gdoi_\w+(?=')/g) ?? []));
}

describe('the expressions', () => {
  test('use only metrics that the agent exports', async () => {
    const exported = new Set([...(await exportedMetrics()), ...OTHERS]);
    const recorded = new Set(rules.flatMap((rule) => rule.record ?? []));
    const texts = rules.flatMap(textsOf);
    const used = new Set(texts.flatMap((text) => text.match(/\b(?:\w+:)*(?:gdoi|nodejs)_[\w:]+/g) ?? []));
    expect(used.size).toBeGreaterThan(40);
    expect([...used].filter((name) => !exported.has(name) && !recorded.has(name))).toEqual([]);
  });
});

describe.skipIf(missing('promtool'))('promtool', () => {
  test('finds nothing in the rules', async () => {
    const { status, output } = await run('promtool', ['check', 'rules', RULES_FILE]);
    expect(output).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  test.each([...testFiles])('tests them: %s', async (file, content) => {
    expect(content.rule_files).toEqual(['../rules.yml']);
    const asked = content.tests.flatMap(({ alert_rule_test = [], promql_expr_test = [] }) => [
      ...alert_rule_test.map(({ alertname }) => alertname),
      ...promql_expr_test.map(({ expr }) => expr),
    ]);
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'rules.yml'), JSON.stringify({ groups: rulesBehind(asked) }));
    await writeFile(join(directory.path, file), JSON.stringify({ ...content, rule_files: ['rules.yml'] }));
    const { status, output } = await run('promtool', ['test', 'rules', join(directory.path, file)]);
    expect(output.replaceAll(/Unit Testing: .*|SUCCESS/g, '').trim()).toBe('');
    expect(status).toBe(0);
  });
});

/**
 * A rule sees what is scraped and what the rules that it names recorded or fired: these are all that can answer, in the
 * order of their groups. All rules take promtool six times as long.
 */
function rulesBehind(asked: readonly string[]): typeof groups {
  const named = new Set(asked.flatMap((text) => text.match(/[\w:]+/g) ?? []));
  const behind = groups.map((group) => ({
    ...group,
    rules: group.rules.filter(({ alert, record }) => named.has(alert ?? record ?? '')),
  }));
  const asking = behind.flatMap((group) => group.rules.flatMap(textsOf)).filter((text) => !asked.includes(text));
  return asking.length === 0 ? behind.filter((group) => group.rules.length > 0) : rulesBehind([...asked, ...asking]);
}

test.each(ALERTS)('%s is tested to fire, with its words, and not to fire', (alert) => {
  const told = cases.flatMap((one) => one.alert_rule_test ?? []).filter(({ alertname }) => alertname === alert);
  const exact = cases.flatMap((one) => one.promql_expr_test ?? []).filter(({ expr }) => expr.includes(`"${alert}"`));
  expect(told.length).toBeGreaterThan(0);
  expect(exact.some(({ exp_samples }) => exp_samples.length > 0)).toBe(true);
  expect(exact.some(({ exp_samples }) => exp_samples.length === 0)).toBe(true);
});

interface TestCase {
  readonly alert_rule_test?: readonly { readonly alertname: string }[];
  readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples: readonly object[] }[];
}
