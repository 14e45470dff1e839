/** Devices behind jump hosts: OpenSSH's own server is the jump host, scripted routers stand behind it. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { JumpTarget } from '../../src/access/device-session.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { newEd25519KeyPair } from '../../src/simulator/ssh/ed25519-key.ts';
import { PATIENCE } from '../builders/patience.ts';
import { accessUnderTest, poll, target, textOf } from './access-under-test.ts';
import { type OpensshServer, skipWithoutOpenssh, startOpenssh } from './openssh-server.ts';
import { hostKeys, ScriptedIos } from './scripted-ios.ts';

/** In front of a server: counts who comes, and cuts. */
class Gateway implements AsyncDisposable {
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  port = 0;
  connections = 0;
  readonly from: string[] = [];

  constructor(behind: number) {
    this.#listener = createServer((client) => {
      this.connections += 1;
      this.from.push(client.remoteAddress ?? '');
      const server = connect({ host: '127.0.0.1', port: behind });
      for (const [socket, other] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  async listen(port = 0): Promise<this> {
    this.#listener.listen(port, '127.0.0.1');
    await once(this.#listener, 'listening');
    const address = this.#listener.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP address');
    this.port = address.port;
    return this;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#listener.close(resolve);
    });
    this.cut();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listener.listening) await this.close();
  }
}

function bastion(server: OpensshServer, over: Partial<JumpTarget> = {}): JumpTarget {
  return {
    name: 'bastion',
    host: '127.0.0.1',
    port: server.port,
    username: server.username,
    password: null,
    privateKey: new Secret(server.privateKey),
    passphrase: null,
    hostKeys: 'accept-new',
    algorithms: 'modern',
    ...over,
  };
}

/** For dozens of devices: what is echoed one by one is a packet each, through two servers. */
const QUICK_TO_ECHO = { echo: 'line' } as const;

const DEVICES = Array.from({ length: 5 }, (_, index) => `gm${index + 1}`);

describe.skipIf(skipWithoutOpenssh)('devices behind a jump host', () => {
  /** Of all these tests: who comes to it is counted at a gateway, which is each test's own. */
  let sshd: OpensshServer;
  beforeAll(async () => {
    sshd = await startOpenssh();
  });
  afterAll(() => sshd[Symbol.asyncDispose]());

  test('share one connection to it, and its key is remembered like that of a device', async () => {
    await using gateway = await new Gateway(sshd.port).listen();
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [bastion(sshd, { port: gateway.port })];
    const texts = await Promise.all(
      DEVICES.map((device) => textOf(under.access, target(port, { device, jumps }), 'show clock')),
    );
    expect(texts).toEqual(DEVICES.map(() => 'answer to show clock\n'));
    expect(gateway.connections).toBe(1);
    expect(router.connections).toBe(DEVICES.length);
    expect(readFileSync(under.knownHostsPath, 'utf8')).toContain(`[127.0.0.1]:${gateway.port} ssh-`);
  });

  test('are reached again by one new connection for all when it is lost', async () => {
    await using gateway = await new Gateway(sshd.port).listen();
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [bastion(sshd, { port: gateway.port })];
    const pollAll = () =>
      Promise.all(DEVICES.map((device) => poll(under.access, target(port, { device, jumps }), 'show clock')));
    await pollAll();
    gateway.cut();
    await expect.poll(() => router.openNow, PATIENCE).toBe(0);
    expect((await pollAll()).map(({ failure }) => failure)).toEqual(DEVICES.map(() => null));
    expect(gateway.connections).toBe(2);
  });

  test('fail with its name as the reason while it is down, and are no worse off when it is back', async () => {
    await using gateway = await new Gateway(sshd.port).listen();
    await using router = new ScriptedIos({ answers: { 'show version': () => undefined } });
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [bastion(sshd, { port: gateway.port })];
    const to = (device: string) => target(port, { device, jumps });
    await poll(under.access, to('gm1'), 'show clock');
    const hanging = poll(under.access, to('gm1'), 'show version');
    await expect.poll(() => router.commands, PATIENCE).toContain('show version');
    await gateway.close();
    expect((await hanging).message).toMatch(/jump host bastion/);
    for (let round = 0; round < 3; round += 1) {
      const failed = await Promise.all(DEVICES.map((device) => poll(under.access, to(device), 'show clock')));
      expect(new Set(failed.map(({ message }) => /jump host bastion/.test(message)))).toEqual(new Set([true]));
      under.clock.advance(11 * 60_000);
    }
    await using again = await new Gateway(sshd.port).listen(gateway.port);
    const polls = await Promise.all(DEVICES.map((device) => poll(under.access, to(device), 'show clock')));
    expect(polls.map(({ failure }) => failure)).toEqual(DEVICES.map(() => null));
    expect(again.connections).toBe(1);
  });

  test('spend one login on a credential that it refuses, and their own credential stays good', async () => {
    await using gateway = await new Gateway(sshd.port).listen();
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const wrong = new Secret(newEd25519KeyPair().private);
    const jumps = [bastion(sshd, { port: gateway.port, privateKey: wrong })];
    for (let round = 0; round < 3; round += 1) {
      const polls = await Promise.all(
        DEVICES.map((device) => poll(under.access, target(port, { device, jumps }), 'show clock')),
      );
      expect(new Set(polls.map(({ failure }) => failure))).toEqual(new Set(['auth']));
      under.clock.advance(15 * 60_000);
    }
    expect(gateway.connections).toBe(1);
    expect(router.connections).toBe(0);
    expect(under.access.status().quarantinedCredentials).toEqual([]);
    const mended = [bastion(sshd, { port: gateway.port })];
    expect(await textOf(under.access, target(port, { jumps: mended }), 'show clock')).toBe('answer to show clock\n');
  });

  test('are not asked through one whose key is not known', async () => {
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [bastion(sshd, { hostKeys: 'strict' })];
    const { failure, message } = await poll(under.access, target(port, { jumps }), 'show clock');
    expect(failure).toBe('host_key');
    expect(message).toMatch(/jump host bastion: unknown host key ssh-ed25519 SHA256:/);
    expect(router.connections).toBe(0);
  });

  test('get nothing through one before their own host key is accepted', async () => {
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const strict = target(port, { jumps: [bastion(sshd)], hostKeys: 'strict' });
    const { failure, message } = await poll(under.access, strict, 'show clock');
    expect(failure).toBe('host_key');
    expect(message).toMatch(/unknown host key ssh-ed25519 SHA256:/);
    expect(message).not.toContain('jump host');
    expect(router.connections).toBe(1);
    expect(router.attempts).toEqual([]);
  });

  test('say so if it forbids the connection', async () => {
    await using forbidding = await startOpenssh(['AllowTcpForwarding no']);
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const { failure, message } = await poll(under.access, target(port, { jumps: [bastion(forbidding)] }), 'show clock');
    expect(failure).toBe('unreachable');
    expect(message).toMatch(/jump host bastion does not allow connections to 127\.0\.0\.1 port/);
  });

  test('say so if it cannot connect to them', async () => {
    const router = new ScriptedIos();
    const port = await router.listen();
    await router[Symbol.asyncDispose]();
    await using under = accessUnderTest();
    const { failure, message } = await poll(under.access, target(port, { jumps: [bastion(sshd)] }), 'show clock');
    expect(failure).toBe('refused');
    expect(message).toMatch(/jump host bastion cannot connect to 127\.0\.0\.1 port/);
  });

  test('beyond 64 share another connection: one carries no more, and no session is requested from sshd', async () => {
    // A forwarded connection is no session to OpenSSH: the default of 10, and even none, is no bound for devices.
    await using own = await startOpenssh(['MaxSessions 0']);
    await using gateway = await new Gateway(own.port).listen();
    await using router = new ScriptedIos(QUICK_TO_ECHO);
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [bastion(own, { port: gateway.port })];
    const pollOf = (device: number) =>
      textOf(under.access, target(port, { device: `gm${device}`, jumps }), 'show clock');
    const devices = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
    await Promise.all(devices(1, 64).map(pollOf));
    expect([router.openNow, gateway.connections]).toEqual([64, 1]);
    expect(new Set(await Promise.all(devices(1, 70).map(pollOf)))).toEqual(new Set(['answer to show clock\n']));
    expect([router.openNow, gateway.connections]).toEqual([70, 2]);
  });

  test('that come all at once use two connections, not one each', async () => {
    await using gateway = await new Gateway(sshd.port).listen();
    await using router = new ScriptedIos(QUICK_TO_ECHO);
    const port = await router.listen();
    await using under = accessUnderTest({ maxHandshakes: 100 });
    const jumps = [bastion(sshd, { port: gateway.port })];
    const texts = await Promise.all(
      Array.from({ length: 65 }, (_, device) =>
        textOf(under.access, target(port, { device: `gm${device}`, jumps }), 'show clock'),
      ),
    );
    expect(new Set(texts)).toEqual(new Set(['answer to show clock\n']));
    expect([router.openNow, gateway.connections]).toEqual([65, 2]);
  });

  test('lose a poll under way with it, named as the reason; the next poll is one new connection for all', async () => {
    await using gateway = await new Gateway(sshd.port).listen();
    let silent = true;
    await using router = new ScriptedIos({
      answers: {
        'show version': (terminal) => {
          if (silent) return;
          terminal.write('Cisco IOS Software\r\n');
          terminal.prompt();
        },
      },
    });
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [bastion(sshd, { port: gateway.port })];
    const pollAll = () =>
      Promise.all(DEVICES.map((device) => poll(under.access, target(port, { device, jumps }), 'show version')));
    const underWay = pollAll();
    await expect
      .poll(() => router.commands.filter((command) => command === 'show version').length, PATIENCE)
      .toBe(DEVICES.length);
    gateway.cut();
    for (const { failure, message } of await underWay) {
      expect(failure).toBe('closed');
      expect(message).toMatch(/jump host bastion \(.*\) closed the connection/);
    }
    silent = false;
    expect((await pollAll()).map(({ failure }) => failure)).toEqual(DEVICES.map(() => null));
    expect(gateway.connections).toBe(2);
  });

  test('are reached through a chain of two', async () => {
    await using outer = await startOpenssh();
    await using inner = await startOpenssh();
    await using atOuter = await new Gateway(outer.port).listen();
    await using atInner = await new Gateway(inner.port).listen();
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const jumps = [
      bastion(outer, { name: 'outer', port: atOuter.port }),
      bastion(inner, { name: 'inner', port: atInner.port }),
    ];
    const polls = DEVICES.map((device) => textOf(under.access, target(port, { device, jumps }), 'show clock'));
    expect(new Set(await Promise.all(polls))).toEqual(new Set(['answer to show clock\n']));
    expect([atOuter.connections, atInner.connections]).toEqual([1, 1]);
    atOuter.cut();
    await expect.poll(() => router.openNow, PATIENCE).toBe(0);
    expect(await textOf(under.access, target(port, { device: 'gm1', jumps }), 'show clock')).toContain('answer');
  });

  test('with old algorithms are polled too', async () => {
    await using router = new ScriptedIos({
      hostKey: hostKeys().rsa,
      algorithms: {
        kex: ['diffie-hellman-group1-sha1'],
        serverHostKey: ['ssh-rsa'],
        cipher: ['aes128-cbc'],
        hmac: ['hmac-sha1'],
      },
    });
    const port = await router.listen();
    await using under = accessUnderTest();
    const legacy = target(port, { algorithms: 'legacy', jumps: [bastion(sshd)] });
    expect(await textOf(under.access, legacy, 'show clock')).toBe('answer to show clock\n');
  });
});

test('connections leave from the source address that is configured', async () => {
  await using router = new ScriptedIos();
  await using gateway = await new Gateway(await router.listen()).listen();
  await using under = accessUnderTest();
  await textOf(under.access, target(gateway.port, { sourceAddress: '127.0.0.2' }), 'show clock');
  expect(gateway.from).toEqual(['127.0.0.2']);
});

/** An SSH agent with the keys that these servers take; gives its socket. Ends with the test. */
async function agentFor(...servers: readonly OpensshServer[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gdoiwatch-agent-'));
  const socket = join(folder, 'agent');
  const agent = spawn('/usr/bin/ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  onTestFinished(async () => {
    agent.kill();
    await once(agent, 'exit');
    rmSync(folder, { recursive: true });
  });
  const ofAgent = { env: { SSH_AUTH_SOCK: socket } };
  // Its socket is there before it listens. 1: it has no keys yet; 2: it does not answer.
  await expect.poll(() => spawnSync('/usr/bin/ssh-add', ['-l'], ofAgent).status, PATIENCE).toBe(1);
  for (const [index, { privateKey }] of servers.entries()) {
    const keyFile = join(folder, `key${index}`);
    writeFileSync(keyFile, privateKey, { mode: 0o600 });
    execFileSync('/usr/bin/ssh-add', ['-q', keyFile], ofAgent);
  }
  return socket;
}

describe.skipIf(skipWithoutOpenssh || !existsSync('/usr/bin/ssh-agent'))('an SSH agent’s keys', () => {
  test('log in to a device', async () => {
    await using sshd = await startOpenssh();
    const agent = await agentFor(sshd);
    await using under = accessUnderTest();
    const to = target(sshd.port, { username: sshd.username, password: null, agent });
    expect(await textOf(under.access, to, 'show version')).toContain('Version 15.6(3)M2');
  });

  test('log in to each jump host of a chain, and to the device behind it', async () => {
    await using outer = await startOpenssh();
    await using inner = await startOpenssh();
    await using device = await startOpenssh();
    const agent = await agentFor(device, inner, outer);
    await using under = accessUnderTest();
    const jumps = [
      bastion(outer, { name: 'outer', privateKey: null, agent }),
      bastion(inner, { name: 'inner', privateKey: null, agent }),
    ];
    const to = target(device.port, { username: device.username, password: null, agent, jumps });
    expect(await textOf(under.access, to, 'show version')).toContain('Version 15.6(3)M2');
  });

  test('that a jump host refuses are reported with its name', async () => {
    await using sshd = await startOpenssh();
    await using other = await startOpenssh();
    const agent = await agentFor(other);
    await using router = new ScriptedIos();
    const port = await router.listen();
    await using under = accessUnderTest();
    const { failure, message } = await poll(
      under.access,
      target(port, { jumps: [bastion(sshd, { privateKey: null, agent })] }),
      'show clock',
    );
    expect({ failure, named: message.includes('jump host bastion') }).toEqual({ failure: 'auth', named: true });
  });
});
