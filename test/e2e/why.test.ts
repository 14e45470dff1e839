/** Know why: the whole product on a fast simulated fleet, then its history, then the replay of its recording. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import { told } from '../cli/told.ts';
import { Gdoiwatch, gdoiwatch } from './gdoiwatch.ts';
import { PATIENCE_WITH_PROCESSES } from '../builders/patience.ts';

const GMS = ['gm1', 'gm2'];
const REREGISTRATIONS = 2 * GMS.length;

let directory = '';
let history: EventDocument[] = [];
let exposition = '';
/** Of the running agent. */
let fromAgent = '';
let ticket = '';
let followed: EventDocument[] = [];

/** A file a day: two where the clock went over midnight. */
async function recording(): Promise<readonly string[]> {
  const days = (await readdir(join(directory, 'captures'))).toSorted();
  return days.map((name) => join(directory, 'captures', name));
}

const jsonLines = (text: string): EventDocument[] =>
  text
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const reregistrationsIn = (text: string) =>
  jsonLines(text.slice(0, text.lastIndexOf('\n') + 1)).filter(({ type }) => type === 'reregistration');

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-why-'));
  await using demo = new Gdoiwatch([
    'demo',
    '--listen',
    '127.0.0.1:0',
    '--scenario',
    'legacy-ks',
    '--gms',
    '2',
    '--speed',
    '10',
    '--output',
    directory,
  ]);
  const [, url] = await demo.printed(/is running: (http\S+)/);
  await using follower = new Gdoiwatch(['events', '--agent', url!, '--follow', '--json']);
  const counted = async () => {
    exposition = await (await fetch(`${url}metrics`)).text();
    return Number(/^gdoi_group_reregistrations_total\{.*cause="legacy_ks".*\} (\d+)$/m.exec(exposition)?.[1]);
  };
  // What it prints costs the demo nothing to look at; its metrics do.
  const seen = () => reregistrationsIn(follower.stdout);
  await vi
    .waitUntil(() => seen().length === REREGISTRATIONS, PATIENCE_WITH_PROCESSES)
    .catch((error: unknown) => {
      const names = seen().map(({ at, device, cause }) => `${device} ${cause} at ${at}`);
      throw new Error(`re-registrations: ${names.join(', ')}; stderr: ${follower.stderr}`, { cause: error });
    });
  await vi.waitUntil(async () => (await counted()) === REREGISTRATIONS, PATIENCE_WITH_PROCESSES);
  fromAgent = (await told(['incidents', '--agent', url!, '--cause', 'legacy_ks', '--json'])).stdout;
  ticket = (await told(['incidents', '--agent', url!, '--markdown'])).stdout;
  follower.signal('SIGINT');
  followed = reregistrationsIn((await follower.finished).stdout);
  demo.signal('SIGINT');
  await demo.finished;
  history = jsonLines(
    (await gdoiwatch(['events', '--config', join(directory, 'gdoiwatch.yml'), '--json', '--limit', '1000'])).stdout,
  );
});
afterAll(() => rm(directory, { recursive: true }));

describe('an old KS with new GMs', () => {
  test('makes each GM re-register twice in a KEK cycle, and each is called legacy_ks', () => {
    const reregistrations = history.filter((event) => event.type === 'reregistration');
    expect(new Set(reregistrations.map((event) => event.cause))).toEqual(new Set(['legacy_ks']));
    for (const gm of GMS) {
      expect(reregistrations.filter((event) => event.device === gm)).toHaveLength(2);
    }
    for (const event of reregistrations) {
      expect(event).toMatchObject({ unexpected: true, group: 'G1' });
      expect(event.evidence.length).toBeGreaterThan(0);
      expect(Date.parse(event.between[0])).toBeLessThanOrEqual(Date.parse(event.at));
      expect(Date.parse(event.at)).toBeLessThanOrEqual(Date.parse(event.between[1]));
    }
  });

  test('is reported from the inventory, and each overdue KEK rekey, before the first re-registration', () => {
    const first = Math.min(
      ...history.filter((event) => event.type === 'reregistration').map((event) => Date.parse(event.at)),
    );
    const mixed = history.find((event) => event.type === 'mixed_versions');
    expect(Date.parse(mixed?.at ?? '')).toBeLessThan(first);
    for (const gm of GMS) {
      const overdue = history.find((event) => event.type === 'kek_rekey_overdue' && event.device === gm);
      const then = history
        .filter((event) => event.type === 'reregistration' && event.device === gm)
        .map((event) => Date.parse(event.at));
      expect(Date.parse(overdue?.at ?? '')).toBeLessThan(Math.min(...then));
    }
  });

  test('shows in the metrics of the GM and of the group', () => {
    expect(exposition).toMatch(/^gdoi_gm_reregistrations_total\{device="gm1",group="G1",unexpected="true"\} 2$/m);
    expect(exposition).toMatch(/^gdoi_gm_reregistrations_total\{device="gm1",group="G1",unexpected="false"\} 0$/m);
    expect(exposition).toMatch(
      /^gdoi_gm_last_reregistration_timestamp_seconds\{device="gm1",group="G1",cause="legacy_ks",unexpected="true"\} \d/m,
    );
    expect(exposition).toMatch(/^gdoi_group_mixed_versions\{group="G1"\} 1$/m);
    expect(exposition).toMatch(
      /^gdoi_group_reregistrations_total\{group="G1",cause="kek_missed_rekey",unexpected="true"\} 0$/m,
    );
    expect(exposition).toContain(`gdoi_events_total{type="reregistration"} ${REREGISTRATIONS}\n`);
  });

  test('replays from its recording to the same events', async () => {
    const { status, stdout, stderr } = await gdoiwatch(['replay', ...(await recording())]);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const replayed = jsonLines(stdout);
    const ids = (events: readonly EventDocument[]) => events.map((event) => event.id).toSorted();
    expect(ids(replayed)).toEqual(ids(history));
    for (const event of history.filter(({ type }) => type === 'reregistration')) {
      expect(replayed).toContainEqual(event);
    }
  });

  test('is one incident, said the same by the agent, its store and a replay, and each event names it', async () => {
    const store = join(directory, 'gdoiwatch.db');
    const flags = ['--cause', 'legacy_ks', '--json'];
    const [incident, ...others] = jsonLines((await told(['incidents', '--store', store, ...flags])).stdout);
    expect(others).toEqual([]);
    expect(incident).toMatchObject({ group: 'G1', cause: 'legacy_ks', status: 'open', severity: 'warning' });
    expect(jsonLines(fromAgent).map(({ id }) => id)).toEqual([incident!.id]);
    expect(ticket).toContain('## G1: legacy_ks (warning)');
    const own = history.filter((event) => event.type === 'reregistration').map((event) => event.incident);
    expect(new Set(own)).toEqual(new Set([incident!.id]));
    const replayed = await told(['replay', '--incidents', ...(await recording())]);
    expect(jsonLines(replayed.stdout)).toContainEqual(
      expect.objectContaining({ id: incident!.id, cause: 'legacy_ks', began_at: expect.any(String) }),
    );
  });

  test('is told by events --follow as it happens, each event once', () => {
    const ids = followed.map(({ id }) => id);
    expect(new Set(ids).size).toBe(REREGISTRATIONS);
    expect(ids).toHaveLength(REREGISTRATIONS);
  });

  test('answers questions about its history', async () => {
    const store = join(directory, 'gdoiwatch.db');
    const { stdout } = await told(['events', '--store', store, '--device', 'gm2', '--cause', 'legacy_ks']);
    expect(stdout).toMatch(/^at +severity +type +device +group +cause +summary\n/);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
    expect((await told(['events', '--store', store, '--group', 'nowhere'])).stdout).toBe('no such events\n');
    const missing = await told(['events', '--store', join(directory, 'none.db')]);
    expect(missing.status).toBe(2);
    expect(missing.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

test('a bad line of a timeline is reported with its number and skipped; the rest is replayed, exit status 1', async () => {
  const lines = ['{"at": 1, "device": "gm1", "error": "timeout"}', 'nonsense', '{"at": 2, "device": "gm1"}'];
  for (let n = 3; n < 8; n += 1) lines.push(`{"at": ${n}, "device": "gm1", "error": "timeout"}`);
  const { status, stdout, stderr } = await gdoiwatch(['replay', '-'], `${lines.join('\n')}\n`);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^gdoiwatch: -:2: skipped: it is not JSON\ngdoiwatch: -:3: skipped: /);
  expect(jsonLines(stdout).map((event) => event.type)).toEqual(['unreachable']);
});
