/**
 * One device's connection: TLS that is verified before the first byte of HTTP, then GET after GET. The library bounds
 * header, body and waits; no redirect is followed, and only JSON is accepted.
 */
import { isIP } from 'node:net';
import { checkServerIdentity, type ConnectionOptions, connect as tlsConnect, type TLSSocket } from 'node:tls';
import { type buildConnector, Client } from 'undici';
import { instantFromOutside } from '../../gdoi/seen/instant.ts';
import type { Clock } from '../../kernel/clock.ts';
import { parseJson } from '../../kernel/parse-json.ts';
import { jsonExcess, MAX_JSON_DEPTH, namesMemberTwice } from '../../kernel/json-depth.ts';
import type { PathAnswer, RestconfTarget } from '../device-restconf.ts';
import { RESTCONF_PATHS, type RestconfPath } from '../restconf-path.ts';
import type { ShownCertificate, TrustDecision } from './certificate-trust.ts';
import { certificateFingerprint } from './known-certificates.ts';
import { redactedDocument } from './redacted-document.ts';
import { failureOf, RestconfFailure } from './restconf-error.ts';

/** A KS with 8,000 members sends about 3 MB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The same 8,000 members have 130,000. */
const MAX_VALUES = 500_000;
const MAX_HEADER_BYTES = 16 * 1024;
/** IOS XE's web server closes an idle connection after a minute or so; polls come about as often. */
const KEEP_IDLE_MS = 180_000;
const LONGEST_RETRY_AFTER_MS = 3_600_000;

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface ConnectionOptionsOfDevice {
  readonly target: RestconfTarget;
  readonly clock: Clock;
  readonly decide: (shown: ShownCertificate) => Promise<TrustDecision>;
  /** Removes our own secrets from what the device says. */
  readonly redact: (text: string) => string;
  readonly onOpen: () => void;
  readonly onClose: () => void;
}

export class RestconfConnection {
  readonly #target: RestconfTarget;
  readonly #clock: Clock;
  readonly #client: Client;
  readonly #decide: ConnectionOptionsOfDevice['decide'];
  readonly #authorization: string | null;
  readonly #redact: (text: string) => string;

  constructor(options: ConnectionOptionsOfDevice) {
    const { target, clock, decide, redact, onOpen, onClose } = options;
    this.#target = target;
    this.#clock = clock;
    this.#decide = decide;
    this.#redact = redact;
    this.#authorization = authorizationOf(target);
    this.#client = new Client(originOf(target), {
      pipelining: 1,
      maxHeaderSize: MAX_HEADER_BYTES,
      maxResponseSize: MAX_BODY_BYTES,
      headersTimeout: target.timeoutMs,
      bodyTimeout: target.timeoutMs,
      keepAliveTimeout: KEEP_IDLE_MS,
      keepAliveMaxTimeout: KEEP_IDLE_MS,
      connect: (_, callback) => {
        void this.#connectFor(callback);
      },
    });
    this.#client.on('connect', onOpen);
    this.#client.on('disconnect', onClose);
  }

  /** Rejects with a `RestconfFailure`. */
  async get(path: RestconfPath, signal: AbortSignal): Promise<PathAnswer> {
    // The list is all that may be asked; a path that is not on it is a bug of ours.
    if (!RESTCONF_PATHS.includes(path)) throw new Error(`${path} is not on the list of paths`);
    const sentAtMs = this.#clock.wallMs();
    try {
      const { statusCode, headers, body } = await this.#client.request({
        method: 'GET',
        path,
        headers: {
          accept: 'application/yang-data+json',
          'accept-encoding': 'identity',
          ...(this.#authorization === null ? {} : { authorization: this.#authorization }),
        },
        signal,
      });
      const text = await body.text();
      const at = { path, sentAtMs, receivedAtMs: this.#clock.wallMs(), deviceNowMs: dateOf(headers['date']) };
      return this.#answerOf(statusCode, headers, { at, text });
    } catch (error) {
      throw signal.aborted ? signal.reason : failureOf(this.#target, nameOf(path), error);
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy();
  }

  #answerOf(
    status: number,
    headers: AnswerHeaders,
    { at, text }: { readonly at: Omit<PathAnswer, 'kind'>; readonly text: string },
  ): PathAnswer {
    const failure = (kind: 'auth' | 'protocol', detail: string, retryAfterMs: number | null = null) =>
      new RestconfFailure(this.#target, kind, { operation: nameOf(at.path), detail, retryAfterMs });
    switch (status) {
      case 200:
        return {
          ...at,
          kind: 'document',
          body: this.#json(headers, text, at.path),
          bytes: text.length,
        };
      case 204:
      case 404:
        return { ...at, kind: 'empty', status };
      case 403:
        return { ...at, kind: 'forbidden' };
      case 401:
        throw failure('auth', `the device refused the credential "${this.#target.credentialName}"`);
      case 409:
      case 429:
      case 503:
        throw failure('protocol', `the device is busy (${status})`, retryAfterOf(headers['retry-after'], at));
      default:
        throw failure(
          'protocol',
          status >= 300 && status < 400 ? `a redirect (${status}): not followed` : `an answer with status ${status}`,
        );
    }
  }

  #json(headers: AnswerHeaders, text: string, path: RestconfPath): unknown {
    const media = firstOf(headers['content-type'])?.split(';')[0]?.trim().toLowerCase();
    const encoding = firstOf(headers['content-encoding'])?.trim().toLowerCase();
    const broken = (detail: string, kind: 'protocol' | 'too_large' = 'protocol') =>
      new RestconfFailure(this.#target, kind, { operation: nameOf(path), detail });
    if (encoding !== undefined && encoding !== 'identity') throw broken('the answer is compressed, unasked');
    if (media !== 'application/yang-data+json' && media !== 'application/json') throw broken('the answer is no JSON');
    switch (jsonExcess(text, { depth: MAX_JSON_DEPTH, values: MAX_VALUES })) {
      case 'depth':
        throw broken(`the answer is nested deeper than ${MAX_JSON_DEPTH} levels`);
      case 'values':
        throw broken(`the answer has more than ${MAX_VALUES} values`, 'too_large');
      case null:
    }
    let body: unknown;
    try {
      body = parseJson(text);
    } catch {
      throw broken('the answer is broken JSON');
    }
    if (namesMemberTwice(text, body)) throw broken('the answer names a member twice in one object');
    return redactedDocument(body, this.#redact);
  }

  /** Never rejects: the library is told. */
  async #connectFor(tell: buildConnector.Callback): Promise<void> {
    let socket: TLSSocket;
    try {
      socket = await this.#connect();
    } catch (error) {
      tell(failureOf(this.#target, 'connect', error), null);
      return;
    }
    tell(null, socket);
  }

  async #connect(): Promise<TLSSocket> {
    const socket = await this.#handshake();
    try {
      const { raw } = socket.getPeerCertificate();
      const decision = await this.#decide({
        fingerprint: certificateFingerprint(raw),
        objection: socket.authorized ? null : String(socket.authorizationError),
      });
      if (decision.kind === 'trusted') return socket;
      throw new RestconfFailure(this.#target, 'host_key', { operation: 'connect', detail: decision.message });
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  #handshake(): Promise<TLSSocket> {
    const { host, port, sourceAddress, trust, credential, timeoutMs } = this.#target;
    const name = trust.serverName ?? host;
    const options: ConnectionOptions = {
      host,
      port,
      ...(sourceAddress == null ? {} : { localAddress: sourceAddress }),
      ALPNProtocols: ['http/1.1'],
      // `decide` judges it before anything is sent: a certificate without an authority may be a known one.
      rejectUnauthorized: false,
      checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      ...(isIP(name) === 0 ? { servername: name } : {}),
      ...(trust.authorities === null ? {} : { ca: trust.authorities }),
      ...(credential.client === null ? {} : clientOf(credential.client)),
    };
    return new Promise((resolve, reject) => {
      const socket = tlsConnect(options);
      const failed = (error: Error) => {
        socket.destroy();
        reject(error);
      };
      socket.setTimeout(timeoutMs, () => {
        failed(
          new RestconfFailure(this.#target, 'timeout', { operation: 'connect', detail: 'no TLS session in time' }),
        );
      });
      socket.once('error', failed);
      socket.once('close', () => {
        failed(new RestconfFailure(this.#target, 'closed', { operation: 'connect', detail: 'closed by the device' }));
      });
      socket.once('secureConnect', () => {
        socket.setTimeout(0);
        socket.removeListener('error', failed);
        socket.removeAllListeners('close');
        resolve(socket);
      });
    });
  }
}

function clientOf({ certificate, key, passphrase }: NonNullable<RestconfTarget['credential']['client']>) {
  return { cert: certificate, key: key.reveal(), ...(passphrase === null ? {} : { passphrase: passphrase.reveal() }) };
}

function authorizationOf({ credential: { username, password } }: RestconfTarget): string | null {
  if (username === null || password === null) return null;
  return `Basic ${Buffer.from(`${username}:${password.reveal()}`, 'utf8').toString('base64')}`;
}

function originOf({ host, port }: RestconfTarget): string {
  return `https://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** The last part of a path without its query, as a person knows it. */
function nameOf(path: RestconfPath): string {
  return path.replace(/\?.*/, '').replace(/^.*[/:]/, '');
}

/** RFC 9110, section 5.6.7; null: none, or not a date. */
function dateOf(header: string | string[] | undefined): number | null {
  return typeof header === 'string' ? instantFromOutside(Date.parse(header)) : null;
}

/** RFC 9110, section 10.2.3: a number of seconds, or an instant of the device's clock; null: neither, or past. */
function retryAfterOf(
  header: string | string[] | undefined,
  { deviceNowMs, receivedAtMs }: Pick<PathAnswer, 'deviceNowMs' | 'receivedAtMs'>,
): number | null {
  if (typeof header !== 'string') return null;
  const untilMs = /^\d{1,6}$/.test(header) ? null : dateOf(header);
  const waitMs = untilMs === null ? Number(header) * 1000 : untilMs - (deviceNowMs ?? receivedAtMs);
  return waitMs > 0 ? Math.min(LONGEST_RETRY_AFTER_MS, waitMs) : null;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
