/**
 * The agent as an SNMP engine, which senders of v3 informs address. A trap goes by the sender's engine, an inform by
 * the receiver's, and IOS has to be told its ID (`snmp-server engineID remote`), so it stays the same over restarts.
 * Boots must grow with each start, and nothing of this is stored: the seconds from 2020 to the start are such a number.
 */
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../../../kernel/clock.ts';
import type { EngineInstant } from './usm-time-window.ts';

/** RFC 3411: first bit set, an enterprise number (we have none), format 5: octets of the administrator's choice. */
const ENGINE_ID_PREFIX = Buffer.from('8000000005', 'hex');
const ENGINE_ID_OCTETS = 12;
const BOOTS_EPOCH_MS = Date.UTC(2020, 0, 1);

export interface OwnEngine {
  readonly id: Buffer;
  now(): EngineInstant;
}

/** `port` tells two agents on one machine apart. */
export function createOwnEngine(port: number, clock: Clock): OwnEngine {
  const digest = createHash('sha256').update(`gdoiwatch ${hostname()} ${port}`).digest();
  const boots = Math.max(1, Math.floor((clock.wallMs() - BOOTS_EPOCH_MS) / 1000));
  const startedMonoMs = clock.monoMs();
  return {
    id: Buffer.concat([ENGINE_ID_PREFIX, digest.subarray(0, ENGINE_ID_OCTETS)]),
    now: () => ({ boots, timeSeconds: Math.floor((clock.monoMs() - startedMonoMs) / 1000) }),
  };
}
