/**
 * One GET to another agent that shares the store. It has a deadline, follows no redirect and reads a bounded answer. It
 * says that an agent asks, so that the other answers from its own polls and asks nobody in turn.
 *
 * The caller decides who may be asked. The request carries the agents' own token and nothing about a device.
 */
import type { Agent as Connections } from 'undici';
import type { Clock } from '../../kernel/clock.ts';
import { noAnswerText } from '../../kernel/no-answer-text.ts';
import type { Secret } from '../../kernel/secret.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import { type OtherAgentAnswer, type AskSettings, ASKED_BY_AGENT, SCRAPE_TIMEOUT } from '../../model/other-agents.ts';

interface AgentTls {
  /** PEM; null: those that the system trusts. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: Secret | null;
  /** Name that the agents' certificates are for; null: the host's. */
  readonly serverName: string | null;
}

export interface AskOptions {
  readonly token: Secret | null;
  /** null: as the system trusts. */
  readonly tls: AgentTls | null;
  readonly clock: Clock;
}

export interface Question extends AskSettings {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
}

/** A page of a thousand devices has about 1 MB; everything known about one device has less. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
const CONNECTIONS_AN_AGENT = 8;
/** Questions under way; further clients get no answer from other agents. */
const MAX_ASKED = 64;
const KEEP_IDLE_MS = 10_000;

export class OtherAgentClient implements AsyncDisposable {
  readonly #options: AskOptions;
  /** Null: nobody was asked yet. */
  #connections: Promise<Connections> | null = null;
  #asked = 0;

  constructor(options: AskOptions) {
    this.#options = options;
  }

  async get(question: Question): Promise<OtherAgentAnswer> {
    if (this.#asked >= MAX_ASKED) return { kind: 'none', reason: `${MAX_ASKED} questions are under way already` };
    this.#asked += 1;
    try {
      return await withDeadline(this.#options.clock, question.timeoutMs, (deadline) => this.#ask(question, deadline));
    } catch (error) {
      return { kind: 'none', reason: noAnswerText(error) };
    } finally {
      this.#asked -= 1;
    }
  }

  async #ask({ origin, path, scrapeTimeout, signal }: Question, deadline: AbortSignal): Promise<OtherAgentAnswer> {
    const { token } = this.#options;
    this.#connections ??= connectionsOver(this.#options.tls);
    const connections = await this.#connections;
    const answer = await connections.request({
      origin,
      path,
      method: 'GET',
      headers: {
        ...(scrapeTimeout === undefined ? {} : { [SCRAPE_TIMEOUT]: scrapeTimeout }),
        [ASKED_BY_AGENT]: '1',
        'user-agent': 'gdoiwatch',
        ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
      },
      signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    });
    const type = answer.headers['content-type'];
    const body = await answer.body.text();
    return { kind: 'answer', status: answer.statusCode, type: typeof type === 'string' ? type : '', body };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connections = await this.#connections;
    await connections?.destroy();
  }
}

/** The library comes with the first question: an agent alone needs none of it. */
async function connectionsOver(tls: AgentTls | null): Promise<Connections> {
  const { Agent } = await import('undici');
  return new Agent({
    connections: CONNECTIONS_AN_AGENT,
    pipelining: 1,
    maxHeaderSize: MAX_HEADER_BYTES,
    maxResponseSize: MAX_BODY_BYTES,
    // Each question has its own deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_IDLE_MS,
    keepAliveMaxTimeout: KEEP_IDLE_MS,
    connect: tlsOptions(tls),
  });
}

function tlsOptions(tls: AgentTls | null) {
  if (tls === null) return {};
  const { ca, cert, key, serverName } = tls;
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key: key.reveal() }),
    ...(serverName === null ? {} : { servername: serverName }),
  };
}
