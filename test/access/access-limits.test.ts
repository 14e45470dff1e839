import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { REFUSALS_TO_QUARANTINE } from '../../src/access/credential-quarantine.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { accessUnderTest, never, poll, target, textOf } from './access-under-test.ts';
import { freshHostKey, ScriptedIos } from './scripted-ios.ts';
import { PATIENCE } from '../builders/patience.ts';

const wrong = { password: new Secret('s3cr3t-wrong') };

describe('a wrong password', () => {
  test('is tried once; then the device waits an hour, or for another secret', async () => {
    await using server = new ScriptedIos({ methods: ['password', 'keyboard-interactive'] });
    const port = await server.listen();
    await using under = accessUnderTest();
    expect(await poll(under.access, target(port, wrong), 'show clock')).toMatchObject({ failure: 'auth' });
    expect(await poll(under.access, target(port, wrong), 'show clock')).toMatchObject({ failure: 'quarantined' });
    under.clock.advance(59 * 60_000);
    expect(await poll(under.access, target(port, wrong), 'show clock')).toMatchObject({ failure: 'quarantined' });
    expect(server.attempts).toEqual(['password']);
    expect(server.connections).toBe(1);
    expect(await textOf(under.access, target(port), 'show clock')).toBe('answer to show clock\n');
  });

  test('is tried again after the hour, and after forget', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    await poll(under.access, target(port, wrong), 'show clock');
    under.clock.advance(61 * 60_000);
    expect(await poll(under.access, target(port, wrong), 'show clock')).toMatchObject({ failure: 'auth' });
    await under.access.forget('gm1');
    expect(await poll(under.access, target(port, wrong), 'show clock')).toMatchObject({ failure: 'auth' });
    expect(server.connections).toBe(3);
  });

  test('that three devices in a row refuse is quarantined for all; one device probes after 30 minutes', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    const device = (name: string) => target(port, { ...wrong, device: name });
    for (const name of ['gm1', 'gm2', 'gm3']) {
      expect(await poll(under.access, device(name), 'show clock')).toMatchObject({ failure: 'auth' });
    }
    expect(under.access.status().quarantinedCredentials).toEqual(['main']);
    expect(under.log.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(await poll(under.access, device('gm4'), 'show clock')).toMatchObject({ failure: 'quarantined' });
    expect(server.connections).toBe(3);

    under.clock.advance(31 * 60_000);
    const both = await Promise.all([device('gm4'), device('gm5')].map((to) => poll(under.access, to, 'show clock')));
    expect(new Set(both.map(({ failure }) => failure))).toEqual(new Set(['auth', 'quarantined']));
    expect(server.attempts).toHaveLength(4);

    // The device side is repaired: the next probe lifts it for everybody.
    under.clock.advance(31 * 60_000);
    server.manners = { ...server.manners, password: 's3cr3t-wrong' };
    expect(await textOf(under.access, device('gm6'), 'show clock')).toBe('answer to show clock\n');
    expect(await textOf(under.access, device('gm7'), 'show clock')).toBe('answer to show clock\n');
    expect(under.access.status().quarantinedCredentials).toEqual([]);
  });

  test('is spent three times at most in one sweep over the fleet', async () => {
    await using server = new ScriptedIos({ authDelayMs: 20 });
    const port = await server.listen();
    await using under = accessUnderTest({ maxHandshakes: 8 });
    const sweep = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        poll(under.access, target(port, { ...wrong, device: `gm${index}` }), 'show clock'),
      ),
    );
    expect(server.attempts).toHaveLength(REFUSALS_TO_QUARANTINE);
    expect(sweep.filter(({ failure }) => failure === 'quarantined')).toHaveLength(30 - REFUSALS_TO_QUARANTINE);
  });

  test('at one device does not keep the others from their polls', async () => {
    await using good = new ScriptedIos();
    await using bad = new ScriptedIos({ password: 'other' });
    const [goodPort, badPort] = [await good.listen(), await bad.listen()];
    await using under = accessUnderTest();
    for (const name of ['bad1', 'bad2']) {
      expect(await poll(under.access, target(badPort, { device: name }), 'show clock')).toMatchObject({
        failure: 'auth',
      });
    }
    expect(await textOf(under.access, target(goodPort, { device: 'good' }), 'show clock')).toBe(
      'answer to show clock\n',
    );
    expect(await poll(under.access, target(badPort, { device: 'bad3' }), 'show clock')).toMatchObject({
      failure: 'auth',
    });
    expect(under.access.status().quarantinedCredentials).toEqual([]);
  });

  test('appears in no log and no error', async () => {
    await using server = new ScriptedIos({ userExec: true });
    const port = await server.listen();
    await using under = accessUnderTest();
    const said: string[] = [];
    for (const name of ['gm1', 'gm2', 'gm3', 'gm4']) {
      said.push((await poll(under.access, target(port, { ...wrong, device: name }), 'show clock')).message);
    }
    const enable = { device: 'gm5', credentialName: 'other', enablePassword: new Secret('s3cr3t-enable') };
    said.push((await poll(under.access, target(port, enable), 'show clock')).message);
    expect(said.every((message) => message !== '')).toBe(true);
    expect(said.join('\n') + under.logText()).not.toMatch(/s3cr3t/);
  });
});

describe('a device that cannot be reached', () => {
  test('is left alone for a growing while, and asked again then', async () => {
    await using server = new ScriptedIos({ closeAtOnce: true });
    const port = await server.listen();
    await using under = accessUnderTest();
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'refused' });
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'backoff' });
    under.clock.advance(5_000);
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'refused' });
    under.clock.advance(4_900);
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'backoff' });
    under.clock.advance(5_100);
    server.manners = { ...server.manners, closeAtOnce: false };
    expect(await textOf(under.access, target(port), 'show clock')).toBe('answer to show clock\n');
    expect(server.connections).toBe(3);
  });

  test('is asked at once after forget', async () => {
    await using server = new ScriptedIos({ closeAtOnce: true });
    const port = await server.listen();
    await using under = accessUnderTest();
    await poll(under.access, target(port), 'show clock');
    await under.access.forget('gm1');
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'refused' });
  });

  test('and hangs in every answer is left alone from the second time on', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': () => undefined } });
    const port = await server.listen();
    await using under = accessUnderTest();
    const failures: Array<string | null> = [];
    for (let polls = 0; polls < 3; polls += 1) {
      failures.push((await poll(under.access, target(port, { timeoutMs: 400 }), 'show clock')).failure);
    }
    expect(failures).toEqual(['timeout', 'timeout', 'backoff']);
  });
});

describe('the limits', () => {
  test('never let more handshakes run at once than configured', async () => {
    await using server = new ScriptedIos({ authDelayMs: 30 });
    const port = await server.listen();
    await using under = accessUnderTest({ maxHandshakes: 3 });
    const polls = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        poll(under.access, target(port, { device: `gm${index}` }), 'show clock'),
      ),
    );
    expect(polls.every(({ failure }) => failure === null)).toBe(true);
    expect(server.mostLoggingIn).toBeLessThanOrEqual(3);
    expect(server.openNow).toBe(20);
    expect(under.access.status()).toMatchObject({ openSessions: 20, handshakesActive: 0, handshakesWaiting: 0 });
  });

  test('let one caller at a device at a time, the next one after it', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    const order: string[] = [];
    const use = (name: string) =>
      under.access.withSession(target(port), never, async (session) => {
        order.push(`${name} begins`);
        await session.run('show clock', never);
        await session.run('show version', never);
        order.push(`${name} ends`);
      });
    await Promise.all([use('one'), use('two'), use('three')]);
    expect(order).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
    expect(server.connections).toBe(1);
  });

  test('let a caller that waits for its turn be called off', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': () => undefined } });
    const port = await server.listen();
    await using under = accessUnderTest();
    const first = poll(under.access, target(port, { timeoutMs: 1_000 }), 'show clock');
    const impatient = new AbortController();
    const second = under.access.withSession(target(port), impatient.signal, () => Promise.resolve('used'));
    impatient.abort(new Error('late'));
    expect(await second).toMatchObject({ kind: 'failed', error: { kind: 'closed' } });
    expect(await first).toMatchObject({ failure: 'timeout' });
  });

  test('make a new session when the target changed', async () => {
    await using one = new ScriptedIos({ hostname: 'ONE' });
    await using two = new ScriptedIos({ hostname: 'TWO' });
    const [onePort, twoPort] = [await one.listen(), await two.listen()];
    await using under = accessUnderTest();
    expect((await poll(under.access, target(onePort), 'show clock')).hostname).toBe('ONE');
    expect((await poll(under.access, target(twoPort), 'show clock')).hostname).toBe('TWO');
    expect(one.commands).toContain('exit');
  });

  test('take a changed time limit without a new session', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': () => undefined } });
    const port = await server.listen();
    await using under = accessUnderTest();
    expect(await poll(under.access, target(port), 'show version')).toMatchObject({ failure: null });
    const hanging = await poll(under.access, target(port, { timeoutMs: 100 }), 'show clock');
    expect(hanging).toMatchObject({ failure: 'timeout', message: expect.stringContaining('within 100 ms') });
    expect(server.connections).toBe(1);
  });
});

describe('closing', () => {
  test('says exit to every device and ends their connections', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const under = accessUnderTest();
    await Promise.all(
      ['gm1', 'gm2', 'gm3'].map((device) => poll(under.access, target(port, { device }), 'show clock')),
    );
    await under[Symbol.asyncDispose]();
    expect(server.commands.filter((line) => line === 'exit')).toHaveLength(3);
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('does not wait for a device that hangs, nor for one that is connecting', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': () => undefined } });
    await using slow = new ScriptedIos({ authDelayMs: 60_000 });
    const [port, slowPort] = [await server.listen(), await slow.listen()];
    const under = accessUnderTest();
    const hanging = poll(under.access, target(port), 'show clock');
    const connecting = poll(under.access, target(slowPort, { device: 'slow' }), 'show clock');
    await expect.poll(() => server.commands, PATIENCE).toContain('show clock');
    await expect.poll(() => slow.connections, PATIENCE).toBe(1);
    // Who waited for either would see it time out first.
    await under[Symbol.asyncDispose]();
    expect(await hanging).toMatchObject({ failure: 'closed' });
    expect(await connecting).toMatchObject({ failure: 'closed' });
  });

  test('forget says exit and closes', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    await poll(under.access, target(port), 'show clock');
    await under.access.forget('gm1');
    expect(server.commands.at(-1)).toBe('exit');
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
    await under.access.forget('never seen');
  });
});

describe('host keys', () => {
  test('accept-new records the first key in a file only its owner reads', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    await poll(under.access, target(port), 'show clock');
    expect(readFileSync(under.knownHostsPath, 'utf8')).toMatch(
      new RegExp(`^\\[127\\.0\\.0\\.1\\]:${port} ssh-ed25519 AAAA\\S+\\n$`),
    );
    expect(statSync(under.knownHostsPath).mode & 0o777).toBe(0o600);
    // The recorded key is enough for strict.
    await under.access.forget('gm1');
    expect(await textOf(under.access, target(port, { hostKeys: 'strict' }), 'show clock')).toBe(
      'answer to show clock\n',
    );
  });

  test('strict refuses an unknown key, shows it, and takes it once the line is added', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest();
    const strict = target(port, { hostKeys: 'strict' });
    const { failure, message } = await poll(under.access, strict, 'show clock');
    expect(failure).toBe('host_key');
    expect(message).toMatch(/ssh-ed25519 SHA256:/);
    expect(server.attempts).toEqual([]);
    const line = message.match(/\[127\.0\.0\.1\]:\d+ ssh-ed25519 \S+/)?.[0];
    writeFileSync(under.knownHostsPath, line ?? '');
    under.clock.advance(10_000);
    expect(await textOf(under.access, strict, 'show clock')).toBe('answer to show clock\n');
  });

  test.each(['strict', 'accept-new'] as const)(
    '%s refuses a changed key, loudly, before any password is sent',
    async (hostKeys) => {
      await using before = new ScriptedIos();
      await using after = new ScriptedIos({ hostKey: freshHostKey() });
      const [beforePort, afterPort] = [await before.listen(), await after.listen()];
      await using under = accessUnderTest();
      await poll(under.access, target(beforePort), 'show clock');
      await under.access.forget('gm1');
      const known = readFileSync(under.knownHostsPath, 'utf8').replace(`:${beforePort} `, `:${afterPort} `);
      writeFileSync(under.knownHostsPath, known);
      const { failure, message } = await poll(under.access, target(afterPort, { hostKeys }), 'show clock');
      expect(failure).toBe('host_key');
      expect(message).toMatch(/CHANGED.*SHA256:.*SHA256:/);
      expect(after.attempts).toEqual([]);
      const [loud] = under.log.filter(({ level }) => level === 'error');
      expect(loud?.message).toMatch(/host key changed/i);
      expect(JSON.stringify(loud?.fields).match(/SHA256:/g)).toHaveLength(2);
      expect(readFileSync(under.knownHostsPath, 'utf8')).toBe(known);
    },
  );

  test('a known_hosts that cannot be read or written refuses', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest({ knownHostsPath: '/proc/self/nowhere/known_hosts' });
    expect(await poll(under.access, target(port), 'show clock')).toMatchObject({ failure: 'host_key' });
    expect(server.attempts).toEqual([]);
  });
});

describe('more devices than sessions that may stay open', () => {
  test('are all polled: those beyond log in at each poll, those with a place keep it', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest({ maxOpenSessions: 1 });
    const ask = (device: string) => textOf(under.access, target(port, { device }), 'show clock');
    for (const device of ['gm1', 'gm2', 'gm1', 'gm2', 'gm1']) expect(await ask(device)).toBe('answer to show clock\n');
    expect(server.connections).toBe(3);
    await expect.poll(() => server.openNow, PATIENCE).toBe(1);
  });

  test('take the place of one that is forgotten', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest({ maxOpenSessions: 1 });
    const ask = (device: string) => textOf(under.access, target(port, { device }), 'show clock');
    await ask('gm1');
    await under.access.forget('gm1');
    for (let polls = 0; polls < 3; polls += 1) await ask('gm2');
    expect(server.connections).toBe(2);
  });
});
