import { expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';

it('the JSON Schema has every section of the contract and refuses unknown keys', () => {
  expect(configJsonSchema()).toMatchObject({
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      [
        'listen',
        'web',
        'store',
        'record',
        'defaults',
        'credentials',
        'ssh',
        'devices',
        'targets',
        'syslog',
        'traps',
        'alertmanager',
      ].map((key) => [key, expect.anything()]),
    ),
  });
});
