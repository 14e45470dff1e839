/** `/api/v1/incidents`: what happened to the groups, one entry a happening, the latest first. */
import type { GdoiEvent } from '../../gdoi/events/event.ts';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { eventsOf, type IncidentDocument, incidentDocument, spanOf } from '../../gdoi/incidents/incident-document.ts';
import type { App } from '../app.ts';
import type { HttpOptions } from '../options.ts';
import { sendProblem } from '../problem.ts';
import { incidentListSchema, incidentSchema } from '../schemas/incident-schema.ts';
import { commonProblems, notFoundProblem } from '../schemas/problem-schema.ts';
import { incidentParams, incidentsQuery, noQuery } from '../schemas/queries.ts';

/** Events of one incident that are named. */
const MAX_EVENTS = 200;
/** Devices whose own events are looked for; those of the group name the others. */
const MAX_DEVICES = 10;

export function incidentRoutes(app: App, options: HttpOptions): void {
  const { incidents } = options;
  app.get(
    '/api/v1/incidents',
    {
      schema: {
        summary: 'What happened to the groups, the latest first',
        tags: ['incidents'],
        querystring: incidentsQuery,
        response: { 200: incidentListSchema, ...commonProblems },
      },
    },
    async (request) => {
      const { since, until, ...filter } = request.query;
      const found = await incidents.incidents({
        ...filter,
        sinceMs: since,
        untilMs: until,
      });
      const documents: IncidentDocument[] = [];
      for (const incident of found) documents.push(await documentOf(incident, options));
      return { incidents: documents, next_cursor: null };
    },
  );

  app.get(
    '/api/v1/incidents/:id',
    {
      schema: {
        summary: 'One incident, with the events of its devices in their order',
        tags: ['incidents'],
        params: incidentParams,
        querystring: noQuery,
        response: {
          200: incidentSchema,
          ...commonProblems,
          ...notFoundProblem,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const incident = await incidents.incident(id);
      if (incident === null) return sendProblem(reply, 404, `No incident ${JSON.stringify(id)} is known.`);
      return documentOf(incident, options);
    },
  );
}

async function documentOf(incident: Incident, { events, clock }: HttpOptions): Promise<IncidentDocument> {
  const nowMs = clock.wallMs();
  const [sinceMs, untilMs] = spanOf(incident, nowMs);
  const span = {
    sinceMs,
    untilMs,
    limit: MAX_EVENTS,
    order: 'oldest_first',
  } as const;
  const found = new Map<string, GdoiEvent>();
  const ofDevices = incident.devices.slice(0, MAX_DEVICES).map((device) => ({ ...span, device }));
  for (const query of [{ ...span, group: incident.group, cell: incident.cell }, ...ofDevices]) {
    for (const event of (await events.query(query)).events) found.set(event.id, event);
  }
  const inOrder = [...found.values()].toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
  return incidentDocument(incident, eventsOf(incident, inOrder, nowMs).slice(0, MAX_EVENTS));
}
