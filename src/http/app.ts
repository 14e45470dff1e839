/** The server before its routes: limits, TLS, and the answers to bad requests and failed handlers. */
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import Fastify, { type FastifyError, type FastifyReply, type FastifyRequest } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { InternalErrors } from '../kernel/internal-errors.ts';
import { UserError } from '../kernel/user-error.ts';
import type { App } from './base/app-type.ts';
import { jsonOf } from './base/json-text.ts';
import type { TlsSettings } from './base/options.ts';
import { PROBLEM_CONTENT_TYPE, problemOf, sendProblem } from './base/problem.ts';
import { MAX_STREAMS } from './events/event-streams.ts';
import { CONNECTION_BOUNDS, type Connections } from './guard/connections.ts';
import { tlsOptions } from './guard/tls-options.ts';
import { MAX_NAME } from './schemas/queries.ts';

/** Requests have no body of use. */
const MAX_BODY_BYTES = 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Above all other limits on connections: event streams and the rest. */
const MAX_CONNECTIONS = 2 * (MAX_STREAMS + CONNECTION_BOUNDS.all);
/** Limit for a whole request to arrive, and for a TLS handshake. */
const REQUEST_TIMEOUT_MS = 10_000;
/** How often late requests are looked for: a slow one lives at most that much longer. */
const LATE_CHECK_MS = 1_000;
/**
 * Limit for a connection on which nothing moves, for example because its client does not read. Longer than any poll on
 * request.
 */
const STALLED_MS = 120_000;

export interface AppOptions {
  readonly tls: TlsSettings | null;
  readonly errors: InternalErrors;
  readonly connections: Connections;
  readonly requestTimeoutMs?: number | undefined;
}

export function createApp(options: AppOptions): App {
  const fastify = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    // A name of MAX_NAME characters may be percent-encoded UTF-8.
    routerOptions: { maxParamLength: MAX_NAME * 9 },
    serverFactory: (handle) => createServer(handle, options),
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, _request, reply) => {
      sendProblem(reply, error.statusCode ?? 400, 'This path cannot be understood.');
    },
  });
  const app = fastify.withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  // Whatever body a client sends (curl -X POST -d ''), only a route that asks for it reads it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, body, done) => {
    done(null, request.routeOptions.schema?.body === undefined ? undefined : jsonOf(String(body)));
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    if (isPersonLooking(request.method, path, request.headers.accept)) {
      return reply.code(404).type('text/html; charset=utf-8').send(NOT_HERE);
    }
    return sendProblem(reply, 404, `There is no ${request.method} ${path}.`);
  });
  app.setErrorHandler<FastifyError>((error, request, reply) => answerError(error, request, reply, options.errors));
  return app;
}

function createServer(
  handle: RequestListener,
  { tls, connections, requestTimeoutMs = REQUEST_TIMEOUT_MS }: AppOptions,
): Server {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(LATE_CHECK_MS, requestTimeoutMs),
  };
  const handler: RequestListener = (request, response) => {
    if (connections.begins(request, response)) handle(request, response);
  };
  const server: Server =
    tls === null
      ? createHttpServer(limits, handler)
      : createHttpsServer({ ...limits, handshakeTimeout: requestTimeoutMs, ...tlsOptions(tls) }, handler);
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(STALLED_MS);
  connections.watch(server);
  return server;
}

/** Errors of the HTTP parser; any other error means a request that cannot be read. */
const STATUS_OF_CLIENT_ERROR: ReadonlyMap<string, number> = new Map([
  ['HPE_HEADER_OVERFLOW', 431],
  ['ERR_HTTP_REQUEST_TIMEOUT', 408],
]);

/** There is no request yet, so the answer is written by hand. */
function answerUnreadable(error: { readonly code?: string }, socket: Socket): void {
  const { code = '' } = error;
  if (code === 'ECONNRESET' || !socket.writable) return;
  const status = STATUS_OF_CLIENT_ERROR.get(code) ?? 400;
  const { title, ...rest } = problemOf(status, 'This request cannot be understood.');
  const body = JSON.stringify({ ...rest, title });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_CONTENT_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  // Do not wait for the client to close: a slow one never does.
  socket.destroySoon();
}

/** Tells the client what it can fix; of any other error only that it was ours. */
function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
  internal: InternalErrors,
): FastifyReply {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const errors = error.validation.map(({ instancePath, message, params }) => ({
      parameter: parameterOf(instancePath, params),
      detail: message ?? 'not allowed',
    }));
    const [first] = errors;
    return sendProblem(reply, 400, `${first?.parameter ?? 'request'}: ${first?.detail ?? 'not allowed'}`, { errors });
  }
  if (error instanceof UserError) return sendProblem(reply, 400, error.message, { code: error.code });
  const status = error.statusCode ?? 500;
  if (status < 500) return sendProblem(reply, status, error.message);
  internal.caught('request', error, { route: `${request.method} ${request.routeOptions.url ?? ''}` });
  return sendProblem(reply, 500, 'Internal error.');
}

/** `/limit` is `limit`; the name of an unknown parameter is not in the path. */
function parameterOf(instancePath: string, params: unknown): string {
  const path = instancePath.slice(1);
  if (path !== '') return path;
  const keys = typeof params === 'object' && params !== null && 'keys' in params ? params.keys : null;
  return Array.isArray(keys) ? keys.join(', ') : 'request';
}

/** A browser that opens an address, not a script. */
function isPersonLooking(method: string, path: string, accept: string | undefined): boolean {
  return method === 'GET' && !path.startsWith('/api/') && accept?.includes('text/html') === true;
}

/** Contains nothing of the request. */
const NOT_HERE = `<!doctype html>
<html lang="en">
<title>Not here - gdoiwatch</title>
<h1>There is no page at this address</h1>
<p>It may have been mistyped, or be of another version. Go on with the <a href="/">fleet</a>, the
<a href="/groups">groups</a>, the <a href="/incidents">incidents</a> or the <a href="/events">events</a>.</p>
</html>
`;
