import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/kernel/secret.ts';
import { AUTH_PASSWORD, COMMUNITY, PRIVACY_PASSWORD, run, trapsUnderTest, v3User } from './pushed-under-test.ts';

/** cgmGdoiGmReRegister of group 3333 and its member 10.1.13.2. */
const RE_REGISTER = '1.3.6.1.4.1.9.9.759.0.7';
const KEY_SERVER = '1.3.6.1.4.1.9.9.759.1.2.2.1.6.11.4.0.0.13.5.1.4.10.1.13.2';
const NOTIFICATION = ['123456', RE_REGISTER, KEY_SERVER, 'x', '0a010b02'];
const EXPECTED = {
  kind: 'trap',
  host: '127.0.0.1',
  trapOid: RE_REGISTER,
  uptimeSeconds: 1234.56,
  varbinds: [{ oid: KEY_SERVER, value: new Uint8Array([10, 1, 11, 2]) }],
};

let persistent = '';
beforeAll(async () => {
  persistent = await mkdtemp(join(tmpdir(), 'snmp-'));
});
afterAll(() => rm(persistent, { recursive: true, force: true }));

/** net-snmp keeps the boots of its engine there and reads no configuration of the machine. */
const netSnmp = (program: string, args: readonly string[]) =>
  run(program, args, { SNMP_PERSISTENT_DIR: persistent, SNMPCONFPATH: persistent });

function v3Options(auth: string | null, privacy: string | null): string[] {
  const level = auth === null ? 'noAuthNoPriv' : privacy === null ? 'authNoPriv' : 'authPriv';
  return [
    '-v',
    '3',
    '-u',
    'monitor',
    '-l',
    level,
    ...(auth === null ? [] : ['-a', auth, '-A', AUTH_PASSWORD]),
    ...(privacy === null ? [] : ['-x', privacy, '-X', PRIVACY_PASSWORD]),
  ];
}

describe("net-snmp's snmptrap", () => {
  it('is heard with v2c', async () => {
    await using traps = await trapsUnderTest();
    await netSnmp('snmptrap', ['-v', '2c', '-c', COMMUNITY, `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.arrived(1)).toMatchObject([{ ...EXPECTED, authenticated: false }]);
  });

  it('is heard with v1, as the v2 notification of the same meaning', async () => {
    await using traps = await trapsUnderTest();
    const target = `127.0.0.1:${traps.port}`;
    const enterprise = '1.3.6.1.4.1.9.9.759';
    await netSnmp('snmptrap', [
      '-v',
      '1',
      '-c',
      COMMUNITY,
      target,
      enterprise,
      '192.0.2.7',
      '6',
      '7',
      '500',
      KEY_SERVER,
      's',
      'x',
    ]);
    await netSnmp('snmptrap', ['-v', '1', '-c', COMMUNITY, target, '1.3.6.1.4.1.9.1.1', '192.0.2.7', '1', '0', '100']);
    const context = [
      { oid: '1.3.6.1.6.3.18.1.3.0', value: new Uint8Array([192, 0, 2, 7]) },
      { oid: '1.3.6.1.6.3.1.1.4.3.0', value: enterprise },
    ];
    expect(await traps.arrived(2)).toMatchObject([
      {
        trapOid: RE_REGISTER,
        uptimeSeconds: 5,
        authenticated: false,
        varbinds: [{ oid: KEY_SERVER, value: new Uint8Array([0x78]) }, ...context],
      },
      { trapOid: '1.3.6.1.6.3.1.1.5.2', uptimeSeconds: 1 },
    ]);
  });

  it.each([
    ['SHA', 'AES', v3User('sha', 'aes128')],
    ['SHA-256', 'AES', v3User('sha256', 'aes128')],
    ['SHA-512', null, v3User('sha512', null)],
    ['MD5', 'AES', v3User('md5', 'aes128')],
    ['SHA', 'AES-192-C', v3User('sha', 'aes192')],
    ['SHA-256', 'AES-256-C', v3User('sha256', 'aes256')],
    ['SHA-224', null, v3User('sha224', null)],
    ['SHA-384', 'AES', v3User('sha384', 'aes128')],
  ] as const)('is heard with v3, %s and %s, and proves who sent it', async (auth, privacy, user) => {
    await using traps = await trapsUnderTest([user]);
    const options = [...v3Options(auth, privacy), '-e', '8000000903000c29000001'];
    await netSnmp('snmptrap', [...options, `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.arrived(1)).toMatchObject([{ ...EXPECTED, authenticated: true }]);
  });

  it('of a user without a password proves nothing', async () => {
    await using traps = await trapsUnderTest([v3User(null, null)]);
    const options = [...v3Options(null, null), '-e', '8000000903000c29000002'];
    await netSnmp('snmptrap', [...options, `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.arrived(1)).toMatchObject([{ ...EXPECTED, authenticated: false }]);
  });

  it.each([
    ['a wrong password', ['-a', 'SHA', '-A', 'another-password', '-x', 'AES', '-X', PRIVACY_PASSWORD], 'wrong_digest'],
    ['a wrong privacy password', ['-a', 'SHA', '-A', AUTH_PASSWORD, '-x', 'AES', '-X', 'another-one'], 'decryption'],
    ['another digest', ['-a', 'MD5', '-A', AUTH_PASSWORD, '-x', 'AES', '-X', PRIVACY_PASSWORD], 'wrong_digest'],
    ['no privacy', ['-a', 'SHA', '-A', AUTH_PASSWORD, '-l', 'authNoPriv'], 'security_level'],
    ['no password', ['-l', 'noAuthNoPriv'], 'security_level'],
    [
      'an unknown user',
      ['-u', 'mallory', '-a', 'SHA', '-A', AUTH_PASSWORD, '-x', 'AES', '-X', PRIVACY_PASSWORD],
      'unknown_user',
    ],
  ])('with %s is refused and counted', async (_, wrong, reason) => {
    await using traps = await trapsUnderTest([v3User('sha', 'aes128')]);
    const options = ['-v', '3', '-u', 'monitor', '-l', 'authPriv', ...wrong, '-e', '8000000903000c29000003'];
    await netSnmp('snmptrap', [...options, `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.dropped(1)).toEqual({ [reason]: 1 });
    expect(traps.messages).toEqual([]);
    expect(traps.logger.lines('warn')).toEqual([
      { listener: traps.listener.url, reason, host: '127.0.0.1', dropped: 1 },
    ]);
  });

  it('with a wrong community is refused, and the community is in no log', async () => {
    await using traps = await trapsUnderTest();
    await netSnmp('snmptrap', ['-v', '2c', '-c', 'guessed-community', `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.dropped(1)).toEqual({ community: 1 });
    const logged = JSON.stringify(
      ['debug', 'info', 'warn', 'error'].map((level) => traps.logger.lines(level as 'warn')),
    );
    expect(logged).not.toContain('guessed-community');
    expect(logged).not.toContain(COMMUNITY);
  });
});

describe("net-snmp's snmpinform", () => {
  it('ends well with v2c', async () => {
    await using traps = await trapsUnderTest();
    await netSnmp('snmpinform', ['-v', '2c', '-c', COMMUNITY, `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.arrived(1)).toMatchObject([{ ...EXPECTED, authenticated: false }]);
    expect(traps.messages).toHaveLength(1);
  });

  it.each([
    ['SHA', 'AES', v3User('sha', 'aes128')],
    ['SHA-256', 'AES', v3User('sha256', 'aes128')],
    ['SHA', null, v3User('sha', null)],
    [null, null, v3User(null, null)],
  ] as const)('ends well with v3, %s and %s, after asking for the engine', async (auth, privacy, user) => {
    await using traps = await trapsUnderTest([user]);
    await netSnmp('snmpinform', [...v3Options(auth, privacy), `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.arrived(1)).toMatchObject([{ ...EXPECTED, authenticated: auth !== null }]);
    expect(traps.messages).toHaveLength(1);
    expect(await traps.dropped(0)).toEqual({});
  });

  it('that has the time of the engine wrong learns it from a report, and ends well', async () => {
    await using traps = await trapsUnderTest([v3User('sha', 'aes128')]);
    const [{ engineId = '' } = {}] = traps.logger.lines('info') as Array<{ engineId?: string }>;
    const options = [...v3Options('SHA', 'AES'), '-e', engineId, '-Z', '1,1'];
    await netSnmp('snmpinform', [...options, `127.0.0.1:${traps.port}`, ...NOTIFICATION]);
    expect(await traps.arrived(1)).toMatchObject([EXPECTED]);
    expect(await traps.dropped(1)).toEqual({ time_window: 1 });
  });

  it.each([
    ['a wrong password', ['-u', 'monitor', '-A', 'another-password'], /Authentication failure/],
    ['an unknown user', ['-u', 'mallory', '-A', AUTH_PASSWORD], /Unknown user name/],
  ])('is told of %s', async (_, wrong, told) => {
    await using traps = await trapsUnderTest([v3User('sha', null)]);
    const options = ['-v', '3', '-l', 'authNoPriv', '-a', 'SHA', '-r', '0', ...wrong];
    await expect(netSnmp('snmpinform', [...options, `127.0.0.1:${traps.port}`, ...NOTIFICATION])).rejects.toThrow(told);
    expect(traps.messages).toEqual([]);
  });

  it('with a wrong community gets no answer', async () => {
    await using traps = await trapsUnderTest([{ version: '2c', community: new Secret('another') }]);
    const options = ['-v', '2c', '-c', COMMUNITY, '-r', '0', '-t', '0.2'];
    await expect(netSnmp('snmpinform', [...options, `127.0.0.1:${traps.port}`, ...NOTIFICATION])).rejects.toThrow(
      'Timeout',
    );
    expect(await traps.dropped(1)).toEqual({ community: 1 });
  });
});
