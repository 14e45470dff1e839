/** Events of the history. */
import { z } from 'zod';
import type { EventDocument } from '../../gdoi/events/event-document.ts';
import { CAUSES, EVENT_TYPES } from '../../gdoi/events/event.ts';
import { cellField, components, instant, schemaOf } from './components.ts';

const eventSchema = schemaOf<EventDocument>()(
  z
    .object({
      id: z.string().describe('Derived from what happened: the same occurrence always has the same id'),
      at: instant.describe('Best estimate'),
      between: z.tuple([instant, instant]).describe('The interval that is certain'),
      type: z.enum(EVENT_TYPES),
      device: z.string().nullable(),
      cell: cellField,
      group: z.string().nullable(),
      cause: z.enum(CAUSES).nullable().describe('Cause of a re-registration'),
      unexpected: z.boolean().nullable(),
      severity: z.enum(['info', 'warning', 'critical']),
      summary: z.string(),
      evidence: z.array(z.string()),
      action: z.string(),
      incident: z.string().nullable().describe('Id of the incident it belongs to; null: none is known yet'),
      planned: z.boolean().describe('Whether it happened in a maintenance window'),
    })
    .register(components, { id: 'Event' }),
);

export const eventListSchema = z.object({ events: z.array(eventSchema), next_cursor: z.string().nullable() });

export type EventListDocument = z.output<typeof eventListSchema>;
