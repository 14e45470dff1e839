/** `/api/v1/incidents`: what happened to the groups, one entry per incident, the latest first. */
import { z } from 'zod';
import type { Incident } from '../../gdoi/incidents/incident.ts';
import { type IncidentDocument, incidentDocument, incidentMarkdown } from '../../gdoi/incidents/incident-document.ts';
import type { App } from '../base/app-type.ts';
import { eventsOfIncident } from '../events/incident-history.ts';
import type { HttpOptions } from '../base/options.ts';
import { sendProblem } from '../base/problem.ts';
import { incidentListSchema, incidentSchema } from '../schemas/incident-schema.ts';
import { commonProblems, notFoundProblem } from '../schemas/problem-schema.ts';
import { incidentParams, incidentsQuery, noQuery } from '../schemas/queries.ts';

export function incidentRoutes(app: App, options: HttpOptions): void {
  listRoute(app, options);
  incidentRoute(app, options);
  ticketRoute(app, options);
}

function listRoute(app: App, options: HttpOptions): void {
  app.get(
    '/api/v1/incidents',
    {
      schema: {
        summary: 'What happened to the groups, latest first',
        tags: ['incidents'],
        querystring: incidentsQuery,
        response: { 200: incidentListSchema, ...commonProblems },
      },
    },
    async (request) => {
      const { since, until, ...filter } = request.query;
      const page = await options.incidents.incidents({ ...filter, sinceMs: since, untilMs: until });
      const documents: IncidentDocument[] = [];
      for (const incident of page.incidents) documents.push(await documentOf(incident, options));
      return { incidents: documents, next_cursor: page.nextCursor };
    },
  );
}

function incidentRoute(app: App, options: HttpOptions): void {
  app.get(
    '/api/v1/incidents/:id',
    {
      schema: {
        summary: 'One incident, with the events of its devices in order',
        tags: ['incidents'],
        params: incidentParams,
        querystring: noQuery,
        response: { 200: incidentSchema, ...commonProblems, ...notFoundProblem },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const incident = await options.incidents.incident(id);
      return incident === null ? sendProblem(reply, 404, unknownIncident(id)) : documentOf(incident, options);
    },
  );
}

function ticketRoute(app: App, options: HttpOptions): void {
  app.get(
    '/api/v1/incidents/:id/ticket',
    {
      schema: {
        summary: 'One incident for a ticket, as `gdoiwatch incidents --markdown` prints it',
        tags: ['incidents'],
        params: incidentParams,
        querystring: noQuery,
        response: {
          200: { description: 'Markdown', content: { 'text/markdown': { schema: z.string() } } },
          ...commonProblems,
          ...notFoundProblem,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const incident = await options.incidents.incident(id);
      if (incident === null) return sendProblem(reply, 404, unknownIncident(id));
      const text = incidentMarkdown(incident, await eventsOfIncident(incident, options));
      return reply.type('text/markdown; charset=utf-8').send(text);
    },
  );
}

function unknownIncident(id: string): string {
  return `No incident ${JSON.stringify(id)} is known.`;
}

async function documentOf(incident: Incident, options: HttpOptions): Promise<IncidentDocument> {
  return incidentDocument(incident, await eventsOfIncident(incident, options));
}
