/**
 * The other agents, for questions about what they poll: which agent owns a cell now, and one question to it.
 *
 * Only addresses that live agents left in the lease table are asked. A loopback address is asked only if its agent runs
 * on this machine; otherwise a stranger would be asked, and shown the token.
 */
import { DEFAULT_CELL } from '../../gdoi/seen/cell.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { isAnyAddress, isLoopback } from '../../kernel/loopback.ts';
import type { ConfiguredDevice } from '../../model/device-view.ts';
import type {
  OtherAgentAnswer,
  AskedCounts,
  AskSettings,
  OtherAgent,
  OtherAgents,
  OtherCell,
} from '../../model/other-agents.ts';
import type { FleetReadModel } from '../../model/read-model.ts';
import type { ClusterView } from '../../store/leases.ts';
import type { OtherAgentClient } from './ask-agent.ts';

export interface AskedAgentsOptions {
  readonly self: string;
  readonly status: () => {
    readonly owned: ReadonlySet<string>;
    readonly id: string | null;
    readonly view: ClusterView;
  };
  /** All devices, whichever agent polls them. */
  readonly inventory: () => ReadonlyMap<string, ConfiguredDevice>;
  readonly keptFleet: (cells: readonly string[]) => Promise<FleetReadModel>;
  readonly client: Pick<OtherAgentClient, 'get'>;
  /** Whether another agent's `process` runs on this machine. */
  readonly isHere: (process: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

const KEPT_LASTS_MS = 2_000;

export class AskedAgents implements OtherAgents {
  readonly #options: AskedAgentsOptions;
  readonly #counts = { answered: 0, refused: 0, unanswered: 0 };
  /** Agents that did not answer the last question. */
  readonly #silent = new Set<string>();
  #kept: { readonly of: string; readonly monoMs: number; readonly fleet: Promise<FleetReadModel> } | null = null;

  constructor(options: AskedAgentsOptions) {
    this.#options = options;
  }

  get self(): string {
    return this.#options.self;
  }

  get counts(): AskedCounts {
    return this.#counts;
  }

  cells(): readonly OtherCell[] {
    const { owned } = this.#options.status();
    const cells = new Set(Array.from(this.#options.inventory().values(), ({ cell = DEFAULT_CELL }) => cell));
    return [...cells].filter((cell) => !owned.has(cell)).map((cell) => ({ cell, owner: this.#ownerOf(cell) }));
  }

  cellOf(device: string): OtherCell | null {
    const known = this.#options.inventory().get(device);
    if (known === undefined) return null;
    const { cell = DEFAULT_CELL } = known;
    return this.#options.status().owned.has(cell) ? null : { cell, owner: this.#ownerOf(cell) };
  }

  #ownerOf(cell: string): OtherAgent | null {
    const { id: me, view } = this.#options.status();
    const agent = view.cells.find((lease) => lease.cell === cell)?.agent ?? null;
    const owner = view.agents.find(({ id }) => id === agent);
    return owner === undefined || owner.id === me ? null : { id: owner.id, name: owner.name };
  }

  async ask(agent: OtherAgent, path: string, settings: AskSettings): Promise<OtherAgentAnswer> {
    const origin = this.#originOf(agent.id);
    const answer = typeof origin === 'string' ? await this.#options.client.get({ origin, path, ...settings }) : origin;
    this.#count(agent, answer);
    return answer;
  }

  #originOf(id: string): string | Extract<OtherAgentAnswer, { kind: 'none' }> {
    const agent = this.#options.status().view.agents.find((known) => known.id === id);
    if (agent === undefined) return { kind: 'none', reason: 'it is gone' };
    const url = URL.canParse(agent.url) ? new URL(agent.url) : null;
    if (url === null || !PROTOCOLS.has(url.protocol) || url.username + url.password !== '') {
      return { kind: 'none', reason: 'it left no address' };
    }
    const isOfItsMachine = isLoopback(url.hostname) || isAnyAddress(url.hostname);
    if (isOfItsMachine && !this.#options.isHere(agent.process)) {
      return { kind: 'none', reason: 'it listens on loopback of another machine' };
    }
    return url.origin;
  }

  #count(agent: OtherAgent, answer: OtherAgentAnswer): void {
    const refused = answer.kind === 'answer' && REFUSED.has(answer.status);
    if (answer.kind === 'none') this.#counts.unanswered += 1;
    else if (refused) this.#counts.refused += 1;
    else this.#counts.answered += 1;
    const silent = refused || answer.kind === 'none';
    if (silent === this.#silent.has(agent.id)) return;
    if (!silent) {
      this.#silent.delete(agent.id);
      return;
    }
    const { agents } = this.#options.status().view;
    // Agents that are gone are forgotten.
    for (const id of this.#silent) if (agents.every((known) => known.id !== id)) this.#silent.delete(id);
    this.#silent.add(agent.id);
    const reason =
      answer.kind === 'none' ? answer.reason : `it refuses the token (${answer.status}): see cluster.token_file`;
    this.#options.logger.warn(
      { agent: agent.name, reason },
      'another agent cannot be asked; what it polls is shown as stored',
    );
  }

  /** One answer for everybody who asks within a few seconds: reading thousands of states takes time. */
  kept(cells: readonly string[]): Promise<FleetReadModel> {
    const { clock, keptFleet } = this.#options;
    const of = JSON.stringify(cells);
    const nowMonoMs = clock.monoMs();
    if (this.#kept?.of !== of || nowMonoMs - this.#kept.monoMs >= KEPT_LASTS_MS) {
      this.#kept = { of, monoMs: nowMonoMs, fleet: keptFleet(cells) };
    }
    return this.#kept.fleet;
  }
}

const PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:']);
const REFUSED: ReadonlySet<number> = new Set([401, 403]);
