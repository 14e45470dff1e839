/** A recording through the same step as live: the events are those of the live run, to the letter. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cryptoPath } from '../../../src/access/restconf-path.ts';
import { readRestconf } from '../../../src/agent/poll/restconf-observations.ts';
import { Recorder } from '../../../src/agent/record/recorder.ts';
import { readRecordedLine } from '../../../src/agent/record/recorded-line.ts';
import {
  deviceSettingsLine,
  groupSettingsLine,
  type ReplaySettings,
} from '../../../src/agent/record/recorded-settings.ts';
import { Replay } from '../../../src/agent/record/replay.ts';
import type { ResolvedDevice } from '../../../src/config/resolved-config.ts';
import { isPlanned } from '../../../src/gdoi/events/planned-event.ts';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { Maintenance } from '../../../src/model/maintenance.ts';
import type { PlannedWork } from '../../../src/model/planned-work.ts';
import type { RawDocument } from '../../../src/model/poll-report.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { showCryptoGdoi } from '../../builders/shown-gdoi.ts';
import { half } from '../../builders/half.ts';
import { type SimulatedAgent, simulatedAgent, START_MS } from '../../builders/simulated-agent.ts';
import { aReport, NOON } from '../../builders/view-builder.ts';

const slower = (device: ResolvedDevice): ResolvedDevice => ({ ...device, schedule: { kind: 'every', ms: 45_000 } });

const restconfPassword = (device: ResolvedDevice): ResolvedDevice => ({
  ...device,
  restconf: device.restconf && {
    ...device.restconf,
    credential: { ...device.restconf.credential, password: new Secret('rotated') },
  },
});

function replayed(recording: string, replay = new Replay()): readonly GdoiEvent[] {
  const events = recording
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const step = replay.line(line);
      if (step.kind === 'bad') throw new Error(`${step.reason}: ${line.slice(0, 200)}`);
      return step.events;
    });
  return [...events, ...replay.end()];
}

const byId = (events: readonly GdoiEvent[]) => events.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** Answers at most this old may still wait for the next one when the run is over; a replay tells them at its end. */
const settledBefore = (events: readonly GdoiEvent[], ids: ReadonlySet<string>) =>
  events.filter(({ id }) => ids.has(id));

describe('a live run under settings that are not the defaults', () => {
  test.each([
    { scenario: 'legacy-ks', pollInterval: '25s', logs: true },
    { scenario: 'demo', pollInterval: '17s', logs: false },
  ] as const)('gives the same events when it is replayed: $scenario, polled every $pollInterval', async (watched) => {
    const lifetimes = { kekSeconds: 900, tekSeconds: 600 };
    // Whole milliseconds, as the machine's wall clock counts.
    await using live = await simulatedAgent({ ...watched, lifetimes, gms: 4, kss: 2, record: true, timerStepMs: 1 });
    live.agent.start();
    await live.clock.advance(18 * 60_000);
    const again = replayed(await live.recording());
    const ids = new Set(live.events.map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(5);
    expect(byId(settledBefore(again, ids))).toEqual(byId(live.events));
    const added = again.filter(({ id }) => !ids.has(id));
    // Only what was still waiting for an answer when the run was stopped.
    expect(added.filter(({ type }) => type !== 'reregistration')).toEqual([]);
  });
});

describe('a live run', () => {
  const MINUTE_MS = 60_000;
  const work = { devices: [], groups: [], cells: [], reason: '' };
  const WORKS: Readonly<Record<string, readonly PlannedWork[]>> = {
    'on a device': [
      { ...work, fromMs: START_MS, untilMs: START_MS + 4 * MINUTE_MS, devices: ['gm1'], reason: 'change 4711' },
    ],
    'on a group': [{ ...work, fromMs: START_MS + 3 * MINUTE_MS, untilMs: START_MS + 10 * MINUTE_MS, groups: ['G1'] }],
    'on a cell': [{ ...work, fromMs: START_MS, untilMs: START_MS + 8 * MINUTE_MS, cells: ['north'] }],
  };
  const watched = { scenario: 'tek-loss', pollInterval: '20s', gms: 4, record: true, timerStepMs: 1 } as const;

  const isSameAgain = async (live: SimulatedAgent) => {
    const again = replayed(await live.recording());
    const ids = new Set(live.events.map(({ id }) => id));
    expect(ids.size).toBeGreaterThan(5);
    expect(byId(settledBefore(again, ids))).toEqual(byId(live.events));
    // Only what was still waiting for an answer when the run was stopped.
    expect(again.filter(({ id, type }) => !ids.has(id) && type !== 'reregistration')).toEqual([]);
  };

  test.each(Object.keys(WORKS))('gives the same events when it is replayed, with planned work %s', async (where) => {
    const maintenance = new Maintenance();
    maintenance.configure(WORKS[where]!);
    const configure = (device: ResolvedDevice) => (where === 'on a cell' ? { ...device, cell: 'north' } : device);
    await using live = await simulatedAgent({ ...watched, maintenance, configure });
    live.agent.start();
    await live.clock.advance(15 * MINUTE_MS);
    expect(new Set(live.events.map(isPlanned))).toEqual(new Set([true, false]));
    await isSameAgain(live);
  });

  test('gives the same events when work was announced, and ended, while it went on', async () => {
    const maintenance = new Maintenance();
    await using live = await simulatedAgent({ ...watched, maintenance });
    live.agent.start();
    await live.clock.advance(3 * MINUTE_MS);
    const announced = await maintenance.announce(
      { ...work, groups: ['G1'], fromMs: live.clock.wallMs(), untilMs: live.clock.wallMs() + 60 * MINUTE_MS },
      live.clock.wallMs(),
    );
    await live.clock.advance(7 * MINUTE_MS);
    if (announced.kind === 'announced') await maintenance.end(announced.window.id);
    await live.clock.advance(5 * MINUTE_MS);
    expect(new Set(live.events.map(isPlanned))).toEqual(new Set([true, false]));
    await isSameAgain(live);
  });

  test('gives the same events with configured roles, in a cell, polled at its interval alone', async () => {
    const configure = (device: ResolvedDevice): ResolvedDevice => ({
      ...device,
      role: device.name.startsWith('ks') ? 'ks' : 'gm',
      cell: 'north',
      phaseAware: false,
    });
    await using live = await simulatedAgent({ ...watched, configure });
    live.agent.start();
    await live.clock.advance(15 * MINUTE_MS);
    expect(new Set(live.events.map(({ cell }) => cell))).toEqual(new Set(['north']));
    await isSameAgain(live);
  });

  describe('with reloads', () => {
    const reload = async (live: SimulatedAgent, change: (device: ResolvedDevice) => readonly ResolvedDevice[]) => {
      const reloading = live.agent.reload({ ...live.config, devices: live.configured.flatMap(change) });
      await live.clock.advance(3000);
      await reloading;
    };
    const without = (gone: string) => (device: ResolvedDevice) => (device.name === gone ? [] : [device]);

    test.each(
      half([
        ['a GM is removed', 'tek-loss', without('gm2')],
        ['a KS is removed', 'ks-upgrade', without('ks1')],
        ['a KS is removed', 'coop-failover', without('ks1')],
        [
          'GMs go to another cell',
          'tek-loss',
          (device: ResolvedDevice) => [['gm2', 'gm3'].includes(device.name) ? { ...device, cell: 'south' } : device],
        ],
        [
          'a KS goes to another cell',
          'ks-upgrade',
          (device: ResolvedDevice) => [device.name === 'ks1' ? { ...device, cell: 'south' } : device],
        ],
        [
          'a GM and a KS are reached over another port, and so in another session',
          'ks-upgrade',
          (device: ResolvedDevice) => [['gm2', 'ks2'].includes(device.name) ? { ...device, port: 2222 } : device],
        ],
      ] as const),
    )('gives the same events: %s (%s), and comes back later', async (_what, scenario, change) => {
      for (const minute of [4, 6]) {
        await using live = await simulatedAgent({ ...watched, scenario, kss: 2 });
        live.agent.start();
        await live.clock.advance(minute * MINUTE_MS);
        await reload(live, change);
        await live.clock.advance(5 * MINUTE_MS);
        await reload(live, (device) => [device]);
        await live.clock.advance(5 * MINUTE_MS);
        expect(live.agent.status().configReloadOk).toBe(true);
        await isSameAgain(live);
      }
    });

    const password = (device: ResolvedDevice): ResolvedDevice => ({
      ...device,
      ssh: device.ssh && { ...device.ssh, password: new Secret('rotated') },
    });
    const community = (device: ResolvedDevice): ResolvedDevice => ({
      ...device,
      snmp: device.snmp && { ...device.snmp, credential: { version: '2c', community: new Secret('rotated') } },
    });
    const snmpBeside = { of: (device: string) => device !== 'gm1', everyMs: 30_000 };

    test.each([
      ['a password is rotated', {}, password],
      ['a password is rotated and the interval is longer', {}, (device: ResolvedDevice) => slower(password(device))],
      ['a community is rotated beside SSH', { snmpBeside }, community],
      ['a community is rotated, and nothing but SNMP is asked', { transport: 'snmp' }, community],
      ['a password of RESTCONF alone and beside SSH is rotated', { transport: 'restconf' }, restconfPassword],
      [
        'SNMP is asked beside SSH no more',
        { snmpBeside },
        (device: ResolvedDevice): ResolvedDevice => ({ ...device, transport: 'ssh', snmp: null }),
      ],
    ] as const)('gives the same events: %s, and back; no device is ever gone', async (_what, more, change) => {
      await using live = await simulatedAgent({ ...watched, ...more, scenario: 'ks-upgrade', kss: 2 });
      live.agent.start();
      await live.clock.advance(6 * MINUTE_MS);
      await reload(live, (device) => [change(device)]);
      await live.clock.advance(5 * MINUTE_MS);
      await reload(live, (device) => [device]);
      await live.clock.advance(5 * MINUTE_MS);
      expect(live.agent.status().configReloadOk).toBe(true);
      await isSameAgain(live);
      expect(await live.recording()).not.toContain('"gone"');
    });

    test('has each setting in the recording from when the agent goes by it, though old sessions end slowly', async () => {
      await using live = await simulatedAgent({ ...watched, forgettingMs: 50_000 });
      live.agent.start();
      await live.clock.advance(2 * MINUTE_MS);
      const everyTwoMinutes = { kind: 'every', ms: 120_000 } as const;
      const reloading = live.agent.reload({
        ...live.config,
        devices: live.configured.map((device) => {
          if (device.name === 'gm2') return { ...device, port: 2222 };
          return device.name === 'gm1' ? { ...device, schedule: everyTwoMinutes } : device;
        }),
      });
      const reloadedMs = live.clock.wallMs();
      await live.clock.advance(MINUTE_MS);
      await reloading;
      const lines = (await live.recording())
        .trimEnd()
        .split('\n')
        .map((line) => readRecordedLine(line));
      const changes = lines.flatMap((line) => {
        if (typeof line === 'string') throw new Error(line);
        if (line.kind === 'gone') return [`${line.device} ${line.why} ${(line.atMs - reloadedMs) / 1000} s`];
        if (line.kind !== 'settings') return line.device === 'gm1' ? ['gm1 answers'] : [];
        if (line.device === null) return [`fleet ${line.fleet.pollIntervalMs / 1000}`];
        return [`${line.device} every ${(line.settings.regularIntervalMs ?? 0) / 1000}`];
      });
      expect(changes.filter((change) => change !== 'gm1 answers').slice(-4)).toEqual([
        'fleet 120',
        'gm2 changed 0 s',
        'gm2 every 20',
        'gm1 every 120',
      ]);
      const [gone, gm1] = ['gm2 changed 0 s', 'gm1 every 120'].map((change) => changes.lastIndexOf(change));
      expect(changes.slice(gone, gm1).filter((change) => change === 'gm1 answers').length).toBeGreaterThan(1);
    });
  });
});

describe('settings of a recording', () => {
  const every: ReplaySettings = {
    fleet: { pollIntervalMs: 25_000, detailIntervalMs: 300_000 },
    maintenance: [
      {
        fromMs: NOON,
        untilMs: NOON + 600_500,
        devices: ['gm1'],
        groups: ['G1'],
        cells: ['north'],
        reason: 'change 4711',
      },
    ],
    devices: new Map([
      [
        'gm1',
        {
          cell: 'north',
          host: '192.0.2.1',
          configuredRole: 'gm',
          regularIntervalMs: 25_000,
          partLifetimeMs: 900_000,
          phaseAware: true,
        },
      ],
    ]),
  };

  test('are read as they were written, each of them', () => {
    const { fleet, maintenance, devices } = every;
    const again = (line: object) => readRecordedLine(JSON.stringify(line));
    expect(again(groupSettingsLine(every))).toEqual({ kind: 'settings', device: null, fleet, maintenance });
    const [name, settings] = [...devices][0]!;
    expect(again(deviceSettingsLine(name, settings))).toEqual({ kind: 'settings', device: name, settings });
  });

  test('are read from a line of before windows were recorded: what is given then holds', () => {
    const replay = new Replay(every);
    const line = { at: 1, settings: { poll_interval_seconds: 5, detail_interval_seconds: 9 } };
    expect(replay.line(JSON.stringify(line))).toEqual({ kind: 'events', events: [] });
    const failures = [0, 1, 2, 3, 4].map((n) => ({ at: NOON / 1000 + n * 60, device: 'gm1', error: 'timeout' }));
    const found = replayed(failures.map((failure) => `${JSON.stringify(failure)}\n`).join(''), replay);
    expect(found.map((event) => [event.type, isPlanned(event)])).toEqual([['unreachable', true]]);
  });

  test('a device that is gone is written with its settings, which older readers read instead', async () => {
    const text = await recorded((recorder) => {
      recorder.settings(every);
      recorder.gone('gm1', 'removed', NOON);
      recorder.gone('gm1', 'removed', NOON + 1000);
    });
    const lines = text.trimEnd().split('\n').slice(1);
    expect(lines.map((line) => readRecordedLine(line))).toEqual([
      { kind: 'gone', device: 'gm1', atMs: NOON, why: 'removed' },
      { kind: 'gone', device: 'gm1', atMs: NOON + 1000, why: 'removed' },
    ]);
    const [known, unknown] = lines.map((line) => {
      const { gone: _notKnown, ...rest } = JSON.parse(line) as { readonly gone: unknown };
      return readRecordedLine(JSON.stringify(rest));
    });
    expect(known).toEqual({ kind: 'settings', device: 'gm1', settings: every.devices.get('gm1') });
    expect(unknown).toMatchObject({ kind: 'settings', device: 'gm1', settings: { host: 'gm1' } });
  });

  const failing = (line: object) => replayed(`${JSON.stringify(line)}\n`);

  test('a line of settings makes no event, whatever else it has', () => {
    expect(failing({ at: 1, settings: { poll_interval_seconds: 5, detail_interval_seconds: 9 } })).toEqual([]);
  });

  test.each([
    [{ settings: 7 }, '"settings" is not an object'],
    [{ device: 'gm1', gone: true }, '"gone" is not "removed" or "changed"'],
    [{ settings: {} }, '"settings" needs "poll_interval_seconds" and "detail_interval_seconds"'],
    [
      { settings: { poll_interval_seconds: 5, detail_interval_seconds: 9, maintenance: [{ from: 'noon' }] } },
      '"maintenance" is no list of {"from", "until", "devices", "groups", "cells", "reason"}',
    ],
    [
      { device: 'gm1', settings: { host: 'h', role: 'king', part_lifetime_seconds: 1 } },
      '"settings" of a device needs "host", "role" (gm, ks, auto) and "part_lifetime_seconds"',
    ],
  ])('%j is a bad line', (line, reason) => {
    expect(new Replay().line(JSON.stringify({ at: 1, ...line }))).toEqual({ kind: 'bad', reason });
  });
});

async function recorded(use: (recorder: Recorder) => void): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-replay-'));
  try {
    const recorder = new Recorder({ directory, clock: new FakeClock(NOON), logger: new MemoryLogger() });
    use(recorder);
    await recorder[Symbol.asyncDispose]();
    return await readFile(join(directory, '2026-01-01.jsonl'), 'utf8');
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('SNMP that fails beside SSH is no outage of the device, live or replayed', async () => {
  const text = await recorded((recorder) => {
    for (let n = 0; n < 10; n += 1) {
      const at = { sentAtMs: NOON + n * 60_000, receivedAtMs: NOON + n * 60_000 };
      const answer = { ...at, command: 'show crypto gdoi', text: showCryptoGdoi({ group: 'G1' }), logLines: [] };
      recorder.record(aReport({}, { answers: [answer] }, at.sentAtMs));
      recorder.record(aReport({}, { result: 'timeout' }, at.sentAtMs + 30_000), 'snmp');
    }
  });
  expect(replayed(text).filter(({ type }) => type === 'unreachable')).toEqual([]);
});

test('RESTCONF documents are recorded as they came, and read again as they were', async () => {
  const path = cryptoPath('gdoi-gm');
  const document: RawDocument = {
    path,
    sentAtMs: NOON,
    receivedAtMs: NOON + 40,
    deviceNowMs: NOON + 1000,
    body: { 'Cisco-IOS-XE-crypto-oper:gdoi-gm': [{ 'group-name': 'G1' }] },
  };
  const text = await recorded((recorder) => recorder.record(aReport({}, { documents: [[document]] })));
  expect(JSON.parse(text)).toMatchObject({
    at: '2026-01-01T12:00:00.040Z',
    sent_at: '2026-01-01T12:00:00.000Z',
    device: 'gm1',
    restconf: [{ path, device_now: '2026-01-01T12:00:01.000Z', body: document.body }],
  });
  expect(replayed(text)).toEqual([]);
  expect(readRestconf([document], 'main', 'gm1').observations).not.toEqual([]);
});
