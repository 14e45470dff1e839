/** Incidents: what happened in a group, from its beginning to its end. */
import { z } from 'zod';
import { EXPLANATION_CAUSES } from '../../gdoi/explain/explanation.ts';
import type { IncidentDocument } from '../../gdoi/incidents/incident-document.ts';
import { cellField, components, instant, schemaOf } from './components.ts';

export const incidentSchema = schemaOf<IncidentDocument>()(
  z
    .object({
      id: z.string().describe('Stays the same over restarts'),
      group: z.string(),
      cell: cellField,
      cause: z.enum(EXPLANATION_CAUSES),
      status: z.enum(['open', 'closed']),
      severity: z.enum(['info', 'warning', 'critical']).describe('The highest it has been'),
      began_at: instant,
      ended_at: instant.nullable(),
      summary: z.string().describe('Once it is over: what it was, and when that was seen'),
      consequence: z.string().nullable().describe('What follows; once it is over: what was foreseen'),
      deadline: instant
        .nullable()
        .describe(
          'When the consequence comes; null: it is already there, the time is not known, or the incident is over',
        ),
      first_step: z.string().nullable().describe('Read-only'),
      devices: z.array(z.string()),
      events: z.array(z.string()).describe('Ids of the events of its devices and its group, oldest first'),
      evidence: z
        .array(z.string())
        .describe(
          'As last seen; lines from earlier begin with their time, as do all lines of an incident that is over',
        ),
      ended_by: z.string().nullable(),
    })
    .register(components, { id: 'Incident' }),
);

export const incidentListSchema = z.object({
  incidents: z.array(incidentSchema),
  next_cursor: z.string().nullable(),
});

export type IncidentListDocument = z.output<typeof incidentListSchema>;
