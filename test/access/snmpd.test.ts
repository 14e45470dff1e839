/** Polling Debian's snmpd: another implementation of everything that is on the wire. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SnmpCredential } from '../../src/access/device-snmp.ts';
import { type PassRow, type SnmpdServer, skipWithoutSnmpd, startSnmpd } from './snmpd-server.ts';
import {
  failureOf,
  messageOf,
  never,
  request,
  snmpTarget,
  snmpUnderTest,
  V2C,
  v3,
  valuesOf,
} from './snmp-under-test.ts';
import { Secret } from '../../src/kernel/secret.ts';

const GDOI = '1.3.6.1.4.1.9.9.759';
const GROUP_NAME = `${GDOI}.1.1.1.4`;
const GM_KEK_SPI = `${GDOI}.1.3.2.1.2`;
const GM_KEK_REMAINING = `${GDOI}.1.3.2.1.20`;
const TEK_SPI = `${GDOI}.1.3.6.1.2`;
const TEK_REMAINING = `${GDOI}.1.3.6.1.10`;
const LAST_REKEY_MS = `${GDOI}.1.1.1.8`;
const UPTIME = '1.3.6.1.2.1.1.3.0';
const ENGINE_BOOTS = '1.3.6.1.6.3.10.2.1.2.0';
const ENGINE_TIME = '1.3.6.1.6.3.10.2.1.3.0';

const GROUP = '11.4.0.0.4.199';
const GM = `${GROUP}.1.4.10.1.13.2`;
const KEK_SPI = 'c5ac6039a440633e0102030405060708';
const TEKS = 30;

const spaced = (hex: string) => hex.replace(/../gu, '$& ').trim();
const tek = (index: number) => `${GM}.1.${index + 1}`;
const tekSpi = (index: number) => (0xd8_35_db_00 + index).toString(16);

const ROWS: readonly PassRow[] = [
  [`${GROUP_NAME}.${GROUP}`, 'string', 'G1'],
  [`${GM_KEK_SPI}.${GM}.1`, 'octet', spaced(KEK_SPI)],
  [`${GM_KEK_REMAINING}.${GM}.1`, 'unsigned', '4000000000'],
  ...Array.from({ length: TEKS }, (_, index): PassRow => [`${TEK_SPI}.${tek(index)}`, 'octet', spaced(tekSpi(index))]),
  ...Array.from({ length: TEKS }, (_, index): PassRow => [`${TEK_REMAINING}.${tek(index)}`, 'unsigned', `${index}`]),
];

describe.skipIf(skipWithoutSnmpd)('a read of snmpd', () => {
  let snmpd: SnmpdServer;
  beforeAll(async () => {
    snmpd = await startSnmpd(ROWS);
  });
  afterAll(() => snmpd[Symbol.asyncDispose]());

  const poll = request(
    [GROUP_NAME, LAST_REKEY_MS, GM_KEK_SPI, GM_KEK_REMAINING, TEK_SPI, TEK_REMAINING],
    [UPTIME, ENGINE_BOOTS, ENGINE_TIME, `${GDOI}.1.4.1.0`],
  );

  async function readBy(credential: SnmpCredential, timeoutMs = 20_000) {
    await using under = snmpUnderTest();
    return await under.access.read(snmpTarget(snmpd.port, { credential, timeoutMs }), poll, never);
  }

  const CREDENTIALS: ReadonlyArray<[string, SnmpCredential]> = [
    ['v2c', V2C],
    ['v3 without authentication', v3('plain')],
    ['v3 authenticated by SHA-512', v3('auth512', 'sha512')],
    ['v3 by MD5 and AES-128', v3('md5aes', 'md5', 'aes128')],
    ['v3 by SHA and AES-128', v3('sha1aes', 'sha', 'aes128')],
    ['v3 by SHA-224 and AES-128', v3('sha224aes', 'sha224', 'aes128')],
    ['v3 by SHA-256 and AES-128', v3('sha256aes', 'sha256', 'aes128')],
    ['v3 by SHA-384 and AES-128', v3('sha384aes', 'sha384', 'aes128')],
    ['v3 by SHA and AES-192 with keys as long as Cisco makes them', v3('sha1aes192', 'sha', 'aes192')],
    ['v3 by MD5 and AES-192 with keys as long as Cisco makes them', v3('md5aes192', 'md5', 'aes192')],
    ['v3 by SHA-256 and AES-192', v3('sha256aes192', 'sha256', 'aes192')],
    ['v3 by SHA and AES-256 with keys as long as Cisco makes them', v3('sha1aes256', 'sha', 'aes256')],
    ['v3 by SHA-256 and AES-256', v3('sha256aes256', 'sha256', 'aes256')],
  ];

  test.each(CREDENTIALS)('by %s gives scalars and all rows of all columns', async (_, credential) => {
    const reply = await readBy(credential);
    const values = valuesOf(reply);
    expect(values.get(`${GROUP_NAME}.${GROUP}`)).toBe(Buffer.from('G1').toString('hex'));
    expect(values.get(`${GM_KEK_SPI}.${GM}.1`)).toBe(KEK_SPI);
    expect(values.get(`${GM_KEK_REMAINING}.${GM}.1`)).toBe(4_000_000_000);
    for (let index = 0; index < TEKS; index += 1) {
      expect(values.get(`${TEK_SPI}.${tek(index)}`)).toBe(tekSpi(index));
      expect(values.get(`${TEK_REMAINING}.${tek(index)}`)).toBe(index);
    }
    expect(values.get(UPTIME)).toBeGreaterThan(0);
    // Nothing beyond the columns asked for, and null for the scalar that snmpd does not have.
    expect(values.size).toBe(4 + ROWS.length);
    expect(values.get(`${GDOI}.1.4.1.0`)).toBeNull();
    expect(reply).toMatchObject({ emptyColumns: [LAST_REKEY_MS] });
  });

  test('by an authenticated user gives boots and time of the engine, equal to the MIB objects', async () => {
    const reply = await readBy(v3('sha256aes', 'sha256', 'aes128'));
    const values = valuesOf(reply);
    if (reply.kind === 'failed' || reply.engine === null) throw new Error('no engine');
    expect(reply.engine.boots).toBe(values.get(ENGINE_BOOTS));
    expect(Math.abs(reply.engine.timeSeconds - Number(values.get(ENGINE_TIME)))).toBeLessThanOrEqual(5);
    expect(await readBy(V2C)).toMatchObject({ engine: null });
  });

  const DENIED: ReadonlyArray<[string, SnmpCredential, RegExp]> = [
    ['a user that it does not know', v3('nobody', 'sha', 'aes128'), /does not know the user/],
    ['a wrong password', v3('sha1aes', 'sha', 'aes128', { authPassword: 'wr0ng-s3cr3t' }), /authentication password/],
    ['a wrong authentication protocol', v3('sha1aes', 'sha256', 'aes128'), /authentication password or protocol/],
    ['a level that the user does not have', v3('plain', 'sha'), /security level/],
    ['a level too low for its view', v3('sha1aes', 'sha'), /no view to read/],
  ];

  test.each(DENIED)('with %s is an auth failure at once', async (_, credential, message) => {
    const reply = await readBy(credential);
    expect(failureOf(reply)).toBe('auth');
    expect(messageOf(reply)).toMatch(message);
    expect(messageOf(reply)).not.toMatch(/s3cr3t/);
  });

  test('with a wrong community gets no answer, and the message says so', async () => {
    const reply = await readBy({ version: '2c', community: new Secret('wr0ng-s3cr3t') }, 300);
    expect(failureOf(reply)).toBe('timeout');
    expect(messageOf(reply)).toMatch(/wrong community/);
    expect(messageOf(reply)).not.toMatch(/s3cr3t/);
  });

  test('with a wrong privacy password gets no answer after the discovery, and the message says so', async () => {
    const reply = await readBy(v3('sha1aes', 'sha', 'aes128', { privacyPassword: 'wr0ng-s3cr3t' }), 300);
    expect(failureOf(reply)).toBe('timeout');
    expect(messageOf(reply)).toMatch(/answered discovery: the privacy protocol or password may be wrong/);
  });
});

describe.skipIf(skipWithoutSnmpd)('snmpd with contexts, behind another address', () => {
  let snmpd: SnmpdServer;
  beforeAll(async () => {
    snmpd = await startSnmpd(ROWS);
  });
  afterAll(() => snmpd[Symbol.asyncDispose]());

  const name = request([GROUP_NAME]);

  test('shows in a context of SNMPv3 what it has there, and nothing in one that it does not have', async () => {
    await using under = snmpUnderTest();
    const credential = v3('md5aes', 'md5', 'aes128');
    const asked = (context: string, timeoutMs = 20_000) => snmpTarget(snmpd.port, { credential, context, timeoutMs });
    const there = valuesOf(await under.access.read(asked('ctx1'), name, never));
    expect(there.get(`${GROUP_NAME}.${GROUP}`)).toBe(Buffer.from('G1').toString('hex'));
    await using other = snmpUnderTest();
    expect((await other.access.read(asked('ctx2', 800), name, never)).kind).toBe('failed');
  });

  test.each([
    ['v2c', V2C],
    ['v3', v3('sha256aes', 'sha256', 'aes128')],
  ])('that answers from another address is read by %s with anySource, and only then', async (_, credential) => {
    await using elsewhere = await answeringElsewhere(snmpd.port);
    const asked = { host: '127.0.0.1', credential };
    await using open = snmpUnderTest();
    const target = snmpTarget(elsewhere.port, { ...asked, anySource: true, timeoutMs: 20_000 });
    expect(valuesOf(await open.access.read(target, name, never)).size).toBe(1);
    await using closed = snmpUnderTest();
    const refused = snmpTarget(elsewhere.port, { ...asked, timeoutMs: 500 });
    expect(failureOf(await closed.access.read(refused, name, never))).toBe('timeout');
  });
});

/** Takes requests on a port of 127.0.0.1 and sends the answers from another one of another loopback address. */
async function answeringElsewhere(port: number): Promise<AsyncDisposable & { readonly port: number }> {
  const front = createSocket('udp4');
  const back = createSocket('udp4');
  let asker: { readonly port: number; readonly address: string } | null = null;
  front.on('message', (datagram, from) => {
    asker = from;
    back.send(datagram, port, '127.0.0.1');
  });
  back.on('message', (datagram) => {
    if (asker !== null) back.send(datagram, asker.port, asker.address);
  });
  front.bind(0, '127.0.0.1');
  back.bind(0, process.platform === 'linux' ? '127.0.0.9' : '127.0.0.1');
  await Promise.all([once(front, 'listening'), once(back, 'listening')]);
  return {
    port: front.address().port,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([front, back].map((socket) => new Promise<void>((done) => socket.close(() => done()))));
    },
  };
}
