/** `/api/v1/events`: the history, newest first. */
import { eventDocument } from '../../gdoi/events/event-document.ts';
import type { App } from '../base/app-type.ts';
import { incidentIdsOf } from '../events/incident-history.ts';
import type { HttpOptions } from '../base/options.ts';
import { eventListSchema } from '../schemas/event-schema.ts';
import { commonProblems } from '../schemas/problem-schema.ts';
import { eventsQuery } from '../schemas/queries.ts';

export function eventRoutes(app: App, { events, incidents, clock }: HttpOptions): void {
  app.get(
    '/api/v1/events',
    {
      schema: {
        summary: 'What happened, newest first',
        tags: ['events'],
        querystring: eventsQuery,
        response: { 200: eventListSchema, ...commonProblems },
      },
    },
    async (request) => {
      const { since, until, ...filter } = request.query;
      const page = await events.query({ ...filter, sinceMs: since, untilMs: until, order: 'newest_first' });
      const incidentOf = await incidentIdsOf(page.events, { incidents, clock });
      const documents = page.events.map((event) => eventDocument(event, incidentOf.get(event) ?? null));
      return { events: documents, next_cursor: page.nextCursor };
    },
  );
}
