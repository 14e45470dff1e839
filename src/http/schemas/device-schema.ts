/** Devices: an entry of the list, and all that is known of one. */
import { z } from 'zod';
import { CAUSES } from '../../gdoi/events/event.ts';
import { FORECAST_CAUSES } from '../../gdoi/keys/forecast.ts';
import { POLL_REASONS } from '../../gdoi/keys/poll-instants.ts';
import { cellField, components, instant } from './components.ts';
import { ownerField } from './owner-schema.ts';
import { healthSchema, nextSchema, statementField, statusSchema } from './health-schema.ts';
import { gmSnapshotSchema, ksSnapshotSchema } from './snapshot-schema.ts';

const role = z.enum(['gm', 'ks', 'both']);
const pair = z.tuple([instant, instant]);

const timelineSchema = z
  .object({
    rekey_due_at: instant.describe('Expiry minus the KS’s lead'),
    missed_window: pair.describe('A GM without the new KEK re-registers in this interval'),
    expires_at: instant,
    expiry_window_ends_at: instant.describe('A GM whose KEK ran out registers again before this'),
  })
  .register(components, { id: 'KekTimeline' });

const reregistrationSchema = z.object({ at: instant, cause: z.enum(CAUSES), unexpected: z.boolean() });

const forecastSchema = z
  .object({
    cause: z.enum(FORECAST_CAUSES).nullable().describe('What sets the countdown; null: not decided'),
    possible: z.array(z.enum(FORECAST_CAUSES)),
    expected_at: instant.nullable(),
    expected_between: pair.nullable(),
    window: pair.nullable(),
    time_left_seconds: z.object({ at_least: z.number(), at_most: z.number() }).nullable().describe('As of the read'),
    kek_rekey_overdue: z.boolean().nullable(),
    evidence: z.array(z.string()),
  })
  .register(components, { id: 'Forecast' });

/** What a list needs of a device's part in one group. */
export const membershipSchema = z
  .object({
    group: z.string(),
    role,
    status: statusSchema,
    summary: z.string(),
    address: z.string().nullable(),
    key_server: z.string().nullable().describe('For a GM: the KS with which it is registered'),
    registered: z.boolean().nullable(),
    ks_role: z.enum(['primary', 'secondary', 'unknown']).nullable(),
    members: z.number().nullable(),
    kek: timelineSchema.nullable(),
    tek_expires_at: instant.nullable().describe('That of the longest-lived TEK'),
    reregisters_at: instant.nullable(),
    reregister_cause: z.enum(FORECAST_CAUSES).nullable(),
    last_reregistration: reregistrationSchema.nullable(),
  })
  .register(components, { id: 'Membership' });

const summaryShape = {
  device: z.string(),
  cell: cellField,
  host: z.string(),
  role: role.nullable().describe('As configured, otherwise as its answers show; null: not known'),
  kek_behavior: z.enum(['timer', 'legacy', 'unknown']),
  labels: z.record(z.string(), z.string()),
  status: statusSchema,
  summary: z.string(),
  statement: statementField,
  result: z.string().nullable().describe('How the last poll ended; null: not polled yet'),
  observed_at: instant.nullable(),
  next: nextSchema,
  owner: ownerField,
};

const deviceSummarySchema = z
  .object({ ...summaryShape, groups: z.array(membershipSchema) })
  .register(components, { id: 'DeviceSummary' });
export type DeviceSummary = z.output<typeof deviceSummarySchema>;
export type MembershipDocument = z.output<typeof membershipSchema>;

export const deviceListSchema = z.object({
  devices: z.array(deviceSummarySchema),
  next_cursor: z.string().nullable(),
  total: z.int().describe('Devices that match the filters, on all pages'),
  by_status: z.record(statusSchema, z.int()).describe('The whole fleet, whatever the filters'),
});
export type DeviceList = z.output<typeof deviceListSchema>;

const polledBeside = z.object({
  result: z.string().nullable(),
  error: z.string().nullable(),
  polls: z.record(z.string(), z.int()),
  last_success_at: instant.nullable(),
});
const shownBeside = z.object({ gm: gmSnapshotSchema.nullable(), ks: ksSnapshotSchema.nullable() });

export const deviceSchema = z
  .object({
    ...summaryShape,
    configured_role: z.enum(['gm', 'ks', 'auto']),
    error: z.string().nullable(),
    failure: z
      .string()
      .nullable()
      .describe('Why the device does not answer, also while the agent waits to try again; null: no failure'),
    polls: z.record(z.string(), z.int()).describe('Polls by result since the start'),
    last_poll_at: instant.nullable(),
    poll_duration_seconds: z.number().nullable(),
    regular_interval_seconds: z.number().nullable().describe('Longest time between two regular polls'),
    unparsed_lines: z.int().nullable(),
    commands: z.record(z.string(), z.string()).describe('By follow-up command: how it last ended'),
    snmp: polledBeside.nullable().describe('SNMP in addition to SSH; null: not polled in addition to SSH'),
    restconf: polledBeside.nullable().describe('RESTCONF in addition to SSH; null: not polled in addition to SSH'),
    facts: z
      .object({
        read_at: instant,
        hostname: z.string().nullable(),
        software: z.enum(['ios', 'ios-xe']).nullable(),
        version: z.string().nullable(),
        platform: z.string().nullable(),
        uptime_seconds: z.number().nullable(),
        reload_reason: z.string().nullable(),
      })
      .nullable(),
    groups: z.array(
      membershipSchema.extend({
        gm: gmSnapshotSchema.nullable(),
        ks: ksSnapshotSchema.nullable(),
        read_at: instant,
        forecast: forecastSchema.nullable(),
        reregistrations: z
          .object({ expected: z.int(), unexpected: z.int() })
          .nullable()
          .describe('As counted by the agent; null: the device is a KS'),
        kek_matches_ks: z.boolean().nullable(),
        tek_matches_ks: z.boolean().nullable(),
        data_problems: z.array(z.string()).describe('Where the device contradicts itself'),
        sources_disagree: z
          .boolean()
          .nullable()
          .describe('CLI and SNMP, or CLI and RESTCONF; null: not both are polled'),
        snmp: shownBeside.nullable().describe('What SNMP shows, if the CLI answers too'),
        restconf: shownBeside.nullable().describe('What RESTCONF shows, if the CLI answers too'),
      }),
    ),
    certificates: z
      .array(z.object({ trustpoint: z.string(), expires_at: instant }))
      .nullable()
      .describe('Earliest expiry among the certificates of a trustpoint; null: not collected'),
    planned_polls: z.array(z.object({ at: instant, reason: z.enum(POLL_REASONS) })),
    health: healthSchema,
    answers: z
      .array(z.object({ command: z.string(), read_at: instant, text: z.string(), cut: z.boolean() }))
      .describe('The last answer to each show command, as the device gave it'),
  })
  .register(components, { id: 'Device' });
export type DeviceDocument = z.output<typeof deviceSchema>;
