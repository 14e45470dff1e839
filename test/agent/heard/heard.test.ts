/**
 * The agent with everything real around it but the routers: SSH polled once an hour, so that whatever is known soon was
 * heard (syslog, traps) or seen over SNMP first.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { SnmpCredential } from '../../../src/access/device-snmp.ts';
import { startSyslogListener } from '../../../src/access/listeners/syslog/syslog-listener.ts';
import { startTrapListener } from '../../../src/access/listeners/traps/trap-listener.ts';
import { createSnmpAccess } from '../../../src/access/snmp/snmp-access.ts';
import { createSshAccess } from '../../../src/access/ssh/ssh-access.ts';
import { Agent } from '../../../src/agent/agent.ts';
import type { ResolvedDevice } from '../../../src/config/resolved-config.ts';
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import { createSystemClock } from '../../../src/kernel/clock.ts';
import { seededRandom } from '../../../src/kernel/random.ts';
import { Secret } from '../../../src/kernel/secret.ts';
import { createSimulatedFleet, type SimulatedFleet } from '../../../src/simulator/fleet/fleet.ts';
import { driveFleet } from '../../../src/simulator/fleet/fleet-driver.ts';
import { loopbackAddresses } from '../../../src/simulator/push/loopback-addresses.ts';
import { startSimulatedSenders } from '../../../src/simulator/push/senders.ts';
import { startSimulatedSnmp } from '../../../src/simulator/snmp/snmp-server.ts';
import { startSimulatedSsh } from '../../../src/simulator/ssh/ssh-server.ts';
import { createMemoryStore } from '../../store/memory-store.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { NO_RESTCONF } from '../../builders/no-restconf.ts';
import { aConfig, aConfiguredDevice, sshAs } from '../../builders/config-builder.ts';
import { PATIENCE } from '../../builders/patience.ts';

const PASSWORD = 'planted-ssh-secret';
const [AUTH, PRIVACY, COMMUNITY] = ['planted-auth-secret', 'planted-privacy-secret', 'planted-community'];
const V3: SnmpCredential = {
  version: 3,
  username: 'monitor',
  auth: { protocol: 'sha256', password: new Secret(AUTH) },
  privacy: { protocol: 'aes128', password: new Secret(PRIVACY) },
};
const WRONG_KEY: SnmpCredential = { ...V3, auth: { protocol: 'sha256', password: new Secret('another secret') } };
const HOURLY = { kind: 'every', ms: 3_600_000 } as const;
const EACH_SECOND = { kind: 'every', ms: 1000 } as const;

const clock = createSystemClock();
const logger = new MemoryLogger();
const parts: AsyncDisposable[] = [];
const told: GdoiEvent[] = [];
let directory = '';
let fleet: SimulatedFleet;
let agent: Agent;
let syslogPort = 0;
let addresses: ReadonlyMap<string, string>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-heard-'));
  fleet = createSimulatedFleet({ scenario: 'healthy', seed: 11, gms: 5, kss: 1, startMs: clock.wallMs() });
  addresses = await loopbackAddresses(fleet.devices, 'per_device');
  const hostFor = (device: string) => addresses.get(device) ?? '127.0.0.1';
  const ssh = await startSimulatedSsh({
    fleet,
    clock,
    hostFor,
    credentials: { username: 'monitor', password: PASSWORD },
  });
  const user = {
    name: 'monitor',
    auth: { protocol: 'sha256', password: AUTH },
    privacy: { protocol: 'aes128', password: PRIVACY },
  } as const;
  const snmp = await startSimulatedSnmp({
    fleet,
    clock,
    hostFor,
    credentials: { communities: [COMMUNITY], users: [user] },
  });
  parts.push(ssh, snmp, driveFleet(fleet, clock, 50));

  const by = (name: string, over: Partial<ResolvedDevice>) =>
    aConfiguredDevice({
      name,
      host: hostFor(name),
      port: ssh.ports.get(name) ?? 0,
      timeoutMs: 60_000,
      schedule: HOURLY,
      phaseAware: false,
      ssh: sshAs('monitor', PASSWORD),
      ...over,
    });
  const over = (name: string, credential: SnmpCredential) => ({
    snmp: { credentialName: 'snmp', credential, port: snmp.ports.get(name) ?? 0, schedule: EACH_SECOND },
  });
  const devices = [
    by('ks1', {}),
    // Pushes only, over an address of its own.
    by('gm1', {}),
    // SNMP each second beside SSH each hour; its pushes come from an address that is nobody's.
    by('gm2', { transport: 'ssh+snmp', ...over('gm2', V3) }),
    by('gm3', {
      transport: 'snmp',
      ssh: null,
      schedule: EACH_SECOND,
      ...over('gm3', { version: '2c', community: new Secret(COMMUNITY) }),
    }),
    by('gm4', { transport: 'snmp', ssh: null, schedule: EACH_SECOND, ...over('gm4', WRONG_KEY) }),
    by('gm5', {}),
  ];
  const access = createSshAccess({
    clock,
    random: seededRandom(1),
    knownHostsPath: join(directory, 'known_hosts'),
    maxHandshakes: 8,
    logger,
  });
  const snmpAccess = createSnmpAccess({ clock, random: seededRandom(2), logger });
  parts.push(access, snmpAccess);
  agent = await Agent.open({
    config: aConfig({ devices }),
    clock,
    networkClock: clock,
    access,
    snmp: snmpAccess,
    restconf: NO_RESTCONF,
    store: createMemoryStore(),
    logger,
    lookup: () => Promise.resolve([]),
    onEvents: (events) => told.push(...events),
  });
  const onMessage = (message: Parameters<Agent['pushed']>[0]) => agent.pushed(message);
  const listen = { protocol: 'udp', host: '127.0.0.1', port: 0 } as const;
  const syslog = await startSyslogListener({ listen, clock, logger, onMessage });
  const traps = await startTrapListener({ listen, credentials: [V3], clock, logger, onMessage });
  syslogPort = Number(new URL(syslog.url).port);
  const senders = startSimulatedSenders({
    fleet,
    clock,
    addressFor: (device) => (device === 'gm2' ? '127.9.9.9' : hostFor(device)),
    syslog: { host: '127.0.0.1', port: syslogPort, protocol: 'udp' },
    traps: { host: '127.0.0.1', port: Number(new URL(traps.url).port), credential: { user } },
  });
  parts.push(senders, syslog, traps, agent);
  agent.start();
  await vi.waitUntil(() => agent.status().firstSweepDone, PATIENCE);
});

afterAll(async () => {
  for (const part of parts.toReversed()) await part[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const reregistrationsOf = (device: string) =>
  told.filter((event) => event.type === 'reregistration' && event.device === device);

test('a cleared GM is known from what it pushes, an hour before its next poll, with the cause', async () => {
  fleet.clearGm('gm1');
  await vi.waitUntil(() => reregistrationsOf('gm1').length > 0, PATIENCE);
  expect(reregistrationsOf('gm1')).toMatchObject([{ cause: 'operator_clear', unexpected: false, group: 'G1' }]);
  expect(agent.status().pushed.syslog.used).toBeGreaterThan(0);
  expect(agent.status().pushed.trap.used).toBeGreaterThan(0);
});

test('a change that SNMP sees first causes the SSH poll that counts it', async () => {
  const polls = () => agent.readModel.device('gm2')?.polls.ok ?? 0;
  await vi.waitUntil(() => (agent.readModel.device('gm2')?.snmp?.polls.ok ?? 0) > 1, PATIENCE);
  const before = polls();
  fleet.clearGm('gm2');
  await vi.waitUntil(() => reregistrationsOf('gm2').length > 0, PATIENCE);
  expect(polls()).toBeGreaterThan(before);
  expect(reregistrationsOf('gm2')).toHaveLength(1);
  expect(agent.readModel.device('gm2')).toMatchObject({ result: 'ok', snmp: { result: 'ok', error: null } });
});

test('a GM without a login is known by SNMP alone; counters that SNMP does not show stay unknown', async () => {
  await vi.waitUntil(() => agent.readModel.device('gm3')?.groups.get('G1')?.gm !== undefined, PATIENCE);
  const gm = agent.readModel.device('gm3')?.groups.get('G1')?.gm?.snapshot;
  expect(gm).toMatchObject({
    registered: true,
    registrations: { succeeded: null, attempted: null },
    kek: { spi: expect.stringMatching(/^0x[0-9A-F]{32}$/), remainingSeconds: expect.any(Number) },
  });
});

test('a wrong SNMP key is an authentication failure, reported once', async () => {
  await vi.waitUntil(() => (agent.readModel.device('gm4')?.polls.auth ?? 0) > 0, PATIENCE);
  const said = logger.lines('warn').filter((fields) => 'device' in fields && fields.device === 'gm4');
  expect(said.filter((fields) => 'result' in fields && fields.result === 'auth')).toHaveLength(1);
});

test('forged messages from the address of a quiet GM cause polls and no event', async () => {
  const polls = () => agent.readModel.device('gm5')?.polls.ok ?? 0;
  const before = polls();
  const socket = createSocket('udp4');
  socket.bind(0, addresses.get('gm5'));
  const lines = [
    '%CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.11.2 for group G1 using address 10.16.4.2',
    '%GDOI-4-GM_RE_REGISTER: The IPSec SA created for group G1 may have expired/been cleared. Re-register to KS.',
    '%GDOI-5-GM_REGS_COMPL: Registration to KS 10.1.11.2 complete for group G1 using address 10.16.4.2',
  ];
  for (const line of lines) socket.send(`<189>77: *Mar  1 00:01:02.345: ${line}`, syslogPort, '127.0.0.1');
  await vi.waitUntil(() => polls() > before, PATIENCE);
  // The poll that contradicts them is over, and so is the one that would confirm.
  await vi.waitUntil(() => polls() > before + 1 || agent.status().pollsRunning === 0, PATIENCE);
  socket.close();
  expect(told.filter(({ device }) => device === 'gm5')).toEqual([]);
});

test('no secret is in any line of the log, view or event', () => {
  const everything = JSON.stringify([
    ...(['debug', 'info', 'warn', 'error'] as const).flatMap((level) => logger.lines(level)),
    [...agent.readModel.devices()].map((view) => ({
      ...view,
      answers: [...view.answers],
      groups: [...view.groups],
      tracking: [...view.tracking],
    })),
    told,
    agent.status(),
  ]);
  expect(everything).toContain('gm4');
  for (const secret of [PASSWORD, AUTH, PRIVACY, COMMUNITY]) expect(everything).not.toContain(secret);
});
