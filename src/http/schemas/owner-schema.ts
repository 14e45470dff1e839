/** Who polls what a document shows. */
import { z } from 'zod';
import { components } from './components.ts';

const ownerSchema = z
  .object({
    agent: z.string().nullable().describe('Its name; null: nobody polls it now'),
    source: z
      .enum(['own', 'asked', 'kept'])
      .describe('`own`: polled by the agent that answers; `asked`: as its owner says now; `kept`: as the store has it'),
    age_seconds: z.number().nullable().describe('Since the device, or any of the group, was last heard; null: never'),
  })
  .register(components, { id: 'Owner' });
export type OwnerDocument = z.output<typeof ownerSchema>;

export const ownerField = ownerSchema.optional().describe('Only where several agents share the store');
