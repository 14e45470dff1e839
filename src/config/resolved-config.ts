/**
 * The configuration as the agent uses it: defaults and overrides applied, secrets read, paths absolute, durations in
 * milliseconds. `load.ts` makes it; nothing here refers to the file's own shape.
 */
import type { RestconfTarget } from '../access/device-restconf.ts';
import type { SshTarget } from '../access/device-session.ts';
import type { SnmpCredential, SnmpTarget } from '../access/device-snmp.ts';
import type { Secret } from '../kernel/secret.ts';
import type { PlannedWork } from '../model/planned-work.ts';
import type { ResolvedWeb } from './resolved-web.ts';

/** When a device is polled: at a fixed interval, or at the instants of a five- or six-field cron expression. */
export type Schedule =
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly expression: string };

/** What is polled beside `show crypto gdoi` if a user asks for it. */
export const COLLECTORS = ['replay', 'dataplane', 'logging', 'certificates'] as const;
export type Collector = (typeof COLLECTORS)[number];

/** One device's SSH settings: its credential and the `ssh` section with the device's own overrides. */
export type ResolvedSsh = Omit<SshTarget, 'device' | 'host' | 'port' | 'timeoutMs'>;

/** One device's SNMP settings. */
export interface ResolvedSnmp extends Omit<SnmpTarget, 'device' | 'host' | 'timeoutMs'> {
  /** SNMP's own interval; with transport `snmp` the device's only one. */
  readonly schedule: Schedule;
}

/** One device's RESTCONF settings. */
export interface ResolvedRestconf extends Omit<RestconfTarget, 'device' | 'host' | 'timeoutMs'> {
  /** RESTCONF's own interval; with transport `restconf` the device's only one. */
  readonly schedule: Schedule;
}

/** The first decides a device's state; the one after `+` is polled beside it. */
export const TRANSPORTS = ['ssh', 'snmp', 'ssh+snmp', 'restconf', 'ssh+restconf'] as const;
export type Transport = (typeof TRANSPORTS)[number];

export interface ResolvedDevice {
  readonly name: string;
  /** Devices that share groups; absent: the default cell. */
  readonly cell?: string;
  readonly host: string;
  /** Other IP addresses from which it sends log messages and traps. */
  readonly sourceAddresses: readonly string[];
  /** SSH port; with transport `snmp` the SNMP port, with `restconf` the RESTCONF port. */
  readonly port: number;
  readonly role: 'gm' | 'ks' | 'auto';
  readonly transport: Transport;
  /** Schedule of the transport that decides. */
  readonly schedule: Schedule;
  /** Limit for connecting, for the login and for each command; for one SNMP request including retries. */
  readonly timeoutMs: number;
  /** Interval of the KS detail commands (policy, members, coop). */
  readonly detailIntervalMs: number;
  readonly collect: readonly Collector[];
  /** Polls at the instants that decide a cause, beside the schedule. */
  readonly phaseAware: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Null: the transport does not use SSH. With the device's name, host, port and timeout it is an SSH target. */
  readonly ssh: ResolvedSsh | null;
  /** Null: the transport does not use SNMP. With the device's name, host and timeout it is an SNMP target. */
  readonly snmp: ResolvedSnmp | null;
  /** Null: the transport does not use RESTCONF. With the device's name, host and timeout it is a RESTCONF target. */
  readonly restconf: ResolvedRestconf | null;
}

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Of a server: one of ours, or one that is asked. */
export interface HostAndPort {
  readonly host: string;
  /** To listen on, 0: any free port. */
  readonly port: number;
}

/** `udp://host:port` or `tcp://host:port`. */
export interface ListenerAddress extends HostAndPort {
  readonly protocol: 'udp' | 'tcp';
}

export interface TargetUrl {
  readonly url: string;
  /** Value of the `Authorization` header. */
  readonly authorization: Secret | null;
}

/** Where devices are discovered, and what makes a device of a target. */
export interface ResolvedTargets {
  /** Absolute paths; the last part may contain `*` and `?`. */
  readonly files: readonly string[];
  readonly urls: readonly TargetUrl[];
  /** Time between two requests to a URL. */
  readonly refreshMs: number;
  /** With the file's defaults and credentials. */
  readonly makeDevice: MakeDevice;
}

/**
 * Makes a device from settings as they would be written under `devices`; null: `problems` say why, otherwise they say
 * what was left out, each in one line.
 */
export type MakeDevice = (settings: Readonly<Record<string, unknown>>) => {
  readonly device: ResolvedDevice | null;
  readonly problems: readonly string[];
};

export interface ResolvedTraps {
  /** Always UDP. */
  readonly listen: ListenerAddress;
  /** By name in the file; messages that fit none of them are dropped. */
  readonly credentials: ReadonlyMap<string, SnmpCredential>;
}

export interface ResolvedAlertmanager {
  /** Base of each one's v2 API, without a trailing slash: `http://127.0.0.1:9093/api/v2`. At least one. */
  readonly apiUrls: readonly string[];
  /** The same for all of them. */
  readonly basicAuth: { readonly username: string; readonly password: Secret } | null;
  /** `job` and `instance` of Prometheus's scrape of this agent, and its external labels, which it adds to alerts. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface ResolvedPostgresTls {
  /** PEM; null: those that the system trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  /** Null: the host's own name. */
  readonly serverName: string | null;
}

export interface ResolvedPostgres {
  /** In this order; the first writable one is used. A host that begins with / is a directory of sockets. */
  readonly hosts: readonly HostAndPort[];
  readonly user: string;
  readonly password: Secret | null;
  readonly database: string;
  /** Null: not encrypted. */
  readonly tls: ResolvedPostgresTls | null;
}

export type ResolvedStore = { readonly retentionMs: number } & (
  | { readonly kind: 'sqlite'; readonly path: string }
  /** Several agents share it. */
  | {
      readonly kind: 'postgres';
      readonly postgres: ResolvedPostgres;
      readonly leaseMs: number;
      /** How long after its lease an agent that knows of no other polls on without the database. */
      readonly aloneMs: number;
      readonly others: ResolvedOtherAgents;
    }
);

/** How agents that share a store ask each other. */
export interface ResolvedOtherAgents {
  /** Where this one is reached, without a path; null: where it listens. */
  readonly url: string | null;
  /** Null: none is sent or accepted. */
  readonly token: Secret | null;
  /** null: as the system trusts. */
  readonly tls: ResolvedPostgresTls | null;
}

export interface ResolvedWebhook {
  /** Unique; used in logs and metrics. */
  readonly name: string;
  readonly url: string;
  /** Null: requests are not signed. */
  readonly secret: Secret | null;
  /** Null: all. */
  readonly types: ReadonlySet<string> | null;
}

export interface ResolvedConfig {
  /** The file it came from, as the user named it. */
  readonly file: string;
  readonly listen: HostAndPort;
  readonly web: ResolvedWeb;
  /** Without a trailing slash; null: the page has no link. */
  readonly grafanaUrl: string | null;
  /** Device labels that all series get; and whether a KS's members have series. */
  readonly metrics: { readonly labels: readonly string[]; readonly ksMembers: boolean };
  readonly log: { readonly level: LogLevel };
  readonly limits: { readonly concurrentPolls: number };
  readonly ssh: { readonly knownHostsPath: string; readonly maxHandshakes: number; readonly loginsPerSecond: number };
  readonly restconf: { readonly knownCertificatesPath: string };
  /** Directory for the recording; null: nothing is recorded. */
  readonly record: string | null;
  readonly store: ResolvedStore;
  /** In the file's order; names are unique. Without those of `targets`, which `startTargets` finds. */
  readonly devices: readonly ResolvedDevice[];
  /** Null: devices come from the file alone. */
  readonly targets: ResolvedTargets | null;
  /** Null: no receiver; the same for the two below. */
  readonly syslog: {
    readonly listens: readonly ListenerAddress[];
    /** Addresses and prefixes whose messages belong to the device that their header names. */
    readonly relays: readonly string[];
  } | null;
  readonly traps: ResolvedTraps | null;
  readonly alertmanager: ResolvedAlertmanager | null;
  readonly webhooks: readonly ResolvedWebhook[];
  readonly maintenance: readonly PlannedWork[];
  /** Names in the file that none of these devices has, one line each, with the path of the setting. */
  readonly doubts: (devices: readonly ResolvedDevice[]) => readonly string[];
}
