/** `/api/v1/devices`: the list, one device, its health now. */
import { type DeviceView, roleOf } from '../../model/device-view.ts';
import { naturalKey } from '../../gdoi/events/name-list.ts';
import { HEALTH_STATUSES } from '../../gdoi/health/health-check.ts';
import { healthDocument } from '../../gdoi/health/health-document.ts';
import type { App } from '../app.ts';
import type { HttpCounters } from '../counters.ts';
import { deviceDocument, deviceSummary } from '../device-document.ts';
import { lacksScope, refuseCrossSite } from '../guard/admission.ts';
import { isCrossSite } from '../guard/request-origin.ts';
import { type HealthBoard, type JudgedDevice, VERDICT_LASTS_MS } from '../health-board.ts';
import type { HttpOptions } from '../options.ts';
import { decodePageCursor, pageOf } from '../page-cursor.ts';
import { pollWithin } from '../poll-within.ts';
import { sendProblem } from '../problem.ts';
import { deviceListSchema, deviceSchema } from '../schemas/device-schema.ts';
import { healthSchema } from '../schemas/health-schema.ts';
import { commonProblems, notFoundProblem, timeoutProblem } from '../schemas/problem-schema.ts';
import { type DevicesQuery, devicesQuery, healthQuery, nameParams, noQuery } from '../schemas/queries.ts';

/** A person waits this long for a poll. */
const LIVE_TIMEOUT_MS = 30_000;

/** Of a page of a thousand; then other work gets its turn. */
const SUMMARIES_AT_ONCE = 100;

export function deviceRoutes(app: App, options: HttpOptions, board: HealthBoard, counters: HttpCounters): void {
  listRoute(app, options, board);
  deviceRoute(app, options, board);
  healthRoute(app, options, board, counters);
}

function listRoute(app: App, options: HttpOptions, board: HealthBoard): void {
  const { fleet, clock } = options;
  const fleetOf = (group: string, cell: string | undefined) => fleet.group(group, cell);
  /** Of this run of the agent: revisions start anew with each. */
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
      // What changes by time alone changes at the pace of the verdicts.
      const tick = Math.floor(clock.wallMs() / VERDICT_LASTS_MS);
      const tag = `W/"${run}-${fleet.revision}-${tick}"`;
      void reply.headers({ etag: tag, 'cache-control': 'no-cache' });
      if (request.headers['if-none-match'] === tag) return notModified(reply);
      const after = query.cursor === undefined ? null : decodePageCursor(query.sort, query.cursor);
      if (query.cursor !== undefined && after === null) return notACursor(reply);
      const all = await board.all();
      const matching = all.filter((judged) => matches(judged, query));
      const page = pageOf(matching, { order: query.sort, keyOf: keyOf(query.sort), after, limit: query.limit });
      const devices: ReturnType<typeof deviceSummary>[] = [];
      for (const { view, health } of page.entries) {
        devices.push(deviceSummary(view, health, fleetOf));
        if (devices.length % SUMMARIES_AT_ONCE === 0) await clock.yieldToIo();
      }
      return {
        devices,
        next_cursor: page.nextCursor,
        total: matching.length,
        by_status: countByStatus(all),
      };
    },
  );
}

function deviceRoute(app: App, { fleet }: HttpOptions, board: HealthBoard): void {
  app.get(
    '/api/v1/devices/:name',
    {
      schema: {
        summary: 'All that is known of a device',
        tags: ['devices'],
        params: nameParams,
        querystring: noQuery,
        response: { 200: deviceSchema, ...commonProblems, ...notFoundProblem },
      },
    },
    async (request, reply) => {
      const view = fleet.device(request.params.name);
      if (view === undefined) return noDevice(reply, request.params.name);
      return deviceDocument(view, board.now(view), (group, cell) => fleet.group(group, cell));
    },
  );
}

function healthRoute(app: App, options: HttpOptions, board: HealthBoard, counters: HttpCounters): void {
  const { fleet } = options;
  app.get(
    '/api/v1/devices/:name/health',
    {
      schema: {
        summary: 'Is the device well, and why not; `live=true` polls it first',
        tags: ['devices'],
        params: nameParams,
        querystring: healthQuery,
        response: { 200: healthSchema, ...commonProblems, ...notFoundProblem, ...timeoutProblem },
      },
    },
    async (request, reply) => {
      const { name } = request.params;
      if (request.query.live === true) {
        if (request.scope !== 'operate') return lacksScope(reply);
        if (isCrossSite(request.headers)) return refuseCrossSite(reply, counters);
        const polled = await pollWithin(options, name, LIVE_TIMEOUT_MS, reply);
        switch (polled.kind) {
          case 'polled':
            break;
          case 'unknown_device':
            return noDevice(reply, name);
          case 'limited':
            counters.pollsLimited += 1;
            return sendProblem(reply, 429, 'Too many polls are asked for.', polled);
          case 'abandoned':
            return sendProblem(reply, 504, 'The device was not polled in time; the poll goes on.');
          default:
            return polled satisfies never;
        }
      }
      const view = fleet.device(name);
      if (view === undefined) return noDevice(reply, name);
      return healthDocument(board.now(view));
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

function keyOf(sort: DevicesQuery['sort']): (judged: JudgedDevice) => string {
  switch (sort) {
    case 'name':
      return ({ view }) => naturalKey(view.device);
    case 'status':
      return ({ view, health }) =>
        `${HEALTH_STATUSES.length - HEALTH_STATUSES.indexOf(health.status)} ${naturalKey(view.device)}`;
    default:
      return sort satisfies never;
  }
}

function matches({ view, health }: JudgedDevice, query: DevicesQuery): boolean {
  if (query.status !== undefined && health.status !== query.status) return false;
  if (query.group !== undefined && !view.groups.has(query.group)) return false;
  if (query.role !== undefined && roleOf(view) !== query.role) return false;
  if (query.result !== undefined && view.result !== query.result) return false;
  if (query.key_server !== undefined && !registeredWith(view, query.key_server)) return false;
  return query.q === undefined || mentions({ view, health }, query.q.toLowerCase());
}

function registeredWith({ groups }: DeviceView, keyServer: string): boolean {
  return [...groups.values()].some(({ gm }) => gm?.snapshot.keyServer === keyServer);
}

function mentions({ view, health }: JudgedDevice, text: string): boolean {
  const named = [view.device, view.host, health.summary, ...Object.values(view.labels), ...view.groups.keys()];
  return named.some((name) => name.toLowerCase().includes(text));
}

function countByStatus(all: readonly JudgedDevice[]): Record<(typeof HEALTH_STATUSES)[number], number> {
  const counts = { ok: 0, unknown: 0, warning: 0, critical: 0 };
  for (const { health } of all) counts[health.status] += 1;
  return counts;
}
