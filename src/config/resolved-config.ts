/**
 * The configuration as the agent uses it: defaults and overrides applied, secrets read, paths absolute, durations in
 * milliseconds. `load.ts` makes it; nothing here refers to the file's own shape.
 */
import type { Secret } from '../ports/secret.ts';

/** When a device is polled: at a fixed pace, or at the instants of a five- or six-field cron expression. */
export type Schedule =
  | { readonly kind: 'every'; readonly ms: number }
  | { readonly kind: 'cron'; readonly expression: string };

/** What is polled beside `show crypto gdoi`, where a user asks for it. */
export const COLLECTORS = ['replay', 'dataplane', 'logging'] as const;
export type Collector = (typeof COLLECTORS)[number];

/** One device's SSH settings: its credential and the `ssh` section with the device's own overrides. */
export interface ResolvedSsh {
  /** Name of the credential in the file: what quarantine counts by. */
  readonly credentialName: string;
  readonly username: string;
  readonly password: Secret | null;
  readonly privateKey: Secret | null;
  readonly passphrase: Secret | null;
  readonly enablePassword: Secret | null;
  readonly hostKeys: 'strict' | 'accept-new';
  readonly algorithms: 'modern' | 'legacy';
  readonly session: 'persistent' | 'per_poll';
}

export interface ResolvedDevice {
  readonly name: string;
  readonly host: string;
  /** SSH port; the SNMP port where the transport is `snmp`. */
  readonly port: number;
  readonly role: 'gm' | 'ks' | 'auto';
  readonly transport: 'ssh' | 'snmp' | 'ssh+snmp';
  readonly schedule: Schedule;
  /** Bound for each of connect, login and one command. */
  readonly timeoutMs: number;
  /** Pace of the KS detail commands (policy, members, coop). */
  readonly detailIntervalMs: number;
  readonly collect: readonly Collector[];
  /** Polls at the instants that decide, beside the schedule. */
  readonly phaseAware: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** null: the transport does not use SSH. With the device's name, host, port and timeout it is an SSH target. */
  readonly ssh: ResolvedSsh | null;
}

type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface ResolvedConfig {
  /** The file it came from, as the user named it. */
  readonly file: string;
  readonly listen: ListenAddress;
  readonly log: { readonly level: LogLevel };
  readonly limits: { readonly concurrentPolls: number };
  readonly ssh: { readonly knownHostsPath: string; readonly maxHandshakes: number };
  /** Directory that gets the recording; null: none is made. */
  readonly record: string | null;
  readonly store: { readonly sqlitePath: string; readonly retentionMs: number };
  /** In the file's order; names are unique. */
  readonly devices: readonly ResolvedDevice[];
}
