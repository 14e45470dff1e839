/**
 * A real Prometheus with the rules, a real Alertmanager with the example configuration, and a receiver of its messages.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROMETHEUS_DIRECTORY, RULES_FILE } from './promtool.ts';
import { freePort } from '../builders/ports.ts';

class Server implements AsyncDisposable {
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #directory: string;

  private constructor(child: ChildProcess, directory: string, address: string) {
    this.#child = child;
    this.#directory = directory;
    this.address = address;
  }

  static async start(program: string, config: string, args: (directory: string) => readonly string[]): Promise<Server> {
    const directory = await mkdtemp(join(tmpdir(), `gdoiwatch-${program}-`));
    const file = join(directory, 'config.yml');
    await writeFile(file, config);
    const address = `127.0.0.1:${await freePort()}`;
    const all = [`--config.file=${file}`, `--web.listen-address=${address}`, ...args(directory)];
    return new Server(spawn(program, all, { stdio: 'ignore' }), directory, address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode === null && this.#child.kill('SIGTERM')) await closed;
    await rm(this.#directory, { recursive: true });
  }
}

export function startPrometheus(targets: string | readonly string[], alertmanager: string): Promise<Server> {
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [RULES_FILE],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [alertmanager] }] }] },
    scrape_configs: [{ job_name: 'gdoiwatch', static_configs: [{ targets: [targets].flat() }] }],
  };
  return Server.start('prometheus', JSON.stringify(config), (directory) => [
    `--storage.tsdb.path=${join(directory, 'data')}`,
  ]);
}

/** The example configuration as it stands, but for the receiver's address and a shorter wait. */
export async function startAlertmanager(receiver: string): Promise<Server> {
  const example = await readFile(join(PROMETHEUS_DIRECTORY, 'alertmanager.yml'), 'utf8');
  const config = example.replaceAll('127.0.0.1:9095', receiver).replaceAll(/group_wait: \d+[sm]/g, 'group_wait: 2s');
  return Server.start('prometheus-alertmanager', config, (directory) => [
    `--storage.path=${join(directory, 'data')}`,
    '--cluster.listen-address=',
  ]);
}

/** One message of Alertmanager: the alerts that it told together. */
interface Told {
  readonly receiver: string;
  readonly alerts: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
}

/** What the pager and the ticket system would have got. */
export class Receiver implements AsyncDisposable {
  readonly told: Told[] = [];
  readonly #server = createHttpServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      this.told.push(JSON.parse(body) as Told);
      response.end();
    });
  });

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(0, '127.0.0.1');
    await new Promise((resolve) => receiver.#server.once('listening', resolve));
    return receiver;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
