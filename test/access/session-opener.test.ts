/** The order of steps in opening a session, on a transport that does as the test says. */
import { describe, expect, test } from 'vitest';
import { CredentialAdmission } from '../../src/access/credential-admission.ts';
import { HandshakeGate } from '../../src/access/ssh/handshake-gate.ts';
import type { HostKeyStore } from '../../src/access/ssh/known-hosts.ts';
import type { Conversations } from '../../src/access/ssh/conversation.ts';
import { credentialUseOf, openSession } from '../../src/access/ssh/session-opener.ts';
import { createShellConversations } from '../../src/access/ssh/shell-conversation.ts';
import {
  type Shell,
  type ShellHooks,
  type ShellTransport,
  TransportError,
} from '../../src/access/ssh/shell-transport.ts';
import { type Clock, createSystemClock } from '../../src/kernel/clock.ts';
import { KnownSecrets } from '../../src/kernel/known-secrets.ts';
import { DeviceTraffic } from '../../src/access/device-traffic.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { PATIENCE } from '../builders/patience.ts';
import { never, target } from './access-under-test.ts';

const trusting: HostKeyStore = {
  description: 'test',
  howToReplace: () => '',
  check: () => Promise.resolve({ kind: 'known' }),
  add: () => Promise.resolve({ kind: 'known' }),
  knownTypes: () => Promise.resolve([]),
};
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A shell that answers every line with the prompt. */
function promptShell(hooks: ShellHooks): Shell {
  const say = (text: string) => queueMicrotask(() => hooks.onData(text));
  say('\r\nGM1#');
  return {
    write: (text) => say(`${text.replace('\n', '\r\n')}GM1#`),
    end: () => hooks.onClose('ended'),
    destroy: () => undefined,
  };
}

function untilAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

function parts(gate: HandshakeGate, open: ShellTransport['open'], clock: Clock = createSystemClock()) {
  return {
    clock,
    logger: silent,
    hostKeys: trusting,
    gate,
    admission: new CredentialAdmission('ssh', { clock, logger: silent }),
    secrets: new KnownSecrets(),
    traffic: new DeviceTraffic(),
    conversationsWith: () =>
      createShellConversations({ clock, transport: { open, [Symbol.asyncDispose]: () => Promise.resolve() } }),
  };
}

/** Lets time pass until it is done: a prompt counts as one after a moment of quiet. */
async function passing<Result>(clock: FakeClock, work: Promise<Result>): Promise<Result> {
  const pending = Symbol('pending');
  while ((await Promise.race([work, Promise.resolve(pending)])) === pending) await clock.advance(50);
  return work;
}

describe('opening a session', () => {
  test('to hosts that do not answer does not keep the living ones from the gate', async () => {
    const gate = new HandshakeGate(1);
    const clock = new FakeClock();
    const open: ShellTransport['open'] = async (login, hooks, signal) => {
      if (login.host === 'dead') await untilAbort(signal);
      await hooks.beforeHandshake();
      return promptShell(hooks);
    };
    const common = parts(gate, open, clock);
    const dead = Array.from({ length: 3 }, (_, index) =>
      openSession(common, target(22, { device: `dead${index}`, host: 'dead', timeoutMs: 3_000 }), never),
    );
    const outcomes = Promise.allSettled(dead);
    const alive = openSession(common, target(22, { device: 'alive' }), never);
    // Three dead hosts before it in the queue: a quarter of a second each, not three seconds each.
    const session = await passing(clock, alive);
    expect(session.hostname).toBe('GM1');
    expect(clock.monoMs()).toBeLessThan(2_500);
    await clock.advance(3_000);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { deviceError: { kind: 'timeout', operation: 'connect' } },
      });
    }
    expect(gate.active).toBe(0);
    await passing(clock, session.close(0));
  });

  test('that connected late waits for the gate again before the handshake', async () => {
    const gate = new HandshakeGate(1);
    let connect: () => void = () => undefined;
    const connected = new Promise<void>((resolve) => {
      connect = resolve;
    });
    let handshaking = false;
    const clock = new FakeClock();
    const open: ShellTransport['open'] = async (_login, hooks) => {
      await connected;
      await hooks.beforeHandshake();
      handshaking = true;
      return promptShell(hooks);
    };
    const late = openSession(parts(gate, open, clock), target(22), never);
    await clock.advance(249);
    expect(gate.active).toBe(1);
    await clock.advance(1);
    expect(gate.active).toBe(0);
    const other = await gate.pass(never);
    connect();
    await expect.poll(() => gate.waiting, PATIENCE).toBe(1);
    expect(handshaking).toBe(false);
    other.release();
    const session = await passing(clock, late);
    expect(handshaking).toBe(true);
    await passing(clock, session.close(0));
  });

  test('whose caller gives up leaves the gate', async () => {
    const gate = new HandshakeGate(1);
    const common = parts(gate, (_login, _hooks, signal) => untilAbort(signal));
    const caller = new AbortController();
    const opening = openSession(common, target(22), caller.signal);
    const waiting = openSession(common, target(22, { device: 'gm2' }), caller.signal);
    caller.abort(new Error('stop'));
    await expect(opening).rejects.toMatchObject({ deviceError: { kind: 'closed' } });
    await expect(waiting).rejects.toMatchObject({ deviceError: { kind: 'closed' } });
    await expect.poll(() => gate.active + gate.waiting, PATIENCE).toBe(0);
  });

  describe('in a worker that dies', () => {
    const lost = new TransportError('closed', 'connect', 'the thread of this SSH session ended');
    const use = (device: string) => credentialUseOf(target(22, { device }));
    const admittedAtOnce = (admission: CredentialAdmission, devices: readonly string[]) =>
      Promise.all(devices.map((device) => admission.admit(use(device), { signal: AbortSignal.timeout(0) })));

    /** Opens a session to gm4 in a worker that dies when `death` comes; what it asked its owner by then. */
    function openingIn(common: ReturnType<typeof parts>, death: Promise<void>) {
      let asked: Promise<void> | null = null;
      const dying: Conversations = {
        async open(_login, hooks) {
          // Its owner's word comes to a worker that is no more.
          asked = hooks.beforeHandshake().catch(() => undefined);
          await death;
          throw lost;
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
      const opening = openSession({ ...common, conversationsWith: () => dying }, target(22, { device: 'gm4' }), never);
      return { opening, asked: () => asked };
    }

    test('while it waits for its credential: it leaves no try and no place behind', async () => {
      const gate = new HandshakeGate(4);
      const common = parts(gate, () => Promise.reject(lost), new FakeClock());
      const { admission } = common;
      const others = ['gm1', 'gm2', 'gm3'];
      expect(await admittedAtOnce(admission, others)).toEqual([null, null, null]);
      let die: () => void = () => undefined;
      const death = new Promise<void>((resolve) => {
        die = resolve;
      });
      const { opening, asked } = openingIn(common, death);
      await expect.poll(() => asked() !== null && gate.active === 0, PATIENCE).toBe(true);
      die();
      await expect(opening).rejects.toMatchObject({ deviceError: { kind: 'closed' } });
      for (const other of others) await admission.ended(use(other), 'unknown');
      expect(gate.active + gate.waiting).toBe(0);
      expect(await admittedAtOnce(admission, others)).toEqual([null, null, null]);
    });

    test('at any moment around that at which its credential is free: so does it', async () => {
      const ticks = async (count: number) => {
        for (let tick = 0; tick < count; tick += 1) await Promise.resolve();
      };
      for (let moment = 0; moment < 60; moment += 1) {
        const gate = new HandshakeGate(4);
        const common = parts(gate, () => Promise.reject(lost), new FakeClock());
        const { admission } = common;
        const others = ['gm1', 'gm2', 'gm3'];
        await admittedAtOnce(admission, others);
        let die: () => void = () => undefined;
        const death = new Promise<void>((resolve) => {
          die = resolve;
        });
        const { opening, asked } = openingIn(common, death);
        await expect.poll(() => asked() !== null && gate.active === 0, PATIENCE).toBe(true);
        const freed = Promise.all(others.map((other) => admission.ended(use(other), 'unknown')));
        await ticks(moment);
        die();
        await expect(opening).rejects.toMatchObject({ deviceError: { kind: 'closed' } });
        await Promise.all([freed, asked()]);
        expect(gate.active + gate.waiting, `after ${moment} ticks`).toBe(0);
        expect(await admittedAtOnce(admission, others), `after ${moment} ticks`).toEqual([null, null, null]);
      }
    });
  });
});
