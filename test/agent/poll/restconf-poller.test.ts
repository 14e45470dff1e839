/**
 * One RESTCONF poll: what it asks, how it ends, and that it shows what the CLI of the same device shows at that
 * instant.
 */
import { describe, expect, test } from 'vitest';
import type { RestconfTarget } from '../../../src/access/device-restconf.ts';
import { RESTCONF_PATHS } from '../../../src/access/restconf-path.ts';
import { NOTHING_LEARNT_BY_RESTCONF, type RestconfMemory } from '../../../src/agent/poll/restconf-memory.ts';
import { createRestconfPoller } from '../../../src/agent/poll/restconf-poller.ts';
import { mergeParts } from '../../../src/gdoi/seen/merge-snapshots.ts';
import type { GmSnapshot, GroupSnapshot, KsSnapshot } from '../../../src/gdoi/seen/snapshot.ts';
import { parseCommandOutput } from '../../../src/ios/parse.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { createSimulatedFleet } from '../../../src/simulator/fleet/fleet.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { FleetRestconf } from '../../builders/fleet-restconf.ts';

const START_MS = Date.UTC(2026, 0, 1);
const never = new AbortController().signal;

const TARGET: RestconfTarget = {
  device: 'gm1',
  host: '127.0.0.1',
  port: 443,
  credentialName: 'main',
  credential: { username: 'monitor', password: new Secret('x'), client: null },
  trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'strict' },
  timeoutMs: 1000,
};

function given(scenario: 'healthy' | 'coop-failover' = 'healthy') {
  const clock = new FakeClock(START_MS);
  const fleet = createSimulatedFleet({ scenario, seed: 3, startMs: START_MS });
  const access = new FleetRestconf(fleet, clock);
  const poll = createRestconfPoller({ access, clock });
  const modern = (role: 'gm' | 'ks') =>
    fleet.devices.filter(
      ({ name, role: is }) =>
        is === role &&
        fleet.yangDocument(name, '/restconf/data/Cisco-IOS-XE-crypto-oper:crypto-oper-data/gdoi-ks', START_MS, {
          module: 'release',
        }).kind !== 'unknown',
    );
  const interest = { role: 'auto', collect: [], detailIntervalMs: 60_000, beside: false } as const;
  return {
    clock,
    fleet,
    access,
    modern,
    poll: (
      device: string,
      memory: RestconfMemory = NOTHING_LEARNT_BY_RESTCONF,
      differing: Partial<typeof interest> = {},
    ) => poll({ ...TARGET, device }, { ...interest, ...differing }, memory, never),
    cli(device: string, command: string): readonly GroupSnapshot[] {
      const parsed = parseCommandOutput(command, fleet.answer(device, command, clock.wallMs()), 'prompt');
      if (parsed.kind !== 'parsed') throw new Error(parsed.kind);
      return parsed.snapshots.filter((one): one is GroupSnapshot => one.role === 'gm' || one.role === 'ks');
    },
  };
}

function snapshotsOf({ observations }: Awaited<ReturnType<ReturnType<typeof given>['poll']>>) {
  return observations.flatMap((seen) => (seen.kind === 'groups' ? seen.snapshots : []));
}

/** Whole seconds, cut at different places. */
function near(seconds: number | null): unknown {
  if (seconds === null) return null;
  return { asymmetricMatch: (shown: unknown) => typeof shown === 'number' && Math.abs(shown - seconds) <= 1 };
}

describe('a GM', () => {
  test('shows over RESTCONF what its CLI shows', async () => {
    const { poll, cli, modern, clock } = given();
    await clock.advance(400_500);
    expect(modern('gm').length).toBeGreaterThan(0);
    for (const { name } of modern('gm')) {
      const report = await poll(name);
      expect({ name, result: report.result, error: report.error }).toEqual({ name, result: 'ok', error: null });
      const [shown] = snapshotsOf(report);
      const [printed] = cli(name, 'show crypto gdoi');
      if (shown?.role !== 'gm' || printed?.role !== 'gm') throw new Error('no GM');
      expect({ name, ...comparable(shown) }).toEqual({
        name,
        ...comparable(printed),
        reregistersInSeconds: near(printed.reregistersInSeconds),
        kekRemaining: near(printed.kek?.remainingSeconds ?? null),
        lastAge: near(printed.rekeys.lastAgeSeconds),
      });
    }
  });

  test('first learns which model, release and roles there are, then asks three nodes a poll', async () => {
    const { poll, access, modern, clock } = given();
    const { name } = modern('gm')[0]!;
    const first = await poll(name);
    expect(access.asked.map(lastPart)).toEqual([
      'modules-state',
      'gdoi-gm',
      'gdoi-gm-rekey',
      'gdoi-rekey-sa',
      'gdoi-ks',
      'device-system-data',
      'one-minute',
    ]);
    expect(first.observations.map(({ kind }) => kind)).toEqual(['registered', 'groups', 'facts']);
    access.asked.length = 0;
    await clock.advance(30_000);
    const second = await poll(name, first.memory);
    expect(access.asked.map(lastPart)).toEqual(['gdoi-gm', 'gdoi-gm-rekey', 'gdoi-rekey-sa']);
    access.asked.length = 0;
    await clock.advance(60_000);
    await poll(name, second.memory);
    expect(access.asked.map(lastPart)).toContain('gdoi-ks');
  });

  test('its registration interval contains the true instant, and the poll after a registration asks for the boot time', async () => {
    const { poll, fleet, access, modern, clock } = given();
    const { name } = modern('gm')[0]!;
    const before = await poll(name);
    await clock.advance(10_000);
    fleet.advance(clock.wallMs());
    fleet.clearGm(name);
    await clock.advance(50_000);
    fleet.advance(clock.wallMs());
    access.asked.length = 0;
    const after = await poll(name, before.memory);
    const registered = after.observations.find((seen) => seen.kind === 'registered');
    const truth = fleet.groundTruth().findLast((event) => event.device === name && event.kind === 'registration')!;
    if (registered?.kind !== 'registered') throw new Error('no instant');
    expect(registered.between.fromMs).toBeLessThanOrEqual(truth.atMs);
    expect(registered.between.toMs).toBeGreaterThanOrEqual(truth.atMs);
    expect(registered.between.toMs - registered.between.fromMs).toBeLessThanOrEqual(2000);
    expect(access.asked.map(lastPart)).toContain('device-system-data');
  });
});

describe('a KS', () => {
  test('shows over RESTCONF what its CLI shows, details at their own pace', async () => {
    const { poll, cli, modern, clock, access } = given('coop-failover');
    // The one that was down is back.
    await clock.advance(400_500);
    expect(modern('ks').length).toBeGreaterThan(0);
    for (const { name } of modern('ks')) {
      access.asked.length = 0;
      const report = await poll(name);
      const shown = mergeParts('ks', snapshotsOf(report));
      const commands = [
        'show crypto gdoi',
        'show crypto gdoi ks policy',
        'show crypto gdoi ks members',
        'show crypto gdoi ks coop',
      ];
      const printed = mergeParts(
        'ks',
        commands.flatMap((command) => cli(name, command)),
      );
      if (shown?.role !== 'ks' || printed?.role !== 'ks') throw new Error('no KS');
      expect({ name, ...comparableKs(shown) }).toEqual({
        name,
        ...comparableKs(printed),
        kekRemaining: near(printed.kek?.remainingSeconds ?? null),
        kekToRekey: near(printed.kek?.timeToRekeySeconds ?? null),
        tekRemaining: printed.teks?.map((tek) => near(tek.remainingSeconds)),
      });
      access.asked.length = 0;
      await clock.advance(10_000);
      await poll(name, report.memory);
      expect(access.asked.map(lastPart)).toEqual(['gdoi-ks']);
    }
  });
});

describe('how it ends', () => {
  test('the result for a node that NACM hides is `command`, and the line says which node, and where the rules are', async () => {
    const { poll, access, modern } = given();
    access.forbidden = ['/gdoi-rekey-sa'];
    const { name } = modern('gm')[0]!;
    expect(await poll(name)).toMatchObject({
      result: 'command',
      error: `${name}: NACM does not let "monitor" read gdoi-rekey-sa; docs/routers.md has the rules`,
      observations: [],
    });
  });

  test('a release without GDOI in the model is `command`, and the line says what to do', async () => {
    const { poll, access, modern } = given();
    access.module = 'without-gdoi';
    const report = await poll(modern('gm')[0]!.name);
    expect(report.result).toBe('command');
    expect(report.error).toContain('17.5.1; poll it over SSH');
  });

  test('the result for groups that are listed and cannot be read is `parse`, and not that the device has none', async () => {
    const { access, poll, modern } = given();
    access.amend = (_device, path, body) => (path.endsWith('gdoi-gm') ? { 'gdoi-gm': [{ 'gm-entry': [] }] } : body);
    const { result, error, observations } = await poll(modern('gm')[0]!.name);
    expect(result).toBe('parse');
    expect(error).toMatch(/cannot be read: gdoi-gm: group-name: missing/);
    expect(observations.filter(({ kind }) => kind === 'groups')).toEqual([]);
  });

  test('a web server without RESTCONF is `command`, and the line does not blame the release', async () => {
    const { access, poll } = given();
    const at = { sentAtMs: START_MS, receivedAtMs: START_MS, deviceNowMs: null };
    const answers = RESTCONF_PATHS.map((path) => ({ ...at, path, kind: 'empty', status: 404 }) as const);
    access.failure = { kind: 'answers', connection: 1, answers };
    const { result, error } = await poll('gm1');
    expect(result).toBe('command');
    expect(error).toMatch(/nothing is there under \/restconf \(404\).*is `restconf` configured/);
    expect(error).not.toContain('17.5.1');
  });

  test('a hidden list of modules costs nothing', async () => {
    const { poll, access, modern } = given();
    access.forbidden = ['name;revision)'];
    expect((await poll(modern('gm')[0]!.name)).result).toBe('ok');
  });

  test('a hidden detail is left alone for an hour', async () => {
    const { poll, access, modern, clock } = given();
    access.forbidden = ['/gdoi-ks-mem'];
    const { name } = modern('ks')[0]!;
    const first = await poll(name);
    expect(first.result).toBe('ok');
    access.asked.length = 0;
    await clock.advance(70_000);
    const second = await poll(name, first.memory);
    expect(access.asked.map(lastPart)).not.toContain('gdoi-ks-mem');
    await clock.advance(3_600_000);
    await poll(name, second.memory);
    expect(access.asked.map(lastPart)).toContain('gdoi-ks-mem');
  });

  test('a failure keeps what was learnt', async () => {
    const { poll, access, modern } = given();
    const { name } = modern('gm')[0]!;
    const first = await poll(name);
    access.failure = { kind: 'failed', error: { kind: 'timeout', operation: 'read', message: 'gm1: no answer' } };
    const failed = await poll(name, first.memory);
    expect(failed).toMatchObject({ result: 'timeout', error: 'gm1: no answer', observations: [] });
    expect(failed.memory).toBe(first.memory);
  });
});

function lastPart(path: string): string {
  return path.replace(/\?.*$/, '').replace(/^.*[/:]/, '');
}

function comparable(gm: GmSnapshot) {
  return {
    group: gm.group,
    address: gm.address,
    status: gm.status,
    registered: gm.registered,
    keyServer: gm.keyServer,
    reregistersInSeconds: gm.reregistersInSeconds,
    registrations: gm.registrations,
    received: gm.rekeys.received,
    sinceRegistration: gm.rekeys.sinceRegistration,
    lastSequence: gm.rekeys.lastSequence,
    lastAge: gm.rekeys.lastAgeSeconds,
    kekRemaining: gm.kek?.remainingSeconds ?? null,
    transport: gm.kek?.transport,
    keyBits: gm.kek?.keyBits,
  };
}

function comparableKs(ks: KsSnapshot) {
  return {
    group: ks.group,
    members: ks.members,
    redundancy: ks.redundancy,
    localRole: ks.localRole,
    kekSpi: ks.kek?.spi,
    kekLifetime: ks.kek?.lifetimeSeconds,
    kekRemaining: ks.kek?.remainingSeconds,
    kekToRekey: ks.kek?.timeToRekeySeconds,
    tekSpis: ks.teks?.map(({ spi }) => spi),
    tekRemaining: ks.teks?.map(({ remainingSeconds }) => remainingSeconds),
    peers: ks.peers?.map(({ address, role }) => ({ address, role })),
    members_: ks.memberDetails?.map(({ address, rekeysSent, acksReceived, acksMissed }) => ({
      address,
      rekeysSent,
      acksReceived,
      acksMissed,
    })),
  };
}
