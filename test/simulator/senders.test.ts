/** What simulated devices push, received by an implementation that is not the simulator's. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { loopbackAddresses } from '../../src/simulator/push/loopback-addresses.ts';
import { type SimulatedSendersOptions, startSimulatedSenders } from '../../src/simulator/push/senders.ts';
import { START_MS, groupOf } from '../builders/simulated-group.ts';
import { COMMUNITY, V3_USER } from './net-snmp-tools.ts';
import { startTrapReceiver } from './trap-receiver.ts';
import { PATIENCE } from '../builders/patience.ts';

const clock = createSystemClock();
const NOTIFICATION = '1.3.6.1.4.1.9.9.759.0';
const GM_TABLE = '1.3.6.1.4.1.9.9.759.1.2.2.1';
const VARIABLES = '1.3.6.1.4.1.9.9.759.1.5';
const GROUP = '11.4.0.0.4.199';
const GM = `${GROUP}.1.4.10.16.0.2`;

type Pushes = Omit<SimulatedSendersOptions, 'fleet' | 'clock'>;

function senders(fleet: SimulatedFleet, pushes: Pushes) {
  return startSimulatedSenders({ fleet, clock, ...pushes });
}

function numbers(traps: readonly { readonly trapOid: string }[]): number[] {
  return traps.map(({ trapOid }) => Number(trapOid.replace(`${NOTIFICATION}.`, '')));
}

test('a cleared GM reports its registration, the KS a member; group and GM are in the instance', async () => {
  await using receiver = await startTrapReceiver();
  const fleet = groupOf({});
  fleet.advance(START_MS + 60_000);
  await using _ = senders(fleet, {
    traps: { host: '127.0.0.1', port: receiver.port, credential: { community: COMMUNITY } },
  });
  fleet.clearGm('gm1');
  fleet.advance(START_MS + 65_000);
  await vi.waitFor(() => expect(receiver.traps).toHaveLength(4), PATIENCE);
  expect(numbers(receiver.traps).toSorted((a, b) => a - b)).toEqual([1, 2, 5, 6]);
  const complete = receiver.traps.find(({ trapOid }) => trapOid === `${NOTIFICATION}.6`);
  expect(complete?.varbinds).toEqual(
    new Map<string, string | number>([
      [`${GM_TABLE}.4.${GM}`, 1],
      [`${GM_TABLE}.6.${GM}`, '0A010B02'],
    ]),
  );
  expect(receiver.errors).toEqual([]);
});

test('a rekey: pushed by the KS, received by the GM, both with its sequence number', async () => {
  await using receiver = await startTrapReceiver();
  const fleet = groupOf({});
  fleet.advance(START_MS + 60_000);
  await using _ = senders(fleet, { traps: { host: '127.0.0.1', port: receiver.port, credential: { user: V3_USER } } });
  fleet.rekeyNow('ks1');
  fleet.advance(START_MS + 61_000);
  await vi.waitFor(() => expect(receiver.traps).toHaveLength(2), PATIENCE);
  const [pushed, taken] = receiver.traps.toSorted(
    (a, b) => a.trapOid.length - b.trapOid.length || a.trapOid.localeCompare(b.trapOid),
  );
  expect(pushed?.varbinds).toEqual(new Map([[`1.3.6.1.4.1.9.9.759.1.2.1.1.5.${GROUP}.1.4.10.1.11.2`, 1]]));
  expect([...(taken?.varbinds ?? [])].at(-1)).toEqual([`${GM_TABLE}.8.${GM}`, 1]);
  expect(receiver.errors).toEqual([]);
});

test('an old KS makes a GM re-register: notification 7 with the KS it was registered with, then 5 and 6', async () => {
  await using receiver = await startTrapReceiver();
  const fleet = groupOf({ ks: '15.1(4)M8' });
  fleet.advance(START_MS + 1_550_000);
  await using _ = senders(fleet, {
    traps: { host: '127.0.0.1', port: receiver.port, credential: { community: COMMUNITY } },
  });
  fleet.advance(START_MS + 1_715_000);
  // The old KS has no such MIB: its own registrations are not told.
  await vi.waitFor(() => expect(numbers(receiver.traps).slice(-3)).toEqual([7, 5, 6]), PATIENCE);
  const again = receiver.traps.find(({ trapOid }) => trapOid === `${NOTIFICATION}.7`);
  expect(again?.varbinds.get(`${GM_TABLE}.6.${GM}`)).toBe('0A010B02');
});

test('the primary dies: the peer is unreachable, the other KS takes the role; it comes back: reachable', async () => {
  await using receiver = await startTrapReceiver();
  const fleet = groupOf({ kss: 2 });
  fleet.advance(START_MS + 60_000);
  await using _ = senders(fleet, {
    traps: { host: '127.0.0.1', port: receiver.port, credential: { community: COMMUNITY } },
  });
  fleet.killKs('ks1');
  fleet.advance(START_MS + 100_000);
  fleet.reviveKs('ks1');
  fleet.advance(START_MS + 110_000);
  await vi.waitFor(() => expect(numbers(receiver.traps)).toEqual(expect.arrayContaining([12, 14, 15])), PATIENCE);
  const role = receiver.traps.find(({ trapOid }) => trapOid === `${NOTIFICATION}.12`);
  expect(role?.varbinds).toEqual(
    new Map<string, string | number>([
      [`${VARIABLES}.1.0`, 11],
      [`${VARIABLES}.2.0`, '000004C7'],
      [`${VARIABLES}.3.0`, Buffer.from('G1').toString('hex')],
      [`${VARIABLES}.4.0`, 1],
      [`${VARIABLES}.5.0`, '0A010C02'],
      [`${VARIABLES}.6.0`, 1],
    ]),
  );
  const lost = receiver.traps.find(({ trapOid }) => trapOid === `${NOTIFICATION}.15`);
  expect(lost?.varbinds.get(`${VARIABLES}.10.0`)).toBe('0A010B02');
});

test('a KS that drops a GM names it', async () => {
  await using receiver = await startTrapReceiver();
  const fleet = groupOf({ gms: 2, paths: [{ gm: 'gm2', ks: 'ks1', ackLoss: 1 }] });
  await using _ = senders(fleet, {
    traps: { host: '127.0.0.1', port: receiver.port, credential: { community: COMMUNITY } },
  });
  for (let rekey = 1; rekey <= 3; rekey += 1) {
    fleet.advance(START_MS + rekey * 100_000);
    fleet.rekeyNow('ks1');
  }
  fleet.advance(START_MS + 400_000);
  await vi.waitFor(() => expect(numbers(receiver.traps)).toContain(13), PATIENCE);
  const deleted = receiver.traps.find(({ trapOid }) => trapOid === `${NOTIFICATION}.13`);
  expect(deleted?.varbinds.get(`${VARIABLES}.8.0`)).toBe('0A100102');
});

test.each([
  ['v2c', { community: COMMUNITY }],
  ['v3', { user: V3_USER }],
] as const)('a %s inform is sent until it is acknowledged', async (_version, credential) => {
  await using receiver = await startTrapReceiver({ lossOfFirst: 1 });
  const fleet = groupOf({});
  fleet.advance(START_MS + 60_000);
  // 15 s between two tries of a device pass in a quarter of a second.
  const fast = createSystemClock(60);
  await using it = startSimulatedSenders({
    fleet,
    clock: fast,
    traps: { host: '127.0.0.1', port: receiver.port, credential, kind: 'inform' },
  });
  fleet.rekeyNow('ks1');
  await vi.waitFor(() => expect(it.traps?.acknowledged).toBe(1), PATIENCE);
  expect(receiver.traps).toHaveLength(1);
  expect(receiver.traps[0]?.inform).toBe(true);
  expect(it.traps?.sent).toBeGreaterThan(1);
});

test('an unacknowledged inform is given up', async () => {
  await using receiver = await startTrapReceiver({ lossOfFirst: 100 });
  const fleet = groupOf({});
  await using it = startSimulatedSenders({
    fleet,
    clock: createSystemClock(600),
    traps: { host: '127.0.0.1', port: receiver.port, credential: { community: COMMUNITY }, kind: 'inform' },
  });
  fleet.rekeyNow('ks1');
  await vi.waitFor(() => expect(it.traps).toEqual({ sent: 4, acknowledged: 0, dropped: 1 }), PATIENCE);
});

test.runIf(process.platform === 'linux')('devices with an address of their own send from it', async () => {
  await using receiver = await startTrapReceiver();
  const fleet = groupOf({});
  const addresses = await loopbackAddresses(fleet.devices, 'per_device');
  expect(addresses.get('gm1')).not.toBe(addresses.get('ks1'));
  await using _ = senders(fleet, {
    traps: { host: '127.0.0.1', port: receiver.port, credential: { community: COMMUNITY } },
    addressFor: (device) => addresses.get(device)!,
  });
  fleet.rekeyNow('ks1');
  fleet.advance(START_MS + 1_000);
  await vi.waitFor(() => expect(receiver.traps.length).toBeGreaterThan(0), PATIENCE);
  expect(receiver.traps[0]?.from).toBe(addresses.get('ks1'));
});

test("log messages leave as IOS sends them: priority, counter, the device's own sequence number and time stamp", async () => {
  const { fleet, lines, target, close } = await syslogReceiver();
  await using _ = senders(fleet, { syslog: target });
  fleet.advance(START_MS + 100_000);
  fleet.clearGm('gm1');
  await vi.waitFor(() => expect(lines.join('\n')).toContain('GM_CLEAR_REGISTER'), PATIENCE);
  close();
  expect(lines.find((line) => line.includes('GM_CLEAR_REGISTER'))).toMatch(
    /^<189>\d+: Jan {2}5 08:01:40\.000 UTC: %GDOI-5-GM_CLEAR_REGISTER: Config: GM clears registration for group G1/u,
  );
});

test('`logging origin-id hostname` puts the hostname before the message', async () => {
  const { fleet, lines, target, close } = await syslogReceiver();
  await using it = senders(fleet, { syslog: { ...target, originId: 'hostname' } });
  fleet.logNow('gm1', 'SYS-3-CPUHOG', 'Task ran for 2004 msec');
  await vi.waitFor(() => expect(lines).toHaveLength(1), PATIENCE);
  close();
  expect(lines[0]).toMatch(/^<187>\d+: GM1: Jan {2}5 08:00:00\.000 UTC: %SYS-3-CPUHOG: Task ran/u);
  expect(it.syslog).toEqual({ sent: 1, dropped: 0 });
});

test('over TCP a message is a line', async () => {
  const fleet = groupOf({});
  let received = '';
  const from = new Set<string | undefined>();
  const server = createServer((socket) => {
    from.add(socket.remoteAddress);
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  {
    await using _ = senders(fleet, { syslog: { host: '127.0.0.1', port, protocol: 'tcp' } });
    fleet.logNow('gm1', 'SYS-5-CONFIG_I', 'Configured from console');
    fleet.logNow('gm1', 'SYS-5-CONFIG_I', 'Configured again');
    fleet.logNow('ks1', 'SYS-5-CONFIG_I', 'Configured from vty');
    await vi.waitFor(
      () => expect(received.split('\n').filter((line) => line.startsWith('<189>'))).toHaveLength(3),
      PATIENCE,
    );
  }
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  expect(from).toEqual(new Set(['127.0.0.1']));
});

async function syslogReceiver() {
  const socket = createSocket('udp4');
  const lines: string[] = [];
  socket.on('message', (datagram) => lines.push(datagram.toString('latin1')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const target = { host: '127.0.0.1', port: socket.address().port, protocol: 'udp' } as const;
  return { fleet: groupOf({}), lines, target, close: () => socket.close() };
}
