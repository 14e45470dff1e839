/**
 * The shell transport on ssh2, in the calling thread.
 *
 * TCP (or a channel through jump hosts) is connected first, and the handshake waits for its owner's permission, so that
 * hosts that do not answer do not use up the limit on handshakes. One authentication pass, one PTY shell, nothing else
 * on the connection. Deadlines are the owner's: it aborts the signal.
 */
import type { Duplex } from 'node:stream';
import type ssh2 from 'ssh2';
import { abortReason } from '../../kernel/abort-reason.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Random } from '../../kernel/random.ts';
import { takesTooLittle } from './channel-packets.ts';
import { GuardedClient, type GuardParts } from './guarded-client.ts';
import { JumpHosts, type Route } from './jump-hosts.ts';
import { ReadShare } from './read-share.ts';
import {
  type Shell,
  type ShellHooks,
  type ShellLogin,
  type ShellTransport,
  TransportError,
  type VerifyJumpKey,
} from './shell-transport.ts';
import { closedDuring } from './ssh-error.ts';
import { hostPlaceText } from './host-place.ts';
import { loginKey, SshLogin } from './ssh-login.ts';

/** Wide and tall, so that nothing wraps or pages even if `terminal` commands are not authorized. */
const PTY = { term: 'vt100', cols: 511, rows: 1000, width: 0, height: 0 } as const;

export interface Ssh2TransportOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly verifyJumpKey: VerifyJumpKey;
}

export function createSsh2Transport(options: Ssh2TransportOptions): ShellTransport {
  return new Ssh2Transport(options);
}

class Ssh2Transport implements ShellTransport {
  readonly #parts: GuardParts & { readonly share: ReadShare };
  readonly #jumpHosts: JumpHosts;
  readonly #open = new Set<GuardedClient>();

  constructor({ clock, random, verifyJumpKey }: Ssh2TransportOptions) {
    this.#parts = { clock, share: new ReadShare(clock) };
    this.#jumpHosts = new JumpHosts({ ...this.#parts, random, verifyKey: verifyJumpKey });
  }

  async open(login: ShellLogin, hooks: ShellHooks, signal: AbortSignal): Promise<Shell> {
    const key = loginKey(login);
    signal.throwIfAborted();
    const route = await this.#jumpHosts.route(login, signal);
    const { stream } = route;
    try {
      await firstOctets(stream, signal);
      await hooks.beforeHandshake();
      signal.throwIfAborted();
    } catch (error) {
      stream.destroy();
      throw error;
    }
    if (stream.destroyed || stream.readableEnded)
      throw lostOnTheWay(route) ?? closedDuring('tcp', hostPlaceText(login));
    const guarded = new GuardedClient(this.#parts);
    const { client } = guarded;
    this.#open.add(guarded);
    client.on('close', () => this.#open.delete(guarded));
    try {
      const verifyHostKey = (hostKey: Buffer) => hooks.verifyHostKey(hostKey);
      const loggingIn = new SshLogin(guarded, { login, key, verifyHostKey, signal });
      await loggingIn.run(stream);
      tellOctets(guarded, hooks);
      const channel = await openShell(client, hostPlaceText(login), signal);
      return shellOf({ guarded, channel, route }, hooks);
    } catch (error) {
      tellOctets(guarded, hooks);
      guarded.destroy();
      this.#open.delete(guarded);
      stream.destroy();
      if (!(error instanceof TransportError)) throw error;
      if (guarded.flood !== null)
        throw new TransportError('too_large', 'login', `${hostPlaceText(login)}: ${guarded.flood}`);
      throw lostOnTheWay(route) ?? error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const guarded of this.#open) guarded.destroy();
    this.#open.clear();
    this.#jumpHosts[Symbol.dispose]();
    this.#parts.share[Symbol.dispose]();
  }
}

/**
 * The peer has begun to talk, or has ended: both sides identify themselves at once (RFC 4253, 4.2), so a peer that says
 * nothing needs no place among the handshakes.
 */
function firstOctets(stream: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const events = ['readable', 'end', 'close'] as const;
    const done = () => {
      for (const event of events) stream.off(event, done);
      signal.removeEventListener('abort', onAbort);
      stream.pause();
      resolve();
    };
    const onAbort = () => {
      reject(abortReason(signal));
      done();
    };
    for (const event of events) stream.on(event, done);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

function lostOnTheWay(route: Route): TransportError | null {
  const why = route.lost();
  return why === null ? null : new TransportError('closed', 'jump', why);
}

function openShell(client: ssh2.Client, where: string, signal: AbortSignal): Promise<ssh2.ClientChannel> {
  return new Promise((resolve, reject) => {
    const onAbort = () => done(abortReason(signal));
    const onClose = () => done(closedDuring('shell', where));
    const done = (outcome: Error | ssh2.ClientChannel) => {
      signal.removeEventListener('abort', onAbort);
      client.off('close', onClose);
      if (outcome instanceof Error) reject(outcome);
      else resolve(outcome);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    client.on('close', onClose);
    try {
      client.shell(PTY, (error, channel) => {
        if (error !== undefined) onClose();
        else done(takesTooLittle(channel) ? deafShell(where) : channel);
      });
    } catch {
      onClose();
    }
  });
}

function deafShell(where: string): TransportError {
  return new TransportError(
    'closed',
    'login',
    `${where}: the device gave a shell that takes next to nothing in one packet`,
  );
}

function tellOctets(guarded: GuardedClient, hooks: ShellHooks): void {
  const { received, sent } = guarded.newOctets();
  hooks.onOctets?.(received, sent);
}

interface OpenShell {
  readonly guarded: GuardedClient;
  readonly channel: ssh2.ClientChannel;
  readonly route: Route;
}

function shellOf({ guarded, channel, route }: OpenShell, hooks: ShellHooks): Shell {
  const { client } = guarded;
  let closed = false;
  const onClosed = (reason: string) => {
    if (closed) return;
    closed = true;
    tellOctets(guarded, hooks);
    const flooded = guarded.flood !== null;
    hooks.onClose(guarded.flood ?? route.lost() ?? reason, flooded);
    guarded.end();
  };
  client.removeAllListeners('error');
  client.on('error', (error: Error & { readonly level?: string }) =>
    onClosed(error.level === 'client-timeout' ? 'no answer to keepalives' : 'connection lost'),
  );
  client.on('close', () => onClosed('the device closed the connection'));
  guarded.onFlood = onClosed;
  guarded.begin();
  channel.on('data', (data: Buffer) => {
    guarded.textCame(data.length);
    tellOctets(guarded, hooks);
    hooks.onData(data.toString('latin1'));
  });
  channel.stderr.resume();
  channel.on('error', () => undefined);
  channel.on('end', () => onClosed('the device ended the shell'));
  channel.on('close', () => onClosed('the device ended the shell'));
  return {
    write(text) {
      if (closed) return;
      // A blank for the pager continues the same answer.
      if (text.endsWith('\n')) guarded.begin();
      guarded.inOnePiece(() => channel.write(text));
    },
    end() {
      guarded.end();
    },
    destroy() {
      closed = true;
      guarded.destroy();
    },
  };
}
