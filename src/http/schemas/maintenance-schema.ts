/** Maintenance windows. */
import { z } from 'zod';
import { components, instant } from './components.ts';
import { MAX_NAME } from './queries.ts';

const MAX_NAMES = 10_000;
const names = z.array(z.string().min(1).max(MAX_NAME)).max(MAX_NAMES);
const zoned = z.iso.datetime({ offset: true });

export const maintenanceRequest = z
  .strictObject({
    from: zoned.optional().describe('When it begins; absent: now'),
    until: zoned.describe('When it ends, by itself'),
    devices: names.default([]),
    groups: names.default([]).describe('With all their devices'),
    cells: names.default([]).describe('With all their groups'),
    reason: z.string().max(200).default('').describe('Shown with each event'),
  })
  .register(components, { id: 'MaintenanceRequest' });

export const maintenanceSchema = z
  .object({
    id: z.string(),
    source: z.enum(['configuration', 'api']),
    from: instant,
    until: instant,
    devices: z.array(z.string()),
    groups: z.array(z.string()),
    cells: z.array(z.string()),
    reason: z.string(),
  })
  .register(components, { id: 'Maintenance' });
export type MaintenanceDocument = z.output<typeof maintenanceSchema>;

export const maintenanceListSchema = z.object({ maintenance: z.array(maintenanceSchema) });
export const maintenanceQuery = z.strictObject({ id: z.string().min(1).max(200) });
