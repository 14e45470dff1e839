/**
 * Documents that the core makes have every field of their schema, and no other: one that the schema does not know would
 * be left out of answers without notice. The compiler decides; nothing of it runs.
 */
import { expectTypeOf, test } from 'vitest';
import type { z } from 'zod';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import type {
  ExplanationDocument,
  HealthCheckDocument,
  HealthDocument,
  NextDocument,
} from '../../src/gdoi/health/health-document.ts';
import type { IncidentDocument } from '../../src/gdoi/incidents/incident-document.ts';
import type { EventDocument as ServedEvent } from '../../src/http/schemas/event-schema.ts';
import type { checkSchema, explanationSchema, healthSchema, nextSchema } from '../../src/http/schemas/health-schema.ts';
import type { IncidentDocument as ServedIncident } from '../../src/http/schemas/incident-schema.ts';

/** Fields, and which of them may be absent. */
type Fields<Document> = { readonly [Field in keyof Document]: null };

test('the documents of the core have the fields of their schemas', () => {
  expectTypeOf<Fields<EventDocument>>().toEqualTypeOf<Fields<ServedEvent>>();
  expectTypeOf<Fields<IncidentDocument>>().toEqualTypeOf<Fields<ServedIncident>>();
  // The agent that a device is polled by is no part of its health.
  expectTypeOf<Fields<HealthDocument>>().toEqualTypeOf<Fields<Omit<z.output<typeof healthSchema>, 'owner'>>>();
  expectTypeOf<Fields<HealthDocument['groups'][number]>>().toEqualTypeOf<
    Fields<z.output<typeof healthSchema>['groups'][number]>
  >();
  expectTypeOf<Fields<HealthCheckDocument>>().toEqualTypeOf<Fields<z.output<typeof checkSchema>>>();
  expectTypeOf<Fields<ExplanationDocument>>().toEqualTypeOf<Fields<z.output<typeof explanationSchema>>>();
  expectTypeOf<Fields<NextDocument>>().toEqualTypeOf<Fields<NonNullable<z.output<typeof nextSchema>>>>();
});
