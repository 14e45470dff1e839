/**
 * The whole agent is killed in the middle of its work and started again: what it reported stays, once. The fleet runs
 * faster than the agent's clock, so that much happens soon; causes are checked elsewhere.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import { Gdoiwatch, gdoiwatch } from './gdoiwatch.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

let directory = '';
let simulated: Gdoiwatch;
let config = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-killed-'));
  const fleet = ['--scenario', 'legacy-ks', '--gms', '2', '--speed', '40'];
  simulated = new Gdoiwatch(['simulate', ...fleet, '--output', directory]);
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

/** The events that an agent has written to its log so far. */
const logged = (agent: Gdoiwatch): readonly { readonly id: string; readonly type: string; readonly device: string }[] =>
  [...agent.stderr.matchAll(/^\{.*"msg":"event"\}$/gm)].map(([line]) => JSON.parse(line));

const isReregistration = ({ type }: { readonly type: string }) => type === 'reregistration';

test('kill -9 and restart, three times: no event that was logged is lost, none comes twice, no gap is a re-registration', async () => {
  const ids: string[] = [];
  for (let life = 0; life < 3; life += 1) {
    const agent = new Gdoiwatch(['run', '--config', config, '--log-format', 'json']);
    await agent.printed(/"url":"([^"]+)"/, 'stderr');
    // However long it takes: an old KS makes a new GM re-register twice in each of its KEK cycles.
    await vi.waitUntil(() => logged(agent).some(isReregistration), PATIENCE_WITH_PROCESSES);
    agent.signal('SIGKILL');
    expect((await agent.finished).status).toBeNull();
    ids.push(...logged(agent).map(({ id }) => id));
  }
  const agent = new Gdoiwatch(['run', '--config', config, '--log-format', 'json']);
  const [, url] = await agent.printed(/"url":"([^"]+)"/, 'stderr');
  await vi.waitUntil(async () => (await fetch(`${url!}/-/ready`)).ok, PATIENCE_WITH_PROCESSES);
  const kept = await history();
  // The device's own count after the history: what was counted in between makes it larger.
  const exposition = await (await fetch(`${url!}/metrics`)).text();
  agent.signal('SIGTERM');
  await agent.finished;
  const keptIds = kept.map(({ id }) => id);
  expect(new Set(keptIds).size).toBe(keptIds.length);
  expect(new Set(ids).size).toBe(ids.length);
  expect(keptIds).toEqual(expect.arrayContaining(ids));
  const counts = [
    ...exposition.matchAll(/^gdoi_gm_registrations_succeeded_total\{device="(.*)",group="G1"\} (\d+)$/gm),
  ];
  expect(counts.length).toBeGreaterThan(0);
  for (const [, gm, registrations] of counts) {
    // The agent came when the GM was registered already: what it reports can only be later registrations.
    const reported = kept.filter((event) => isReregistration(event) && event.device === gm);
    expect(reported.length).toBeLessThan(Number(registrations));
  }
  expect(kept.filter(isReregistration).length).toBeGreaterThanOrEqual(3);
});
