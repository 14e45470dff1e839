import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { serve } from './served.ts';

/** A type and not an interface: it has to pass for any object. */
type Document = {
  readonly openapi: string;
  readonly paths: Record<string, { readonly get: Operation }>;
  readonly components: { readonly schemas: Record<string, unknown> };
};

interface Operation {
  readonly summary?: string;
  readonly parameters: readonly { readonly name: string }[];
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: unknown }> }>;
}

test('the OpenAPI document is valid 3.1, and describes every page of the API with its errors', async () => {
  await using served = await serve();
  const document = await served.json<Document>('/api/openapi.json');
  expect(document.openapi).toBe('3.1.0');
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
  expect(Object.keys(document.paths).toSorted()).toEqual([
    '/api/v1/devices',
    '/api/v1/devices/{name}',
    '/api/v1/devices/{name}/health',
    '/api/v1/events',
    '/api/v1/events/stream',
    '/api/v1/groups',
    '/api/v1/groups/{name}',
    '/api/v1/incidents',
    '/api/v1/incidents/{id}',
    '/api/v1/incidents/{id}/ticket',
    '/api/v1/maintenance',
    '/api/v1/sd',
    '/probe',
  ]);
  for (const [path, { get }] of Object.entries(document.paths)) {
    expect([path, get.summary]).toEqual([path, expect.any(String)]);
    expect(Object.keys(get.responses)).toEqual(expect.arrayContaining(['200', '400', '401', '403', '429']));
    expect(get.responses['400']?.content?.['application/problem+json']?.schema).toEqual({
      $ref: '#/components/schemas/Problem',
    });
  }
  expect(Object.keys(document.components.schemas)).toEqual(
    expect.arrayContaining([
      'Device',
      'DeviceSummary',
      'Event',
      'GmSnapshot',
      'Group',
      'Health',
      'KsSnapshot',
      'Problem',
    ]),
  );
});

test('every reference of the document leads somewhere, and parameters say what they allow', async () => {
  await using served = await serve();
  const document = await served.json<Document>('/api/openapi.json');
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
    expect(document.components.schemas).toHaveProperty(name ?? '');
  const limit = document.paths['/api/v1/events']?.get.parameters.find(({ name }) => name === 'limit');
  expect(limit).toMatchObject({ in: 'query', schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 } });
});
