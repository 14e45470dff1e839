/** What the page and `gdoiwatch status` need to know about the agent itself. */
export interface AgentDocument {
  readonly version: string;
  /** The agent's clock: countdowns and ages are relative to it. */
  readonly at: string;
  readonly first_sweep_done: boolean;
  /** 0 to 1. */
  readonly first_sweep_progress: number;
  readonly quarantined_credentials: readonly string[];
  /** What differs from the configuration, one line each: a failing source of devices, a name that no device has. */
  readonly doubts: readonly string[];
  /** Number of further doubts. */
  readonly more_doubts: number;
  /** Planned work under way, one line for each window: nobody is notified about these. */
  readonly under_maintenance: readonly string[];
  /** Number of further windows. */
  readonly more_under_maintenance: number;
  /** Base of Grafana with the shipped dashboards, without a trailing slash; null: none is configured. */
  readonly grafana_url: string | null;
}
