/**
 * The way to devices behind jump hosts: one kept connection to each jump host carries many devices, each in a channel
 * of its own (`direct-tcpip`, like `ssh -J`), up to a limit; then another connection is opened.
 *
 * A jump host is logged in to once for all that wait for it, apart from the limits on devices. If that fails, nobody
 * tries again for a growing time, an hour if the credential was refused: the devices behind it get the reason. A chain
 * works the same way: the last host is reached through a channel of the one before.
 */
import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { abortReason } from '../../kernel/abort-reason.ts';
import { BackOff } from '../../kernel/back-off.ts';
import { later } from '../../kernel/later.ts';
import type { Random } from '../../kernel/random.ts';
import { untilAborted } from '../../kernel/until-aborted.ts';
import { takesTooLittle } from './channel-packets.ts';
import { GuardedClient, type GuardParts } from './guarded-client.ts';
import { type JumpLogin, type ShellLogin, TransportError, type VerifyJumpKey } from './shell-transport.ts';
import { hostPlaceText } from './host-place.ts';
import { loginKey, SshLogin } from './ssh-login.ts';
import { connectTcp, type TcpPlace } from './tcp-connect.ts';

/** Devices on one connection: they share its window and the jump host's process. */
const MAX_CHANNELS = 64;
/** Limit for connecting and logging in to a jump host. */
const LOGIN_MS = 20_000;
const REFUSED_WAIT_MS = 60 * 60_000;
/** A connection that carries no device is closed after this. */
const IDLE_MS = 10 * 60_000;
const CLOSED_IDLE = 'the connection to the jump host was closed, since it carried nobody';

/** Reasons of a refused channel (RFC 4254, 5.1). */
const PROHIBITED = 1;

/** A byte stream to a device. */
export interface Route {
  readonly stream: Duplex;
  /** Why the way to the device ended, if the device was not the cause; null: it did not. */
  lost(): string | null;
}

export interface JumpHostsOptions extends GuardParts {
  readonly random: Random;
  readonly verifyKey: VerifyJumpKey;
}

interface Connection {
  readonly guarded: GuardedClient;
  channels: number;
  /** It has answered a request for a channel, so it works. */
  carries: boolean;
  lost: string | null;
  idle: AbortController | null;
}

/** One jump host at the end of one way to it. */
interface Jump {
  readonly connections: Set<Connection>;
  readonly backOff: BackOff;
  opening: Promise<Connection> | null;
  failure: TransportError | null;
  /** Set after the credential was refused: no attempt before this. Monotonic ms. */
  refusedUntilMs: number;
}

export class JumpHosts implements Disposable {
  readonly #options: JumpHostsOptions;
  readonly #jumps = new Map<string, Jump>();
  readonly #stopping = new AbortController();

  constructor(options: JumpHostsOptions) {
    this.#options = options;
  }

  /** A stream to the login's host through its jump hosts. Rejects with a `TransportError` or the signal's reason. */
  route(login: ShellLogin, signal: AbortSignal): Promise<Route> {
    return this.#to(login, login.jumps, signal);
  }

  [Symbol.dispose](): void {
    this.#stopping.abort(new Error('SSH access is closing'));
    for (const { connections } of this.#jumps.values()) {
      for (const { guarded, idle } of connections) {
        idle?.abort();
        guarded.destroy();
      }
    }
    this.#jumps.clear();
  }

  async #to(place: TcpPlace, jumps: readonly JumpLogin[], signal: AbortSignal): Promise<Route> {
    const last = jumps.at(-1);
    if (last === undefined) return { stream: await connectTcp(place, signal), lost: () => null };
    const taking = this.#connectionTo(jumps, last, place.sourceAddress);
    const connection = await untilAborted(taking, signal).catch((error: unknown) => {
      // Aborted while others wait too: the room is theirs.
      void this.#giveBack(taking); // resolves in any case
      throw error;
    });
    let stream: Duplex;
    try {
      stream = await openChannel(connection, last, place, signal);
    } catch (error) {
      this.#release(connection);
      throw error;
    }
    this.#jumpOf(jumps, place.sourceAddress).backOff.succeeded();
    stream.on('error', () => undefined);
    whenGone(stream, () => this.#release(connection));
    return { stream, lost: () => connection.lost };
  }

  /** A connection with room, or a new one, made once for all that wait. */
  #connectionTo(jumps: readonly JumpLogin[], last: JumpLogin, sourceAddress: string | null): Promise<Connection> {
    const jump = this.#jumpOf(jumps, sourceAddress);
    for (const connection of jump.connections) {
      if (connection.lost === null && connection.channels < MAX_CHANNELS) {
        // Counted now, so that a caller in the same turn sees it.
        connection.channels += 1;
        connection.idle?.abort();
        connection.idle = null;
        return Promise.resolve(connection);
      }
    }
    const refusal = this.#refusal(jump, last);
    if (refusal !== null) return Promise.reject(refusal);
    jump.opening ??= this.#connect(jump, jumps, sourceAddress).finally(() => {
      jump.opening = null;
    });
    // Callers beyond the first fill it up, or open the next one.
    return jump.opening.then(() => this.#connectionTo(jumps, last, sourceAddress));
  }

  #refusal({ refusedUntilMs, backOff, failure }: Jump, { name }: JumpLogin): TransportError | null {
    const nowMs = this.#options.clock.monoMs();
    const waitMs = Math.max(refusedUntilMs - nowMs, backOff.waitMs(nowMs));
    if (waitMs <= 0) return null;
    const seconds = Math.ceil(waitMs / 1000);
    const before = failure === null ? `jump host ${name} failed` : failure.message;
    return new TransportError(failure?.kind ?? 'unreachable', 'jump', `${before}; next try in ${seconds} s`);
  }

  async #connect(jump: Jump, jumps: readonly JumpLogin[], sourceAddress: string | null): Promise<Connection> {
    const { clock } = this.#options;
    const name = jumps.at(-1)?.name ?? '';
    const attempt = new AbortController();
    const onStop = () => attempt.abort(this.#stopping.signal.reason);
    this.#stopping.signal.addEventListener('abort', onStop, { once: true });
    void later(clock, LOGIN_MS, attempt.signal, () =>
      attempt.abort(new TransportError('timeout', 'jump', `jump host ${name}: no login within ${LOGIN_MS} ms`)),
    );
    try {
      const connection = await this.#logIn(jumps, sourceAddress, attempt.signal);
      jump.connections.add(connection);
      connection.guarded.client.on('close', () => this.#ended(jump, connection));
      jump.failure = null;
      return connection;
    } catch (error) {
      const failure = ofJump(error, jumps.at(-1));
      jump.failure = failure;
      jump.backOff.failed(clock.monoMs());
      if (failure.kind === 'auth') jump.refusedUntilMs = clock.monoMs() + REFUSED_WAIT_MS;
      throw failure;
    } finally {
      this.#stopping.signal.removeEventListener('abort', onStop);
      attempt.abort();
    }
  }

  /** A jump host that lets us in and then carries nothing, or floods, is no better than one that does not let us in. */
  #ended(jump: Jump, connection: Connection): void {
    jump.connections.delete(connection);
    const { carries, lost, guarded } = connection;
    if (lost === CLOSED_IDLE) return;
    if (carries && guarded.flood === null) return;
    jump.failure = new TransportError('closed', 'jump', lost ?? 'the jump host closed the connection');
    jump.backOff.failed(this.#options.clock.monoMs());
  }

  async #logIn(jumps: readonly JumpLogin[], sourceAddress: string | null, signal: AbortSignal): Promise<Connection> {
    const last = jumps.at(-1);
    if (last === undefined) throw new Error('a way without a jump host has no connection of its own');
    const key = loginKey(last);
    const way = await this.#to({ ...last, sourceAddress }, jumps.slice(0, -1), signal);
    const guarded = new GuardedClient(this.#options, 'carrier');
    const connection: Connection = { guarded, channels: 0, carries: false, lost: null, idle: null };
    const lose = () => {
      connection.lost ??=
        way.lost() ?? guarded.flood ?? `jump host ${last.name} (${hostPlaceText(last)}) closed the connection`;
    };
    // Before ssh2 hears of it and ends the channels.
    way.stream.prependListener('close', lose);
    way.stream.prependListener('end', lose);
    const verdict: { problem: string | null } = { problem: null };
    try {
      await new SshLogin(guarded, {
        login: last,
        key,
        verifyHostKey: async (hostKey) => {
          verdict.problem = await this.#options.verifyKey(last, hostKey);
          return verdict.problem === null;
        },
        signal,
      }).run(way.stream);
    } catch (error) {
      guarded.destroy();
      way.stream.destroy();
      if (verdict.problem === null) throw error;
      throw new TransportError('host_key', 'jump', `jump host ${last.name}: ${verdict.problem}`);
    }
    guarded.client.removeAllListeners('error');
    guarded.client.on('error', lose);
    guarded.client.on('close', lose);
    guarded.begin();
    return connection;
  }

  /**
   * Releases a channel that was closed, refused, never opened or not needed any more: each counts from its request on.
   */
  #release(connection: Connection): void {
    connection.channels -= 1;
    if (connection.channels > 0 || connection.lost !== null || this.#stopping.signal.aborted) return;
    const idle = new AbortController();
    connection.idle = idle;
    void later(this.#options.clock, IDLE_MS, idle.signal, () => {
      // Nobody takes it between the goodbye and its close.
      connection.lost ??= CLOSED_IDLE;
      connection.guarded.end();
    });
  }

  async #giveBack(taking: Promise<Connection>): Promise<void> {
    const unused = await taking.catch(() => null);
    if (unused !== null) this.#release(unused);
  }

  #jumpOf(jumps: readonly JumpLogin[], sourceAddress: string | null): Jump {
    // A changed secret makes another way: failures with the old one say nothing about it.
    const way = createHash('sha256')
      .update(JSON.stringify([jumps.map(identity), sourceAddress]))
      .digest('hex');
    let jump = this.#jumps.get(way);
    if (jump === undefined) {
      const { random } = this.#options;
      const backOff = new BackOff(random);
      jump = {
        connections: new Set(),
        backOff,
        opening: null,
        failure: null,
        refusedUntilMs: Number.NEGATIVE_INFINITY,
      };
      this.#jumps.set(way, jump);
    }
    return jump;
  }
}

/**
 * Called once, when the channel is closed or was destroyed at this end. ssh2 reports the close only when the channel
 * was read to its end: one that is given up while paused would count for ever.
 */
function whenGone(channel: Duplex, gone: () => void): void {
  const over = new AbortController();
  over.signal.addEventListener('abort', gone, { once: true });
  channel.once('close', () => over.abort());
  const destroy = channel.destroy.bind(channel);
  channel.destroy = (error) => {
    destroy(error);
    channel.resume();
    over.abort();
    return channel;
  };
}

function identity({ name, host, port, username, password, privateKey, passphrase, agent }: JumpLogin): unknown {
  return [name, host, port, username, password, privateKey, passphrase, agent];
}

function openChannel(connection: Connection, jump: JumpLogin, to: TcpPlace, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    let over = false;
    const onAbort = () => {
      over = true;
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const opened = (error: Error | undefined, stream: Duplex | undefined) => {
      connection.carries ||= stream !== undefined || isRefusal(error);
      signal.removeEventListener('abort', onAbort);
      if (over) stream?.destroy();
      else if (stream !== undefined && takesTooLittle(stream)) {
        stream.destroy();
        const what = `jump host ${jump.name} opened a channel that takes next to nothing in one packet`;
        reject(new TransportError('closed', 'jump', what));
      } else if (error !== undefined || stream === undefined) reject(refusedChannel(error, connection, jump, to));
      else {
        stream.pause();
        resolve(stream);
      }
    };
    try {
      connection.guarded.client.forwardOut('127.0.0.1', 0, to.host, to.port, opened);
    } catch (error) {
      opened(error instanceof Error ? error : new Error(String(error)), undefined);
    }
  });
}

/** The jump host gave a reason, as a working one does (RFC 4254, 5.1). */
function isRefusal(error: Error | undefined): boolean {
  return error !== undefined && 'reason' in error && typeof error.reason === 'number';
}

function refusedChannel(error: unknown, { lost }: Connection, jump: JumpLogin, to: TcpPlace): TransportError {
  if (lost !== null) return new TransportError('closed', 'jump', lost);
  const reason = error instanceof Error && 'reason' in error ? error.reason : null;
  if (reason === PROHIBITED) {
    const what = `jump host ${jump.name} does not allow connections to ${to.host} port ${to.port} (AllowTcpForwarding, PermitOpen)`;
    return new TransportError('unreachable', 'connect', what);
  }
  return new TransportError(
    'refused',
    'connect',
    `jump host ${jump.name} cannot connect to ${to.host} port ${to.port}`,
  );
}

/** Why a jump host could not be logged in to, with its name. */
function ofJump(error: unknown, jump: JumpLogin | undefined): TransportError {
  const via = `jump host ${jump?.name ?? ''}`;
  if (!(error instanceof TransportError)) {
    return new TransportError('closed', 'jump', `${via}: ${error instanceof Error ? error.message : 'given up'}`);
  }
  if (error.operation === 'jump') return error;
  return new TransportError(error.kind, 'jump', `${via}: ${error.message}`);
}
