/**
 * Where several agents share a store: what the others poll, for outlets. Each agent shows the whole fleet: it asks
 * another agent for what that one polls, and shows what the store keeps where that does not answer.
 */
import type { FleetReadModel } from './read-model.ts';

/** Header of a question from one agent to another: it is answered from what the asked agent polls itself. */
export const ASKED_BY_AGENT = 'gdoiwatch-asked-by-agent';

/** Header in which Prometheus says how long it waits, in seconds. */
export const SCRAPE_TIMEOUT = 'x-prometheus-scrape-timeout-seconds';

export interface OtherAgent {
  readonly id: string;
  /** For people. */
  readonly name: string;
}

/** Devices that this agent does not poll. */
export interface OtherCell {
  readonly cell: string;
  /** null: nobody polls them now. */
  readonly owner: OtherAgent | null;
}

export type OtherAgentAnswer =
  | { readonly kind: 'answer'; readonly status: number; readonly type: string; readonly body: string }
  /** `reason`: for people. */
  | { readonly kind: 'none'; readonly reason: string };

export interface AskSettings {
  readonly timeoutMs: number;
  /** As Prometheus told it, for a probe; absent: it told none. */
  readonly scrapeTimeout?: string;
  /** Gives up at once; absent: only the deadline does. */
  readonly signal?: AbortSignal;
}

export interface OtherAgents {
  /** What the others call this one. */
  readonly self: string;
  /** Cells of the inventory that this agent does not poll. */
  cells(): readonly OtherCell[];
  /** null: it is not configured, or polled by this agent. */
  cellOf(device: string): OtherCell | null;
  /** One question, answered by the agent itself. */
  ask(agent: OtherAgent, path: string, settings: AskSettings): Promise<OtherAgentAnswer>;
  /** As the store keeps them, not as of now. A store that cannot be read rejects. */
  kept(cells: readonly string[]): Promise<FleetReadModel>;
}

/** Questions to other agents by how they ended. */
export interface AskedCounts {
  readonly answered: number;
  readonly refused: number;
  readonly unanswered: number;
}
