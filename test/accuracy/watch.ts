/** How a simulated fleet is watched: which devices are polled how and how often, and what is lost or late. */

/** Messages that devices push. */
export interface Pushed {
  /** The share of messages that never arrive. */
  readonly lost: number;
  /** The longest delay from the device to the agent. */
  readonly delayMs: number;
  /** Messages with a higher severity number are not sent; traps have no severity. */
  readonly mostSeverity: number;
}

export interface Watch {
  readonly name: string;
  readonly intervalMs: number;
  readonly phaseAware: boolean;
  /**
   * For GMs whose release supports it; KSs are always polled over SSH. `ssh+snmp` and `ssh+restconf`: the second
   * transport is used between two SSH polls.
   */
  readonly transport: 'ssh' | 'snmp' | 'ssh+snmp' | 'restconf' | 'ssh+restconf';
  readonly logs: Pushed | null;
  readonly traps: Pushed | null;
  /** The device's clock and its log buffer are read before each answer. */
  readonly buffer: boolean;
  /** The KSs are not polled, so lead and lifetimes are unknown. */
  readonly withoutKs: boolean;
  /** No GM is polled or heard, as if the agent had an account on the KSs alone. */
  readonly ksOnly: boolean;
  /** Regular polls come up to this much late. */
  readonly jitterMs: number;
  /** A new session asks `show version` before the groups, not after them. */
  readonly versionFirst: boolean;
  /** The share of polls without an answer. */
  readonly lost: number;
  /** The latency of the slowest answer. */
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

/** All messages, without losses and almost without delay. */
export const ALL_PUSHED: Pushed = { lost: 0, delayMs: 40, mostSeverity: 7 };

export function aWatch(change: Partial<Watch> & Pick<Watch, 'name'>): Watch {
  return { ...QUIET, ...change };
}

export const FIVE_MINUTES_MS = 300_000;

/** A 300 s interval plus polls at the decisive instants: the agent's default. */
export function phaseWatch(change: Partial<Watch> = {}): Watch {
  return aWatch({ name: 'phase', intervalMs: FIVE_MINUTES_MS, phaseAware: true, ...change });
}
