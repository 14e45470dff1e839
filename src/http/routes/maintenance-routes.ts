/** `/api/v1/maintenance`: maintenance windows announced while the agent runs, and those of the configuration. */
import { isoInstant } from '../../gdoi/events/event-document.ts';
import { type MaintenanceWindow, MAX_ANNOUNCED } from '../../model/maintenance.ts';
import type { App } from '../base/app-type.ts';
import type { HealthBoard } from '../../model/health-board.ts';
import type { HttpOptions } from '../base/options.ts';
import { sendProblem } from '../base/problem.ts';
import {
  type MaintenanceDocument,
  maintenanceListSchema,
  maintenanceQuery,
  maintenanceRequest,
  maintenanceSchema,
} from '../schemas/maintenance-schema.ts';
import { commonProblems, notFoundProblem, unavailableProblem } from '../schemas/problem-schema.ts';
import { noQuery } from '../schemas/queries.ts';
import { unknownName } from '../documents/unknown-names.ts';

const PATH = '/api/v1/maintenance';
/** Enough for some thousand names. */
const MAX_BODY_BYTES = 262_144;
const NOT_KEPT = 'The store cannot take it now: nothing has changed.';
const RETRY_SECONDS = 10;

export function maintenanceRoutes(app: App, options: HttpOptions, board: HealthBoard): void {
  listRoute(app, options);
  announceRoute(app, options, board);
  endRoute(app, options);
}

type Parts = Pick<HttpOptions, 'maintenance' | 'clock'>;

function listRoute(app: App, { maintenance, clock }: Parts): void {
  app.get(
    PATH,
    {
      schema: {
        summary: 'Maintenance windows that are open or still to come',
        tags: ['maintenance'],
        querystring: noQuery,
        response: { 200: maintenanceListSchema, ...commonProblems },
      },
    },
    async () => {
      await maintenance.refresh();
      return { maintenance: maintenance.windows(clock.wallMs()).map(document) };
    },
  );
}

function announceRoute(app: App, options: HttpOptions, board: HealthBoard): void {
  const { maintenance, clock } = options;
  app.post(
    PATH,
    {
      config: { access: 'operate' },
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        summary: 'Announce planned work; the window is removed when it ends',
        tags: ['maintenance'],
        querystring: noQuery,
        body: maintenanceRequest,
        response: { 201: maintenanceSchema, ...commonProblems, ...unavailableProblem },
      },
    },
    async (request, reply) => {
      const { from, until, ...what } = request.body;
      const nowMs = clock.wallMs();
      const work = { ...what, fromMs: from === undefined ? nowMs : Date.parse(from), untilMs: Date.parse(until) };
      const refusal = refusalOf(work, nowMs);
      if (refusal !== null) {
        const { parameter, detail } = refusal;
        return sendProblem(reply, 400, `${parameter}: ${detail}`, { errors: [refusal] });
      }
      const unknown = await unknownName(options, board, work);
      if (unknown !== null) {
        const { parameter, detail } = unknown;
        return sendProblem(reply, 400, `${parameter}: ${detail}`, { code: 'device_unknown', errors: [unknown] });
      }
      const announced = await maintenance.announce(work, nowMs);
      switch (announced.kind) {
        case 'announced':
          return reply.code(201).send(document(announced.window));
        case 'too_many':
          return sendProblem(reply, 400, `${MAX_ANNOUNCED} windows are already announced.`);
        case 'not_kept':
          return sendProblem(reply, 503, NOT_KEPT, { retryAfterSeconds: RETRY_SECONDS });
        default:
          return announced satisfies never;
      }
    },
  );
}

function endRoute(app: App, { maintenance, clock }: Parts): void {
  app.delete(
    PATH,
    {
      config: { access: 'operate' },
      schema: {
        summary: 'End planned work that was announced',
        tags: ['maintenance'],
        querystring: maintenanceQuery,
        response: { 200: maintenanceListSchema, ...commonProblems, ...notFoundProblem, ...unavailableProblem },
      },
    },
    async (request, reply) => {
      const { id } = request.query;
      await maintenance.refresh();
      switch (await maintenance.end(id)) {
        case 'ended':
          return { maintenance: maintenance.windows(clock.wallMs()).map(document) };
        case 'fixed':
          return sendProblem(reply, 400, `Window ${JSON.stringify(id)} is in the configuration: change it there.`);
        case 'unknown':
          return sendProblem(reply, 404, `No window ${JSON.stringify(id)} is known.`);
        case 'not_kept':
          return sendProblem(reply, 503, NOT_KEPT, { retryAfterSeconds: RETRY_SECONDS });
        default:
          throw new Error('a window ends in one of four ways');
      }
    },
  );
}

function refusalOf(
  work: Pick<MaintenanceWindow, 'fromMs' | 'untilMs' | 'devices' | 'groups' | 'cells'>,
  nowMs: number,
): { readonly parameter: string; readonly detail: string } | null {
  const { fromMs, untilMs, devices, groups, cells } = work;
  if (untilMs <= fromMs) return { parameter: 'until', detail: 'not after from' };
  if (untilMs <= nowMs) return { parameter: 'until', detail: 'in the past' };
  return devices.length + groups.length + cells.length === 0
    ? { parameter: 'devices', detail: 'neither devices, groups nor cells are named' }
    : null;
}

function document({
  id,
  source,
  fromMs,
  untilMs,
  devices,
  groups,
  cells,
  reason,
}: MaintenanceWindow): MaintenanceDocument {
  return {
    id,
    source,
    from: isoInstant(fromMs),
    until: isoInstant(untilMs),
    devices: [...devices],
    groups: [...groups],
    cells: [...cells],
    reason,
  };
}
