/**
 * What the agent asks of a device over RESTCONF (RFC 8040), in our words: read some of a fixed list of paths, one after
 * the other on one kept connection, get a reply that is a value. Implemented by `access/restconf`; no library's type
 * appears here.
 */
import type { ReadAt } from '../gdoi/seen/instant.ts';
import type { EpochMs } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { DeviceError } from './device-error.ts';
import type { RestconfPath } from './restconf-path.ts';

export interface RestconfCredential {
  readonly username: string | null;
  readonly password: Secret | null;
  /** PEM texts; null: the device is shown none. */
  readonly client: { readonly certificate: string; readonly key: Secret; readonly passphrase: Secret | null } | null;
}

/** What makes a device's certificate good enough to send a password to. */
export interface RestconfTrust {
  /** PEM; null: the authorities that Node.js ships. */
  readonly authorities: string | null;
  /** The name that its certificate must bear; null: the host. */
  readonly serverName: string | null;
  /** SHA-256 of the certificate, 64 hex digits in lower case: this one and no other. */
  readonly fingerprint: string | null;
  /** For a certificate that no authority vouches for: only a remembered one, or the first one is remembered. */
  readonly certificates: 'strict' | 'accept-new';
}

/** How to reach one device over RESTCONF: from config, secrets included. */
export interface RestconfTarget {
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Address of this machine that connections leave from; absent: the system's choice. */
  readonly sourceAddress?: string | null;
  /** Name of the credential in config: what quarantine counts by. */
  readonly credentialName: string;
  readonly credential: RestconfCredential;
  readonly trust: RestconfTrust;
  /** Bound for each of connect and one request, ms. */
  readonly timeoutMs: number;
}

/** What one path answered. `deviceNowMs`: its `Date` header, whole seconds of the device's clock; null: none. */
export type PathAnswer = ReadAt & { readonly path: RestconfPath; readonly deviceNowMs: EpochMs | null } & (
    | { readonly kind: 'document'; readonly body: unknown; readonly bytes: number }
    /** 204, or 404: the device has the node and no instance of it, or has no such node. */
    | { readonly kind: 'empty'; readonly status: 204 | 404 }
    /** 403: NACM does not let this user read it. */
    | { readonly kind: 'forbidden' }
  );

export type RestconfReply =
  | {
      readonly kind: 'answers';
      /** In the order asked. */
      readonly answers: readonly PathAnswer[];
      /** Rises with each new connection: what was learnt of the device on another one may not hold. */
      readonly connection: number;
    }
  | { readonly kind: 'failed'; readonly error: DeviceError };

/** RESTCONF access to the fleet: owns connections, limits, back-off and quarantine. One read per device at a time. */
export interface RestconfAccess extends AsyncDisposable {
  read(target: RestconfTarget, paths: readonly RestconfPath[], signal: AbortSignal): Promise<RestconfReply>;
  /** Forget a device: close its connection, drop its back-off. */
  forget(device: string): Promise<void>;
  status(): RestconfAccessStatus;
}

export interface RestconfAccessStatus {
  readonly openConnections: number;
  readonly requestsActive: number;
  readonly quarantinedCredentials: readonly string[];
}
