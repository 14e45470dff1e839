/** A real Prometheus on a free port, scraping one target; skipped by callers where it is not installed, never in CI. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../builders/ports.ts';

export function prometheusMissing(): boolean {
  const missing = spawnSync('prometheus', ['--version']).error !== undefined;
  if (missing && process.env['CI']) throw new Error('prometheus is missing in CI');
  return missing;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export class Prometheus implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #directory: string;
  readonly #url: string;

  private constructor(child: ChildProcess, directory: string, url: string) {
    this.#child = child;
    this.#directory = directory;
    this.#url = url;
  }

  static async scraping(target: string): Promise<Prometheus> {
    const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-prometheus-'));
    const config = join(directory, 'prometheus.yml');
    await writeFile(
      config,
      `global: { scrape_interval: 1s }\nscrape_configs:\n  - { job_name: gdoiwatch, static_configs: [{ targets: ["${target}"] }] }\n`,
    );
    const port = await freePort();
    const child = spawn(
      'prometheus',
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    return new Prometheus(child, directory, `http://127.0.0.1:${port}`);
  }

  /** The instant vector of a query; empty while Prometheus is starting. */
  async query(expression: string): Promise<readonly Sample[]> {
    try {
      const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const body = (await response.json()) as { data?: { result?: readonly Sample[] } };
      return body.data?.result ?? [];
    } catch {
      return [];
    }
  }

  /** Health of the scrape, with the last error. */
  async targets(): Promise<readonly { readonly health: string; readonly lastError: string }[]> {
    const response = await fetch(`${this.#url}/api/v1/targets`);
    const body = (await response.json()) as {
      data: { activeTargets: readonly { health: string; lastError: string }[] };
    };
    return body.data.activeTargets;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.kill('SIGTERM');
    await closed;
    await rm(this.#directory, { recursive: true });
  }
}
