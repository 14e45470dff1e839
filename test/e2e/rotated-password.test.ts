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

/** Routers whose IPsec SAs of gm1 are gone a minute after the fleet's start, for some minutes, and an agent. */
async function watching(passwordOfAgent: string, passwordOfRouters: string) {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-rotated-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const clock = createSystemClock();
  const startMs = clock.wallMs() - 50_000;
  const fleet = createSimulatedFleet({ scenario: 'tek-missing', seed: 1, startMs, gms: 3, kss: 1 });
  const credentials = { username: SIMULATED_USER, password: passwordOfRouters };
  const ssh = await startSimulatedSsh({ fleet, clock, credentials });
  onTestFinished(() => ssh[Symbol.asyncDispose]());
  const driven = driveFleet(fleet, clock);
  onTestFinished(() => driven[Symbol.asyncDispose]());
  const path = await writeSimulatedConfig({
    directory,
    devices: fleet.devices,
    ports: ssh.ports,
    password: passwordOfAgent,
    listen: '127.0.0.1:0',
    interval: '1s',
  });
  const agent = new Gdoiwatch(['run', '--config', path, '--log-format', 'json']);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  const [, url = ''] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  /** In another file, so that no login reads it before the reload. */
  const rotate = async (password: string) => {
    await writeFile(join(directory, 'new-password'), password, { mode: 0o600 });
    const yaml = await readFile(path, 'utf8');
    await writeFile(path, yaml.replace('password_file: password', 'password_file: new-password'));
    agent.signal('SIGHUP');
    await agent.printed(/"changed":4,"kept":0.*configuration reloaded/, 'stderr');
  };
  const metrics = async () => (await fetch(`${url}/metrics`)).text();
  const logins = () => fleet.devices.map(({ name }) => ssh.logins(name));
  return { fleet, credentials, url, rotate, metrics, logins };
}

test('SIGHUP with another password: every session is new, and the incident that is open stays the same one', async () => {
  const { fleet, credentials, url, rotate, metrics, logins } = await watching('before-it', 'before-it');
  const incidents = async () => (await json<IncidentsPage>(`${url}/api/v1/incidents`)).incidents;
  const kss = async () => (await json<GroupDocument>(`${url}/api/v1/groups/G1`)).kss.length;
  await expect.poll(async () => (await incidents()).length, PATIENCE_WITH_PROCESSES).toBeGreaterThan(0);
  await expect.poll(kss, PATIENCE_WITH_PROCESSES).toBe(1);
  const before = await incidents();
  expect(before.map(({ status }) => status)).toContain('open');

  credentials.password = 'after-it';
  await rotate('after-it');
  expect(await kss()).toBe(1);
  await expect.poll(logins, PATIENCE_WITH_PROCESSES).toEqual(fleet.devices.map(() => ({ accepted: 2, refused: 0 })));
  const asked = async () =>
    Number((await metrics()).match(/^gdoi_polls_total\{device="gm1",result="ok"\} (\d+)/m)?.[1]);
  const askedBefore = await asked();
  expect(askedBefore).toBeGreaterThan(0);
  await expect.poll(asked, PATIENCE_WITH_PROCESSES).toBeGreaterThan(askedBefore + 1);
  expect(await kss()).toBe(1);
  const same = ({ id, began_at, status }: IncidentsPage['incidents'][number]) => ({ id, began_at, status });
  expect((await incidents()).map(same)).toEqual(before.map(same));
});

test('SIGHUP with the right password ends the quarantine of the wrong one at once', async () => {
  const { rotate, metrics, logins } = await watching('a-wrong-one', 'the-right-one');
  const quarantined = async () => /^gdoi_credentials_quarantined\S* 1$/m.test(await metrics());
  await expect.poll(quarantined, PATIENCE_WITH_PROCESSES).toBe(true);
  const refused = () => logins().reduce((all, each) => all + each.refused, 0);
  const before = refused();
  await rotate('the-right-one');
  await expect
    .poll(async () => (await metrics()).match(/^gdoi_device_up\{.* 1$/gm)?.length, PATIENCE_WITH_PROCESSES)
    .toBe(4);
  expect([await quarantined(), refused()]).toEqual([false, before]);
});
