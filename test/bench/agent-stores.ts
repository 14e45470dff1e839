/**
 * `npm run bench:agent-stores -- [SECONDS]`: what a poll costs in all on PostgreSQL and on SQLite: two agents as
 * processes, one on each, that poll the same simulated fleet at the same time, every second. CPU of each agent and of
 * the server.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { Gdoiwatch } from '../e2e/gdoiwatch.ts';
import { PASSWORD, startPostgres } from '../store/postgres-server.ts';
import { cpuMsOf, cpuMsOfAll } from './process-cpu.ts';

const SECONDS = Number(process.argv[2] ?? 60);
const GMS = 60;
/** The first sweep logs in. */
const WARM_UP_SECONDS = 15;

const main = join(process.cwd(), 'dist', 'cli', 'main.js');
const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-bench-agents-'));
await using server = await startPostgres();
await using simulated = new Gdoiwatch(
  ['simulate', '--scenario', 'healthy', '--gms', String(GMS), '--kss', '2', '--speed', '20', '--output', directory],
  { main },
);
const [, path = ''] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
const fleet = (await readFile(path, 'utf8')).replaceAll(/(\w+_file: )(?!\/)/g, `$1${directory}/`);
await writeFile(join(directory, 'pg-password'), `${PASSWORD}\n`, { mode: 0o600 });

const postgres = `postgres://gdoi@127.0.0.1:${server.port}/postgres`;
const agents = [
  await started('SQLite', { sqlite: 'store.db' }),
  await started('PostgreSQL', { postgres, password_file: join(directory, 'pg-password') }),
];
await pause(WARM_UP_SECONDS);
const before = await Promise.all(agents.map(figuresOf));
const serverBefore = serverCpuMs();
await pause(SECONDS);
const after = await Promise.all(agents.map(figuresOf));
const serverMs = serverCpuMs() - serverBefore;
for (const [index, { name }] of agents.entries()) {
  const [from, to] = [before[index], after[index]];
  if (from === undefined || to === undefined) continue;
  const polls = to.polls - from.polls;
  const each = (ms: number) => `${(ms / polls).toFixed(2)} ms`;
  const ofServer = name === 'PostgreSQL' ? `, ${each(serverMs)} of the server` : '';
  console.log(`${name}: ${polls} polls, CPU a poll ${each(to.cpuMs - from.cpuMs)} of the agent${ofServer}`);
}
for (const { agent } of agents) await agent[Symbol.asyncDispose]();
await rm(directory, { recursive: true, force: true });

async function started(name: string, store: object) {
  const own = join(directory, name);
  await mkdir(own);
  const { syslog: _syslog, traps: _traps, alertmanager: _alertmanager, ...config } = parse(fleet);
  const file = join(own, 'gdoiwatch.yml');
  const defaults = { ...config.defaults, interval: '1s' };
  await writeFile(file, stringify({ ...config, defaults, listen: '127.0.0.1:0', store }));
  const agent = new Gdoiwatch(['run', '--config', file, '--log-format', 'json'], { main });
  const [, url = ''] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  return { name, agent, url };
}

async function figuresOf({ agent, url }: { readonly agent: Gdoiwatch; readonly url: string }) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const counts = text.matchAll(/^gdoi_polls_total\{.*result="ok".*\} (\d+)$/gm);
  const polls = [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  return { polls, cpuMs: agent.pid === undefined ? 0 : cpuMsOf(agent.pid, { ended: true }) };
}

/** Of the server and all that serve a connection; few end meanwhile, and those are counted with their parent. */
function serverCpuMs(): number {
  const pid = Number(readFileSync(join(server.directory, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0]);
  return cpuMsOfAll(pid, { ended: true });
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
