/** A reload that brings another credential: the routers are the same, so what is known of them stays. */
import { expect, test } from 'vitest';
import type { SnmpAccess } from '../../src/access/device-snmp.ts';
import type { ResolvedDevice, ResolvedSsh } from '../../src/config/resolved-config.ts';
import type { Incident } from '../../src/gdoi/incidents/incident.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { openAnsweringAgent } from '../builders/answering-agent.ts';
import { answeringDevices } from '../builders/answering-devices.ts';
import { aConfig, aConfiguredDevice, sshAs } from '../builders/config-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { NO_SNMP } from '../builders/no-snmp.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';
import { type SimulatedAgent, simulatedAgent } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;
const EACH_MINUTE = { kind: 'every', ms: MINUTE_MS } as const;

const SILENT = {
  kind: 'failed',
  error: { kind: 'timeout', operation: 'get', message: 'gm1: no answer' },
} as const;

const rotated = (device: ResolvedDevice): ResolvedDevice => ({
  ...device,
  ssh: { ...(device.ssh as ResolvedSsh), password: new Secret('rotated') },
});

async function reload(live: SimulatedAgent, change: (device: ResolvedDevice) => ResolvedDevice) {
  const reloading = live.agent.reload({ ...live.config, devices: live.configured.map(change) });
  await live.clock.advance(1);
  return reloading;
}

async function incidents({ store }: SimulatedAgent): Promise<readonly Incident[]> {
  return (await store.incidents({ limit: 100 })).incidents;
}

test('an incident stays open, with its id and beginning, and the group knows its KSs all the time', async () => {
  await using live = await simulatedAgent({ scenario: 'tek-loss', pollInterval: '60s', gms: 4, kss: 2 });
  live.agent.start();
  await live.clock.advance(30 * MINUTE_MS);
  const before = await incidents(live);
  const open = before.filter(({ status }) => status === 'open');
  expect(open.length).toBeGreaterThan(0);
  const [group] = live.agent.readModel.groups();
  const gm1 = live.agent.readModel.device('gm1');
  const told = live.events.length;

  expect(await reload(live, rotated)).toMatchObject({ changed: 6, added: 0, removed: 0, kept: 0 });
  const [now] = live.agent.readModel.groups();
  expect([now?.members, now?.kss.map(({ device, role }) => [device, role])]).toEqual([
    group?.members,
    group?.kss.map(({ device, role }) => [device, role]),
  ]);
  expect(now?.explanations).toEqual(group?.explanations);
  expect(live.agent.readModel.device('gm1')).toEqual(gm1);
  await live.clock.advance(3000);
  expect(live.events.slice(told)).toEqual([]);
  const after = await incidents(live);
  expect(after.map(({ id, beganAtMs, status }) => ({ id, beganAtMs, status }))).toEqual(
    before.map(({ id, beganAtMs, status }) => ({ id, beganAtMs, status })),
  );
});

const restconfTo = (port: number): ResolvedDevice['restconf'] => ({
  credentialName: 'rc',
  credential: { username: 'monitor', password: new Secret('unused'), client: null },
  port,
  schedule: EACH_MINUTE,
  trust: { authorities: null, serverName: null, fingerprint: null, certificates: 'strict' },
});

const IN_PASSING: readonly (readonly [what: string, change: (device: ResolvedDevice) => ResolvedDevice])[] = [
  [
    'a label',
    (device: ResolvedDevice) => ({ ...device, labels: { site: 'kaohsiung' }, sourceAddresses: ['192.0.2.9'] }),
  ],
  ['roles', (device: ResolvedDevice) => ({ ...device, role: device.name.startsWith('ks') ? 'ks' : 'gm' })],
  ['intervals', (device: ResolvedDevice) => ({ ...device, schedule: { kind: 'every', ms: 30_000 } })],
  ['a cell that shows the default one', (device: ResolvedDevice) => ({ ...device, cell: 'default' })],
  [
    'RESTCONF beside SSH',
    (device: ResolvedDevice) => ({ ...device, transport: 'ssh+restconf', restconf: restconfTo(443) }),
  ],
];
test.each(IN_PASSING)('no incident ends or begins because the operator brings %s', async (_what, change) => {
  await using live = await simulatedAgent({ scenario: 'tek-loss', pollInterval: '60s', gms: 4, kss: 2 });
  live.agent.start();
  await live.clock.advance(30 * MINUTE_MS);
  const before = await incidents(live);
  expect(before.some(({ status }) => status === 'open')).toBe(true);
  const members = () => Array.from(live.agent.readModel.groups(), (group) => [group.members, group.kss.length]);
  const known = members();
  await reload(live, change);
  expect(members()).toEqual(known);
  await live.clock.advance(90_000);
  const said = ({ id, beganAtMs, status }: Incident) => ({ id, beganAtMs, status });
  expect((await incidents(live)).map(said)).toEqual(before.map(said));
});

/** A GM: with which password each poll asked it, and which of its sessions were ended. */
async function asked(
  answer: (signal: AbortSignal) => string | Promise<string> = () => showCryptoGdoi({ group: 'G1' }),
  readSnmp: SnmpAccess['read'] = async () => SILENT,
) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const passwords: (string | undefined)[] = [];
  const log: string[] = [];
  let text = '';
  const devices = answeringDevices(clock, () => text);
  const configOf = (password: string, over: Partial<ResolvedDevice> = {}) =>
    aConfig({
      devices: [aConfiguredDevice({ name: 'gm1', schedule: EACH_MINUTE, ssh: sshAs('monitor', password), ...over })],
    });
  const agent = await openAnsweringAgent(() => '', {
    config: configOf('old'),
    clock,
    access: {
      ...devices,
      async withSession(target, signal, use) {
        passwords.push(target.password?.reveal());
        text = await answer(signal);
        return devices.withSession(target, signal, use);
      },
      forget: async (device) => void log.push(`ssh of ${device} ends`),
    },
    snmp: { ...NO_SNMP, read: readSnmp, forget: async (device) => void log.push(`snmp of ${device} ends`) },
  });
  agent.start();
  return { agent, clock, passwords, log, configOf };
}

test('the old session ends and the new password is used within seconds, and polls keep their grid', async () => {
  const { agent, clock, passwords, log, configOf } = await asked();
  await using _agent = agent;
  await clock.advance(10 * MINUTE_MS + 20_000);
  expect(new Set(passwords)).toEqual(new Set(['old']));
  const before = passwords.length;
  await agent.reload(configOf('new'));
  expect(log).toEqual(['ssh of gm1 ends']);
  await clock.advance(2000);
  expect(passwords.slice(before)).toEqual(['new']);
  await clock.advance(5 * MINUTE_MS - 2000);
  expect(passwords.slice(before)).toEqual(Array.from({ length: 6 }, () => 'new'));
  expect(agent.readModel.device('gm1')?.polls).toEqual({ ok: passwords.length });
});

test('only the sessions of the transport whose credential changed end; one that is dropped is asked no more', async () => {
  const { agent, clock, log, configOf } = await asked();
  await using _agent = agent;
  const snmp = (community: string): Partial<ResolvedDevice> => ({
    transport: 'ssh+snmp',
    snmp: {
      credentialName: 'v2',
      credential: { version: '2c', community: new Secret(community) },
      port: 161,
      schedule: EACH_MINUTE,
    },
  });
  await clock.advance(5 * MINUTE_MS);
  const polls = () => agent.readModel.device('gm1')?.polls.ok ?? 0;
  const before = polls();
  await agent.reload(configOf('old', snmp('first')));
  await clock.advance(5 * MINUTE_MS);
  expect(agent.readModel.device('gm1')?.snmp?.result).not.toBeNull();
  await agent.reload(configOf('old', snmp('second')));
  await clock.advance(5 * MINUTE_MS);
  await agent.reload(configOf('old'));
  expect(agent.readModel.device('gm1')?.snmp).toBeNull();
  await clock.advance(5 * MINUTE_MS);
  expect(new Set(log)).toEqual(new Set(['snmp of gm1 ends']));
  expect(agent.readModel.device('gm1')?.snmp).toBeNull();
  expect(polls()).toBe(before + 15);
});

test('a poll under way ends with its answer counted once, and the next one has the new password', async () => {
  let succeeded = 1;
  let takesMs = 0;
  const clockOf: { clock?: FakeClock } = {};
  const given = await asked(async (signal) => {
    const text = showCryptoGdoi({ group: 'G1', succeeded });
    if (takesMs > 0) await clockOf.clock?.sleep(takesMs, signal).catch(() => undefined);
    return text;
  });
  const { agent, clock, passwords, configOf } = given;
  clockOf.clock = clock;
  await using _agent = agent;
  await clock.advance(5 * MINUTE_MS);
  [succeeded, takesMs] = [2, 20_000];
  const { readModel } = agent;
  const known = () => readModel.device('gm1')?.groups.get('G1')?.gm?.snapshot.registrations.succeeded;
  const polls = passwords.length;
  while (passwords.length === polls) await clock.advance(1000);
  takesMs = 0;
  const reloading = agent.reload(configOf('new'));
  await clock.advance(1000);
  expect([known(), passwords.length]).toEqual([1, polls + 1]);
  await clock.advance(20_000);
  await reloading;
  expect(known()).toBe(2);
  expect(passwords.slice(polls)).toEqual(['old', 'new']);
  expect(readModel.device('gm1')?.polls).toEqual({ ok: polls + 2 });
});

test('what SNMP still answers once it is asked no more is not shown as polled', async () => {
  let answers = () => {};
  const { agent, clock, configOf } = await asked(undefined, async () => {
    await new Promise<void>((resolve) => {
      answers = resolve;
    });
    return SILENT;
  });
  await using _agent = agent;
  const credential = { version: '2c', community: new Secret('c') } as const;
  const snmp = { credentialName: 'v2', credential, port: 161, schedule: EACH_MINUTE };
  await agent.reload(configOf('old', { transport: 'ssh+snmp', snmp }));
  await clock.advance(MINUTE_MS);
  await agent.reload(configOf('old'));
  answers();
  await clock.advance(MINUTE_MS);
  expect(agent.readModel.device('gm1')?.snmp).toBeNull();
});
