/** What the page and `gdoiwatch status` ask of the agent itself. */
export interface AgentDocument {
  readonly version: string;
  /** The agent's clock: countdowns and ages are counted by it. */
  readonly at: string;
  readonly first_sweep_done: boolean;
  /** 0 to 1. */
  readonly first_sweep_progress: number;
  readonly quarantined_credentials: readonly string[];
  /** What is not as the configuration has it, each one line: a source of devices that fails, a name of nobody. */
  readonly doubts: readonly string[];
  /** Doubts beyond these. */
  readonly more_doubts: number;
  /** Planned work that goes on, each window one line: nobody is told of what befalls these. */
  readonly under_maintenance: readonly string[];
  /** Windows beyond these. */
  readonly more_under_maintenance: number;
  /** Base of Grafana with the shipped dashboards, without a slash at the end; null: none is configured. */
  readonly grafana_url: string | null;
}
