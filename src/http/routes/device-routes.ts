/** `/api/v1/devices`: the list, one device, its health now. */
import { healthDocument } from '../../gdoi/health/health-document.ts';
import type { App } from '../base/app-type.ts';
import type { HttpCounters } from '../base/counters.ts';
import { deviceDocument } from '../documents/device-document.ts';
import { deviceList } from '../documents/device-list.ts';
import {
  askedHealth,
  deviceOfOther,
  devicePath,
  healthOfOther,
  polledElsewhere,
} from '../documents/device-elsewhere.ts';
import { othersFor, ownField, relay } from '../documents/other-agents.ts';
import { lacksScope, refuseCrossSite } from '../guard/admission.ts';
import { isCrossSite } from '../guard/request-origin.ts';
import { type HealthBoard, VERDICT_LASTS_MS } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';
import { decodePageCursor } from '../documents/page-cursor.ts';
import { pollWithin } from './poll-within.ts';
import { sendProblem } from '../base/problem.ts';
import { deviceListSchema, deviceSchema } from '../schemas/device-schema.ts';
import { healthSchema } from '../schemas/health-schema.ts';
import { commonProblems, notFoundProblem, timeoutProblem, unavailableProblem } from '../schemas/problem-schema.ts';
import { devicesQuery, healthQuery, nameParams, noQuery } from '../schemas/queries.ts';

/** How long a person waits for a poll. */
const LIVE_TIMEOUT_MS = 30_000;
/** Added for the answer of another agent, which waits as long. */
const RELAY_MS = 1_000;

export function deviceRoutes(app: App, options: HttpOptions, board: HealthBoard, counters: HttpCounters): void {
  listRoute(app, options, board);
  deviceRoute(app, options, board);
  healthRoute(app, options, board, counters);
}

function listRoute(app: App, options: HttpOptions, board: HealthBoard): void {
  const { fleet, clock } = options;
  /** This run of the agent: revisions start again with each. */
  const run = options.clock.wallMs().toString(36);

  app.get(
    '/api/v1/devices',
    {
      schema: {
        summary: 'Devices, with health and what is due next',
        tags: ['devices'],
        querystring: devicesQuery,
        response: { 200: deviceListSchema, ...commonProblems },
      },
    },
    async (request, reply) => {
      const { query } = request;
      // What changes by time alone changes at the interval of the verdicts.
      const tick = Math.floor(clock.wallMs() / VERDICT_LASTS_MS);
      const tag = `W/"${run}-${fleet.revision}-${tick}"`;
      const others = othersFor(options, request);
      // What others poll changes without notice to this agent.
      if (others === null || others.cells().length === 0) {
        void reply.headers({ etag: tag, 'cache-control': 'no-cache' });
        if (request.headers['if-none-match'] === tag) return notModified(reply);
      }
      const after = query.cursor === undefined ? null : decodePageCursor(query.sort, query.cursor);
      if (query.cursor !== undefined && after === null) return notACursor(reply);
      return deviceList(options, board, { query, after, url: request.url }, others);
    },
  );
}

function deviceRoute(app: App, options: HttpOptions, board: HealthBoard): void {
  const { fleet } = options;
  app.get(
    '/api/v1/devices/:name',
    {
      schema: {
        summary: 'All that is known about a device',
        tags: ['devices'],
        params: nameParams,
        querystring: noQuery,
        response: { 200: deviceSchema, ...commonProblems, ...notFoundProblem },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      const view = fleet.device(name);
      if (view === undefined) return (await deviceOfOther(options, request, name)) ?? noDevice(reply, name);
      const document = deviceDocument(view, board.now(view), (group, cell) => fleet.group(group, cell));
      return { ...document, ...ownField(options, view.lastSuccessAtMs) };
    },
  );
}

function healthRoute(app: App, options: HttpOptions, board: HealthBoard, counters: HttpCounters): void {
  const { fleet } = options;
  app.get(
    '/api/v1/devices/:name/health',
    {
      schema: {
        summary: 'Whether the device is healthy, and if not, why; `live=true` polls it first',
        tags: ['devices'],
        params: nameParams,
        querystring: healthQuery,
        response: {
          200: healthSchema,
          ...commonProblems,
          ...notFoundProblem,
          ...unavailableProblem,
          ...timeoutProblem,
        },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      if (request.query.live === true) {
        if (request.scope !== 'operate') return lacksScope(reply);
        if (isCrossSite(request.headers)) return refuseCrossSite(reply, counters);
        const elsewhere = polledElsewhere(options, request, name);
        if (elsewhere !== null) {
          const path = `${devicePath(name)}/health?live=true`;
          return relay(
            elsewhere,
            { path, timeoutMs: LIVE_TIMEOUT_MS + RELAY_MS, marked: askedHealth },
            { request, reply },
          );
        }
        const polled = await pollWithin(options, name, LIVE_TIMEOUT_MS, reply);
        switch (polled.kind) {
          case 'polled':
            break;
          case 'unknown_device':
            return noDevice(reply, name);
          case 'limited':
            counters.pollsLimited += 1;
            return sendProblem(reply, 429, 'Too many polls were requested.', polled);
          case 'abandoned':
            return sendProblem(reply, 504, 'The device was not polled in time; the poll goes on.');
          default:
            return polled satisfies never;
        }
      }
      const view = fleet.device(name);
      if (view === undefined) return (await healthOfOther(options, request, name)) ?? noDevice(reply, name);
      return { ...healthDocument(board.now(view)), ...ownField(options, view.lastSuccessAtMs) };
    },
  );
}

type Reply = Parameters<typeof sendProblem>[0];

function notModified(reply: Reply): Reply {
  return reply.code(304).send();
}

export function noDevice(reply: Reply, name: string): Reply {
  return sendProblem(reply, 404, `No device ${JSON.stringify(name)} is configured.`);
}

export function notACursor(reply: Reply): Reply {
  const detail = 'not the next_cursor of a page in this order';
  return sendProblem(reply, 400, `cursor: ${detail}`, { errors: [{ parameter: 'cursor', detail }] });
}
