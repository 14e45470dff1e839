/** The agent as a user runs it: `gdoiwatch run` with a configuration, against simulated routers behind real SSH. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { Gdoiwatch } from './gdoiwatch.ts';
import { Prometheus, prometheusMissing } from './prometheus.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

let directory = '';
let simulated: Gdoiwatch;
/** The configuration that `simulate` wrote, listening on a free port. */
let yaml = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-e2e-'));
  simulated = new Gdoiwatch(['simulate', '--scenario', 'healthy', '--gms', '4', '--kss', '2', '--output', directory]);
  const [, path] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  yaml = (await readFile(path!, 'utf8'))
    .replace(/^listen: .*$/m, 'listen: 127.0.0.1:0')
    .replace('interval: 30s', 'interval: 1s');
});
afterAll(async () => {
  await simulated[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Start the agent on this configuration; it has its own file, so that tests may rewrite it. */
async function start(
  name: string,
  config: string,
  options: { readonly openFiles?: number } = {},
): Promise<{ agent: Gdoiwatch; url: string; path: string }> {
  const path = join(directory, `${name}.yml`);
  await writeFile(path, config.replace('known_hosts: known_hosts', `known_hosts: known_hosts-${name}`));
  const agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json'], options);
  const [, url] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  return { agent, url: url!, path };
}

async function childrenOf({ pid }: Gdoiwatch): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
}

interface WrittenConfig {
  credentials: Record<string, object>;
  devices: { name: string; host: string; port: number; credentials?: string | object; transport?: string }[];
}

/** The configuration, changed by hand. */
function edited(config: string, edit: (written: WrittenConfig) => void): string {
  const written: WrittenConfig = parse(config);
  edit(written);
  return stringify(written);
}

const text = async (url: string) => (await fetch(url)).text();
const metrics = (url: string) => text(`${url}/metrics`);
const sample = (exposition: string, series: string) =>
  exposition
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);
const until = (url: string, series: string) =>
  expect.poll(async () => sample(await metrics(url), series), PATIENCE_WITH_PROCESSES);

/** With these devices only: each more is a login and a poll a second. */
function withDevices(names: readonly string[]): string {
  return edited(yaml, (written) => {
    written.devices = written.devices.filter(({ name }) => names.includes(name));
  });
}

/**
 * Starting an agent and logging in to six routers takes a second of CPU, so one agent is looked at, then reloaded, and
 * stopped in the end.
 */
describe('gdoiwatch run, from its start to its end', () => {
  let agent: Gdoiwatch;
  let url = '';
  let path = '';
  beforeAll(async () => {
    ({ agent, url, path } = await start('whole', yaml));
  });
  afterAll(() => agent[Symbol.asyncDispose]());

  test('is ready when every device was polled', async () => {
    await expect.poll(async () => (await fetch(`${url}/-/ready`)).status, PATIENCE_WITH_PROCESSES).toBe(200);
    expect(await text(`${url}/api/v1/devices`)).toContain('"total":6');
  });

  test('polls GMs and KSs over SSH, and a real Prometheus scrapes what they show', async ({ skip }) => {
    if (prometheusMissing()) skip('prometheus is not installed (Debian package prometheus)');
    await using prometheus = await Prometheus.scraping(new URL(url).host);
    await expect
      .poll(() => prometheus.query('sum(gdoi_device_up)'), PATIENCE_WITH_PROCESSES)
      .toEqual([expect.objectContaining({ value: [expect.any(Number), '6'] })]);
    expect(await prometheus.targets()).toEqual([expect.objectContaining({ health: 'up', lastError: '' })]);
    expect(await prometheus.query('count(gdoi_gm_registered == 1)')).toEqual([
      expect.objectContaining({ value: [expect.any(Number), '4'] }),
    ]);
    // A KEK expires in the future, at one instant for all GMs of the group, within what whole seconds and polling allow.
    const expiry = await prometheus.query(
      'max(gdoi_gm_kek_expiry_timestamp_seconds) - min(gdoi_gm_kek_expiry_timestamp_seconds)',
    );
    expect(Number(expiry[0]?.value[1])).toBeLessThanOrEqual(3);
    expect(await prometheus.query('gdoi_gm_kek_expiry_timestamp_seconds - time() > 0')).toHaveLength(4);
    expect(await prometheus.query('gdoi_ks_role{role="primary"}')).toHaveLength(1);
    expect(await prometheus.query('gdoi_ks_member_registered == 1')).not.toHaveLength(0);
  });

  test('its whole exposition passes promtool check metrics', async ({ skip }) => {
    if (prometheusMissing()) skip('promtool is not installed (Debian package prometheus)');
    await until(url, 'gdoi_device_up{device="gm1"}').toBe('1');
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
      input: await metrics(url),
      encoding: 'utf8',
    });
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  test('a bad configuration changes nothing and says why', async () => {
    await until(url, 'gdoi_device_up{device="gm1"}').toBe('1');
    const good = await readFile(path, 'utf8');
    await writeFile(path, `${good}\nlisten: nowhere\n`);
    const response = await fetch(`${url}/-/reload`, { method: 'POST' });
    expect(response.status).toBe(422);
    expect(await response.text()).toMatch(/whole\.yml:\d+:\d+: .*listen/);
    await writeFile(path, good);
    const after = await metrics(url);
    expect(sample(after, 'gdoi_config_last_reload_successful')).toBe('0');
    expect(sample(after, 'gdoi_device_up{device="gm1"}')).toBe('1');
  });

  test('SIGHUP takes a new configuration: removed series go, the sessions of unchanged devices stay', async () => {
    for (const device of ['gm1', 'gm2', 'gm3', 'gm4', 'ks1', 'ks2']) {
      await until(url, `gdoi_device_up{device="${device}"}`).toBe('1');
    }
    const without = edited(await readFile(path, 'utf8'), (written) => {
      written.devices = written.devices.filter(({ name }) => name !== 'gm4');
    });
    await writeFile(path, without);
    agent.signal('SIGHUP');
    await agent.printed(/"removed":1,.*configuration reloaded/, 'stderr');
    const after = await metrics(url);
    expect(after).not.toContain('device="gm4"');
    expect(sample(after, 'gdoi_ssh_sessions')).toBe('5');
    expect(sample(after, 'gdoi_config_last_reload_successful')).toBe('1');
  });

  test('stops on SIGTERM while it polls, exit status 0', async () => {
    await until(url, 'gdoi_device_up{device="gm1"}').toBe('1');
    agent.signal('SIGTERM');
    const { status, stderr } = await agent.finished;
    expect(status).toBe(0);
    expect(stderr).toContain('"msg":"stopping"');
  });
});

describe('gdoiwatch run', () => {
  test('SIGHUP that adds more devices than there may be open files says so, as a start does', async () => {
    // Sessions stay open with 14 devices: a hundred files are for other uses, a quarter for logins.
    const { agent, url, path } = await start('few-files', withDevices(['gm1', 'ks1']), { openFiles: 152 });
    await using _agent = agent;
    await until(url, 'gdoi_device_up{device="gm1"}').toBe('1');
    expect(agent.stderr).not.toContain('LimitNOFILE');
    const more = edited(await readFile(path, 'utf8'), (written) => {
      const [first] = written.devices;
      const gone = Array.from({ length: 14 }, (_, index) => ({
        ...first!,
        name: `gone${index}`,
        host: `127.2.0.${index + 1}`,
      }));
      written.devices = [...written.devices, ...gone];
    });
    await writeFile(path, more);
    agent.signal('SIGHUP');
    await agent.printed(/"openFiles":152,"devices":16,"sessionsKept":14,.*LimitNOFILE.*restart the agent/, 'stderr');
  });

  test('devices that outnumber the open files of a process have their sessions in others, which end with the agent', async () => {
    const { agent, url } = await start('more-files', yaml, { openFiles: 138 });
    await using _agent = agent;
    await until(url, 'gdoi_ssh_sessions').toBe('6');
    expect(sample(await metrics(url), 'gdoi_ssh_session_threads')).toBe('1');
    expect(agent.stderr).not.toContain('LimitNOFILE');
    const [session] = await childrenOf(agent);
    agent.signal('SIGKILL');
    await agent.finished;
    await expect.poll(() => existsSync(`/proc/${session}`), PATIENCE_WITH_PROCESSES).toBe(false);
  });

  test('a disk that fills costs what it refuses and no poll, each is said once, and all goes on by itself when there is room', async () => {
    const name = 'full-disk';
    const logFile = join(directory, `${name}.log`);
    const path = join(directory, `${name}.yml`);
    const few = withDevices(['gm1', 'gm4', 'ks1']);
    const config = edited(few, (written) => Object.assign(written, { record: name, store: { sqlite: `${name}.db` } }));
    await writeFile(path, config.replace('known_hosts: known_hosts', `known_hosts: known_hosts-${name}`));
    const descriptor = openSync(logFile, 'a');
    await using agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json'], { stderrTo: descriptor });
    closeSync(descriptor);
    const logged = () => readFile(logFile, 'utf8');
    await expect.poll(logged, PATIENCE_WITH_PROCESSES).toContain('every device has been polled');
    const [, url = ''] = /"url":"([^"]+)"/.exec(await logged()) ?? [];

    // No file grows any more: EFBIG as from a disk with a quota.
    const allow = (bytes: string) =>
      expect(spawnSync('prlimit', ['--pid', `${agent.pid}`, `--fsize=${bytes}:unlimited`]).status).toBe(0);
    allow('1');
    // What is known of it is to be kept at once.
    await writeFile(path, (await readFile(path, 'utf8')).replace(/^ {2}- name: gm4\n(?: {4}.*\n)+/m, ''));
    agent.signal('SIGHUP');
    await until(url, 'gdoi_inventory_devices').toBe('2');
    for (const what of ['log', 'record', 'store']) {
      await expect
        .poll(async () => Number(sample(await metrics(url), `gdoi_${what}_errors_total`)), PATIENCE_WITH_PROCESSES)
        .toBeGreaterThan(0);
    }
    const asked = async () => Number(sample(await metrics(url), 'gdoi_polls_total{device="ks1",result="ok"}'));
    const askedBefore = await asked();
    await expect.poll(asked, PATIENCE_WITH_PROCESSES).toBeGreaterThan(askedBefore);
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);

    allow('unlimited');
    await expect.poll(logged, PATIENCE_WITH_PROCESSES).toContain('the store accepts events again');
    agent.signal('SIGTERM');
    expect((await agent.finished).status).toBe(0);
    const lines = (await logged()).trimEnd().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
    expect(messages.filter((message) => message.startsWith('the store refused'))).toHaveLength(1);
    expect(messages.filter((message) => message.startsWith('cannot write the recording'))).toHaveLength(1);
    expect(messages).not.toContain('internal error; everything else goes on');
    // Each file of the recording can be replayed to its end.
    const [day = ''] = await readdir(join(directory, name));
    const recorded = (await readFile(join(directory, name, day), 'utf8')).trimEnd().split('\n');
    expect(recorded.map((line) => line.at(-1)).filter((end) => end !== '}').length).toBeLessThanOrEqual(1);
    expect(recorded.at(-1)).toMatch(/\}$/);
  });

  test('a configuration that cannot be used ends the start with one line and exit status 2', async () => {
    const path = join(directory, 'bad.yml');
    await writeFile(path, 'devices: 5\n');
    const { status, stdout, stderr } = await new Gdoiwatch(['run', '--config', path]).finished;
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/bad\.yml:1:\d+: devices/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('a wrong password, a dead port and a bad host name each fail alone, once in the log, and no secret is told', async () => {
    await writeFile(join(directory, 'wrong-password'), 'planted-secret-77\n', { mode: 0o600 });
    const broken = edited(withDevices(['gm1', 'gm2', 'gm3', 'gm4']), (written) => {
      written.credentials['wrong'] = { username: 'monitor', password_file: 'wrong-password' };
      for (const device of written.devices) {
        // Over SSH alone: one fault for each.
        delete device.transport;
        device.credentials = device.name === 'gm1' ? 'wrong' : 'simulated';
        if (device.name === 'gm2') device.port = 1;
        if (device.name === 'gm3') device.host = 'no-such-host.invalid';
      }
    });
    const { agent, url } = await start('broken', broken);
    await using _agent = agent;
    await until(url, 'gdoi_polls_total{device="gm1",result="auth"}').toBe('1');
    await until(url, 'gdoi_polls_total{device="gm2",result="refused"}').not.toBe('0');
    await until(url, 'gdoi_polls_total{device="gm3",result="unreachable"}').not.toBe('0');
    await until(url, 'gdoi_device_up{device="gm4"}').toBe('1');
    await until(url, 'gdoi_polls_total{device="gm1",result="quarantined"}').not.toBe('0');
    const after = await metrics(url);
    // One attempt with bad credentials, and then none.
    expect(sample(after, 'gdoi_polls_total{device="gm1",result="auth"}')).toBe('1');
    expect(sample(after, 'gdoi_device_up{device="gm1"}')).toBe('0');
    const failures = agent.stderr.split('\n').filter((line) => line.includes('"poll failed"'));
    for (const device of ['gm1', 'gm2', 'gm3']) {
      expect(failures.filter((line) => line.includes(`"device":"${device}"`))).toHaveLength(1);
    }
    for (const place of [agent.stderr, after, await text(url)]) expect(place).not.toContain('planted-secret-77');
  });
});
