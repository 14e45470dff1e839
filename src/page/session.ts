/**
 * What all pages share: the agent's clock, whether the agent answers and lets us in, and how to draw again. Documents
 * that a page shows are requested through it, so that one lost answer is reported once and the last data stay.
 */
import type { AgentDocument } from '../http/page/agent-document.ts';
import { AgentClock } from './agent-clock.ts';
import { type Reply, ask } from './agent-api.ts';
import { monoMs } from './browser-time.ts';

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** `since` by the browser's monotonic clock. */
  | { readonly kind: 'unreachable'; readonly since: number }
  | { readonly kind: 'unauthorised'; readonly detail: string };

export class Session {
  readonly #draw: () => void;
  readonly #clock = new AgentClock();
  link: Link = { kind: 'connecting' };
  agent: AgentDocument | null = null;

  /** `draw` is called after every change of what is shown. */
  constructor(draw: () => void) {
    this.#draw = draw;
  }

  changed(): void {
    this.#draw();
  }

  /** A refused credential is not sent again automatically: the server counts failures and makes the address wait. */
  get mayAsk(): boolean {
    return this.link.kind !== 'unauthorised';
  }

  /** What is shown was known last, and may have changed. */
  get isStale(): boolean {
    return this.link.kind === 'unreachable' || this.link.kind === 'unauthorised';
  }

  /** The agent's present time; null: it has not told the time yet. */
  nowMs(): number | null {
    return this.#clock.nowMs(monoMs());
  }

  async checkAgent(signal: AbortSignal): Promise<void> {
    const askedAt = monoMs();
    const answer = await this.ask<AgentDocument>('/page/agent', signal);
    if (answer.kind === 'refused') this.#become({ kind: 'unauthorised', detail: answer.detail });
    if (answer.kind !== 'ok') return;
    this.agent = answer.body;
    this.#clock.sample({ agentMs: Date.parse(answer.body.at), monoMs: (askedAt + monoMs()) / 2 });
    this.changed();
  }

  async ask<Body>(path: string, signal: AbortSignal, timeoutMs?: number): Promise<Reply<Body>> {
    const answer = await ask<Body>(path, signal, timeoutMs);
    if (!signal.aborted) this.#learn(answer);
    return answer;
  }

  #learn(answer: Reply<unknown>): void {
    if (answer.kind === 'ok') this.#become({ kind: 'connected' });
    else if (answer.kind === 'refused' && answer.status === 401)
      this.#become({ kind: 'unauthorised', detail: answer.detail });
    else if (answer.kind === 'unreachable' && this.link.kind !== 'unreachable')
      this.#become({ kind: 'unreachable', since: monoMs() });
  }

  #become(link: Link): void {
    this.link = link;
    this.changed();
  }
}

/** One document of the API while a page shows it: the last answer stays until a better one comes. */
export class Kept<Body> {
  readonly #session: Session;
  readonly #signal: AbortSignal;
  #path: string;
  body: Body | null = null;
  /** Why the last request was refused; null: it was not. */
  refusal: { readonly status: number; readonly detail: string } | null = null;

  constructor(session: Session, path: string, signal: AbortSignal) {
    this.#session = session;
    this.#path = path;
    this.#signal = signal;
  }

  async refresh(path = this.#path): Promise<void> {
    this.#path = path;
    const answer = await this.#session.ask<Body>(path, this.#signal);
    // Another request was made meanwhile: its answer counts.
    if (this.#signal.aborted || path !== this.#path) return;
    if (answer.kind === 'ok') {
      this.body = answer.body;
      this.refusal = null;
    } else if (answer.kind === 'refused' && answer.status !== 401) {
      this.refusal = answer;
    }
    this.#session.changed();
  }
}
