/** The simulated agents, asked by Debian's net-snmp tools. */
import { type RemoteInfo, createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import type { SimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { encodeV2c } from '../../src/simulator/snmp-wire/message.ts';
import { oidOf } from '../../src/simulator/snmp-wire/oid.ts';
import type { SnmpUser } from '../../src/simulator/snmp-wire/usm.ts';
import type { SnmpManners } from '../../src/simulator/snmp/snmp-manners.ts';
import { type SimulatedSnmp, startSimulatedSnmp } from '../../src/simulator/snmp/snmp-server.ts';
import { START_MS, groupOf, numberOf, spisOf } from '../builders/simulated-group.ts';
import { COMMUNITY, V2C, V3, V3_USER, netSnmp, valuesOf } from './net-snmp-tools.ts';

const GDOI = '1.3.6.1.4.1.9.9.759';
const GROUP = '11.4.0.0.4.199';
/** gm1 and ks1 of `groupOf`. */
const GM = `${GROUP}.1.4.10.16.0.2`;
const KS = `${GROUP}.1.4.10.1.11.2`;
const UPTIME = '1.3.6.1.2.1.1.3.0';
const BOOTS = '1.3.6.1.6.3.10.2.1.2.0';
const ENGINE_TIME = '1.3.6.1.6.3.10.2.1.3.0';

interface Lab extends AsyncDisposable {
  readonly fleet: SimulatedFleet;
  readonly snmp: SimulatedSnmp;
  /** Seconds after the start. */
  at(seconds: number): void;
  get(device: string, oids: readonly string[], credential?: readonly string[]): Promise<Map<string, string>>;
  walk(device: string, oid: string, credential?: readonly string[]): Promise<Map<string, string>>;
  port(device: string): number;
}

async function lab(
  fleet: SimulatedFleet,
  options: { readonly manners?: Partial<SnmpManners>; readonly users?: readonly SnmpUser[] } = {},
): Promise<Lab> {
  const clock = new StandingClock();
  const snmp = await startSimulatedSnmp({
    fleet,
    clock,
    credentials: { communities: [COMMUNITY], users: [V3_USER, ...(options.users ?? [])] },
    mannersFor: () => options.manners ?? {},
  });
  const port = (device: string) => snmp.ports.get(device)!;
  return {
    fleet,
    snmp,
    port,
    at: (seconds) => {
      clock.now = START_MS + seconds * 1000;
    },
    get: async (device, oids, credential = V2C) =>
      valuesOf((await netSnmp('snmpget', credential, port(device), oids)).lines),
    walk: async (device, oid, credential = V2C) =>
      valuesOf((await netSnmp('snmpbulkwalk', [...credential, '-Cr10'], port(device), [oid])).lines),
    [Symbol.asyncDispose]: () => snmp[Symbol.asyncDispose](),
  };
}

/** Wall time stands where the test puts it; sleeps are real. */
class StandingClock implements Clock {
  now = START_MS;
  readonly #real = createSystemClock();
  readonly wallMs = () => this.now;
  readonly monoMs = () => this.#real.monoMs();
  readonly sleep: Clock['sleep'] = (...args) => this.#real.sleep(...args);
  readonly yieldToIo = () => this.#real.yieldToIo();
}

describe('a GM by SNMP shows what it shows on the command line', () => {
  test('group name, key server, KEK and TEKs', async () => {
    await using it = await lab(groupOf({ gms: 2, kss: 1 }));
    it.at(100);
    const seen = await it.walk('gm1', GDOI);
    const shown = it.fleet.answer('gm1', 'show crypto gdoi', START_MS + 100_000);
    const hex = (text: string) => Buffer.from(text).toString('hex').toUpperCase();
    expect(seen.get(`${GDOI}.1.1.1.4.${GROUP}`)).toBe(hex('G1'));
    expect(seen.get(`${GDOI}.1.2.2.1.6.${GM}`)).toBe('0A010B02');
    expect(Number(seen.get(`${GDOI}.1.3.2.1.20.${GM}.1`))).toBe(numberOf(shown, 'Lifetime (secs)'));
    expect(seen.get(`${GDOI}.1.3.2.1.19.${GM}.1`)).toBe('1800');
    expect([1, 2].map((policy) => `0x${seen.get(`${GDOI}.1.3.6.1.2.${GM}.1.${policy}`)}`)).toEqual([
      ...spisOf(shown),
      ...spisOf(shown),
    ]);
  });

  test('the SPI of its KEK is that of the KS, and its halves begin with the cookies of the rekey SA', async () => {
    await using it = await lab(groupOf({}));
    it.at(100);
    const spi = (await it.walk('gm1', `${GDOI}.1.3.2.1.2`)).get(`${GDOI}.1.3.2.1.2.${GM}.1`)!;
    expect(spi).toMatch(/^[0-9A-F]{32}$/u);
    expect((await it.walk('ks1', `${GDOI}.1.3.1.1.2`)).get(`${GDOI}.1.3.1.1.2.${KS}.1`)).toBe(spi);
    const detail = it.fleet.answer('gm1', 'show crypto gdoi gm rekey detail', START_MS + 100_000);
    expect(detail).toContain(`${spi.slice(0, 8)}   ${spi.slice(16, 24)}`);
    expect(it.fleet.answer('ks1', 'show crypto gdoi ks policy', START_MS + 100_000)).toContain(`spi : 0x${spi}`);
  });

  test('rekeys received is the sequence number of the last rekey, and starts again with a KEK', async () => {
    await using it = await lab(groupOf({}));
    const column = `${GDOI}.1.2.2.1.8.${GM}`;
    it.at(1000);
    const shown = it.fleet.answer('gm1', 'show crypto gdoi', START_MS + 1_000_000);
    expect(numberOf(shown, 'Last rekey seq num')).toBe(2);
    expect((await it.get('gm1', [column])).get(column)).toBe('2');
    it.at(1790);
    expect(
      numberOf(it.fleet.answer('gm1', 'show crypto gdoi', START_MS + 1_790_000), 'Rekeys received'),
    ).toBeGreaterThan(2);
    expect((await it.get('gm1', [column])).get(column)).toBe('0');
  });

  test('an expired KEK stays with 0 s left, as old, until a new one comes', async () => {
    await using it = await lab(groupOf({ ks: '15.1(4)M8' }));
    it.at(1750.5);
    expect(it.fleet.answer('gm1', 'show crypto gdoi', START_MS + 1_750_500)).not.toContain('KEK POLICY');
    const remainingAndStatus = [20, 21].map((column) => `${GDOI}.1.3.2.1.${column}.${GM}.1`);
    expect([...(await it.get('gm1', remainingAndStatus)).values()]).toEqual(['0', '3']);
    it.at(1850);
    expect([...(await it.walk('gm1', `${GDOI}.1.3.2.1.21`))]).toEqual([[`${GDOI}.1.3.2.1.21.${GM}.2`, '1']]);
  });
});

describe('a KS by SNMP', () => {
  test('shows members, role, peers and both KEKs while a new one is being sent', async () => {
    await using it = await lab(groupOf({ gms: 3, kss: 2, paths: [{ gm: 'gm3', ks: 'ks1', rekeyLoss: 1 }] }));
    it.at(1000);
    const calm = await it.walk('ks1', GDOI);
    expect(calm.get(`${GDOI}.1.1.1.5.${GROUP}`)).toBe('3');
    expect(calm.get(`${GDOI}.1.2.1.1.6.${KS}`)).toBe('1');
    expect(calm.get(`${GDOI}.1.2.3.1.5.${GROUP}.1.4.10.1.12.2`)).toBe('1');
    expect(calm.get(`${GDOI}.1.3.1.1.21.${KS}.1`)).toBe('1');
    const rekeyAt = 1750 - 225 + 1;
    it.at(rekeyAt);
    const rekeying = await it.walk('ks1', `${GDOI}.1.3.1.1.21`);
    expect([...rekeying.values()]).toEqual(['1', '2']);
    it.at(rekeyAt + 60);
    expect([...(await it.walk('ks1', `${GDOI}.1.3.1.1.21`))]).toEqual([[`${GDOI}.1.3.1.1.21.${KS}.2`, '1']]);
  });

  test('a secondary sees another secondary as unknown, a dead primary as dead', async () => {
    await using it = await lab(groupOf({ kss: 3 }));
    it.at(5);
    const status = `${GDOI}.1.2.3.1.5.${GROUP}.1.4.10.1`;
    expect(await it.walk('ks3', `${GDOI}.1.2.3.1.5`)).toEqual(
      new Map([
        [`${status}.11.2`, '1'],
        [`${status}.12.2`, '3'],
      ]),
    );
    it.fleet.killKs('ks1');
    it.at(40);
    expect((await it.walk('ks2', `${GDOI}.1.2.3.1.5`)).get(`${status}.11.2`)).toBe('2');
  });
});

describe('what the release has of the MIB', () => {
  test('before the feature there is no subtree', async () => {
    await using it = await lab(groupOf({ gm: '15.1(4)M8' }));
    const { lines } = await netSnmp('snmpget', V2C, it.port('gm1'), [`${GDOI}.1.2.2.1.8.${GM}`]);
    expect(lines.join()).toContain('No Such Object');
  });

  test('before 2015 the columns of 2015 are no objects, the others are there', async () => {
    await using it = await lab(groupOf({ gm: '15.2(4)M6' }));
    it.at(60);
    const { lines } = await netSnmp('snmpget', V2C, it.port('gm1'), [
      `${GDOI}.1.2.2.1.8.${GM}`,
      `${GDOI}.1.2.2.1.9.${GM}`,
      `${GDOI}.1.4.11.0`,
      `${GDOI}.1.4.12.0`,
    ]);
    expect(lines.map((line) => line.includes('No Such Object'))).toEqual([false, true, false, true]);
  });

  test('a missing instance is distinguished from a missing object', async () => {
    await using it = await lab(groupOf({}));
    const { lines } = await netSnmp('snmpget', V2C, it.port('gm1'), [
      `${GDOI}.1.2.2.1.8.1.4.9.9.9.9`,
      '1.3.6.1.2.1.2.1.0',
    ]);
    expect(lines[0]).toContain('No Such Instance');
    expect(lines[1]).toContain('No Such Object');
  });
});

describe('SNMPv3', () => {
  test('SHA-256 and AES give the same answer as v2c', async () => {
    await using it = await lab(groupOf({}));
    it.at(60);
    const plain = await it.walk('gm1', GDOI);
    expect(plain.size).toBeGreaterThan(60);
    expect(await it.walk('gm1', GDOI, V3)).toEqual(plain);
  });

  test.each([
    ['MD5', 'md5', 'AES', 'aes128'],
    ['SHA', 'sha', 'AES-256-C', 'aes256'],
    ['SHA-224', 'sha224', 'AES', 'aes128'],
    ['SHA-384', 'sha384', 'AES-256-C', 'aes256'],
    ['SHA-512', 'sha512', 'AES-256-C', 'aes256'],
  ] as const)('%s with %s', async (toolAuth, auth, toolPrivacy, privacy) => {
    const user: SnmpUser = {
      name: 'other',
      auth: { protocol: auth, password: 'another-auth' },
      privacy: { protocol: privacy, password: 'another-privacy' },
    };
    await using it = await lab(groupOf({}), { users: [user] });
    const credential = [
      '-v3',
      '-l',
      'authPriv',
      '-u',
      'other',
      '-a',
      toolAuth,
      '-A',
      'another-auth',
      '-x',
      toolPrivacy,
      '-X',
      'another-privacy',
    ];
    expect((await it.get('gm1', ['1.3.6.1.2.1.1.5.0'], credential)).get('1.3.6.1.2.1.1.5.0')).toBe('474D31');
  });

  test('a wrong password, an unknown user and too little security are reported, a wrong community is not answered', async () => {
    await using it = await lab(groupOf({}));
    const ask = async (credential: readonly string[]) =>
      (await netSnmp('snmpget', [...credential, '-t', '1'], it.port('gm1'), [UPTIME])).stderr;
    expect(await ask(V3.with(V3.indexOf('-A') + 1, 'wrong-password'))).toMatch(/Authentication failure/u);
    expect(await ask(V3.with(V3.indexOf('-u') + 1, 'nobody'))).toMatch(/Unknown user name/u);
    expect(await ask(['-v3', '-l', 'noAuthNoPriv', '-u', V3_USER.name])).toMatch(/Unsupported security level/u);
    expect(await ask(['-v2c', '-c', 'wrong'])).toMatch(/Timeout/u);
    expect(it.snmp.counters('gm1')).toMatchObject({ badCommunities: 1, requests: 0 });
  });

  test('a reload makes the boots rise and the times start again', async () => {
    await using it = await lab(groupOf({}));
    const before = await it.get('gm1', [BOOTS, ENGINE_TIME, UPTIME], V3);
    it.fleet.reloadDevice('gm1', 60);
    it.at(70);
    const after = await it.get('gm1', [BOOTS, ENGINE_TIME, UPTIME], V3);
    expect(Number(after.get(BOOTS))).toBe(Number(before.get(BOOTS)) + 1);
    expect(Number(after.get(ENGINE_TIME))).toBe(10);
    expect(Number(before.get(ENGINE_TIME))).toBeGreaterThan(100_000);
    expect(after.get(UPTIME)).toMatch(/^\(1000\)/u);
  });

  test('a device that is down does not answer', async () => {
    await using it = await lab(groupOf({}));
    it.fleet.reloadDevice('gm1', 60);
    it.at(30);
    expect((await netSnmp('snmpget', [...V2C, '-t', '1'], it.port('gm1'), [UPTIME])).stderr).toMatch(/Timeout/u);
  });
});

describe('manners', () => {
  const askAfter = (it: Lab, tool: string, oid: string) => netSnmp(tool, V2C, it.port('gm1'), [oid]);
  const askInVain = (it: Lab) => netSnmp('snmpget', [...V2C, '-t', '1'], it.port('gm1'), [UPTIME]);

  test.each(['silent', 'garbage', 'truncated', 'wrong-request-id'] as const)(
    '%s: the tool gets no answer that it takes',
    async (answer) => {
      await using it = await lab(groupOf({}), { manners: { answer } });
      expect((await askInVain(it)).lines).toEqual([]);
    },
  );

  test('other-port: the answer comes from another port than the one asked', async () => {
    await using it = await lab(groupOf({}), { manners: { answer: 'other-port' } });
    const socket = createSocket('udp4');
    const answered = once(socket, 'message');
    const pdu = { type: 'get', requestId: 7, first: 0, second: 0, varbinds: [] } as const;
    socket.send(encodeV2c(COMMUNITY, pdu), it.port('gm1'), '127.0.0.1');
    const [, from] = (await answered) as [Buffer, RemoteInfo];
    socket.close();
    expect(from.port).not.toBe(it.port('gm1'));
  });

  test('empty: an answer without varbinds', async () => {
    await using it = await lab(groupOf({}), { manners: { answer: 'empty' } });
    expect(await askAfter(it, 'snmpget', UPTIME)).toMatchObject({ lines: [], stderr: '' });
  });

  test('error: genErr', async () => {
    await using it = await lab(groupOf({}), { manners: { answer: 'error' } });
    expect((await askAfter(it, 'snmpget', UPTIME)).stderr).toMatch(/\(genError\)/u);
  });

  test('slow: the answer comes late', async () => {
    await using it = await lab(groupOf({}), { manners: { delayMs: 300 } });
    const askedAtMs = performance.now();
    expect((await askAfter(it, 'snmpget', UPTIME)).lines).toHaveLength(1);
    expect(performance.now() - askedAtMs).toBeGreaterThan(300);
  });

  test('every second request is lost', async () => {
    await using it = await lab(groupOf({}), { manners: { dropEvery: 2 } });
    expect((await askAfter(it, 'snmpget', UPTIME)).lines).toHaveLength(1);
    expect((await askInVain(it)).lines).toHaveLength(0);
  });

  test.each(['backward', 'stuck'] as const)(
    '%s walk: the tool stops at an OID that does not increase',
    async (walk) => {
      await using it = await lab(groupOf({}), { manners: { walk } });
      expect((await askAfter(it, 'snmpwalk', `${GDOI}.1`)).stderr).toMatch(/OID not increasing/u);
    },
  );

  test('endless walk: there is always one more object', async () => {
    await using it = await lab(groupOf({}), { manners: { walk: 'endless' } });
    const { lines } = await netSnmp('snmpbulkget', [...V2C, '-Cr50'], it.port('gm1'), [`${GDOI}.1.3.6.1.2.1`]);
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.every((line) => line.startsWith(`.${GDOI}.1.3.6.1.2.`))).toBe(true);
  });

  test('an object of another type', async () => {
    await using it = await lab(groupOf({}), { manners: { wrongType: [oidOf(`${GDOI}.1.3.2.1.20`)] } });
    it.at(60);
    const { lines } = await netSnmp('snmpwalk', V2C, it.port('gm1'), [`${GDOI}.1.3.2.1.20`]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('73 65 76 65 6E');
  });

  test('zeroed lifetimes', async () => {
    await using it = await lab(groupOf({}), { manners: { zeroedLifetimes: true } });
    it.at(60);
    const lifetimes = [19, 20].map((column) => `${GDOI}.1.3.2.1.${column}.${GM}.1`);
    expect([...(await it.get('gm1', lifetimes)).values()]).toEqual(['0', '0']);
  });

  test('less of the MIB than the release has', async () => {
    await using it = await lab(groupOf({}), { manners: { objects: 'none' } });
    expect((await netSnmp('snmpwalk', V2C, it.port('gm1'), [GDOI])).lines.join()).toContain('No Such Object');
    it.snmp.setManners('gm1', { objects: '2010' });
    it.at(60);
    expect((await it.walk('gm1', GDOI)).has(`${GDOI}.1.2.2.1.9.${GM}`)).toBe(false);
  });

  test('an answer is no longer than the packet: a GetBulk is cut, a long Get is too big', async () => {
    await using it = await lab(groupOf({}), { manners: { packetOctets: 300 } });
    it.at(60);
    const whole = await it.walk('gm1', GDOI);
    expect(whole.size).toBeGreaterThan(60);
    const oids = Array.from({ length: 15 }, (_, index) => `${GDOI}.1.4.${index + 1}.0`);
    const { stderr } = await netSnmp('snmpget', V2C, it.port('gm1'), oids);
    expect(stderr).toMatch(/too ?big/iu);
  });

  test('a restless engine has booted again with every answer', async () => {
    await using it = await lab(groupOf({}), { manners: { engine: 'restless' } });
    const boots = async () => Number((await it.get('gm1', [BOOTS])).get(BOOTS));
    const first = await boots();
    expect(await boots()).toBe(first + 1);
  });

  test('boots that do not rise with a reload', async () => {
    await using it = await lab(groupOf({}), { manners: { engine: 'boots-frozen' } });
    const before = await it.get('gm1', [BOOTS]);
    it.fleet.reloadDevice('gm1', 60);
    it.at(70);
    expect(await it.get('gm1', [BOOTS])).toEqual(before);
  });
});
