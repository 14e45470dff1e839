/** Who polls what a document shows. */
import { z } from 'zod';
import { components } from './components.ts';

const ownerSchema = z
  .object({
    agent: z.string().nullable().describe('Name of the agent; null: no agent polls it now'),
    source: z
      .enum(['own', 'asked', 'kept'])
      .describe(
        '`own`: polled by the agent that answers; `asked`: as the agent that polls it says now; `kept`: as it is in the store',
      ),
    age_seconds: z
      .number()
      .nullable()
      .describe('Since the last answer of the device, or of any device of the group; null: never'),
  })
  .register(components, { id: 'Owner' });
export type OwnerDocument = z.output<typeof ownerSchema>;

export const ownerField = ownerSchema.exactOptional().describe('Only if several agents share the store');
