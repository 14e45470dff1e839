import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SshTarget } from '../../src/access/device-session.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { accessUnderTest, poll, target, textOf } from './access-under-test.ts';
import { type OpensshServer, opensshInstalled, skipWithoutOpenssh, startOpenssh } from './openssh-server.ts';
import { PATIENCE } from '../builders/patience.ts';

if (!opensshInstalled)
  console.warn('no /usr/sbin/sshd here (Debian: openssh-server): tests against OpenSSH are passed over');

const byKey = (server: OpensshServer): SshTarget =>
  target(server.port, { username: server.username, password: null, privateKey: new Secret(server.privateKey) });

describe.skipIf(skipWithoutOpenssh)('against a real OpenSSH server', () => {
  let server: OpensshServer;
  beforeAll(async () => {
    server = await startOpenssh();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('a poll logs in by key, learns the prompt behind the banner and reads the answers', async () => {
    await using under = accessUnderTest();
    const { replies, hostname } = await poll(
      under.access,
      byKey(server),
      'show version',
      'show crypto gdoi',
      'show crypto gdoi ks members',
    );
    expect(hostname).toBe('GM-SSHD');
    expect(replies[0]).toMatchObject({
      kind: 'output',
      text: 'Cisco IOS Software, Version 15.6(3)M2, RELEASE\nGM-SSHD uptime is 1 week\n',
    });
    expect(replies[1]).toMatchObject({ kind: 'rejected', reason: 'invalid' });
    const members = replies[2]?.kind === 'output' ? replies[2].text.split('\n') : [];
    expect(members).toHaveLength(3_001);
    expect(members[2_999]).toBe('Group Member ID    : 10.1.2999.2');
  });

  test('the session stays open, its host key is recorded as ssh-keyscan would, and exit ends it', async () => {
    await using under = accessUnderTest();
    const to = byKey(server);
    expect(await textOf(under.access, to, 'show version')).toMatch(/15\.6/);
    expect(await textOf(under.access, to, 'show version')).toMatch(/15\.6/);
    expect(readFileSync(under.knownHostsPath, 'utf8')).toMatch(/^\[127\.0\.0\.1\]:\d+ ssh-ed25519 AAAA/);
    const exits = () =>
      existsSync(server.commandsFile)
        ? readFileSync(server.commandsFile, 'utf8')
            .split('\n')
            .filter((line) => line === 'exit').length
        : 0;
    const before = exits();
    await under.access.forget('gm1');
    await expect.poll(exits, PATIENCE).toBe(before + 1);
  });

  test('a key that the server does not know is one refusal', async () => {
    await using under = accessUnderTest();
    await using other = await startOpenssh();
    const wrong = { ...byKey(server), privateKey: new Secret(other.privateKey) };
    expect(await poll(under.access, wrong, 'show version')).toMatchObject({ failure: 'auth' });
    expect(await poll(under.access, wrong, 'show version')).toMatchObject({ failure: 'quarantined' });
  });

  test('a password for a server that accepts only keys is reported as useless', async () => {
    await using under = accessUnderTest();
    const { failure, message } = await poll(
      under.access,
      { ...byKey(server), privateKey: null, password: new Secret('pw') },
      'show version',
    );
    expect(failure).toBe('auth');
    expect(message).toMatch(/offers publickey/);
  });

  test('a server with the algorithms of old IOS is polled through the legacy worker only', async () => {
    await using old = await startOpenssh([
      'KexAlgorithms diffie-hellman-group1-sha1',
      'Ciphers aes128-cbc',
      'MACs hmac-sha1',
      'HostKeyAlgorithms ssh-rsa',
    ]);
    await using under = accessUnderTest();
    expect(await poll(under.access, byKey(old), 'show version')).toMatchObject({ failure: 'handshake' });
    await under.access.forget('gm1');
    expect(await textOf(under.access, { ...byKey(old), algorithms: 'legacy' }, 'show version')).toMatch(/15\.6/);
  });

  test('many devices are polled at once', async () => {
    await using under = accessUnderTest({ maxHandshakes: 4 });
    const polls = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        poll(under.access, { ...byKey(server), device: `gm${index}` }, 'show version'),
      ),
    );
    expect(polls.filter(({ failure }) => failure !== null)).toEqual([]);
    expect(under.access.status().openSessions).toBe(12);
  });
});
