/**
 * What the agent asks of a device over SNMP, in our words: read scalars, walk columns, get a reply that is a value.
 * Implemented by `access/snmp`; no library's type appears here.
 */
import type { ReadAt } from '../gdoi/seen/instant.ts';
import type { Varbind } from '../gdoi/seen/varbind.ts';
import type { Secret } from '../kernel/secret.ts';
import type { DeviceError } from './device-error.ts';

type SnmpAuthProtocol = 'md5' | 'sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
/** `aes192` and `aes256` are with the key extension that Cisco uses (Reeder). */
type SnmpPrivacyProtocol = 'aes128' | 'aes192' | 'aes256';

export type SnmpCredential =
  | { readonly version: '2c'; readonly community: Secret }
  | {
      readonly version: 3;
      readonly username: string;
      readonly auth: { readonly protocol: SnmpAuthProtocol; readonly password: Secret } | null;
      readonly privacy: {
        readonly protocol: SnmpPrivacyProtocol;
        readonly password: Secret;
      } | null;
    };

/** How to reach one device over SNMP: from config, secrets included. */
export interface SnmpTarget {
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Name of the credential in config: what quarantine counts by. */
  readonly credentialName: string;
  readonly credential: SnmpCredential;
  /** Local address that requests leave from; absent: the system's choice. */
  readonly sourceAddress?: string | null;
  /** SNMPv3 context; absent: the default one. */
  readonly context?: string;
  /**
   * Take an answer from whatever address: the device may answer from another one than it was asked at. The request ID,
   * and what v3 proves, tell whether it is one.
   */
  readonly anySource?: true;
  /** Bound for one request, its retries included, ms; a read of several requests takes at most four times as long. */
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
      /** Scalars first, then the columns' rows; an object the device does not have is null or not there. */
      readonly varbinds: readonly Varbind[];
      /** Columns that gave no row: not implemented, not in the view, or an empty table. SNMP does not tell which. */
      readonly emptyColumns: readonly string[];
      /** Of the last answer, where v3 authenticated it: seconds since the engine booted; else null. */
      readonly engine: { readonly boots: number; readonly timeSeconds: number } | null;
    })
  | { readonly kind: 'failed'; readonly error: DeviceError };

/** SNMP access to the fleet: owns sockets, limits, back-off and quarantine. One read per device at a time. */
export interface SnmpAccess extends AsyncDisposable {
  read(target: SnmpTarget, request: SnmpRequest, signal: AbortSignal): Promise<SnmpReply>;
  /** Forget a device: what was learnt of its engine, its back-off. */
  forget(device: string): Promise<void>;
  status(): SnmpAccessStatus;
}

export interface SnmpAccessStatus {
  /** Reads under way; each has one request open. */
  readonly requestsActive: number;
  /**
   * Datagrams from a device's address that answered nothing we asked, were less secured than the request, were not
   * authentic, or could not be read. What comes from elsewhere is not let in by the kernel and not counted here.
   */
  readonly datagramsDropped: number;
  readonly quarantinedCredentials: readonly string[];
}
