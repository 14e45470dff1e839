/** The file's schema as JSON Schema, for editors and the configuration reference. */
import { z } from 'zod';
import { configSchema } from './schema.ts';

export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
