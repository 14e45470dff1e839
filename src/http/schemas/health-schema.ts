/** The contract's health document. */
import { z } from 'zod';
import { EXPLANATION_CAUSES } from '../../gdoi/explain/explanation.ts';
import { SYMPTOM_CHECKS } from '../../gdoi/explain/symptom.ts';
import { CHECK_NAMES, HEALTH_STATUSES } from '../../gdoi/health/health-check.ts';
import type {
  ExplanationDocument,
  HealthCheckDocument,
  HealthDocument,
  NextDocument,
} from '../../gdoi/health/health-document.ts';
import { components, instant, schemaOf } from './components.ts';
import { type OwnerDocument, ownerField } from './owner-schema.ts';

export const statusSchema = z.enum(HEALTH_STATUSES);
export const statementField = z
  .string()
  .optional()
  .describe('The summary without the name before it; absent: from an agent of an older version');

/** What comes next, and when. */
export const nextSchema = schemaOf<NextDocument | null>()(z.object({ what: z.string(), at: instant }).nullable());

export const checkSchema = schemaOf<HealthCheckDocument>()(
  z
    .object({
      name: z.enum(CHECK_NAMES),
      group: z.string().nullable().describe('null: of the device as a whole'),
      status: statusSchema,
      detail: z.string(),
      value: z.union([z.number(), z.string(), z.boolean()]).nullable().describe('Base units; null: not shown'),
      threshold: z.union([z.number(), z.string()]).nullable(),
      action: z.string().nullable().describe('First step for on-call, read-only'),
      explained_by: z.enum(EXPLANATION_CAUSES).nullable().describe('The cause that explains it; null: none does'),
    })
    .register(components, { id: 'HealthCheck' }),
);

export const explanationSchema = schemaOf<ExplanationDocument>()(
  z
    .object({
      cause: z.enum(EXPLANATION_CAUSES),
      phase: z
        .enum(['present', 'unclear', 'over'])
        .describe('unclear: to be decided by known_at; over: only its traces are left'),
      status: z.enum(['ok', 'warning', 'critical']),
      since: instant,
      summary: z.string().describe('One sentence'),
      consequence: z.string().nullable().describe('What follows if nothing is done; null: nothing'),
      deadline: instant
        .nullable()
        .describe('When the consequence comes; null: it is already there, or the time is not known'),
      confidence: z.enum(['certain', 'likely', 'possible']),
      known_at: instant.nullable().describe('When an unclear one will be decided, at the latest'),
      first_step: z.string().nullable().describe('Read-only'),
      scope: z.array(z.string()).describe('Devices that cause it, suffer from it, or will'),
      evidence: z.array(z.string()),
      explains: z.array(
        z.object({
          check: z.enum(SYMPTOM_CHECKS),
          devices: z.array(z.string()).describe('Empty: the symptom is the group’s'),
        }),
      ),
    })
    .register(components, { id: 'Explanation' }),
);

/** The health of a device, and who polls it. */
export interface HealthAnswer extends HealthDocument {
  readonly owner?: OwnerDocument;
}

export const healthSchema = schemaOf<HealthAnswer>()(
  z
    .object({
      device: z.string(),
      owner: ownerField,
      status: statusSchema,
      summary: z.string().describe('One sentence: the most serious cause, otherwise the worst check'),
      observed_at: instant.nullable().describe('When the last answer came; null: there was none'),
      age_seconds: z.number().nullable(),
      checks: z.array(checkSchema),
      groups: z.array(
        z.object({
          group: z.string(),
          role: z.enum(['gm', 'ks', 'both']),
          status: statusSchema,
          summary: z.string(),
          next: nextSchema,
          action: z.string().nullable(),
        }),
      ),
      next: nextSchema,
      action: z.string().nullable(),
      explanations: z.array(explanationSchema).describe('Why, from its groups: the worst first'),
    })
    .register(components, { id: 'Health' }),
);
