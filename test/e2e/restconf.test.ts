/** RESTCONF as a user runs it: `gdoiwatch run` and `check` against simulated routers behind real TLS. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { told } from '../cli/told.ts';
import { Gdoiwatch } from './gdoiwatch.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';
import { freePort } from '../builders/ports.ts';

interface Written {
  listen: string;
  record?: string;
  defaults: Record<string, unknown>;
  ssh: Record<string, unknown>;
  restconf?: Record<string, unknown>;
  devices: { name: string; role: string; transport?: string; restconf?: object; port: number }[];
}

let directory = '';
let simulated: Gdoiwatch;
let written: Written;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-restconf-'));
  const fleet = ['--scenario', 'healthy', '--gms', '12', '--kss', '1'];
  simulated = new Gdoiwatch(['simulate', '--restconf', ...fleet, '--output', directory]);
  const [, path] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  written = parse(await readFile(path!, 'utf8')) as Written;
});
afterAll(async () => {
  await simulated[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** Start the agent on the configuration as `edit` makes it. */
async function start(name: string, edit: (config: Written) => void) {
  const path = join(directory, `${name}.yml`);
  const config = structuredClone(written);
  config.listen = '127.0.0.1:0';
  config.defaults['interval'] = '1s';
  config.restconf = { known_certificates: `certificates-${name}` };
  edit(config);
  await writeFile(path, stringify(config));
  const agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json']);
  const [, url = ''] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  return {
    agent,
    path,
    json: async (place: string) => (await fetch(`${url}${place}`)).json() as Promise<never>,
    until: (series: string) =>
      expect.poll(
        async () =>
          (await metrics())
            .split('\n')
            .find((line) => line.startsWith(`${series} `))
            ?.slice(series.length + 1),
        PATIENCE_WITH_PROCESSES,
      ),
    [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose](),
  };
}

/** One GM and the KS. */
const byRestconf = (config: Written) => {
  const [gm] = config.devices.filter(({ transport }) => transport === 'restconf');
  config.devices = config.devices.filter((device) => device === gm || device.transport === 'ssh+restconf');
};

describe('gdoiwatch run over RESTCONF', () => {
  test('simulate --restconf names GMs that are polled by RESTCONF alone and KSs beside SSH', () => {
    const of = (transport: string) => written.devices.filter((device) => device.transport === transport);
    expect(of('restconf').map(({ role }) => role)).toContain('gm');
    expect(of('ssh+restconf').map(({ role }) => role)).toEqual(['ks']);
  });

  test('shows a GM’s state and figures, remembers its certificate, and records what it read', async () => {
    await using it = await start('alone', (config) => {
      byRestconf(config);
      config.record = 'captures-alone';
    });
    const gm = written.devices.find(({ transport }) => transport === 'restconf')!.name;
    await it.until(`gdoi_device_up{device="${gm}"}`).toBe('1');
    await it.until(`gdoi_polls_total{device="${gm}",result="ok"}`).not.toBe('0');
    await it.until('gdoi_restconf_up{device="ks1"}').toBe('1');
    const device = await it.json(`/api/v1/devices/${gm}`);
    expect(device).toMatchObject({
      result: 'ok',
      facts: { software: 'ios-xe', version: expect.stringMatching(/^17\./) },
      groups: [
        { gm: { registered: true, registrations: { succeeded: expect.any(Number) } }, snmp: null, restconf: null },
      ],
    });
    await it.until('gdoi_ks_kek_lifetime_seconds{device="ks1",group="G1"}').not.toBeUndefined();
    expect(await it.json('/api/v1/devices/ks1')).toMatchObject({
      restconf: { result: 'ok', error: null },
      groups: [{ restconf: { ks: { role: 'ks' } } }],
    });
    const known = await readFile(join(directory, 'certificates-alone'), 'utf8');
    expect(known.trim().split('\n')).toContainEqual(expect.stringMatching(/^127\.\S+:\d+ [0-9a-f]{64}$/));
    await it[Symbol.asyncDispose]();
    const [file] = await readdir(join(directory, 'captures-alone'));
    const recording = await readFile(join(directory, 'captures-alone', file!), 'utf8');
    expect(recording).toContain(
      '"restconf":[{"path":"/restconf/data/Cisco-IOS-XE-crypto-oper:crypto-oper-data/gdoi-gm"',
    );
    expect((await told(['replay', join(directory, 'captures-alone', file!)])).status).toBe(0);
  });

  test('check looks for itself where no agent runs', async () => {
    const path = join(directory, 'check.yml');
    await writeFile(path, stringify({ ...written, listen: `127.0.0.1:${await freePort()}` }));
    const gm = written.devices.find(({ transport }) => transport === 'restconf')!.name;
    const { status, stdout } = await told(['check', gm, '--config', path, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ device: gm, groups: [{ group: 'G1', status: 'ok' }] });
  });

  test('an unknown certificate is refused where host_keys is strict, and the line to add is named', async () => {
    await using it = await start('strict', (config) => {
      byRestconf(config);
      config.ssh['host_keys'] = 'strict';
    });
    const gm = written.devices.find(({ transport }) => transport === 'restconf')!.name;
    // between two tries it says when the next one is
    const error = async () => ((await it.json(`/api/v1/devices/${gm}`)) as { error: string }).error;
    await expect
      .poll(error, PATIENCE_WITH_PROCESSES)
      .toMatch(
        /unknown certificate .* add this line to .*certificates-strict.*host_keys: accept-new: 127\.\S+:\d+ [0-9a-f]{64}$/,
      );
  });
});
