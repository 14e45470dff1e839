import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_BOUNDS } from '../../src/access/ssh/answer-reader.ts';
import type { Conversation, ConversationHooks, Conversations } from '../../src/access/ssh/conversation.ts';
import { createShellConversations } from '../../src/access/ssh/shell-conversation.ts';
import { createSsh2Transport } from '../../src/access/ssh/ssh2-transport.ts';
import { WorkerConversations } from '../../src/access/ssh/worker-conversations.ts';
import type { FromWorker, ToWorker } from '../../src/access/ssh/worker-messages.ts';
import { startWorker, type WorkerKind } from '../../src/access/ssh/worker-start.ts';
import { readAnswerText } from '../../src/agent/poll/observations.ts';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import { InternalErrors } from '../../src/kernel/internal-errors.ts';
import { KnownSecrets } from '../../src/kernel/known-secrets.ts';
import { packageFile } from '../../src/kernel/package-file.ts';
import { seededRandom } from '../../src/kernel/random.ts';
import { Secret } from '../../src/kernel/secret.ts';
import {
  accessUnderTest,
  never,
  poll,
  shellLogin,
  shiftedClock,
  target,
  textOf,
  WORKER_URL,
} from './access-under-test.ts';
import { createSimulatedFleet } from '../../src/simulator/fleet/fleet.ts';
import { hostKeys, ScriptedIos } from './scripted-ios.ts';
import { built } from '../builders/built.ts';
import { half } from '../builders/half.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
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

/** The thread of the running product, which reads answers too. */
const READING_WORKER = packageFile('dist/workers/ssh-session-worker.js');

const holding = await built(new URL('../../src/access/ssh/held-conversations.ts', import.meta.url));
afterAll(() => holding.remove());

const besideIt = (name: string) => join(dirname(holding.script), name);

/** There while a worker spins: written by it, which can tell nobody then. */
const SPINS = besideIt('spins');

/** A worker in which an answer of one of these words has its way. */
const FRAGILE_WORKER = pathToFileURL(besideIt('fragile.mjs'));
writeFileSync(
  FRAGILE_WORKER,
  `
  import { writeFileSync } from 'node:fs';
  import { holdConversations } from ${JSON.stringify(pathToFileURL(holding.script).href)};
  holdConversations((command, text) => {
    if (text.includes('die')) process.exit(3);
    if (text.includes('late throw')) setImmediate(() => { throw new Error('a late bug that quotes s3cr3t'); });
    else if (text.includes('throw')) throw new Error('a bug that quotes s3cr3t');
    if (text.includes('spin')) {
      writeFileSync(${JSON.stringify(SPINS)}, '');
      for (;;) ;
    }
    return { kind: 'unreadable', message: '' };
  });
`,
);

/** Of all workers here. */
const internal = new InternalErrors(new MemoryLogger());

const credential = { username: 'monitor', password: 'pw', enablePassword: null };

const accepting: ConversationHooks = {
  beforeHandshake: () => Promise.resolve(),
  verifyHostKey: () => Promise.resolve(true),
  onTraffic: () => undefined,
};

function inThisThread(): Conversations {
  const clock = createSystemClock();
  const transport = createSsh2Transport({ clock, random: seededRandom(1), verifyJumpKey: trusting });
  return createShellConversations({ clock, transport });
}

function inWorkers(
  kind: WorkerKind,
  url: URL,
  differing: {
    readonly clock?: Clock;
    readonly workers?: number;
    readonly logger?: MemoryLogger;
    readonly errors?: InternalErrors;
  } = {},
): WorkerConversations {
  const secrets = new KnownSecrets();
  secrets.learn(new Secret('s3cr3t'));
  return new WorkerConversations({
    kind,
    url,
    workers: 1,
    name: 'ssh',
    verifyJumpKey: trusting,
    bounds: DEFAULT_BOUNDS,
    clock: createSystemClock(),
    random: seededRandom(1),
    logger: new MemoryLogger(),
    errors: internal,
    secrets,
    ...differing,
  });
}

async function ready(conversations: Conversations, port: number, hooks = accepting): Promise<Conversation> {
  const conversation = await conversations.open(shellLogin(port), hooks, never);
  expect(await conversation.logIn(credential)).toEqual({ kind: 'ready' });
  return conversation;
}

const BESIDE = [
  ['in a thread beside it', () => inWorkers('thread', WORKER_URL)],
  ['in a process of its own', () => inWorkers('process', WORKER_URL)],
] as const;
const PLACES = [['in this thread', inThisThread] as const, ...half(BESIDE, { otherWay: true })];

// The proxy is a second implementation of the port: the same contract for all.
describe.each(PLACES)('conversations held %s', (_where, create) => {
  /** Of all these tests: a thread takes a tenth of a second of CPU to start, a process half a second. */
  let conversations: Conversations;
  beforeAll(() => {
    conversations = create();
  });
  afterAll(() => conversations[Symbol.asyncDispose]());

  test('log in, answer one command after the other, and report their end once', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const conversation = await ready(conversations, port);
    expect(conversation.prompt).toBe('GM1#');
    const answer = { kind: 'answer', text: 'answer to show clock\n', logLines: [], rejection: null, reading: null };
    expect(await conversation.ask('show clock')).toEqual(answer);
    expect(await conversation.ask('show clock')).toEqual(answer);
    const ends: unknown[] = [];
    conversation.onEnd = (end) => ends.push(end);
    server.dropAll();
    await expect.poll(() => ends, PATIENCE).toEqual([expect.objectContaining({ kind: 'closed' })]);
    expect(conversation.ended).toEqual(ends[0]);
    expect(await conversation.ask('show clock')).toMatchObject({ kind: 'ended', end: ends[0], bytes: 0 });
  });

  test('sends nothing before its owner lets the handshake begin, and nothing secret before the host key is accepted', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    let begin: () => void = () => undefined;
    const began = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const refusing = { ...accepting, beforeHandshake: () => began, verifyHostKey: () => Promise.resolve(false) };
    const opening = conversations.open(shellLogin(port), refusing, never);
    await expect.poll(() => server.connections, PATIENCE).toBe(1);
    begin();
    await expect(opening).rejects.toMatchObject({ kind: 'host_key' });
    expect(server.attempts).toEqual([]);
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('rejects with the reason of the signal, and closes', async () => {
    await using server = new ScriptedIos({ authDelayMs: 60_000 });
    const port = await server.listen();
    const owner = new AbortController();
    const opening = conversations.open(shellLogin(port), accepting, owner.signal);
    await expect.poll(() => server.loggingIn, PATIENCE).toBe(1);
    owner.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('ignore a verdict on the host key that comes after the login was given up', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const owner = new AbortController();
    let decide: (accepted: boolean) => void = () => undefined;
    let asked = 0;
    const verifyHostKey = () => {
      asked += 1;
      return new Promise<boolean>((resolve) => {
        decide = resolve;
      });
    };
    const opening = conversations.open(shellLogin(port), { ...accepting, verifyHostKey }, owner.signal);
    await expect.poll(() => asked, PATIENCE).toBe(1);
    owner.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
    decide(false);
    // Nothing was thrown at anybody: here it would fail the test, there the next one.
    await ready(conversations, port);
    expect(internal.counts.get('process')).toBe(0);
  });

  test('rejects with what its owner throws', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const refusing = { ...accepting, beforeHandshake: () => Promise.reject(new Error('not now')) };
    await expect(conversations.open(shellLogin(port), refusing, never)).rejects.toThrow('not now');
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('says refused if nobody listens', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await server[Symbol.asyncDispose]();
    await expect(conversations.open(shellLogin(port), accepting, never)).rejects.toMatchObject({
      kind: 'refused',
      operation: 'connect',
    });
  });

  test('go on when the device exchanges keys again, and verify its host key again', async () => {
    await using server = new ScriptedIos({
      answers: {
        'show clock': async (terminal) => {
          await terminal.exchangeKeys();
          terminal.write('with new keys\r\n');
          terminal.prompt();
        },
      },
    });
    const port = await server.listen();
    let verified = 0;
    const verifyHostKey = () => {
      verified += 1;
      return Promise.resolve(true);
    };
    const conversation = await ready(conversations, port, { ...accepting, verifyHostKey });
    expect(await conversation.ask('show clock')).toMatchObject({ kind: 'answer', text: 'with new keys\n' });
    expect(verified).toBe(2);
  });

  test('that are cut give what is under way that outcome, and close', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': (terminal) => terminal.write('not yet\r\n') } });
    const port = await server.listen();
    const conversation = await ready(conversations, port);
    const asked = conversation.ask('show clock');
    await expect.poll(() => server.commands, PATIENCE).toContain('show clock');
    const end = { kind: 'timeout', reason: 'no end within 5 ms' } as const;
    conversation.cut(end);
    expect(await asked).toMatchObject({ kind: 'ended', end });
    expect(conversation.ended).toEqual(end);
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('say why a login to the shell failed, and at which step', async () => {
    await using server = new ScriptedIos({ userExec: true, enablePassword: 'right' });
    const port = await server.listen();
    const conversation = await conversations.open(shellLogin(port), accepting, never);
    expect(await conversation.logIn({ ...credential, enablePassword: 'wrong' })).toMatchObject({
      kind: 'failed',
      operation: 'enable',
      end: { kind: 'auth', reason: 'the device refused the enable password' },
    });
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('hang up with exit', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const conversation = await ready(conversations, port);
    await conversation.hangUp(60_000);
    expect(server.commands.at(-1)).toBe('exit');
    expect(conversation.ended).toMatchObject({ kind: 'closed' });
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });

  test('report what the device was asked, and the traffic', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const counted = { commands: 0, receivedBytes: 0, sentBytes: 0 };
    const onTraffic: ConversationHooks['onTraffic'] = ({ commands, receivedBytes, sentBytes }) => {
      counted.commands += commands;
      counted.receivedBytes += receivedBytes;
      counted.sentBytes += sentBytes;
    };
    const conversation = await ready(conversations, port, { ...accepting, onTraffic });
    await conversation.ask('show clock');
    // Two settings of the terminal, and the question.
    expect(counted.commands).toBe(3);
    expect(counted.receivedBytes).toBeGreaterThan(1_000);
    expect(counted.sentBytes).toBeGreaterThan(1_000);
  });

  test('are closed when they are disposed', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    const own = create();
    await ready(own, port);
    await own[Symbol.asyncDispose]();
    await expect.poll(() => server.openNow, PATIENCE).toBe(0);
  });
});

describe.each(half(['thread', 'process'] as const))('a %s with sessions', (kind) => {
  test('starts with its first device, and keeps to its hosts', async () => {
    await using one = new ScriptedIos();
    await using other = new ScriptedIos();
    await using conversations = inWorkers(kind, WORKER_URL, { workers: 4 });
    expect(conversations.running).toBe(0);
    const port = await one.listen();
    await ready(conversations, port);
    await ready(conversations, port);
    expect(conversations.running).toBe(1);
    await ready(conversations, await other.listen());
    expect(conversations.running).toBeLessThanOrEqual(2);
  });

  test('gives what the answer says beside its text, as who asked would read it', async () => {
    const gm = createSimulatedFleet({ scenario: 'healthy', seed: 1, startMs: 0 }).answer('gm1', 'show crypto gdoi', 0);
    await using server = new ScriptedIos({
      answers: { 'show crypto gdoi': gm.replaceAll('\n', '\r\n'), 'show version': '% Invalid input detected\r\n' },
    });
    const port = await server.listen();
    await using conversations = inWorkers(kind, READING_WORKER);
    const conversation = await ready(conversations, port);
    const reading = readAnswerText('show crypto gdoi', gm);
    expect(reading).toMatchObject({ kind: 'read', snapshots: [{ role: 'gm' }] });
    expect(await conversation.ask('show crypto gdoi')).toMatchObject({ kind: 'answer', text: gm, reading });
    expect(await conversation.ask('show version')).toMatchObject({
      rejection: { reason: 'invalid' },
      reading: null,
    });
  });

  test('gets a credential when a login begins, and never sends one back', async () => {
    await using server = new ScriptedIos({ userExec: true, enablePassword: 'en4ble-it', password: 'open-s3same' });
    const port = await server.listen();
    const said: FromWorker[] = [];
    const worker = startWorker(kind, {
      name: 'ssh',
      url: WORKER_URL,
      settings: { bounds: DEFAULT_BOUNDS },
      onMessage: (message) => said.push(message),
      onEnd: (why) => expect.unreachable(why),
    });
    const tell = (message: ToWorker) => worker.say(message);
    const heard = (type: FromWorker['type']) => expect.poll(() => said.map((message) => message.type)).toContain(type);
    const jump = { ...shellLogin(port, { password: 'open-s3same' }), name: 'bastion', hostKeys: 'accept-new' } as const;
    tell({ type: 'open', id: 1, login: shellLogin(port, { password: 'open-s3same', jumps: [jump] }) });
    await heard('jump_key');
    tell({ type: 'jump_key_verdict', id: 1, problem: 'unknown' });
    await heard('failed');
    tell({ type: 'open', id: 2, login: shellLogin(port, { password: 'open-s3same' }) });
    await heard('connected');
    tell({ type: 'go', id: 2 });
    await heard('host_key');
    tell({ type: 'host_key_verdict', id: 2, accepted: true });
    await heard('opened');
    tell({ type: 'log_in', id: 2, credential: { ...credential, enablePassword: 'en4ble-it' } });
    await heard('logged_in');
    tell({ type: 'ask', id: 2, command: 'show clock' });
    await heard('asked');
    tell({ type: 'hang_up', id: 2, politeMs: 1_000 });
    await heard('hung_up');
    expect(server.typed).toContain('en4ble-it');
    expect(JSON.stringify(said)).not.toMatch(/open-s3same|en4ble-it/);
    await worker.terminate();
  });

  test('that dies ends its sessions and openings, says so once, and is started again for the next one', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': 'die\r\n' } });
    await using slow = new ScriptedIos({ authDelayMs: 60_000 });
    const port = await server.listen();
    const slowPort = await slow.listen();
    const clock = shiftedClock();
    const logger = new MemoryLogger();
    await using conversations = inWorkers(kind, FRAGILE_WORKER, { clock, logger });
    const held = [await ready(conversations, port), await ready(conversations, port)];
    const opening = conversations.open(shellLogin(slowPort), accepting, never);
    const refusal = opening.catch((error: unknown) => error);
    await expect.poll(() => slow.loggingIn, PATIENCE).toBe(1);
    // It lived for a while: what killed it is rare.
    clock.advance(61_000);
    expect(await held[0]?.ask('show clock')).toMatchObject({ kind: 'ended', end: { kind: 'closed' }, bytes: 0 });
    expect(await refusal).toMatchObject({ kind: 'closed' });
    for (const conversation of held) expect(conversation.ended).toMatchObject({ kind: 'closed' });
    expect(conversations.lost).toBe(1);
    expect(logger.lines('error')).toHaveLength(1);
    await expect.poll(() => server.openNow + slow.openNow, PATIENCE).toBe(0);
    const again = await ready(conversations, port);
    expect(await again.ask('show version')).toMatchObject({ kind: 'answer' });
    expect(conversations.lost).toBe(1);
  });

  test('does not affect the others: their hosts go on', async () => {
    await using hostile = new ScriptedIos({ answers: { 'show clock': 'die\r\n' } });
    const port = await hostile.listen();
    await using conversations = inWorkers(kind, FRAGILE_WORKER, { workers: 4 });
    const killer = await ready(conversations, port);
    // As many as it takes for one to live in another thread.
    const others: ScriptedIos[] = [];
    const held: Conversation[] = [];
    while (conversations.running < 2) {
      const other = new ScriptedIos();
      others.push(other);
      held.push(await ready(conversations, await other.listen()));
    }
    const elsewhere = held.at(-1);
    expect(await killer.ask('show clock')).toMatchObject({ kind: 'ended' });
    expect(await elsewhere?.ask('show clock')).toMatchObject({ kind: 'answer' });
    for (const other of others) await other[Symbol.asyncDispose]();
  });

  test('that meets a bug of ours throws it to the caller, without a secret, and goes on', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': 'throw\r\n' } });
    const port = await server.listen();
    await using conversations = inWorkers(kind, FRAGILE_WORKER);
    const [broken, beside] = [await ready(conversations, port), await ready(conversations, port)];
    await expect(broken.ask('show clock')).rejects.toMatchObject({
      stack: expect.stringMatching(/^Error: a bug that quotes \[secret\]\n {4}at /),
    });
    expect(broken.ended).toMatchObject({ kind: 'closed' });
    expect(await beside.ask('show version')).toMatchObject({ kind: 'answer' });
    expect(conversations.lost).toBe(0);
    await expect.poll(() => server.openNow, PATIENCE).toBe(1);
  });

  test('that meets a bug of ours without a caller reports it, and goes on', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': 'late throw\r\n' } });
    const logger = new MemoryLogger();
    const errors = new InternalErrors(logger);
    await using conversations = inWorkers(kind, FRAGILE_WORKER, { errors });
    const conversation = await ready(conversations, await server.listen());
    expect(await conversation.ask('show clock')).toMatchObject({ kind: 'answer' });
    await expect.poll(() => errors.counts.get('process'), PATIENCE).toBe(1);
    expect(JSON.stringify(logger.lines('error'))).toContain('a late bug that quotes [secret]');
    expect(await conversation.ask('show version')).toMatchObject({ kind: 'answer' });
    expect(conversations.lost).toBe(0);
  });

  test('that stops answering is replaced; deadlines end the waits of its owners', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': 'spin\r\n' } });
    const port = await server.listen();
    const real = createSystemClock();
    const logger = new MemoryLogger();
    // What waits for a sign of life waits fifty times shorter; nothing here waits for something that may come.
    const clock = { ...real, sleep: (...[ms, ...rest]: Parameters<Clock['sleep']>) => real.sleep(ms / 50, ...rest) };
    await using conversations = inWorkers(kind, FRAGILE_WORKER, { clock, logger });
    const [stuck, beside] = [await ready(conversations, port), await ready(conversations, port)];
    rmSync(SPINS, { force: true });
    const asked = stuck.ask('show clock');
    // One that is asked for a sign of life before it spins gives one.
    await expect.poll(() => existsSync(SPINS), PATIENCE).toBe(true);
    const late = { kind: 'timeout', reason: 'no end within 5 ms' } as const;
    stuck.cut(late);
    expect(await asked).toMatchObject({ kind: 'ended', end: late });
    await expect.poll(() => beside.ended, PATIENCE).toMatchObject({ kind: 'closed' });
    expect(JSON.stringify(logger.lines('error'))).toContain('no sign of life for 20 s');
    expect(conversations.lost).toBe(1);
  });

  test('that cannot be started is an error, not a crash', async () => {
    await using conversations = inWorkers(kind, new URL('./no-such-worker.js', import.meta.url));
    await expect(conversations.open(shellLogin(22), accepting, never)).rejects.toMatchObject({ kind: 'closed' });
  });
});

// Who restarts it does not know what it is: a process dies in other tests, but not eight times.
describe('a thread with sessions', () => {
  test('that dies soon after each start is restarted after a growing delay', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': 'die\r\n' } });
    const port = await server.listen();
    const clock = shiftedClock();
    await using conversations = inWorkers('thread', FRAGILE_WORKER, { clock });
    const kill = async () => (await ready(conversations, port)).ask('show clock');
    await kill();
    await expect(kill()).rejects.toThrow(/ended: exit status 3; it is started again in 1 s/);
    clock.advance(1_000);
    for (let deaths = 0; deaths < 6; deaths += 1) {
      await kill();
      clock.advance(60_000);
    }
    await kill();
    clock.advance(29_000);
    await expect(kill()).rejects.toThrow(/it is started again in \d+ s/);
    expect(conversations.lost).toBe(8);
    expect(server.connections).toBe(8);
  });
});

describe('a process with sessions', () => {
  test('leaves what stops or reloads the agent to the agent, and ends with it', async () => {
    const worker = fork(fileURLToPath(WORKER_URL), { serialization: 'advanced' });
    const ping: readonly ToWorker[] = [{ type: 'ping' }];
    const answered = once(worker, 'message');
    worker.send(ping);
    await answered;
    // To a terminal's process group, and by systemd to a unit's processes.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      const again = once(worker, 'message');
      worker.kill(signal);
      worker.send(ping);
      expect(await again).toMatchObject([[{ type: 'pong' }], undefined]);
    }
    const ended = once(worker, 'exit');
    worker.disconnect();
    expect(await ended).toEqual([0, null]);
  });
});

describe('access to devices whose sessions live in a thread', () => {
  test('goes on within the same poll when the thread dies: each device logs in again, within the limits', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest({ workers: 1, workerUrl: FRAGILE_WORKER, maxHandshakes: 2 });
    const devices = Array.from({ length: 6 }, (_, index) => target(port, { device: `gm${index}` }));
    const all = () => Promise.all(devices.map((to) => textOf(under.access, to, 'show version')));
    await all();
    expect(under.access.status()).toMatchObject({ openSessions: 6, workers: 1, workersLost: 0 });
    under.clock.advance(61_000);
    server.manners = { answers: { 'show clock': 'die\r\n' } };
    await poll(under.access, target(port, { device: 'hostile' }), 'show clock');
    expect(under.access.status()).toMatchObject({ openSessions: 0, workersLost: 1 });
    under.clock.advance(2_000);
    expect(await all()).toEqual(devices.map(() => 'answer to show version\n'));
    expect(server.mostLoggingIn).toBeLessThanOrEqual(2);
  });

  test('leaves a device alone that kills its thread again and again', async () => {
    await using server = new ScriptedIos({ answers: { 'show clock': 'die\r\n' } });
    const port = await server.listen();
    await using under = accessUnderTest({ workers: 1, workerUrl: FRAGILE_WORKER });
    const failures: (string | null)[] = [];
    for (let polls = 0; polls < 8; polls += 1) {
      failures.push((await poll(under.access, target(port), 'show clock')).failure);
      under.clock.advance(2_000);
    }
    expect(failures.slice(0, 2)).toEqual(['closed', 'closed']);
    expect(failures).toContain('backoff');
    expect(under.access.status().workersLost).toBeLessThan(6);
  });

  test('removes a secret from the parsed answer, too', async () => {
    await using server = new ScriptedIos({
      password: 'open-s3same',
      answers: {
        'show version': 'Cisco IOS Software, open-s3same, Version 15.2(1)T\r\nopen-s3same uptime is 1 day\r\n',
      },
    });
    const port = await server.listen();
    await using under = accessUnderTest({ workers: 1, workerUrl: READING_WORKER });
    const { replies } = await poll(under.access, target(port, { password: new Secret('open-s3same') }), 'show version');
    expect(replies).toMatchObject([{ kind: 'output', reading: null }]);
    expect(JSON.stringify(replies)).not.toContain('open-s3same');
  });

  test('reaches devices behind a jump host from the main thread, which has the connection to it', async () => {
    await using server = new ScriptedIos();
    const port = await server.listen();
    await using under = accessUnderTest({ workers: 1 });
    const jump = { ...target(port, { host: '127.0.0.1' }), name: 'bastion' };
    await poll(under.access, target(port, { jumps: [jump] }), 'show clock');
    expect(under.access.status().workers).toBe(0);
  });
});
