/** A password is rotated on the routers and in the agent's configuration, while something goes on in the group. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { writeSimulatedConfig, SIMULATED_USER } from '../../src/cli/simulated/simulated-config.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { driveFleet } from '../../src/simulator/fleet/fleet-driver.ts';
import { startSimulatedSsh } from '../../src/simulator/ssh/ssh-server.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';
import { Gdoiwatch } from './gdoiwatch.ts';

interface IncidentsPage {
  readonly incidents: readonly { readonly id: string; readonly status: string; readonly began_at: string }[];
}

interface GroupDocument {
  readonly kss: readonly object[];
}

const json = async <Document>(url: string): Promise<Document> => (await fetch(url)).json() as Promise<Document>;

test('SIGHUP with another password: every session is new, and the incident that is open stays the same one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-rotated-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const clock = createSystemClock();
  // The IPsec SAs of gm1 are gone a minute after the fleet's start, for some minutes.
  const startMs = clock.wallMs() - 50_000;
  const fleet = createSimulatedFleet({ scenario: 'tek-missing', seed: 1, startMs, gms: 3, kss: 1 });
  const credentials = { username: SIMULATED_USER, password: 'before-it' };
  await using ssh = await startSimulatedSsh({ fleet, clock, credentials });
  await using _driven = driveFleet(fleet, clock);
  const path = await writeSimulatedConfig({
    directory,
    devices: fleet.devices,
    ports: ssh.ports,
    password: credentials.password,
    listen: '127.0.0.1:0',
    interval: '1s',
  });
  await using agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json']);
  const [, url] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  const incidents = async () => (await json<IncidentsPage>(`${url}/api/v1/incidents`)).incidents;
  const kss = async () => (await json<GroupDocument>(`${url}/api/v1/groups/G1`)).kss.length;
  await expect.poll(async () => (await incidents()).length, PATIENCE_WITH_PROCESSES).toBeGreaterThan(0);
  await expect.poll(kss, PATIENCE_WITH_PROCESSES).toBe(1);
  const before = await incidents();
  expect(before.map(({ status }) => status)).toContain('open');

  credentials.password = 'after-it';
  await writeFile(join(directory, 'new-password'), credentials.password, { mode: 0o600 });
  const yaml = await readFile(path, 'utf8');
  await writeFile(path, yaml.replace('password_file: password', 'password_file: new-password'));
  agent.signal('SIGHUP');
  await agent.printed(/"changed":4,"kept":0.*configuration reloaded/, 'stderr');
  expect(await kss()).toBe(1);
  const logins = () => fleet.devices.map(({ name }) => ssh.logins(name));
  await expect.poll(logins, PATIENCE_WITH_PROCESSES).toEqual(fleet.devices.map(() => ({ accepted: 2, refused: 0 })));
  const asked = async () =>
    (await (await fetch(`${url}/metrics`)).text()).match(/^gdoi_polls_total.*"ok"\} (\d+)/m)?.[1];
  const askedBefore = Number(await asked());
  await expect.poll(async () => Number(await asked()), PATIENCE_WITH_PROCESSES).toBeGreaterThan(askedBefore + 1);
  expect(await kss()).toBe(1);
  const same = ({ id, began_at, status }: IncidentsPage['incidents'][number]) => ({ id, began_at, status });
  expect((await incidents()).map(same)).toEqual(before.map(same));
});
