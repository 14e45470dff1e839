/** How a simulated fleet is watched: which devices are asked what, how often, and what is lost or late on the way. */

/** Messages that devices send by themselves. */
export interface Pushed {
  /** Share of the messages that never arrive. */
  readonly lost: number;
  /** From the device to the agent, at most. */
  readonly delayMs: number;
  /** Messages of a higher number are not sent; traps have none. */
  readonly mostSeverity: number;
}

export interface Watch {
  readonly name: string;
  readonly intervalMs: number;
  readonly phaseAware: boolean;
  /**
   * Of the GMs whose release has it; KSs are always asked over SSH. `ssh+snmp` and `ssh+restconf`: the other one looks
   * between two SSH polls.
   */
  readonly transport: 'ssh' | 'snmp' | 'ssh+snmp' | 'restconf' | 'ssh+restconf';
  readonly logs: Pushed | null;
  readonly traps: Pushed | null;
  /** Before each answer the device's clock and its log buffer are read. */
  readonly buffer: boolean;
  /** The KSs are not polled: no lead, no lifetimes. */
  readonly withoutKs: boolean;
  /** No GM is polled or heard: a user with an account on the KSs alone. */
  readonly ksOnly: boolean;
  /** A regular poll comes up to this much later than its interval says. */
  readonly jitterMs: number;
  /** `show version` of a new session comes before the groups, not after them. */
  readonly versionFirst: boolean;
  /** Share of polls without an answer. */
  readonly lost: number;
  /** Slowest answer. */
  readonly latencyMs: number;
  /** The agent's clock drifts, and is set by up to half a minute every few hours. */
  readonly clockErrors: boolean;
}

const QUIET: Watch = {
  name: '',
  intervalMs: 60_000,
  phaseAware: false,
  transport: 'ssh',
  logs: null,
  traps: null,
  buffer: false,
  withoutKs: false,
  ksOnly: false,
  jitterMs: 0,
  versionFirst: false,
  lost: 0,
  latencyMs: 220,
  clockErrors: false,
};

/** All that come at once. */
export const ALL_PUSHED: Pushed = { lost: 0, delayMs: 40, mostSeverity: 7 };

export function aWatch(change: Partial<Watch> & Pick<Watch, 'name'>): Watch {
  return { ...QUIET, ...change };
}

export const FIVE_MINUTES_MS = 300_000;

/** A 300 s interval plus the instants that decide: what the agent does by default. */
export function phaseWatch(change: Partial<Watch> = {}): Watch {
  return aWatch({ name: 'phase', intervalMs: FIVE_MINUTES_MS, phaseAware: true, ...change });
}
