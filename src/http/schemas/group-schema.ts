/** Groups: an entry of the list, and the whole view with the timeline of every member's KEK. */
import { z } from 'zod';
import { cellField, components, instant } from './components.ts';
import { membershipSchema } from './device-schema.ts';
import { ownerField } from './owner-schema.ts';
import { checkSchema, explanationSchema, nextSchema, statementField, statusSchema } from './health-schema.ts';

const summaryShape = {
  group: z.string(),
  cell: cellField,
  status: statusSchema,
  summary: z.string(),
  statement: statementField,
  action: z.string().nullable(),
  members: z.int().describe('GMs that are polled or listed by a KS'),
  gms: z.int().describe('GMs that are polled'),
  kss: z.int(),
  primaries: z.array(z.string()),
  divergent_members: z.int(),
  mixed_versions: z.boolean(),
  next: nextSchema,
  owner: ownerField,
};

const groupSummarySchema = z.object(summaryShape).register(components, { id: 'GroupSummary' });
export type GroupSummary = z.output<typeof groupSummarySchema>;

export const groupListSchema = z.object({
  groups: z.array(groupSummarySchema),
  next_cursor: z.string().nullable(),
});
export type GroupList = z.output<typeof groupListSchema>;

const gmSchema = z
  .object({
    device: z.string(),
    reachable: z.boolean(),
    kek_behavior: z.enum(['timer', 'legacy', 'unknown']),
    kek_matches_ks: z.boolean().nullable().describe('null: unknown, or a rekey is in progress'),
    tek_matches_ks: z.boolean().nullable(),
    divergent: z.boolean(),
    kek_expired_in_use: z.boolean(),
    kek_rekey_overdue: z.boolean(),
    acks_missed: z.number().nullable().describe('As counted by its KS; null: not listed'),
    membership: membershipSchema.nullable(),
  })
  .register(components, { id: 'GroupGm' });

const ksSchema = z
  .object({
    device: z.string(),
    address: z.string().nullable(),
    reachable: z.boolean(),
    role: z.enum(['primary', 'secondary']).nullable(),
    kek_behavior: z.enum(['timer', 'legacy', 'unknown']),
    version: z.string().nullable(),
    members: z.number().nullable(),
    membership: membershipSchema.nullable(),
  })
  .register(components, { id: 'GroupKs' });

export const groupSchema = z
  .object({
    group: z.string(),
    cell: cellField,
    owner: ownerField,
    status: statusSchema,
    summary: z.string(),
    statement: statementField,
    action: z.string().nullable(),
    at: instant,
    explanations: z.array(explanationSchema).describe('Why, the worst first; the first one is the summary'),
    checks: z.array(checkSchema),
    next_kek_rekey: nextSchema,
    next_tek_rekey: nextSchema,
    at_risk: z.array(
      z.object({
        gm: z.string(),
        status: statusSchema,
        reason: z.string(),
        reregisters_at: instant.nullable(),
      }),
    ),
    missed_last_rekey: z.object({
      where: z
        .enum(['none', 'path', 'ks'])
        .nullable()
        .describe('null: whether one was lost, and where, is not clear, or another cause explains it'),
      gms: z.array(z.string()),
      share: z.number(),
      evidence: z.array(z.string()),
    }),
    lead: z.object({
      seconds: z.number(),
      source: z.enum(['ks', 'floor']),
      measured_seconds: z.number().nullable(),
      estimated_seconds: z.number().nullable().describe('From an inferred formula: for display only'),
    }),
    kek_lifetime_seconds: z.number().nullable(),
    tek_lifetime_seconds: z.number().nullable(),
    members: z.int(),
    gms: z.array(gmSchema).describe('GMs at risk first'),
    gms_left_out: z.int().describe('Number of polled GMs beyond the limit of one answer'),
    kss: z.array(ksSchema),
    primaries: z.array(z.string()),
    coop_split: z.object({ primaries: z.array(z.string()), since: instant }).nullable(),
    separate_groups: z
      .object({ kss: z.array(z.array(z.string())), summary: z.string() })
      .nullable()
      .describe('Apparently several groups of one name in one cell: the KSs of each; null: nothing proves that'),
    other_cells: z
      .object({ cells: z.array(z.string()), summary: z.string() })
      .nullable()
      .describe('Apparently one group in several cells: their KSs hold the same KEK; null: nothing proves that'),
    coop_peers: z.array(z.object({ address: z.string(), device: z.string().nullable(), lost: z.boolean().nullable() })),
    mixed_versions: z
      .object({
        legacy_kss: z.array(z.object({ device: z.string(), version: z.string().nullable() })),
        sending: z.array(z.string()).describe('Of these, who sends the rekeys now, or may; a secondary does not'),
        affected_gms: z.array(z.string()),
      })
      .nullable(),
    divergent_members: z.array(z.string()),
    group_teks: z.object({ source: z.string(), spis: z.array(z.string()) }).nullable(),
    unacknowledged: z.array(
      z.object({
        address: z.string(),
        device: z.string().nullable(),
        acks_missed: z.number(),
        ejected: z.boolean(),
      }),
    ),
    not_polled: z.array(z.string()).describe('Addresses of GMs that a KS lists and no polled device is known to have'),
    not_listed: z.array(z.string()).describe('Registered GMs that no polled KS lists'),
  })
  .register(components, { id: 'Group' });
export type GroupDocument = z.output<typeof groupSchema>;
