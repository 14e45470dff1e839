import { describe, expect, test } from 'vitest';
import type { RestconfTarget } from '../../src/access/device-restconf.ts';
import type { JumpTarget } from '../../src/access/device-session.ts';
import type { SnmpCredential, SnmpTarget } from '../../src/access/device-snmp.ts';
import { sameRestconfTarget, sameSnmpTarget, sameSshTarget } from '../../src/access/same-target.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { target } from './access-under-test.ts';

const secret = (text: string) => new Secret(text);

describe('an SSH session', () => {
  const jump = (changes: Partial<JumpTarget> = {}): JumpTarget => ({
    name: 'bastion',
    host: '198.51.100.1',
    port: 22,
    username: 'hop',
    password: secret('hop'),
    privateKey: null,
    passphrase: null,
    hostKeys: 'strict',
    algorithms: 'modern',
    ...changes,
  });
  const session = () => target(22, { jumps: [jump()] });

  test.each([
    ['is read again, secrets included', {}],
    ['names no agent and no source', { agent: null, sourceAddress: null }],
    ['calls its credential something else', { credentialName: 'other' }],
    ['has another time limit, or logs in at each poll', { timeoutMs: 1, session: 'per_poll' as const }],
  ])('serves a target that %s', (_, changes) => {
    expect(sameSshTarget(session(), { ...session(), ...changes })).toBe(true);
  });

  test.each([
    { host: '198.51.100.9' },
    { port: 2222 },
    { username: 'other' },
    { password: secret('other') },
    { password: null },
    { privateKey: secret('key') },
    { passphrase: secret('phrase') },
    { enablePassword: secret('en') },
    { agent: '/run/agent' },
    { sourceAddress: '198.51.100.7' },
    { hostKeys: 'strict' as const },
    { algorithms: 'legacy' as const },
    { jumps: [] },
    { jumps: [jump(), jump()] },
    { jumps: [jump({ name: 'other' })] },
    { jumps: [jump({ password: secret('other') })] },
  ])('does not serve a target with another %o', (changes) => {
    expect(sameSshTarget(session(), { ...session(), ...changes })).toBe(false);
  });
});

describe('what was learned of an SNMP agent', () => {
  const community = (text: string): SnmpCredential => ({ version: '2c', community: secret(text) });
  const user = (changes: Partial<Extract<SnmpCredential, { version: 3 }>> = {}): SnmpCredential => ({
    version: 3,
    username: 'monitor',
    auth: { protocol: 'sha', password: secret('a') },
    privacy: { protocol: 'aes128', password: secret('p') },
    ...changes,
  });
  const snmp = (changes: Partial<SnmpTarget> = {}): SnmpTarget => ({
    device: 'gm1',
    host: '198.51.100.2',
    port: 161,
    credentialName: 'v3',
    credential: user(),
    timeoutMs: 1_000,
    ...changes,
  });

  test.each([{}, { credentialName: 'other' }, { timeoutMs: 1 }, { sourceAddress: null }])(
    'holds for a target with %o',
    (changes) => expect(sameSnmpTarget(snmp(), snmp(changes))).toBe(true),
  );

  test.each([
    { host: '198.51.100.9' },
    { port: 1161 },
    { sourceAddress: '198.51.100.7' },
    { context: 'vrf' },
    { anySource: true as const },
    { credential: community('public') },
    { credential: user({ username: 'other' }) },
    { credential: user({ privacy: null }) },
    { credential: user({ auth: { protocol: 'sha256', password: secret('a') } }) },
    { credential: user({ privacy: { protocol: 'aes128', password: secret('other') } }) },
  ])('does not hold for a target with another %o', (changes) => {
    expect(sameSnmpTarget(snmp(), snmp(changes))).toBe(false);
  });

  test('depends on the community', () => {
    const of = (text: string) => snmp({ credential: community(text) });
    expect([sameSnmpTarget(of('a'), of('a')), sameSnmpTarget(of('a'), of('b'))]).toEqual([true, false]);
  });
});

describe('a RESTCONF connection', () => {
  const client = { certificate: 'PEM', key: secret('key'), passphrase: secret('phrase') };
  const credential = { username: 'monitor', password: secret('pw'), client };
  const trust = { authorities: 'PEM', serverName: null, fingerprint: null, certificates: 'strict' as const };
  const restconf = (changes: Partial<RestconfTarget> = {}): RestconfTarget => ({
    device: 'gm1',
    host: '198.51.100.3',
    port: 443,
    credentialName: 'rest',
    credential,
    trust,
    timeoutMs: 1_000,
    ...changes,
  });

  test('serves a target that is read again', () => {
    const again = { ...client, key: secret('key'), passphrase: secret('phrase') };
    const read = restconf({ sourceAddress: null, trust: { ...trust }, credential: { ...credential, client: again } });
    expect(sameRestconfTarget(restconf(), read)).toBe(true);
  });

  test.each([
    { host: '198.51.100.9' },
    { port: 8443 },
    { sourceAddress: '198.51.100.7' },
    { credentialName: 'other' },
    { timeoutMs: 1 },
    { credential: { ...credential, username: 'other' } },
    { credential: { ...credential, password: null } },
    { credential: { ...credential, client: null } },
    { credential: { ...credential, client: { ...client, passphrase: secret('other') } } },
    { trust: { ...trust, authorities: null } },
    { trust: { ...trust, serverName: 'gm1.example' } },
    { trust: { ...trust, fingerprint: 'ab' } },
    { trust: { ...trust, certificates: 'accept-new' as const } },
  ])('does not serve a target with another %o', (changes) => {
    expect(sameRestconfTarget(restconf(), restconf(changes))).toBe(false);
  });
});
