/** The contract's health document. */
import { z } from 'zod';
import { CHECK_NAMES, HEALTH_STATUSES } from '../../gdoi/health/health-check.ts';
import { components, instant } from './components.ts';

export const statusSchema = z.enum(HEALTH_STATUSES);

/** What is announced next, and when. */
export const nextSchema = z.object({ what: z.string(), at: instant }).nullable();

export const checkSchema = z
  .object({
    name: z.enum(CHECK_NAMES),
    group: z.string().nullable().describe('null: of the device as such'),
    status: statusSchema,
    detail: z.string(),
    value: z.union([z.number(), z.string(), z.boolean()]).nullable().describe('Base units; null: not shown'),
    threshold: z.union([z.number(), z.string()]).nullable(),
    action: z.string().nullable().describe('First step for on-call, read-only'),
  })
  .register(components, { id: 'HealthCheck' });

export const healthSchema = z
  .object({
    device: z.string(),
    status: statusSchema,
    summary: z.string().describe('One sentence: the worst check'),
    observed_at: instant.nullable().describe('The last answer; null: there was none'),
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
  })
  .register(components, { id: 'Health' });
