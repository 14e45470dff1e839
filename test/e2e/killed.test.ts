/**
 * The whole agent is killed in the middle of its work, and started again: what it reported stays, once. The fleet runs
 * faster than the agent's clock, so that much happens soon; causes are judged elsewhere.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import { Gdoiwatch, gdoiwatch } from './gdoiwatch.ts';

let directory = '';
let simulated: Gdoiwatch;
let config = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-killed-'));
  simulated = new Gdoiwatch(['simulate', '--scenario', 'legacy-ks', '--speed', '20', '--output', directory]);
  const [, path] = await simulated.printed(/^(.*gdoiwatch\.yml)\n/m);
  config = path!;
  const yaml = (await readFile(config, 'utf8'))
    .replace(/^listen: .*$/m, 'listen: 127.0.0.1:0')
    .replace('interval: 30s', 'interval: 1s');
  await writeFile(config, yaml);
});
afterAll(async () => {
  await simulated[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function history(): Promise<readonly EventDocument[]> {
  const { stdout } = await gdoiwatch(['events', '--config', config, '--json', '--limit', '1000']);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const logged = (agent: Gdoiwatch) =>
  [...agent.stderr.matchAll(/^\{.*"id":"([^"]+)".*"msg":"event"\}$/gm)].map(([, id]) => id!);

test('kill -9 and restart, three times: no event that was told is lost, none is told twice, no gap is a re-registration', async () => {
  const told: string[] = [];
  for (let life = 0; life < 3; life += 1) {
    const agent = new Gdoiwatch(['run', '--config', config, '--log-format', 'json']);
    await agent.printed(/"url":"([^"]+)"/, 'stderr');
    await vi.waitUntil(() => logged(agent).length >= 2, { timeout: 60_000, interval: 50 });
    agent.signal('SIGKILL');
    expect((await agent.finished).status).toBeNull();
    told.push(...logged(agent));
  }
  const kept = await history();
  const ids = kept.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(new Set(told).size).toBe(told.length);
  expect(ids).toEqual(expect.arrayContaining(told));
  // An old KS makes a new GM re-register twice in a KEK cycle; a restart of the agent adds none.
  const agent = new Gdoiwatch(['run', '--config', config, '--log-format', 'json']);
  const [, url] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  await vi.waitUntil(async () => (await fetch(`${url!}/-/ready`)).ok, { timeout: 20_000, interval: 100 });
  const exposition = await (await fetch(`${url!}/metrics`)).text();
  agent.signal('SIGTERM');
  await agent.finished;
  const registrations = /^gdoi_gm_registrations_succeeded_total\{device="gm1",group="G1"\} (\d+)$/m.exec(exposition);
  const reregistrations = (await history()).filter(({ type, device }) => type === 'reregistration' && device === 'gm1');
  // The agent came when the GM was registered already: what it tells can only be later registrations.
  expect(reregistrations.length).toBeLessThan(Number(registrations?.[1]));
  expect(reregistrations.length).toBeGreaterThan(0);
}, 120_000);
