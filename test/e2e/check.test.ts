/** `gdoiwatch check`: called by a person, a script, a monitoring system; with and without a running agent. */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse, stringify } from 'yaml';
import type { HealthDocument } from '../../src/gdoi/health/health-document.ts';
import { told } from '../cli/told.ts';
import { Gdoiwatch, gdoiwatch } from './gdoiwatch.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';
import { freePort } from '../builders/ports.ts';

let directory = '';
let simulated: Gdoiwatch;
/** Listens on a port that nobody has. */
let config = '';
let gm1 = { host: '', port: 0 };

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-check-'));
  simulated = new Gdoiwatch(['simulate', '--scenario', 'healthy', '--gms', '2', '--kss', '1', '--output', directory]);
  const [, path] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  config = path!;
  const written = parse(await readFile(config, 'utf8'));
  written.listen = `127.0.0.1:${await freePort()}`;
  await writeFile(config, stringify(written));
  gm1 = written.devices.find((device: { name: string }) => device.name === 'gm1');
});
afterAll(async () => {
  await simulated[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const check = (...args: string[]) => gdoiwatch(['check', '--config', config, ...args]);
/** In this process. */
const checkTold = (...args: string[]) => told(['check', '--config', config, ...args]);

describe('without an agent', () => {
  test('a healthy GM is ok, in text that names the checks, exit status 0', async () => {
    const { status, stdout, stderr } = await check('gm1');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^OK {2}gm1: registered with /);
    expect(stdout).toMatch(/^\[ ok \] registered /m);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
    expect(status).toBe(0);
  });

  test('--json is the health document, --perfdata one line with figures', async () => {
    const json: HealthDocument = JSON.parse((await checkTold('ks1', '--json')).stdout);
    expect(json).toMatchObject({ device: 'ks1', status: 'ok', groups: [{ role: 'ks' }] });
    const { stdout, status } = await checkTold('gm2', '--perfdata');
    expect(stdout).toMatch(/^OK: gm2: [^|\n]* \| .*'kek_remaining'=\d+s;\d+:.*\n$/);
    expect(status).toBe(0);
  });

  test('a host that is in no configuration: by its address, with a password from a file or the environment', async () => {
    const args = ['--host', gm1.host, '--port', String(gm1.port), '--username', 'monitor'];
    const keys = ['--known-hosts', join(directory, 'check_known_hosts'), '--host-keys', 'accept-new'];
    const found = await told(['check', ...args, ...keys, '--password-file', join(directory, 'password')]);
    expect(found.stdout).toMatch(/^OK /);
    expect(found.status).toBe(0);
    const asked = await told(['check', ...args, ...keys]);
    expect(asked.stderr).toContain('--password-file');
    expect(asked.status).toBe(3);
  });

  test.each([
    ['a device that nobody knows', ['nobody'], /knows no device "nobody"/],
    ['nothing to check', [], /name one thing to check: a configured device, --group or --host/],
    ['an unknown flag', ['gm1', '--no-such-flag'], /unknown option/],
    [
      'an unknown flag after a wrong value',
      ['gm1', '--port', 'x', '--no-such-flag'],
      /unknown option '--no-such-flag'/,
    ],
    ['a token file that is not there', ['gm1', '--token-file', '/nonexistent'], /cannot be read/],
  ])('%s: one clear line, exit status 3', async (_, args, said) => {
    const { status, stdout, stderr } = await checkTold(...args);
    expect(status).toBe(3);
    expect(stdout).toBe('');
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a device that does not answer is unknown, and says why', async () => {
    const dead = join(directory, 'dead.yml');
    const written = parse(await readFile(config, 'utf8'));
    written.devices = [{ name: 'gm1', host: '127.0.0.1', port: await freePort(), role: 'gm' }];
    await writeFile(dead, stringify(written));
    const { status, stdout } = await told(['check', '--config', dead, 'gm1']);
    expect(stdout).toMatch(/^UNKNOWN {2}gm1: .*refused/);
    expect(status).toBe(3);
  });
});

describe('with a running agent', () => {
  test('it is the agent that polls: no second session, and what it knows counts', async () => {
    await using agent = new Gdoiwatch(['run', '--config', config, '--log-format', 'json']);
    const [, url] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
    await vi.waitUntil(async () => (await fetch(`${url!}/-/ready`)).ok, PATIENCE_WITH_PROCESSES);
    const exposition = async () => (await fetch(`${url!}/metrics`)).text();
    const polls = async () =>
      Number(/^gdoi_polls_total\{device="gm1",result="ok"\} (\d+)$/m.exec(await exposition())?.[1]);
    const before = await polls();
    // An answer of a moment ago would be accepted; this one has to be polled.
    await vi.waitUntil(async () => Date.now() / 1000 - (await lastSuccess(exposition)) > 1.5, PATIENCE_WITH_PROCESSES);
    const { stdout, status } = await checkTold('gm1', '--json');
    const health: HealthDocument = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(await polls()).toBeGreaterThan(before);
    expect(await exposition()).toMatch(/^gdoi_ssh_sessions 3$/m);
    // Alone it would have no KS to compare with.
    await vi.waitUntil(
      async () => /^gdoi_gm_kek_matches_ks\{device="gm1",.*\} 1$/m.test(await exposition()),
      PATIENCE_WITH_PROCESSES,
    );
    const later: HealthDocument = JSON.parse((await checkTold('gm1', '--json')).stdout);
    expect(health.device).toBe('gm1');
    expect(later.checks.find(({ name }) => name === 'kek_matches_ks')?.status).toBe('ok');
    const events = await told(['events', '--agent', url!, '--json']);
    expect(events).toMatchObject({ status: 0, stderr: '' });
    // Which device answered, and how.
    expect((await checkTold('gm1')).stdout).toContain(`gm1 (${gm1.host}), via agent ${url!}`);
    const group = await checkTold('--group', 'G1');
    expect(group.stdout).toMatch(/^OK {2}G1: both polled GMs are registered/);
    expect(group.stdout).toContain(`group G1, via agent ${url!}`);
    expect(group.status).toBe(0);
    expect((await checkTold('--group', 'G1', '--perfdata')).stdout).toMatch(/^OK: G1: .* \| 'reachable'=0;0 /);
    expect((await checkTold('--group', 'G9')).stderr).toContain('has seen no group "G9"');
    const fleet = await gdoiwatch(['status', '--config', config]);
    expect(fleet.stdout).toMatch(/^3 devices: 3 ok .*\n\nOK {2}G1 {2}both polled GMs are registered/);
    expect((await told(['status', '--agent', url!, '--group', 'G1'])).stdout).toContain('[ ok ] registered');
  });

  test('an agent that knows another router of this name is not asked', async () => {
    const other = join(directory, 'other.yml');
    const written = parse(await readFile(config, 'utf8'));
    written.store = { sqlite: join(directory, 'other.db') };
    written.devices = [{ name: 'gm1', host: '127.0.0.99', port: await freePort(), role: 'gm' }];
    await writeFile(other, stringify(written));
    await using agent = new Gdoiwatch(['run', '--config', other, '--log-format', 'json']);
    const [, url] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
    const { stdout, status } = await checkTold('gm1');
    expect(stdout).toContain(`gm1 (${gm1.host}), polled now; the agent at`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`the agent at ${url!} knows gm1 as 127.0.0.99`);
    expect(status).toBe(0);
    // Asked for with a configuration that means another router, it says nothing about this one either.
    const named = await checkTold('gm1', '--agent', url!);
    expect(named.stderr).toContain(`knows gm1 as 127.0.0.99; in ${config} it is ${gm1.host}: another router`);
    expect(named).toMatchObject({ stdout: '', status: 3 });
    // The same if nobody named that configuration: it is the one in this folder.
    const asked = ['check', 'gm1', '--agent', url!];
    const inFolder = await new Gdoiwatch(asked, { cwd: directory }).finished;
    expect(inFolder.stderr).toContain(`knows gm1 as 127.0.0.99; in gdoiwatch.yml it is ${gm1.host}: another router`);
    expect(inFolder).toMatchObject({ stdout: '', status: 3 });
    const elsewhere = join(directory, 'elsewhere');
    await mkdir(elsewhere);
    const alone = await new Gdoiwatch(asked, { cwd: elsewhere }).finished;
    expect(alone.stdout).toContain(`gm1 (127.0.0.99), via agent ${url!}`);
  });

  test('where nothing listens, that is said', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    for (const command of [
      ['check', 'gm1', '--agent', url],
      ['check', '--group', 'G1', '--agent', url],
      ['status', '--agent', url],
      ['events', '--agent', url],
      ['incidents', '--agent', url],
    ]) {
      const { stderr, status } = await told(command);
      expect(stderr).toContain(`nothing listens at ${url}`);
      expect(status).toBe(command[0] === 'check' ? 3 : 2);
    }
  });
});

async function lastSuccess(exposition: () => Promise<string>): Promise<number> {
  const sample = /^gdoi_device_last_success_timestamp_seconds\{device="gm1"\} (\S+)$/m.exec(await exposition());
  return Number(sample?.[1]);
}

test('what is to come is counted from the clock of the agent that is asked', async () => {
  const agentMs = Date.now() + 7_200_000;
  const next = { what: 'KEK rekey to all GMs', at: new Date(agentMs + 90_000).toISOString() };
  const lists = { gms: [], kss: [], explanations: [], checks: [], at_risk: [] };
  const health = { group: 'G1', status: 'ok', summary: 'G1: ok', members: 1, action: null, ...lists };
  const agent = createHttpServer((_, response) => {
    response.setHeader('date', new Date(agentMs).toUTCString());
    response.end(JSON.stringify({ ...health, next_kek_rekey: next, next_tek_rekey: null }));
  }).listen(0, '127.0.0.1');
  await once(agent, 'listening');
  const address = agent.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  for (const command of ['check', 'status']) {
    const { stdout } = await told([command, '--group', 'G1', '--agent', url]);
    expect(stdout).toMatch(/^ *next +KEK rekey to all GMs, in 9[01] s /mu);
  }
  agent.close();
});
