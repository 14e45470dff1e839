/** The fleet that `demo` and `simulate` start, and the configuration they write for it. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { readConfig } from '../../src/cli/read-config.ts';
import { type SimulatedPlaces, writeSimulatedConfig } from '../../src/cli/simulated/simulated-config.ts';
import { usualOrFreeListen } from '../../src/cli/simulated/free-ports.ts';
import { adjustedSizes, type StartedFleet, startFleet } from '../../src/cli/simulated/simulated-fleet.ts';
import { netSnmp } from '../simulator/net-snmp-tools.ts';
import { PATIENCE } from '../builders/patience.ts';

const flags = { scenario: 'demo', speed: 1, seed: 1 } as const;
const clock = createSystemClock();

interface Written {
  readonly listen: string;
  readonly syslog?: { readonly listen: string };
  readonly traps?: { readonly listen: string; readonly credentials: readonly string[] };
  readonly devices: readonly {
    readonly name: string;
    readonly host: string;
    readonly port: number;
    readonly transport?: string;
    readonly snmp?: { readonly port: number };
  }[];
}

interface Lab extends AsyncDisposable {
  readonly directory: string;
  readonly started: StartedFleet;
  readonly places: SimulatedPlaces;
  readonly file: string;
  readonly written: Written;
}

async function lab(outlets: { readonly snmp: boolean; readonly syslogPort?: number }): Promise<Lab> {
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-fleet-'));
  const pushPorts = { syslog: outlets.syslogPort ?? 5514, traps: 1162 };
  const started = await startFleet(flags, clock, { snmp: outlets.snmp, pushPorts });
  const { places } = started;
  const file = await writeSimulatedConfig({
    directory,
    ...places,
    listen: '127.0.0.1:9848',
    interval: '30s',
    snmpInterval: '10s',
  });
  return {
    directory,
    started,
    places,
    file,
    written: parse(await readFile(file, 'utf8')),
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    },
  };
}

test('without SNMP every device answers SSH on one address, and nothing else is written', async () => {
  await using it = await lab({ snmp: false });
  expect(new Set(it.written.devices.flatMap((device) => Object.keys(device)))).toEqual(
    new Set(['name', 'host', 'port', 'role']),
  );
  expect(new Set(it.written.devices.map(({ host }) => host))).toEqual(new Set(['127.0.0.1']));
  expect(Object.keys(it.written)).not.toContain('traps');
  expect((await readConfig(it.file)).config.devices).toHaveLength(15);
});

test('with SNMP most devices are polled over both, releases without the MIB over SSH, one member over SNMP alone', async () => {
  await using it = await lab({ snmp: true });
  const named = (transport: string | undefined) =>
    it.written.devices.filter((device) => device.transport === transport).map(({ name }) => name);
  expect(named('snmp')).toEqual(['gm9']);
  expect(named(undefined)).toEqual(['ks3', 'gm4', 'gm8', 'gm12']);
  expect(named('ssh+snmp')).toHaveLength(10);
  expect(it.written.traps).toEqual({ listen: 'udp://127.0.0.1:1162', credentials: ['v3', 'v2c'] });
  expect((await readConfig(it.file)).config.devices).toHaveLength(15);
});

test('each device has its own address if the machine can bind it, and answers SNMP there', async () => {
  await using it = await lab({ snmp: true });
  const { devices } = it.written;
  const hosts = new Set(devices.map(({ host }) => host));
  expect(hosts.size).toBe(process.platform === 'linux' ? devices.length : 1);
  const gm1 = devices.find(({ name }) => name === 'gm1')!;
  const { authPassword, privacyPassword } = it.places.snmp!;
  const credential = [
    '-v3',
    '-l',
    'authPriv',
    '-u',
    'monitor',
    '-a',
    'SHA-256',
    '-A',
    authPassword,
    '-x',
    'AES',
    '-X',
    privacyPassword,
  ];
  const { lines } = await netSnmp('snmpget', credential, gm1.snmp!.port, ['1.3.6.1.2.1.1.5.0'], gm1.host);
  expect(lines).toEqual(['.1.3.6.1.2.1.1.5.0 = Hex-STRING: 47 4D 31 ']);
});

test('a log message comes from the address of its device, with its hostname', async () => {
  const receiver = createSocket('udp4');
  const got: { readonly line: string; readonly from: string }[] = [];
  receiver.on('message', (datagram, { address }) => got.push({ line: datagram.toString('latin1'), from: address }));
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  {
    await using it = await lab({ snmp: true, syslogPort: receiver.address().port });
    it.started.fleet.logNow('gm2', 'SYS-5-CONFIG_I', 'Configured from console');
    await vi.waitFor(() => expect(got.map(({ line }) => line).join()).toContain('GM2: '), PATIENCE);
    const mine = got.find(({ line }) => line.includes('GM2: '));
    expect(mine?.from).toBe(it.written.devices.find(({ name }) => name === 'gm2')?.host);
  }
  receiver.close();
});

test('secrets are in files that only their owner can read, new each time, and not in the configuration', async () => {
  await using it = await lab({ snmp: true });
  const text = await readFile(it.file, 'utf8');
  for (const [name, secret] of [
    ['password', it.places.password],
    ['snmp-community', it.places.snmp!.community],
    ['snmp-auth', it.places.snmp!.authPassword],
    ['snmp-privacy', it.places.snmp!.privacyPassword],
  ] as const) {
    expect(await readFile(join(it.directory, name), 'utf8')).toBe(`${secret}\n`);
    expect((await stat(join(it.directory, name))).mode & 0o077).toBe(0);
    expect(text).not.toContain(secret);
  }
  await using another = await lab({ snmp: true });
  expect(another.places.snmp?.community).not.toBe(it.places.snmp?.community);
});

test('devices that a scenario needs beyond the requested ones are reported', () => {
  const devices = [
    ...Array.from({ length: 12 }, () => ({ role: 'gm' })),
    ...Array.from({ length: 3 }, () => ({ role: 'ks' })),
  ];
  expect(adjustedSizes({ ...flags, gms: 3 }, devices)).toEqual([
    '--gms 3 became 12: that is what the scenario demo needs',
  ]);
  expect(adjustedSizes({ ...flags, gms: 12, kss: 2 }, devices)).toEqual([
    '--kss 2 became 3: that is what the scenario demo needs',
  ]);
  expect(adjustedSizes(flags, devices)).toEqual([]);
});

test('a written configuration listens on a free port', async () => {
  const demo = createServer().listen(0, '127.0.0.1');
  await once(demo, 'listening');
  const { port } = demo.address() as AddressInfo;
  const elsewhere = await usualOrFreeListen(port);
  expect(elsewhere).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(elsewhere).not.toBe(`127.0.0.1:${port}`);
  demo.close();
  await once(demo, 'close');
  expect(await usualOrFreeListen(port)).toBe(`127.0.0.1:${port}`);
});
