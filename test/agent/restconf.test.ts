/** The agent over RESTCONF, alone and beside SSH: what it concludes, and how sharp. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cryptoPath } from '../../src/access/restconf-path.ts';
import { Replay } from '../../src/agent/record/replay.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';
import { simulatedAgent, type SimulatedAgent, type SimulatedWatch } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;

const watching = (over: Partial<SimulatedWatch>) =>
  simulatedAgent({ scenario: 'healthy', pollInterval: '60s', gms: 12, kss: 1, ...over });

/** A GM whose release shows GDOI over RESTCONF. */
function modernGms({ fleet }: SimulatedAgent): readonly string[] {
  return fleet.devices.filter(({ role, yangGdoi }) => role === 'gm' && yangGdoi).map(({ name }) => name);
}

function modernGm(it: SimulatedAgent): string {
  const [found] = modernGms(it);
  if (found === undefined) throw new Error('none');
  return found;
}

const reregistrations = ({ events }: SimulatedAgent, device: string): readonly GdoiEvent[] =>
  events.filter((event) => event.type === 'reregistration' && event.device === device);

/** Polled for a while, cleared in the middle between two polls, and polled again. */
async function cleared(it: SimulatedAgent, clears = 1): Promise<string> {
  const name = modernGm(it);
  it.agent.start();
  await it.clock.advance(3 * MINUTE_MS + 20_000);
  for (let n = 0; n < clears; n += 1) {
    it.fleet.advance(it.clock.wallMs());
    it.fleet.clearGm(name);
    await it.clock.advance(15_000);
  }
  await it.clock.advance(3 * MINUTE_MS);
  return name;
}

describe.each(['restconf', 'ssh+restconf'] as const)('transport %s', (transport) => {
  /** One fleet for what is asked after a clear; the tests go on where the one before ended. */
  let it: SimulatedAgent;
  let name: string;
  beforeAll(async () => {
    it = await watching({ transport, record: true });
    name = await cleared(it);
  });
  afterAll(() => it[Symbol.asyncDispose]());

  test('dates a re-registration to the two seconds that contain it, and counts it once', () => {
    const [event, ...others] = reregistrations(it, name);
    expect(others).toEqual([]);
    const truth = it.fleet.groundTruth().findLast((each) => each.device === name && each.kind === 'registration')!;
    const [from, to] = event!.betweenMs;
    expect(from).toBeLessThanOrEqual(truth.atMs);
    expect(to).toBeGreaterThanOrEqual(truth.atMs);
    expect(to - from).toBeLessThanOrEqual(2000);
    expect(event!.cause).toBe('operator_clear');
  });

  test('reports nothing of a quiet fleet, and shows what each device is', async () => {
    await using quiet = await watching({ transport });
    quiet.agent.start();
    await quiet.clock.advance(4 * MINUTE_MS);
    expect(quiet.events.filter(({ type }) => type === 'reregistration')).toEqual([]);
    const view = quiet.agent.readModel.device(modernGm(quiet))!;
    expect(view).toMatchObject({ result: 'ok', facts: { value: { software: 'ios-xe' } } });
    const [group] = view.groups.values();
    expect(group?.gm?.snapshot).toMatchObject({ registered: true, registrations: { succeeded: expect.any(Number) } });
    const spi = transport === 'restconf' ? group?.gm?.snapshot.kek?.spi : group?.restconf?.gm?.snapshot.kek?.spi;
    expect(spi).toMatch(/^0x[0-9A-F]{32}$/i);
    expect(view.restconf?.result).toBe(transport === 'restconf' ? undefined : 'ok');
  });

  test('sees a second clear too, though every counter is what it was after the first, of three GMs that are polled at instants of their own', async () => {
    await using others = await watching({ transport });
    const names = modernGms(others).slice(0, 3);
    expect(names).toHaveLength(3);
    others.agent.start();
    await others.clock.advance(2 * MINUTE_MS + 10_000);
    const truths = new Map<string, number[]>(names.map((each) => [each, []]));
    for (let n = 0; n < 3; n += 1) {
      others.fleet.advance(others.clock.wallMs());
      for (const each of names) others.fleet.clearGm(each);
      await others.clock.advance(MINUTE_MS);
      const truth = others.fleet.groundTruth().filter(({ kind }) => kind === 'registration');
      for (const [each, atMs] of truths) atMs.push(truth.findLast(({ device }) => device === each)!.atMs);
    }
    await others.clock.advance(MINUTE_MS);
    for (const [each, atMs] of truths) {
      const told = reregistrations(others, each);
      expect(told.map(({ cause }) => cause)).toEqual(['operator_clear', 'operator_clear', 'operator_clear']);
      for (const [index, { betweenMs }] of told.entries()) {
        expect(betweenMs[0]).toBeLessThanOrEqual(atMs[index]!);
        expect(betweenMs[1]).toBeGreaterThanOrEqual(atMs[index]!);
        expect(betweenMs[1] - betweenMs[0]).toBeLessThanOrEqual(2000);
      }
    }
  });

  test('takes no step of the device’s clock for a registration', async () => {
    const known = reregistrations(it, name);
    const alarms = it.events.length;
    // NTP sets the clock ten minutes ahead, and back again: what it shows of the past does not change.
    it.restconf.clockAheadMs = 600_000;
    await it.clock.advance(3 * MINUTE_MS);
    it.restconf.clockAheadMs = -600_000;
    await it.clock.advance(3 * MINUTE_MS);
    expect(reregistrations(it, name)).toEqual(known);
    expect(it.events.slice(alarms).filter(({ type }) => type !== 'kek_rekey')).toEqual([]);
  });

  test('is replayed from its recording to the same events', async () => {
    const recording = await it.recording();
    const replay = new Replay();
    const replayed = recording
      .trimEnd()
      .split('\n')
      .flatMap((line) => {
        const step = replay.line(line);
        if (step.kind === 'bad') throw new Error(step.reason);
        return step.events;
      });
    // A recording has whole milliseconds.
    const told = (events: readonly GdoiEvent[]) => events.map(({ id, cause, evidence }) => ({ id, cause, evidence }));
    expect(told(it.events).length).toBeGreaterThan(0);
    expect(told([...replayed, ...replay.end()])).toEqual(told(it.events));
  });
});

describe('RESTCONF beside SSH', () => {
  test('asks only what lists the groups: details are read over SSH', async () => {
    await using it = await watching({ transport: 'ssh+restconf' });
    it.agent.start();
    await it.clock.advance(4 * MINUTE_MS);
    const asked = new Set(it.restconf.asked.map((path) => path.replace(/\?.*$/, '').replace(/^.*[/:]/, '')));
    expect(asked).toEqual(new Set(['modules-state', 'gdoi-gm', 'gdoi-gm-rekey', 'gdoi-rekey-sa', 'gdoi-ks']));
  });

  test('causes an SSH poll at once if it shows a registration that SSH has not seen', async () => {
    await using it = await watching({ transport: 'ssh+restconf', pollInterval: '10m', restconfEveryMs: 10_000 });
    const name = modernGm(it);
    it.agent.start();
    await it.clock.advance(2 * MINUTE_MS);
    it.fleet.advance(it.clock.wallMs());
    it.fleet.clearGm(name);
    await it.clock.advance(30_000);
    expect(reregistrations(it, name)).toHaveLength(1);
  });

  test('shows it if the two differ in several looks, and uses what SSH says', async () => {
    await using it = await watching({ transport: 'ssh+restconf', restconfEveryMs: 20_000 });
    const name = modernGm(it);
    it.restconf.amend = (device, path, body) =>
      device === name && path === cryptoPath('gdoi-gm')
        ? JSON.parse(JSON.stringify(body).replace(/"remote-addr":"[^"]*"/, '"remote-addr":"192.0.2.66"'))
        : body;
    it.agent.start();
    await it.clock.advance(10 * MINUTE_MS);
    const view = it.agent.readModel.device(name)!;
    expect(view.tracking.get('G1')?.sourcesDisagree).toBe(true);
    expect(view.groups.get('G1')?.gm?.snapshot.keyServer).not.toBe('192.0.2.66');
    expect(view.groups.get('G1')?.restconf?.gm?.snapshot.keyServer).toBe('192.0.2.66');
    const [problem] = it.events.filter(({ type, device }) => type === 'data_problem' && device === name);
    expect(problem?.evidence.join('\n')).toMatch(/by the CLI, 192\.0\.2\.66 by RESTCONF/);
    expect(it.events.filter(({ type }) => type === 'reregistration')).toEqual([]);
  });

  test('that is asked no more, or answers no more, disagrees with nothing once its last answer is old', async () => {
    await using it = await watching({ transport: 'ssh+restconf', restconfEveryMs: 20_000 });
    const name = modernGm(it);
    it.restconf.amend = (device, path, body) =>
      device === name && path === cryptoPath('gdoi-gm')
        ? JSON.parse(JSON.stringify(body).replace(/"remote-addr":"[^"]*"/, '"remote-addr":"192.0.2.66"'))
        : body;
    it.agent.start();
    await it.clock.advance(10 * MINUTE_MS);
    const disagrees = () => it.agent.readModel.device(name)?.tracking.get('G1')?.sourcesDisagree;
    expect(disagrees()).toBe(true);
    const devices = it.configured.map((device) => ({ ...device, transport: 'ssh' as const, restconf: null }));
    await it.agent.reload({ ...it.config, devices });
    await it.clock.advance(20 * MINUTE_MS);
    expect([disagrees(), it.agent.readModel.device(name)?.restconf]).toEqual([null, null]);
  });

  test('that fails costs only itself', async () => {
    await using it = await watching({ transport: 'ssh+restconf' });
    it.restconf.failure = {
      kind: 'failed',
      error: { kind: 'timeout', operation: 'read', message: 'no whole answer in time' },
    };
    it.agent.start();
    await it.clock.advance(3 * MINUTE_MS);
    const view = it.agent.readModel.device(modernGm(it))!;
    expect(view).toMatchObject({ result: 'ok', restconf: { result: 'timeout', error: 'no whole answer in time' } });
    expect(it.events.filter(({ type }) => type === 'unreachable')).toEqual([]);
  });
});
