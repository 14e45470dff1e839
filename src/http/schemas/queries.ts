/** Parameters of requests. Unknown and repeated ones are refused. */
import { z } from 'zod';
import { CAUSES, EVENT_TYPES } from '../../gdoi/events/event.ts';
import { EXPLANATION_CAUSES } from '../../gdoi/explain/explanation.ts';
import { HEALTH_STATUSES } from '../../gdoi/health/health-check.ts';
import { parseIsoInstant } from '../../kernel/iso-instant.ts';

/** Longest name of a device or group that is looked up. */
export const MAX_NAME = 256;
const MAX_CURSOR = 2048;

const name = z.string().min(1).max(MAX_NAME);
export const nameParams = z.strictObject({ name });
export const noQuery = z.strictObject({});

const cursor = z.string().min(1).max(MAX_CURSOR).optional().describe('`next_cursor` of the previous page');
const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

function limit(fallback: number, most: number) {
  return z.coerce
    .number<string>()
    .int()
    .min(1)
    .max(most)
    .default(fallback)
    .describe(`Most entries per page: 1 to ${most}; default ${fallback}`);
}

const ISO_INSTANT = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** As milliseconds. */
const instantParam = z
  .string()
  .max(40)
  .transform((text, context) => {
    const ms = /^\d{1,12}(\.\d{1,9})?$/.test(text)
      ? Number(text) * 1000
      : ISO_INSTANT.test(text)
        ? parseIsoInstant(text)
        : null;
    if (ms !== null && ms <= 8.64e15) return Math.round(ms);
    context.addIssue({ code: 'custom', message: 'not an instant: ISO 8601 with zone, or seconds since 1970' });
    return z.NEVER;
  });

export const devicesQuery = z.strictObject({
  group: name.optional(),
  role: z.enum(['gm', 'ks', 'both']).optional(),
  status: z.enum(HEALTH_STATUSES).optional(),
  key_server: name.optional().describe('Only GMs that are registered with the KS of this address'),
  result: z.string().max(32).optional().describe('How the last poll ended: `ok`, `timeout`, `auth`, ...'),
  q: z.string().max(200).optional().describe('Part of the name, host, label value, group or summary'),
  sort: z.enum(['name', 'status']).default('name').describe('`status`: the worst first, then by name'),
  limit: limit(100, 1000),
  cursor,
});
export type DevicesQuery = z.output<typeof devicesQuery>;

const cell = name.optional().describe('Only of this cell');

export const groupQuery = z.strictObject({
  cell: name.optional().describe('Needed if more than one cell has a group of this name'),
});
export const groupsQuery = z.strictObject({ limit: limit(100, 1000), cursor });

export const healthQuery = z.strictObject({
  live: flag.optional().describe('`true`: poll the device now; needs the scope `operate`'),
});

export const eventsQuery = z.strictObject({
  since: instantParam.optional().describe('From this time on: ISO 8601, or seconds since 1970'),
  until: instantParam.optional().describe('Before this time'),
  device: name.optional(),
  group: name.optional(),
  cell,
  type: z.enum(EVENT_TYPES).optional(),
  cause: z.enum(CAUSES).optional(),
  unexpected: flag.optional(),
  limit: limit(100, 1000),
  cursor,
});

export const incidentsQuery = z.strictObject({
  since: instantParam.optional().describe('Open at or after this time: ISO 8601, or seconds since 1970'),
  until: instantParam.optional().describe('Began before this time'),
  group: name.optional(),
  cell,
  device: name.optional().describe('Only incidents that concern this device'),
  cause: z.enum(EXPLANATION_CAUSES).optional(),
  limit: limit(20, 100),
  cursor,
});

export const incidentParams = z.strictObject({ id: z.string().min(1).max(MAX_CURSOR) });

export const probeQuery = z.strictObject({ target: name.describe('Name of a configured device') });
