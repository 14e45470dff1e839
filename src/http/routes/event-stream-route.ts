/** `/api/v1/events/stream`: events as they happen. */
import { z } from 'zod';
import type { App } from '../base/app-type.ts';
import type { HttpCounters } from '../base/counters.ts';
import type { EventStreams } from '../events/event-streams.ts';
import type { Connections } from '../guard/connections.ts';
import { sendProblem } from '../base/problem.ts';
import { commonProblems, unavailableProblem } from '../schemas/problem-schema.ts';
import { noQuery } from '../schemas/queries.ts';

export function eventStreamRoute(
  app: App,
  streams: EventStreams,
  counters: HttpCounters,
  connections: Connections,
): void {
  app.get(
    '/api/v1/events/stream',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Events as they happen; resumes after `Last-Event-ID`',
        tags: ['events'],
        querystring: noQuery,
        response: {
          200: {
            description: '`data` is an Event, `event` its type',
            content: { 'text/event-stream': { schema: z.string() } },
          },
          ...commonProblems,
          ...unavailableProblem,
        },
      },
    },
    async (request, reply) => {
      if (streams.full) {
        counters.streamsRefused += 1;
        return sendProblem(reply, 503, `${streams.limit} streams are already open.`, { retryAfterSeconds: 30 });
      }
      connections.livesLong(request.raw.socket);
      const lastEventId = request.headers['last-event-id'];
      reply.hijack();
      // Headers set by hooks are the reply's; a hijacked response has none of its own.
      for (const [header, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(header, value);
      }
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      await streams.open(reply.raw, typeof lastEventId === 'string' ? lastEventId : null);
      return reply;
    },
  );
}
