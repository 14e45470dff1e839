/**
 * The agent's HTTP side: metrics, liveness, readiness, reload and the landing page. Thin: it reads what others made.
 */
import { isIPv6 } from 'node:net';
import { Readable } from 'node:stream';
import Fastify, { type FastifyError } from 'fastify';
import type { AgentStatus, FleetReadModel } from '../agent/read-model.ts';
import type { Clock } from '../ports/clock.ts';
import { LANDING_STYLE, landingPage } from './landing-page.ts';

/** Prometheus text exposition format. */
const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** Requests carry nothing of use beyond headers. */
const MAX_BODY_BYTES = 1024;

export interface HttpOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly version: string;
  readonly clock: Clock;
  readonly fleet: FleetReadModel;
  readonly status: () => AgentStatus;
  /** Exposition of the devices, in pieces. */
  readonly deviceMetrics: () => Iterable<string>;
  /** Exposition of the agent itself. */
  readonly selfMetrics: () => Promise<string>;
  /** Reload the configuration: the line to answer with, or why it was refused. */
  readonly reload: () => Promise<{ readonly ok: boolean; readonly message: string }>;
}

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
}

/** Listen; rejects with Node's error (`EADDRINUSE`, `EACCES`) when it cannot. */
export async function startHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { clock, fleet, status } = options;
  const server = Fastify({ bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true });

  server.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'content-security-policy': "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
  // Whatever a client sends as a body (curl -X POST -d ''), nothing here reads it.
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, _body, done) => done(null, undefined));

  server.get('/', (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(landingPage({ fleet, status: status(), version: options.version, nowMs: clock.wallMs() })),
  );
  server.get('/style.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(LANDING_STYLE));
  server.get('/metrics', async (_request, reply) => {
    const self = await options.selfMetrics();
    return reply.type(METRICS_CONTENT_TYPE).send(Readable.from(exposition(self)));
  });
  server.get('/-/healthy', () => 'gdoiwatch is healthy.\n');
  server.get('/-/ready', (_request, reply) => {
    if (status().firstSweepDone) return 'gdoiwatch is ready.\n';
    return reply.code(503).send('gdoiwatch is starting: not every device was polled yet.\n');
  });
  server.post('/-/reload', async (_request, reply) => {
    const { ok, message } = await options.reload();
    return reply
      .code(ok ? 200 : 422)
      .type('text/plain; charset=utf-8')
      .send(`${message}\n`);
  });
  server.setNotFoundHandler((request, reply) =>
    problem(reply, 404, 'Not Found', `${request.method} ${request.url.split('?', 1)[0] ?? ''} is not here.`),
  );
  server.setErrorHandler<FastifyError>((error, _request, reply) => {
    const code = error.statusCode ?? 500;
    return problem(reply, code, 'Error', code >= 500 ? 'Internal error.' : error.message);
  });

  /** The loop breathes between pieces: polling goes on while a large fleet is written. */
  async function* exposition(self: string): AsyncGenerator<string> {
    yield self;
    for (const chunk of options.deviceMetrics()) {
      yield chunk;
      await clock.yieldToIo();
    }
  }

  await server.listen({ host: options.host, port: options.port });
  const address = server.server.address();
  const { host, port } =
    address === null || typeof address === 'string' ? options : { host: address.address, port: address.port };
  return {
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${port}`,
    [Symbol.asyncDispose]: () => server.close(),
  };
}

interface ProblemReply {
  code(status: number): ProblemReply;
  type(contentType: string): ProblemReply;
  send(body: string): ProblemReply;
}

/** An RFC 9457 problem document. */
function problem(reply: ProblemReply, status: number, title: string, detail: string) {
  return reply
    .code(status)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, detail }));
}
