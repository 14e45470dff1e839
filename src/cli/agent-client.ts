/**
 * Asks a running agent over its API, so that `check` and `events` open no second session and show what it sees. Server
 * certificates are checked as Node.js does; a private CA goes into NODE_EXTRA_CA_CERTS.
 */
import { isIPv6 } from 'node:net';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { SentEventParser } from '../http/events/server-sent-events.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { DeadlineExceeded } from '../kernel/deadline.ts';
import { codeOf } from '../kernel/error-code.ts';
import { noAnswerText } from '../kernel/no-answer-text.ts';
import type { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';
import { withDeadline } from '../kernel/with-deadline.ts';

type AgentAnswer =
  /** `atMs`: when the agent answered, by its own clock, to the second (ms since 1970); null: unknown. */
  | { readonly kind: 'document'; readonly document: unknown; readonly atMs: number | null }
  /** Nobody listens there. */
  | { readonly kind: 'no_agent' }
  /** The agent does not know what was asked for. */
  | { readonly kind: 'not_found' };

type AgentText = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'no_agent' | 'not_found' };

export interface AgentClient {
  readonly url: string;
  /** `path` below the agent's URL. Rejects with a `UserError` for everything that the user can fix. */
  get(path: string, timeoutMs: number): Promise<AgentAnswer>;
  /** The same for an answer that is not JSON. */
  text(path: string, timeoutMs: number): Promise<AgentText>;
  /** Server-sent events as they come, one frame's `data` each; ends with the stream. The answer tells how it began. */
  stream(path: string, signal: AbortSignal): Promise<AgentStream>;
  /** The error for an answer that is not what was asked for. */
  unsuitable(answer: { readonly kind: string }): UserError;
}

type AgentStream =
  | { readonly kind: 'stream'; readonly data: AsyncIterable<string> }
  | { readonly kind: 'no_agent' | 'not_found' };

export function createAgentClient(url: string, token: Secret | null): AgentClient {
  const base = baseOf(url);
  const ask = (path: string, signal: AbortSignal) => answerOf(base, path, token, signal);
  const clock = createSystemClock();
  /** The whole answer as text. */
  const whole = (path: string, timeoutMs: number) =>
    withDeadline(clock, timeoutMs, async (signal) => {
      const answer = await ask(path, signal);
      if (answer.kind !== 'response') return answer;
      const { response } = answer;
      const text = await response.text().catch((error: unknown) => {
        throw unanswered(base, error, 'the connection was lost in the middle of the answer');
      });
      return { kind: 'text' as const, text, atMs: answeredAt(response) };
    });
  return {
    url: base,
    async get(path, timeoutMs) {
      const answer = await whole(path, timeoutMs);
      if (answer.kind !== 'text') return answer;
      const { text, atMs } = answer;
      return { kind: 'document', document: parsed(text), atMs };
    },
    text: whole,
    async stream(path, signal) {
      const answer = await ask(path, signal);
      return answer.kind === 'response' ? { kind: 'stream', data: dataOf(answer.response, signal) } : answer;
    },
    unsuitable({ kind }) {
      return kind === 'no_agent'
        ? new UserError('agent_unreachable', `nothing listens at ${base}`)
        : new UserError('agent_unsuitable', `what listens at ${base} is not this version of gdoiwatch`);
    },
  };
}

function baseOf(url: string): string {
  // It is not repeated: there may be a password in it.
  if (isWebUrl(url) ? hasUser(new URL(url)) : url.includes('@')) {
    throw new UserError('usage_invalid', '--agent: a URL with a user is not taken; a token goes into --token-file');
  }
  if (!isWebUrl(url)) {
    throw new UserError('usage_invalid', `--agent: ${JSON.stringify(url)} is not a URL (http://127.0.0.1:9848)`);
  }
  return url.replace(/(?<!\/)\/+$/, '');
}

/** Null: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isWebUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** RFC 9110, section 6.6.1. */
function answeredAt({ headers }: Response): number | null {
  const ms = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(ms) ? null : ms;
}

async function answerOf(
  base: string,
  path: string,
  token: Secret | null,
  signal: AbortSignal,
): Promise<{ readonly kind: 'response'; readonly response: Response } | { readonly kind: 'no_agent' | 'not_found' }> {
  let response: Response;
  try {
    const authorization = token === null ? {} : { authorization: `Bearer ${token.reveal()}` };
    response = await fetch(`${base}${path}`, {
      headers: { accept: '*/*', ...authorization },
      redirect: 'error',
      signal,
    });
  } catch (error) {
    if (isRefused(error)) return { kind: 'no_agent' };
    throw unanswered(base, error, reasonOf(error, new URL(base).protocol));
  }
  if (response.ok) return { kind: 'response', response };
  if (response.status === 404) return { kind: 'not_found' };
  throw await refusal(base, response);
}

/**
 * Until it ends, breaks or is aborted. The reader is cancelled itself, because fetch holds only a weak link to the
 * signal and drops it once the response was garbage-collected.
 */
async function* textOf({ body }: Response, signal: AbortSignal): AsyncIterable<string> {
  const decoder = new TextDecoder();
  if (body === null) return;
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  try {
    while (!signal.aborted) {
      const part = await reader.read().catch(() => null);
      if (part === null || part.done) return;
      yield decoder.decode(part.value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function* dataOf(response: Response, signal: AbortSignal): AsyncIterable<string> {
  const parser = new SentEventParser();
  for await (const chunk of textOf(response, signal)) {
    for (const { data } of parser.push(chunk)) yield data;
  }
}

/** Where the agent of this configuration listens, as seen from its own machine. */
export function agentUrl({ listen, web }: Pick<ResolvedConfig, 'listen' | 'web'>): string {
  const host = listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host === '::' ? '::1' : listen.host;
  return `${web.tls === null ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${listen.port}`;
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && codeOf(error.cause) === 'ECONNREFUSED';
}

/** `otherwise`: the reason if it is not that the time was up. */
function unanswered(base: string, error: unknown, otherwise: string): UserError {
  const why = error instanceof DeadlineExceeded ? noAnswerText(error) : otherwise;
  return new UserError('agent_unreachable', `the agent at ${base} does not answer: ${why}`);
}

/** In one line and in words that a user can act on; `fetch` puts the reason into the error's cause. */
function reasonOf(error: unknown, protocol: string): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const code = codeOf(cause);
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'it does not speak TLS there; then the URL begins with http:';
  if (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') {
    const hint = protocol === 'http:' ? '; if it speaks TLS there, the URL begins with https' : '';
    return `the connection was closed without an answer${hint}`;
  }
  const [line = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
  // Of several addresses none of which answers there is only a code.
  return line === '' ? noAnswerText(error) : line;
}

async function refusal(base: string, response: Response): Promise<UserError> {
  if (response.status === 401 || response.status === 403) {
    return new UserError(
      'token_refused',
      `the agent at ${base} needs a token that allows this: --token-file FILE, or GDOIWATCH_TOKEN`,
    );
  }
  const problem: unknown = await response.json().catch(() => null);
  const detail: unknown = problem !== null && typeof problem === 'object' ? Reflect.get(problem, 'detail') : null;
  return new UserError(
    'agent_refused',
    `the agent at ${base} answers ${response.status}${typeof detail === 'string' ? `: ${detail}` : ''}`,
  );
}
