/** `promtool`, as a test runs it; skipped by callers where it is not installed, never in CI. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Benchmarks run from `.bench`, one folder deeper. */
const UP = import.meta.url.includes('/.bench/') ? '../../..' : '../..';
export const PROMETHEUS_DIRECTORY = fileURLToPath(new URL(`${UP}/dashboards/prometheus`, import.meta.url));
export const RULES_FILE = join(PROMETHEUS_DIRECTORY, 'rules.yml');

export function missing(tool: 'promtool' | 'amtool' | 'prometheus-alertmanager'): boolean {
  const absent = spawnSync(tool, ['--version']).error !== undefined;
  if (absent && process.env['CI']) throw new Error(`${tool} is missing in CI`);
  return absent;
}

/**
 * For programs written in Go: a third of promtool's work on a test file is collecting garbage. Without any collection
 * it takes fresh pages instead; with few, on one processor, the demo's scenario took 0.85 s of CPU and not 1.05.
 */
const FEW_COLLECTIONS = { GOGC: '500', GOMEMLIMIT: '512MiB', GOMAXPROCS: '1' };

/** Exit status and all that it said. */
export function run(
  tool: string,
  args: readonly string[],
): Promise<{ readonly status: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...FEW_COLLECTIONS },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** A test of the rules, in the words of promtool's test files. */
export interface RuleTest {
  readonly name: string;
  readonly interval: string;
  readonly input_series: readonly { readonly series: string; readonly values: string }[];
  readonly promql_expr_test: readonly {
    readonly expr: string;
    readonly eval_time: string;
    readonly exp_samples: readonly { readonly labels: string; readonly value: number }[];
  }[];
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly eval_time: string;
    readonly exp_alerts: readonly object[];
  }[];
}

/** What `promtool test rules` says; empty when all is as expected. */
export async function testRules(tests: readonly RuleTest[], evaluationInterval: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-rules-'));
  try {
    const file = join(directory, 'test.yml');
    const test = { rule_files: [RULES_FILE], evaluation_interval: evaluationInterval, tests };
    // JSON is YAML, and takes 0.6 ms where YAML takes 139, for 2,500 questions about 600 series.
    await writeFile(file, JSON.stringify(test));
    const { status, output } = await run('promtool', ['test', 'rules', file]);
    return status === 0 ? '' : output;
  } finally {
    await rm(directory, { recursive: true });
  }
}
