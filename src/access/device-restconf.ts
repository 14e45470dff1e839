/**
 * What the agent asks of a device over RESTCONF (RFC 8040), in our words: read paths from a fixed list, one after the
 * other on one kept connection; the reply is a value. Implemented by `access/restconf`; no library's type appears here.
 */
import type { ReadAt } from '../gdoi/seen/instant.ts';
import type { EpochMs } from '../kernel/clock.ts';
import type { Secret } from '../kernel/secret.ts';
import type { Forgetting } from './credential-quarantine.ts';
import type { DeviceError } from './device-error.ts';
import type { RestconfPath } from './restconf-path.ts';

/** Username with password, a client certificate, or both. */
export interface RestconfCredential {
  readonly username: string | null;
  readonly password: Secret | null;
  /** PEM texts; null: no client certificate. */
  readonly client: { readonly certificate: string; readonly key: Secret; readonly passphrase: Secret | null } | null;
}

/** What makes a device's certificate good enough to send it a password. */
export interface RestconfTrust {
  /** PEM; null: the authorities that Node.js ships. */
  readonly authorities: string | null;
  /** The name that its certificate must have; null: the host. */
  readonly serverName: string | null;
  /** SHA-256 of the certificate, 64 hex digits in lower case: only this one is accepted. */
  readonly fingerprint: string | null;
  /**
   * For a certificate that no authority vouches for: `strict` accepts only a remembered one, `accept-new` also
   * remembers the first.
   */
  readonly certificates: 'strict' | 'accept-new';
}

/** How to reach one device over RESTCONF, from the configuration, secrets included. */
export interface RestconfTarget {
  readonly device: string;
  readonly host: string;
  readonly port: number;
  /** Address of this machine that connections leave from; absent: the system's choice. */
  readonly sourceAddress?: string | null;
  /** Name of the credential in the configuration: quarantine counts by it. */
  readonly credentialName: string;
  readonly credential: RestconfCredential;
  readonly trust: RestconfTrust;
  /** Limit for connecting and for each request, ms. */
  readonly timeoutMs: number;
}

/** The answer to one path. `deviceNowMs`: its `Date` header, whole seconds of the device's clock; null: none. */
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
      /** Increases with each new connection: what was learned of the device on an older one may not hold. */
      readonly connection: number;
    }
  | { readonly kind: 'failed'; readonly error: DeviceError };

/** RESTCONF access to the fleet: owns connections, limits, back-off and quarantine. One read per device at a time. */
export interface RestconfAccess extends AsyncDisposable {
  read(target: RestconfTarget, paths: readonly RestconfPath[], signal: AbortSignal): Promise<RestconfReply>;
  /** Forgets a device: closes its connection, drops its back-off. */
  forget(device: string, why?: Forgetting): Promise<void>;
  status(): RestconfAccessStatus;
}

export interface RestconfAccessStatus {
  readonly openConnections: number;
  readonly requestsActive: number;
  readonly quarantinedCredentials: readonly string[];
}
