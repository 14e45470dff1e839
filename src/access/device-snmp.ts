/**
 * What the agent asks of a device over SNMP, in our words: read scalars, walk columns; the reply is a value.
 * Implemented by `access/snmp`; no library's type appears here.
 */
import type { ReadAt } from '../gdoi/seen/instant.ts';
import type { Varbind } from '../gdoi/seen/varbind.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Forgetting } from './credential-quarantine.ts';
import type { DeviceError } from './device-error.ts';

export const SNMP_AUTH_PROTOCOLS = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
/** `aes192` and `aes256` are with the key extension that Cisco uses (Reeder). */
export const SNMP_PRIVACY_PROTOCOLS = ['aes128', 'aes192', 'aes256'] as const;

/** Privacy only together with auth. */
export type SnmpCredential =
  | { readonly version: '2c'; readonly community: Secret }
  | {
      readonly version: 3;
      readonly username: string;
      readonly auth: { readonly protocol: (typeof SNMP_AUTH_PROTOCOLS)[number]; readonly password: Secret } | null;
      readonly privacy: {
        readonly protocol: (typeof SNMP_PRIVACY_PROTOCOLS)[number];
        readonly password: Secret;
      } | null;
    };

/** How to reach one device over SNMP, from the configuration, secrets included. */
export interface SnmpTarget {
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Name of the credential in the configuration: quarantine counts by it. */
  readonly credentialName: string;
  readonly credential: SnmpCredential;
  /** Local address that requests leave from; absent: the system's choice. */
  readonly sourceAddress?: string | null;
  /** SNMPv3 context; absent: the default one. */
  readonly context?: string;
  /**
   * Accept an answer from any address: the device may answer from another one than it was asked at. The request ID, and
   * what v3 authenticates, tell whether it is the answer.
   */
  readonly anySource?: true;
  /** Limit for one request with its retries, ms; a read of several requests takes at most four times as long. */
  readonly timeoutMs: number;
}

/**
 * What to read: the instances of `scalars` (each ends in `.0`, anything else throws) and all rows of `columns`, in as
 * few requests as fit.
 */
export interface SnmpRequest {
  readonly scalars: readonly string[];
  /** OIDs of columns, without an instance. */
  readonly columns: readonly string[];
}

export type SnmpReply =
  | (ReadAt & {
      readonly kind: 'values';
      /** Scalars first, then the columns' rows; an object that the device does not have is null or absent. */
      readonly varbinds: readonly Varbind[];
      /** Columns without a row: not implemented, not in the view, or an empty table. SNMP does not tell which. */
      readonly emptyColumns: readonly string[];
      /** From the last answer that v3 authenticated: seconds since the engine booted; otherwise null. */
      readonly engine: { readonly boots: number; readonly timeSeconds: number } | null;
    })
  | { readonly kind: 'failed'; readonly error: DeviceError };

/** SNMP access to the fleet: owns sockets, limits, back-off and quarantine. One read per device at a time. */
export interface SnmpAccess extends AsyncDisposable {
  read(target: SnmpTarget, request: SnmpRequest, signal: AbortSignal): Promise<SnmpReply>;
  /** Forgets a device: what was learned of its engine, and its back-off. */
  forget(device: string, why?: Forgetting): Promise<void>;
  status(): SnmpAccessStatus;
}

export interface SnmpAccessStatus {
  /** Reads under way; each has one open request. */
  readonly requestsActive: number;
  /**
   * Datagrams from a device's address that answered none of our requests, were less secured than the request, were not
   * authentic, or could not be read. The kernel lets nothing else in, so that is not counted here.
   */
  readonly datagramsDropped: number;
  readonly quarantinedCredentials: readonly string[];
}
