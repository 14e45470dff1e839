import { describe, expect, test } from 'vitest';
import type { ShellLogin } from '../../src/access/ssh/shell-transport.ts';
import { createSsh2Transport } from '../../src/access/ssh/ssh2-transport.ts';
import { createWorkerTransport } from '../../src/access/ssh/worker-transport.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { accessUnderTest, never, poll, target, textOf, WORKER_URL } from './access-under-test.ts';
import { hostKeys, ScriptedIos } from './scripted-ios.ts';
import { PATIENCE } from '../builders/patience.ts';

const trusting = () => Promise.resolve(null);

/** What IOS 12.4 and 15.0 offer. */
const OLD_IOS = {
  hostKey: hostKeys().rsa,
  algorithms: {
    kex: ['diffie-hellman-group1-sha1' as const],
    cipher: ['aes128-cbc' as const, '3des-cbc' as const],
    serverHostKey: ['ssh-rsa' as const],
    hmac: ['hmac-sha1' as const],
  },
};

describe('a device that knows only old algorithms', () => {
  test('is refused with the modern profile, and the error names the setting that helps', async () => {
    await using server = new ScriptedIos(OLD_IOS);
    const port = await server.listen();
    await using under = accessUnderTest();
    const { failure, message } = await poll(under.access, target(port), 'show clock');
    expect(failure).toBe('handshake');
    expect(message).toMatch(/key exchange.*algorithms: legacy/);
    expect(server.attempts).toEqual([]);
  });

  test('is polled with the legacy profile, its host key pinned like any other', async () => {
    await using server = new ScriptedIos(OLD_IOS);
    const port = await server.listen();
    await using under = accessUnderTest();
    const legacy = target(port, { algorithms: 'legacy' });
    expect(await textOf(under.access, legacy, 'show version')).toBe('answer to show version\n');
    expect(await textOf(under.access, legacy, 'show crypto gdoi')).toBe('answer to show crypto gdoi\n');
    expect(server.connections).toBe(1);
    await under.access.forget('gm1');
    expect(await textOf(under.access, { ...legacy, hostKeys: 'strict' }, 'show clock')).toBe('answer to show clock\n');
  });

  test('shows a wrong password as one attempt and auth', async () => {
    await using server = new ScriptedIos(OLD_IOS);
    const port = await server.listen();
    await using under = accessUnderTest();
    const wrong = target(port, { algorithms: 'legacy', password: new Secret('s3cr3t') });
    expect(await poll(under.access, wrong, 'show clock')).toMatchObject({ failure: 'auth' });
    expect(await poll(under.access, wrong, 'show clock')).toMatchObject({ failure: 'quarantined' });
    expect(server.attempts).toEqual(['password']);
    expect(under.logText()).not.toContain('s3cr3t');
  });

  test('hears exit when the access closes', async () => {
    await using server = new ScriptedIos(OLD_IOS);
    const port = await server.listen();
    const under = accessUnderTest();
    await poll(under.access, target(port, { algorithms: 'legacy' }), 'show clock');
    await under[Symbol.asyncDispose]();
    expect(server.commands.at(-1)).toBe('exit');
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('and hangs in login gives timeout, and its connection is closed', async () => {
    await using server = new ScriptedIos({ ...OLD_IOS, authDelayMs: 60_000 });
    const port = await server.listen();
    await using under = accessUnderTest();
    const hanging = target(port, { algorithms: 'legacy', timeoutMs: 1_500 });
    expect(await poll(under.access, hanging, 'show clock')).toMatchObject({ failure: 'timeout' });
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });
});

// A fake is a second implementation of a port, and so is the proxy: the same contract for both.
describe.each([
  [
    'in this thread',
    () => createSsh2Transport({ clock: createSystemClock(), random: seededRandom(1), verifyJumpKey: trusting }),
  ],
  ['in the worker thread', () => createWorkerTransport(WORKER_URL, trusting)],
] as const)('the shell transport %s', (_where, create) => {
  const login = (port: number): ShellLogin => ({
    host: '127.0.0.1',
    port,
    username: 'monitor',
    password: 'pw',
    privateKey: null,
    passphrase: null,
    algorithms: 'legacy',
    knownKeyTypes: [],
    agent: null,
    jumps: [],
    sourceAddress: null,
  });
  const accepting = {
    beforeHandshake: () => Promise.resolve(),
    verifyHostKey: () => Promise.resolve(true),
    onData: () => undefined,
    onClose: () => undefined,
  };

  test('opens a shell, passes bytes both ways and tells its end once', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using transport = create();
    let heard = '';
    const ends: string[] = [];
    const shell = await transport.open(
      login(port),
      { ...accepting, onData: (chunk) => (heard += chunk), onClose: (reason) => ends.push(reason) },
      never,
    );
    expect(shell.negotiated).toMatch(/ssh-ed25519/);
    await expect.poll(() => heard, PATIENCE).toContain('GM1#');
    shell.write('show clock\n');
    await expect.poll(() => heard, PATIENCE).toContain('answer to show clock');
    server.dropAll();
    await expect.poll(() => ends, PATIENCE).toHaveLength(1);
  });

  test('sends nothing before its owner lets the handshake begin, and nothing secret before the host key is accepted', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using transport = create();
    let begin: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const opening = transport.open(
      login(port),
      { ...accepting, beforeHandshake: () => began, verifyHostKey: () => Promise.resolve(false) },
      never,
    );
    await expect.poll(() => server.connections, PATIENCE).toBe(1);
    begin();
    await expect(opening).rejects.toMatchObject({ kind: 'host_key' });
    expect(server.attempts).toEqual([]);
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('rejects with the reason of the signal, and closes', async () => {
    await using server = new ScriptedIos({ authDelayMs: 60_000 });
    const port = await server.listen();
    await using transport = create();
    const owner = new AbortController();
    const opening = transport.open(login(port), accepting, owner.signal);
    await expect.poll(() => server.loggingIn, PATIENCE).toBe(1);
    owner.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('rejects with what its owner throws', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using transport = create();
    const refusing = { ...accepting, beforeHandshake: () => Promise.reject(new Error('not now')) };
    await expect(transport.open(login(port), refusing, never)).rejects.toThrow('not now');
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('says refused where nobody listens', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await server[Symbol.asyncDispose]();
    await using transport = create();
    await expect(transport.open(login(port), accepting, never)).rejects.toMatchObject({
      kind: 'refused',
      operation: 'connect',
    });
  });

  test('closes what is open when it is disposed', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const transport = create();
    await transport.open(login(port), accepting, never);
    await transport[Symbol.asyncDispose]();
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });
});

/** A worker that does as told in a line of JavaScript when a message comes. */
const workerThat = (does: string) =>
  new URL(
    `data:text/javascript,import{parentPort as p}from"node:worker_threads";p.on("message",({type,id})=>{${encodeURIComponent(does)}})`,
  );

describe('the legacy worker', () => {
  const login: ShellLogin = {
    host: '127.0.0.1',
    port: 22,
    username: 'monitor',
    password: 'pw',
    privateKey: null,
    passphrase: null,
    algorithms: 'legacy',
    knownKeyTypes: [],
    agent: null,
    jumps: [],
    sourceAddress: null,
  };
  const hooks = {
    beforeHandshake: () => Promise.resolve(),
    verifyHostKey: () => Promise.resolve(true),
    onData: () => undefined,
    onClose: () => undefined,
  };

  test('that dies fails what is opening, and is started anew for the next one', async () => {
    await using transport = createWorkerTransport(workerThat('process.exit(3)'), trusting);
    await expect(transport.open(login, hooks, never)).rejects.toMatchObject({ kind: 'closed' });
    await expect(transport.open(login, hooks, never)).rejects.toMatchObject({ kind: 'closed' });
  });

  test('that dies ends the shells that are open', async () => {
    const url = workerThat(
      'if(type==="open")p.postMessage({type:"opened",id,negotiated:""});if(type==="write")throw new Error("a bug")',
    );
    await using transport = createWorkerTransport(url, trusting);
    const ends: string[] = [];
    const shells = await Promise.all(
      [1, 2].map(() => transport.open(login, { ...hooks, onClose: (reason) => ends.push(reason) }, never)),
    );
    shells[0]?.write('show clock\n');
    await expect.poll(() => ends, PATIENCE).toHaveLength(2);
    // Nothing to say it to any more.
    shells[1]?.write('show clock\n');
    shells[1]?.destroy();
  });

  test('that cannot be started is an error, not a crash', async () => {
    await using transport = createWorkerTransport(new URL('./no-such-worker.js', import.meta.url), trusting);
    await expect(transport.open(login, hooks, never)).rejects.toMatchObject({ kind: 'closed' });
  });
});
