/**
 * The only module that knows net-snmp's sessions: encodes and secures requests, checks and decodes answers. Sockets,
 * timers and retries are ours: the library gets a stand-in for its socket, so that we send what it wants sent and
 * decide what it receives (its own socket does not check where an answer came from).
 *
 * Its errors and exceptions become outcomes here (it throws inside message handlers), and its texts are never shown
 * (they contain communities and digests). It remembers every localized key for ever: a session that closes removes its
 * own.
 */
import * as snmp from 'net-snmp';
import type { SnmpValue, Varbind } from '../../gdoi/seen/varbind.ts';
import type { SnmpCredential } from '../device-snmp.ts';
import type { BulkAnswer, BulkRequest } from './column-walk.ts';

/** The longest delay that a Node timer takes: the library's timers must never fire, because ours do. */
const NEVER_MS = 2_147_483_647;
/** An agent has one engine; one more for a device that was replaced. Each new one costs a derivation of keys. */
const MAX_ENGINES = 3;

/** Passed to the library only. */
const CANCELLED = new Error('cancelled');

export type BulkOutcome =
  | { readonly kind: 'answer'; readonly answer: BulkAnswer }
  /** The agent's error-status (RFC 3416). */
  | { readonly kind: 'error_status'; readonly status: number }
  /** The agent reported that it does not accept the user or its keys. */
  | { readonly kind: 'denied'; readonly why: 'user' | 'digest' | 'level' | 'decryption' }
  /** Engine ID, boots or time differ from what this session learned: a new session may work. */
  | { readonly kind: 'out_of_step' }
  /** A Report about neither the user nor the time: the device lacks the context or the kind of request (RFC 3413). */
  | { readonly kind: 'not_served' }
  /** Neither made with a key of ours nor acceptable as an answer: forged or corrupted. */
  | { readonly kind: 'not_authentic' }
  | { readonly kind: 'malformed' };

/** The socket functions that the library uses. */
interface PaperSocket {
  on(event: string, listener: (datagram: Buffer) => void): void;
  send(
    datagram: Buffer,
    offset: number,
    length: number,
    port: number,
    host: string,
    sent: (error: Error | null) => void,
  ): void;
  ref(): void;
  unref(): void;
  bind(): void;
  close(): void;
}

/** Fields of the library's session that its types leave out. */
interface SessionInternals {
  readonly msgSecurityParameters?: { readonly msgAuthoritativeEngineID: Buffer };
  getEngineTime(): { readonly engineBoots: number; readonly engineTime: number } | null;
}

export class NetSnmpSession {
  readonly #session: snmp.Session & SessionInternals;
  readonly #user: snmp.User | null;
  readonly #send: (datagram: Buffer) => void;
  #hand: (datagram: Buffer) => void = () => undefined;
  #done: ((outcome: BulkOutcome) => void) | null = null;
  readonly #engines = new Map<string, Buffer>();
  #unreadable = false;

  /** `send` is called for each datagram to send, including those that a Report makes necessary. */
  constructor(credential: SnmpCredential, send: (datagram: Buffer) => void, context = '') {
    this.#send = send;
    this.#user = credential.version === 3 ? userOf(credential) : null;
    const options = {
      retries: 0,
      timeout: NEVER_MS,
      // The walk checks the order itself.
      backwardsGetNexts: true,
      dgramModule: { createSocket: () => this.#paperSocket() },
    };
    const session =
      credential.version === 3
        ? snmp.createV3Session('', userOf(credential), { ...options, context })
        : snmp.createSession('', credential.community.reveal(), { ...options, version: snmp.Version2c });
    if (!hasInternals(session)) throw new Error('another net-snmp than this module was written for');
    this.#session = session;
    session.on('error', () => {
      this.#unreadable = true;
    });
  }

  /** One request at a time; `done` is called once, unless `cancel` comes first. */
  getBulk(request: BulkRequest, done: (outcome: BulkOutcome) => void): void {
    if (this.#done !== null) throw new Error('two requests at once in one SNMP session');
    this.#done = done;
    const { oids, nonRepeaters, maxRepetitions } = request;
    this.#session.getBulk(oids, nonRepeaters, maxRepetitions, (error, varbinds) => {
      this.#end(error === null ? answerOf(varbinds ?? [], nonRepeaters) : outcomeOf(error));
    });
  }

  /** False: it could not be read, and the request stays open. */
  receive(datagram: Buffer): boolean {
    this.#unreadable = false;
    try {
      this.#hand(datagram);
    } catch {
      this.#end({ kind: 'malformed' });
    }
    return !this.#unreadable;
  }

  /** Drops the open request; a later answer to it is ignored. */
  cancel(): void {
    this.#done = null;
    this.#session.cancelRequests(CANCELLED);
  }

  /** From the last authenticated answer, carried forward to now; null before one, and without authentication. */
  engine(): { readonly boots: number; readonly timeSeconds: number } | null {
    const time = this.#session.getEngineTime();
    return time === null ? null : { boots: time.engineBoots, timeSeconds: time.engineTime };
  }

  close(): void {
    this.cancel();
    for (const engineId of this.#engines.values()) if (this.#user !== null) forgetKeys(this.#user, engineId);
    this.#engines.clear();
  }

  #end(outcome: BulkOutcome): void {
    const done = this.#done;
    this.#done = null;
    done?.(outcome);
  }

  #paperSocket(): PaperSocket {
    return {
      on: (event, listener) => {
        if (event === 'message') this.#hand = listener;
      },
      send: (datagram, ...[, , , , sent]) => {
        if (!this.#noteEngine()) {
          sent(new Error('the agent changes its engine ID again and again'));
          return;
        }
        // Registered before it is sent: no answer can come too early.
        sent(null);
        this.#send(datagram);
      },
      ref: () => undefined,
      unref: () => undefined,
      bind: () => undefined,
      close: () => undefined,
    };
  }

  /** False: more engines than one session may meet. */
  #noteEngine(): boolean {
    const engineId = this.#session.msgSecurityParameters?.msgAuthoritativeEngineID;
    if (engineId === undefined) return true;
    this.#engines.set(engineId.toString('hex'), engineId);
    return this.#engines.size <= MAX_ENGINES;
  }
}

function hasInternals(session: snmp.Session): session is snmp.Session & SessionInternals {
  return 'getEngineTime' in session && typeof session.getEngineTime === 'function';
}

function userOf(credential: Extract<SnmpCredential, { version: 3 }>): snmp.User {
  const { username: name, auth, privacy } = credential;
  if (auth === null) return { name, level: snmp.SecurityLevel.noAuthNoPriv };
  const authenticated = { name, authProtocol: snmp.AuthProtocols[auth.protocol], authKey: auth.password.reveal() };
  if (privacy === null) return { ...authenticated, level: snmp.SecurityLevel.authNoPriv };
  return {
    ...authenticated,
    level: snmp.SecurityLevel.authPriv,
    privProtocol: PRIVACY_PROTOCOLS[privacy.protocol],
    privKey: privacy.password.reveal(),
  };
}

/** `aes256r`: keys extended by Reeder's draft, as Cisco does; `aes256b` is another draft. */
const PRIVACY_PROTOCOLS = {
  aes128: snmp.PrivProtocols.aes,
  aes192: aes192OfLibrary(),
  aes256: snmp.PrivProtocols.aes256r,
} as const;

/**
 * The library's table has AES of 128 and 256 bits, and its functions take cipher and key length from there: it only
 * lacks a row for Cisco's AES-192 (`snmp-server user ... priv aes 192`, Net-SNMP's AES-192-C).
 */
function aes192OfLibrary(): snmp.PrivProtocols {
  const { algorithms } = snmp.Encryption;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a number of our own in the library's table
  const protocol = 192 as snmp.PrivProtocols;
  // A plain, extensible object in the library, though its types call it closed.
  Reflect.set(algorithms, protocol, {
    ...algorithms[snmp.PrivProtocols.aes256r],
    CRYPTO_ALGORITHM: 'aes-192-cfb',
    KEY_LENGTH: 24,
  });
  return protocol;
}

function forgetKeys(user: snmp.User, engineId: Buffer): void {
  const { authProtocol, authKey, privKey } = user;
  if (authProtocol === undefined || authProtocol === snmp.AuthProtocols.none) return;
  const { authToKeyCache: cache, computeCacheKey } = snmp.Authentication;
  for (const password of [authKey, privKey]) {
    if (password === undefined) continue;
    const place = computeCacheKey(authProtocol, password, engineId);
    const key = cache[place];
    delete cache[place];
    // Reeder's second half is derived from the first as if that were a password.
    if (key !== undefined) delete cache[`${authProtocol}${key.toString()}${engineId.toString('base64')}`];
  }
}

function answerOf(varbinds: ReadonlyArray<snmp.Varbind | snmp.Varbind[]>, nonRepeaters: number): BulkOutcome {
  const single: Array<Varbind | null> = [];
  const repeated: Array<Array<Varbind | null>> = [];
  for (const [index, found] of varbinds.entries()) {
    if (index < nonRepeaters) single.push(Array.isArray(found) ? null : plain(found));
    else repeated.push(Array.isArray(found) ? found.map(plain) : [plain(found)]);
  }
  return { kind: 'answer', answer: { single, repeated } };
}

/** Null: the end of the MIB view, or an object that does not exist. */
function plain({ oid, type, value }: snmp.Varbind): Varbind | null {
  switch (type) {
    case snmp.ObjectType.NoSuchObject:
    case snmp.ObjectType.NoSuchInstance:
    case snmp.ObjectType.EndOfMibView:
      return null;
    case snmp.ObjectType.IpAddress:
      return { oid, value: Uint8Array.from(String(value).split('.'), Number) };
    case snmp.ObjectType.Counter64:
      return { oid, value: value instanceof Uint8Array ? unsigned(value) : null };
    default:
      return { oid, value: asSnmpValue(value) };
  }
}

function asSnmpValue(value: unknown): SnmpValue {
  if (typeof value === 'number' || typeof value === 'string' || value instanceof Uint8Array) return value;
  // NULL, and BER types that SNMP does not have.
  return null;
}

function unsigned(octets: Uint8Array): bigint {
  return BigInt.asUintN(64, BigInt(`0x0${Buffer.from(octets).toString('hex')}`));
}

/** The library's names for usmStats Reports (RFC 3414, 5). */
const REPORTS: ReadonlyMap<string, BulkOutcome> = new Map(
  Object.entries<BulkOutcome>({
    'Unsupported Security Level': { kind: 'denied', why: 'level' },
    'Unknown User Name': { kind: 'denied', why: 'user' },
    'Wrong Digest (incorrect password, community or key)': { kind: 'denied', why: 'digest' },
    'Decryption Error': { kind: 'denied', why: 'decryption' },
    'Not In Time Window': { kind: 'out_of_step' },
    'Unknown Engine ID': { kind: 'out_of_step' },
  }),
);

function outcomeOf(error: Error): BulkOutcome {
  if (error instanceof snmp.RequestFailedError) {
    // The types leave the field out.
    return { kind: 'error_status', status: 'status' in error && typeof error.status === 'number' ? error.status : 0 };
  }
  const info = 'info' in error ? error.info : undefined;
  switch ('code' in error ? error.code : undefined) {
    case snmp.ResponseInvalidCode.EAuthFailure:
      // With `info` it is our own check of a digest that failed; otherwise the agent's Report.
      return info === undefined ? (REPORTS.get(error.message) ?? { kind: 'malformed' }) : { kind: 'not_authentic' };
    case snmp.ResponseInvalidCode.ECouldNotDecrypt:
      return { kind: 'not_authentic' };
    case snmp.ResponseInvalidCode.EUnexpectedReport:
      return { kind: 'not_served' };
    case E_NOT_IN_TIME_WINDOW:
      return { kind: 'out_of_step' };
    default:
      return { kind: 'malformed' };
  }
}

/** `ResponseInvalidCode.ENotInTimeWindow`, newer than the types. */
const E_NOT_IN_TIME_WINDOW = 14;
