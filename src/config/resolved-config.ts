/**
 * The configuration as the agent uses it: defaults and overrides applied, secrets read, paths absolute, durations in
 * milliseconds. `load.ts` makes it; nothing here refers to the file's own shape.
 */
import type { Secret } from '../kernel/secret.ts';
import type { ResolvedWeb } from './resolved-web.ts';

/** When a device is polled: at a fixed pace, or at the instants of a five- or six-field cron expression. */
export type Schedule =
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly expression: string };

/** What is polled beside `show crypto gdoi`, where a user asks for it. */
export const COLLECTORS = ['replay', 'dataplane', 'logging', 'certificates'] as const;
export type Collector = (typeof COLLECTORS)[number];

/** A host that devices are reached through. */
export interface ResolvedJumpHost {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: Secret | null;
  readonly privateKey: Secret | null;
  readonly passphrase: Secret | null;
  readonly agent?: string | null;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
}

/** One device's SSH settings: its credential and the `ssh` section with the device's own overrides. */
export interface ResolvedSsh {
  /** Name of the credential in the file: what quarantine counts by. */
  readonly credentialName: string;
  readonly username: string;
  readonly password: Secret | null;
  readonly privateKey: Secret | null;
  readonly passphrase: Secret | null;
  readonly enablePassword: Secret | null;
  /** Socket of an SSH agent whose keys may be used; absent: none. */
  readonly agent?: string | null;
  /** The nearest first; absent: the device is reached directly. */
  readonly jumps?: readonly ResolvedJumpHost[];
  /** Absent: the system's choice. */
  readonly sourceAddress?: string | null;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
  readonly session: 'persistent' | 'per_poll';
}

export const SNMP_AUTH_PROTOCOLS = ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
/** `aes192` and `aes256` are with the key extension that Cisco uses (Reeder). */
export const SNMP_PRIVACY_PROTOCOLS = ['aes128', 'aes192', 'aes256'] as const;

/** Privacy is there only where auth is. */
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

/** One device's SNMP settings. */
export interface ResolvedSnmp {
  /** Name of the credential in the file: what quarantine counts by. */
  readonly credentialName: string;
  readonly credential: SnmpCredential;
  readonly port: number;
  /** Absent: the system's choice. */
  readonly sourceAddress?: string | null;
  /** SNMPv3 context; absent: the default one. */
  readonly context?: string;
  /** Answers may come from another address than the one asked; absent: from there only. */
  readonly anySource?: true;
  /** SNMP's own pace; with transport `snmp` the device's only one. */
  readonly schedule: Schedule;
}

/** Username with password, a client certificate, or both. */
export interface RestconfCredential {
  readonly username: string | null;
  readonly password: Secret | null;
  /** PEM; null: the device is shown none. */
  readonly client: { readonly certificate: string; readonly key: Secret; readonly passphrase: Secret | null } | null;
}

/** One device's RESTCONF settings. */
export interface ResolvedRestconf {
  /** Name of the credential in the file: what quarantine counts by. */
  readonly credentialName: string;
  readonly credential: RestconfCredential;
  readonly port: number;
  /** Absent: the system's choice. */
  readonly sourceAddress?: string | null;
  /** RESTCONF's own pace; with transport `restconf` the device's only one. */
  readonly schedule: Schedule;
  /** What makes the device's certificate good enough to send a password to. */
  readonly trust: {
    /** PEM; null: the authorities that Node.js ships. */
    readonly authorities: string | null;
    /** null: the host. */
    readonly serverName: string | null;
    /** SHA-256, 64 hex digits in lower case: this certificate and no other. */
    readonly fingerprint: string | null;
    /** The device's `host_keys`, for a certificate that nobody vouches for. */
    readonly certificates: 'strict' | 'accept-new';
  };
}

/** The one that decides a device's state first; what follows `+` is polled beside it. */
export const TRANSPORTS = ['ssh', 'snmp', 'ssh+snmp', 'restconf', 'ssh+restconf'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface ResolvedDevice {
  readonly name: string;
  /** Devices that share groups; absent: the default cell. */
  readonly cell?: string;
  readonly host: string;
  /** Other addresses it sends log messages and traps from: IP addresses. */
  readonly sourceAddresses: readonly string[];
  /** SSH port; the SNMP port where the transport is `snmp`, the RESTCONF port where it is `restconf`. */
  readonly port: number;
  readonly role: 'gm' | 'ks' | 'auto';
  readonly transport: Transport;
  /** Pace of the transport that decides. */
  readonly schedule: Schedule;
  /** Bound for each of connect, login and one command; for one SNMP request, retries included. */
  readonly timeoutMs: number;
  /** Pace of the KS detail commands (policy, members, coop). */
  readonly detailIntervalMs: number;
  readonly collect: readonly Collector[];
  /** Polls at the instants that decide, beside the schedule. */
  readonly phaseAware: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** null: the transport does not use SSH. With the device's name, host, port and timeout it is an SSH target. */
  readonly ssh: ResolvedSsh | null;
  /** null: the transport does not use SNMP. With the device's name, host and timeout it is an SNMP target. */
  readonly snmp: ResolvedSnmp | null;
  /** null: the transport does not use RESTCONF. With the device's name, host and timeout it is a RESTCONF target. */
  readonly restconf: ResolvedRestconf | null;
}

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** `udp://host:port` or `tcp://host:port`. */
export interface ListenerAddress extends ListenAddress {
  readonly protocol: 'udp' | 'tcp';
}

export interface TargetUrl {
  readonly url: string;
  /** Value of the `Authorization` header. */
  readonly authorization: Secret | null;
}

/** Where devices are discovered, and what makes a device of what is found. */
export interface ResolvedTargets {
  /** Absolute paths; the last part may hold `*` and `?`. */
  readonly files: readonly string[];
  readonly urls: readonly TargetUrl[];
  /** Time between two requests to a URL. */
  readonly refreshMs: number;
  /** By the file's defaults and credentials. */
  readonly makeDevice: MakeDevice;
}

/**
 * A device of settings as they would stand under `devices`; null: `problems` say why, else what was left out, each one
 * line.
 */
export type MakeDevice = (settings: Readonly<Record<string, unknown>>) => {
  readonly device: ResolvedDevice | null;
  readonly problems: readonly string[];
};

export interface ResolvedTraps {
  /** UDP always. */
  readonly listen: ListenerAddress;
  /** By name in the file; what none of them fits is not taken. */
  readonly credentials: ReadonlyMap<string, SnmpCredential>;
}

export interface ResolvedAlertmanager {
  /** Base of each one's v2 API, without a slash at the end: `http://127.0.0.1:9093/api/v2`. At least one. */
  readonly apiUrls: readonly string[];
  /** For all of them. */
  readonly basicAuth: { readonly username: string; readonly password: Secret } | null;
  /** `job` and `instance` of Prometheus's scrape of this agent, and its external labels: what it adds to alerts. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ResolvedPostgresTls {
  /** PEM; null: those that the system trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  /** null: the host's own name. */
  readonly serverName: string | null;
}

export interface ResolvedPostgres {
  /** In this order; the first that can be written is taken. A host that begins with / is a directory of sockets. */
  readonly hosts: readonly ListenAddress[];
  readonly user: string;
  readonly password: Secret | null;
  readonly database: string;
  /** null: not encrypted. */
  readonly tls: ResolvedPostgresTls | null;
}

export type ResolvedStore = { readonly retentionMs: number } & (
  | { readonly kind: 'sqlite'; readonly path: string }
  /** Several agents share it. */
  | {
      readonly kind: 'postgres';
      readonly postgres: ResolvedPostgres;
      readonly leaseMs: number;
      /** For so long after its lease an agent that knows of no other polls on without the database. */
      readonly aloneMs: number;
      readonly others: ResolvedOtherAgents;
    }
);

/** How agents that share a store ask each other. */
export interface ResolvedOtherAgents {
  /** Where this one is reached, without a path; null: where it listens. */
  readonly url: string | null;
  /** null: none is shown or taken. */
  readonly token: Secret | null;
  /** null: as the system trusts. */
  readonly tls: ResolvedPostgresTls | null;
}

export interface ResolvedWebhook {
  /** Unique: what logs and metrics call it. */
  readonly name: string;
  readonly url: string;
  /** null: requests are not signed. */
  readonly secret: Secret | null;
  /** null: all. */
  readonly types: ReadonlySet<string> | null;
}

export interface ResolvedConfig {
  /** The file it came from, as the user named it. */
  readonly file: string;
  readonly listen: ListenAddress;
  readonly web: ResolvedWeb;
  /** Without a slash at the end; null: the page links to none. */
  readonly grafanaUrl: string | null;
  /** Labels of devices that all their series get; whether a KS's members have series. */
  readonly metrics: { readonly labels: readonly string[]; readonly ksMembers: boolean };
  readonly log: { readonly level: LogLevel };
  readonly limits: { readonly concurrentPolls: number };
  readonly ssh: { readonly knownHostsPath: string; readonly maxHandshakes: number; readonly loginsPerSecond: number };
  readonly restconf: { readonly knownCertificatesPath: string };
  /** Directory that gets the recording; null: none is made. */
  readonly record: string | null;
  readonly store: ResolvedStore;
  /** In the file's order; names are unique. Without those of `targets`: `startTargets` finds them. */
  readonly devices: readonly ResolvedDevice[];
  /** null: devices come from the file alone. */
  readonly targets: ResolvedTargets | null;
  /** null: no receiver, as for the two below. */
  readonly syslog: {
    readonly listens: readonly ListenerAddress[];
    /** Addresses and prefixes whose messages belong to the device that their header names. */
    readonly relays: readonly string[];
  } | null;
  readonly traps: ResolvedTraps | null;
  readonly alertmanager: ResolvedAlertmanager | null;
  readonly webhooks: readonly ResolvedWebhook[];
  readonly maintenance: readonly ResolvedMaintenance[];
  /** What the file names and none of these devices bears, each one line with the path of the setting. */
  readonly doubts: (devices: readonly ResolvedDevice[]) => readonly string[];
}

/** A window of planned work; at least one of the lists names something. */
export interface ResolvedMaintenance {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly devices: readonly string[];
  readonly groups: readonly string[];
  readonly cells: readonly string[];
  /** Empty: none was given. */
  readonly reason: string;
}
