/** RFC 9457 problem documents: every error is answered with one, and none says more than the client may know. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ProblemDocument } from '../schemas/problem-schema.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

export function problemOf(
  status: number,
  detail: string,
  { code, errors, cells }: Pick<ProblemDocument, 'code' | 'errors' | 'cells'> = {},
): ProblemDocument {
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    type: 'about:blank',
    title,
    status,
    detail,
    ...(code === undefined ? {} : { code }),
    ...(errors === undefined ? {} : { errors }),
    ...(cells === undefined ? {} : { cells }),
  };
}

/**
 * Answers with a problem. Written here and not by the route's schema, because any route can fail in any of these ways.
 */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  {
    retryAfterSeconds,
    ...more
  }: Pick<ProblemDocument, 'code' | 'errors' | 'cells'> & { readonly retryAfterSeconds?: number } = {},
): FastifyReply {
  if (retryAfterSeconds !== undefined) void reply.header('retry-after', String(retryAfterSeconds));
  return reply
    .code(status)
    .header('content-type', PROBLEM_CONTENT_TYPE)
    .header('cache-control', 'no-store')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemOf(status, detail, more));
}
