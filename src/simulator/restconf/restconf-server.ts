/**
 * RESTCONF in front of a simulated fleet: one TLS port per device on loopback, answering GET from the state machines at
 * the instant of the request, behaving like IOS XE or worse. A device that is down accepts no connection.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../../kernel/clock.ts';
import type { SimulatedFleet } from '../fleet/fleet.ts';
import { DEFAULT_RESTCONF_MANNERS, type RestconfManners } from './restconf-manners.ts';
import { type SelfSigned, selfSigned } from './self-signed.ts';

export interface SimulatedRestconfOptions {
  readonly fleet: SimulatedFleet;
  readonly clock: Clock;
  readonly credentials: { readonly username: string; readonly password: string };
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly hostFor?: (device: string) => string;
  readonly portFor?: (device: string) => number;
  /** Devices that answer; default: all. */
  readonly devices?: readonly string[];
  readonly mannersFor?: (device: string) => Partial<RestconfManners>;
}

export interface SimulatedRestconf extends AsyncDisposable {
  readonly ports: ReadonlyMap<string, number>;
  /** Changes the given manners; others stay. */
  setManners(device: string, manners: Partial<RestconfManners>): void;
  certificate(device: string): SelfSigned;
  /** Requests of the device since the start, as `METHOD target`. */
  requests(device: string): readonly string[];
  /** TLS sessions since the start. */
  connections(device: string): number;
  /** Where connections came from, in order. */
  peers(device: string): readonly string[];
}

interface Front {
  readonly device: string;
  readonly certificates: { readonly first: () => SelfSigned; readonly changed: () => SelfSigned };
  readonly tcp: Server;
  readonly sockets: Set<Socket>;
  readonly requests: string[];
  readonly peers: string[];
  manners: RestconfManners;
  connections: number;
}

const MAX_REQUESTS_KEPT = 10_000;
const BABBLE_BYTES = 65_536;

export async function startSimulatedRestconf(options: SimulatedRestconfOptions): Promise<SimulatedRestconf> {
  const stop = new AbortController();
  const fronts = new Map<string, Front>();
  const ports = new Map<string, number>();
  const close = async () => {
    stop.abort(new Error('simulated RESTCONF stopped'));
    await Promise.all([...fronts.values()].map(closeFront));
  };
  try {
    for (const name of options.devices ?? options.fleet.devices.map((device) => device.name)) {
      const host = options.hostFor?.(name) ?? options.host ?? '127.0.0.1';
      const front = newFront(name, host, { options, signal: stop.signal });
      fronts.set(name, front);
      ports.set(name, await listen(front.tcp, options.portFor?.(name) ?? 0, host));
    }
  } catch (error) {
    await close();
    throw error;
  }
  const frontOf = (device: string): Front => {
    const front = fronts.get(device);
    if (front === undefined) throw new Error(`no simulated device ${device}`);
    return front;
  };
  return {
    ports,
    setManners(device, manners) {
      const front = frontOf(device);
      front.manners = { ...front.manners, ...manners };
      for (const socket of front.sockets) socket.destroy();
    },
    certificate: (device) => frontOf(device).certificates[frontOf(device).manners.certificate](),
    requests: (device) => frontOf(device).requests,
    connections: (device) => frontOf(device).connections,
    peers: (device) => frontOf(device).peers,
    [Symbol.asyncDispose]: close,
  };
}

interface Surroundings {
  readonly options: SimulatedRestconfOptions;
  readonly signal: AbortSignal;
}

/** Made once, when it is first asked for: some milliseconds each, and hardly any device shows its second certificate. */
function whenAsked<T>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}

function newFront(device: string, host: string, around: Surroundings): Front {
  const { options } = around;
  const made = { name: device, addresses: [host], nowMs: options.clock.wallMs() };
  const front: Front = {
    device,
    certificates: { first: whenAsked(() => selfSigned(made)), changed: whenAsked(() => selfSigned(made)) },
    tcp: createTcpServer(),
    sockets: new Set(),
    requests: [],
    peers: [],
    manners: { ...DEFAULT_RESTCONF_MANNERS, ...options.mannersFor?.(device) },
    connections: 0,
  };
  const http = createServer((request, response) => {
    respond(front, { request, response }, around).catch(() => response.destroy());
  });
  http.keepAliveTimeout = 120_000;
  front.tcp.on('connection', (socket) =>
    accept(front, socket, { around, http: (tls) => http.emit('connection', tls) }),
  );
  return front;
}

function accept(
  front: Front,
  socket: Socket,
  { around, http }: { readonly around: Surroundings; readonly http: (socket: TLSSocket) => void },
): void {
  const { fleet, clock } = around.options;
  const { manners, certificates } = front;
  fleet.advance(clock.wallMs());
  socket.on('error', () => undefined);
  if (around.signal.aborted || !fleet.isUp(front.device)) {
    socket.destroy();
    return;
  }
  front.sockets.add(socket);
  socket.once('close', () => front.sockets.delete(socket));
  if (manners.tls === 'silent') return;
  const { certificatePem, keyPem } = certificates[manners.certificate]();
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({
      cert: certificatePem,
      key: keyPem,
      ...(manners.tls === 'old' ? { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } : {}),
    }),
  });
  tls.on('error', () => socket.destroy());
  tls.once('secure', () => {
    front.connections += 1;
    if (front.peers.length < MAX_REQUESTS_KEPT) front.peers.push(socket.remoteAddress ?? '');
    http(tls);
  });
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function respond(front: Front, { request, response }: Exchange, around: Surroundings): Promise<void> {
  const { fleet, clock, credentials } = around.options;
  const { manners } = front;
  const target = request.url ?? '';
  if (front.requests.length < MAX_REQUESTS_KEPT) front.requests.push(`${request.method ?? ''} ${target}`);
  if (manners.delayMs > 0) await clock.sleep(manners.delayMs, around.signal);
  fleet.advance(clock.wallMs());
  if (!fleet.isUp(front.device)) return void response.destroy();
  head(front, response, clock);
  if (manners.answer === 'unauthorized' || !isAuthorized(request, credentials))
    return refuse(response, 401, 'access-denied');
  if (request.method !== 'GET') return refuse(response, 405, 'operation-not-supported');
  if (manners.forbiddenPaths.some((end) => target.endsWith(end))) return refuse(response, 403, 'access-denied');
  const document = fleet.yangDocument(front.device, target, clock.wallMs(), { module: manners.module });
  if (document.kind === 'unknown') return refuse(response, 404, 'invalid-value');
  if (document.kind === 'empty') {
    response.writeHead(204);
    response.end();
    return;
  }
  misbehave(manners, response, JSON.stringify(document.body));
}

function head({ manners }: Front, response: ServerResponse, clock: Clock): void {
  response.sendDate = false;
  if (manners.date) response.setHeader('date', new Date(clock.wallMs() + manners.clockAheadMs).toUTCString());
  response.setHeader('server', 'openresty');
  response.setHeader('content-type', manners.contentType);
  if (manners.version === '1.0') response.shouldKeepAlive = false;
}

function isAuthorized({ headers }: IncomingMessage, { username, password }: SimulatedRestconfOptions['credentials']) {
  return headers.authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** RFC 8040, section 7.1. */
function refuse(response: ServerResponse, status: number, tag: string): void {
  response.statusCode = status;
  response.end(JSON.stringify({ 'ietf-restconf:errors': { error: [{ 'error-type': 'protocol', 'error-tag': tag }] } }));
}

function misbehave(manners: RestconfManners, response: ServerResponse, body: string): void {
  switch (manners.answer) {
    case 'normal':
      if (!manners.chunked) response.setHeader('content-length', Buffer.byteLength(body));
      response.end(body);
      return;
    case 'unauthorized':
      throw new Error('answered before');
    case 'busy':
      refuse(response, 409, 'lock-denied');
      return;
    case 'later':
      response.setHeader('retry-after', '30');
      refuse(response, 429, 'resource-denied');
      return;
    case 'later-dated':
      response.setHeader('date', new Date(0).toUTCString());
      response.setHeader('retry-after', new Date(30_000).toUTCString());
      refuse(response, 503, 'resource-denied');
      return;
    case 'gone':
      refuse(response, 503, 'resource-denied');
      return;
    case 'error':
      refuse(response, 500, 'operation-failed');
      return;
    case 'redirect':
      response.setHeader('location', 'https://192.0.2.66/restconf/data');
      refuse(response, 302, 'operation-failed');
      return;
    case 'silent':
      return;
    case 'broken-json':
      response.end(body.slice(0, body.length >> 1));
      return;
    case 'compressed':
      response.setHeader('content-encoding', 'gzip');
      // What gzip begins with is enough: nobody is to read it.
      response.end(Buffer.from([0x1f, 0x8b, 8, 0]));
      return;
    case 'named-twice':
      response.end(`{${body.trim().slice(1, -1)},${body.trim().slice(1)}`);
      return;
    case 'truncated':
    case 'short':
      response.setHeader('content-length', Buffer.byteLength(body));
      response.write(body.slice(0, body.length >> 1));
      if (manners.answer === 'short') response.destroy();
      return;
    case 'babble':
      babble(response);
      return;
    case 'garbage':
      response.socket?.end('% Invalid input detected\r\n');
      return;
    default:
      manners.answer satisfies never;
  }
}

function babble(response: ServerResponse): void {
  const write = () => {
    while (!response.destroyed && response.write(' '.repeat(BABBLE_BYTES)));
  };
  response.on('drain', write);
  write();
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

async function closeFront({ tcp, sockets }: Front): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => {
    tcp.close(() => resolve());
  });
}
