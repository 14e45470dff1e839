/**
 * The schemas of documents that the core makes have every field of the document, and no other: `schemaOf` holds them to
 * it. The compiler decides; these lines show that it does, and nothing of them runs.
 */
import { expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { EventDocument } from '../../src/gdoi/events/event-document.ts';
import type {
  ExplanationDocument,
  HealthCheckDocument,
  HealthDocument,
  NextDocument,
} from '../../src/gdoi/health/health-document.ts';
import type { IncidentDocument } from '../../src/gdoi/incidents/incident-document.ts';
import { schemaOf } from '../../src/http/schemas/components.ts';
import type { eventListSchema } from '../../src/http/schemas/event-schema.ts';
import type { checkSchema, explanationSchema, healthSchema, nextSchema } from '../../src/http/schemas/health-schema.ts';
import type { incidentSchema } from '../../src/http/schemas/incident-schema.ts';

/** Fields, and which of them may be absent. */
type Fields<Document> = { readonly [Field in keyof Document]: null };

test('the documents of the core have the fields of their schemas', () => {
  expectTypeOf<Fields<EventDocument>>().toEqualTypeOf<Fields<z.output<typeof eventListSchema>['events'][number]>>();
  expectTypeOf<Fields<IncidentDocument>>().toEqualTypeOf<Fields<z.output<typeof incidentSchema>>>();
  // The agent that a device is polled by is no part of its health.
  expectTypeOf<Fields<HealthDocument>>().toEqualTypeOf<Fields<Omit<z.output<typeof healthSchema>, 'owner'>>>();
  expectTypeOf<Fields<HealthDocument['groups'][number]>>().toEqualTypeOf<
    Fields<z.output<typeof healthSchema>['groups'][number]>
  >();
  expectTypeOf<Fields<HealthCheckDocument>>().toEqualTypeOf<Fields<z.output<typeof checkSchema>>>();
  expectTypeOf<Fields<ExplanationDocument>>().toEqualTypeOf<Fields<z.output<typeof explanationSchema>>>();
  expectTypeOf<Fields<NextDocument>>().toEqualTypeOf<Fields<NonNullable<z.output<typeof nextSchema>>>>();
});

interface Reading {
  readonly at: string;
  readonly what: 'kek' | 'tek';
  readonly parts: readonly { readonly name: string }[];
  readonly cell?: string;
}

const at = z.string();
const what = z.enum(['kek', 'tek']);
const parts = z.array(z.object({ name: z.string() }));
const cell = z.string().exactOptional();
const reading = schemaOf<Reading>();

test('a schema is compiled if it says what the document says', () => {
  const schemas = [reading(z.object({ at, what, parts, cell }))];
  expect(schemas).not.toEqual([]);
});

test('a schema that lacks a field of the document is not compiled', () => {
  const schemas = [
    // @ts-expect-error -- what
    reading(z.object({ at, parts, cell })),
    // @ts-expect-error -- cell, which may be absent
    reading(z.object({ at, what, parts })),
    // @ts-expect-error -- the name of a part
    reading(z.object({ at, what, parts: z.array(z.object({})), cell })),
  ];
  expect(schemas).not.toEqual([]);
});

test('a schema with a field that the document does not have is not compiled', () => {
  const schemas = [
    // @ts-expect-error -- note
    reading(z.object({ at, what, parts, cell, note: z.string() })),
    // @ts-expect-error -- note, even if it may be absent
    reading(z.object({ at, what, parts, cell, note: z.string().exactOptional() })),
    // @ts-expect-error -- the note of a part
    reading(z.object({ at, what, parts: z.array(z.object({ name: z.string(), note: z.string() })), cell })),
  ];
  expect(schemas).not.toEqual([]);
});

test('a schema whose field is wider or narrower than that of the document is not compiled', () => {
  const schemas = [
    // @ts-expect-error -- any text is more than kek and tek
    reading(z.object({ at, what: z.string(), parts, cell })),
    // @ts-expect-error -- tek is left out
    reading(z.object({ at, what: z.enum(['kek']), parts, cell })),
    // @ts-expect-error -- not to be seen is more than to be absent
    reading(z.object({ at, what, parts, cell: z.string().optional() })),
    // @ts-expect-error -- the document always has it
    reading(z.object({ at: at.exactOptional(), what, parts, cell })),
  ];
  expect(schemas).not.toEqual([]);
});
