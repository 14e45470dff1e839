/** Snapshots of a group on a device, in the contract's shape: `null` is "not shown", never 0. */
import { z } from 'zod';
import { components } from './components.ts';

const seconds = z.number().nullable();
const count = z.number().nullable();
const text = z.string().nullable();
const flag = z.boolean().nullable();
const transport = z.enum(['unicast', 'multicast']).nullable();
const ksRole = z.enum(['primary', 'secondary', 'unknown']).nullable();

export const gmSnapshotSchema = z
  .object({
    role: z.literal('gm'),
    group: z.string(),
    identity: text,
    group_type: z.enum(['gdoi', 'gikev2']).nullable(),
    address: text,
    vrf: text,
    gm_version: text,
    status: text,
    registered: flag,
    key_server: text,
    key_servers: z.array(z.string()).nullable(),
    reregisters_in_seconds: seconds,
    registrations: z.object({ succeeded: count, attempted: count }),
    rekeys: z.object({
      received: count,
      since_registration: count,
      acks_sent: count,
      last_from: text,
      last_sequence: count,
      last_age_seconds: seconds,
    }),
    kek: z
      .object({
        spi: z.string().optional(),
        transport,
        remaining_seconds: seconds,
        encryption: text,
        key_bits: count,
        signature_hash: text,
        signature_key_bits: count,
      })
      .nullable(),
    teks: z
      .array(
        z.object({
          interface: text,
          spi: text,
          transform: text,
          remaining_seconds: seconds,
          anti_replay: z.enum(['time', 'counter']).nullable(),
        }),
      )
      .nullable(),
    acl: z.array(z.string()).nullable(),
    replay: z
      .object({
        enabled: flag,
        input_errors: count,
        output_errors: count,
        time_sync_errors: count,
        max_time_delta_seconds: seconds,
      })
      .optional(),
    dataplane: z.object({ encrypted: count, decrypted: count, errors: z.record(z.string(), z.number()) }).optional(),
    rekey_sas: z
      .array(
        z.object({
          state: z.enum(['new', 'current', 'previous']),
          destination: z.string(),
          source: z.string(),
          cookies: z.string(),
        }),
      )
      .optional(),
    receive_only: z.literal(true).optional(),
  })
  .register(components, { id: 'GmSnapshot' });

const ksKey = z.object({
  spi: text,
  lifetime_seconds: seconds,
  remaining_seconds: seconds,
  time_to_rekey_seconds: seconds,
});

export const ksSnapshotSchema = z
  .object({
    role: z.literal('ks'),
    group: z.string(),
    identity: text,
    transport,
    members: count,
    redundancy: flag,
    local_address: text,
    local_priority: count,
    local_role: ksRole,
    local_status: text,
    kek: ksKey.nullable(),
    retransmit: z.object({ period_seconds: seconds, attempts: count }),
    teks: z.array(ksKey).nullable(),
    peers: z
      .array(z.object({ address: z.string(), role: ksRole, status: text, ike: z.string().optional() }))
      .nullable(),
    member_details: z
      .array(
        z.object({
          address: z.string(),
          version: text,
          state: text,
          key_server: text,
          rekeys_sent: count,
          rekey_retries: count,
          acks_received: count,
          acks_missed: count,
        }),
      )
      .nullable(),
    members_unread: z.literal(true).optional(),
    peers_unread: z.literal(true).optional(),
    receive_only: z.literal(true).optional(),
    rekeys_sent: z.number().optional(),
    last_rekey_retransmits: z.number().optional(),
    last_rekey_duration_ms: z.number().optional(),
    acl: z.array(z.string()).optional(),
    ks_version: z.string().optional(),
    features: z
      .array(
        z.object({
          role: z.enum(['gm', 'ks']),
          address: z.string(),
          version: text,
          supported: z.boolean(),
        }),
      )
      .optional(),
  })
  .register(components, { id: 'KsSnapshot' });
