/**
 * A running agent, asked over its API: so that `check` and `events` open no second session and see what it sees.
 * Server certificates are checked as Node does; a private CA goes into NODE_EXTRA_CA_CERTS.
 */
import { isIPv6 } from 'node:net';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';

export type AgentAnswer =
  | { readonly kind: 'document'; readonly document: unknown }
  /** Nobody listens there. */
  | { readonly kind: 'no_agent' }
  /** The agent does not know what was asked for. */
  | { readonly kind: 'not_found' };

export interface AgentClient {
  readonly url: string;
  /** `path` below the agent's URL. Rejects with a `UserError` for whatever the user can mend. */
  get(path: string, timeoutMs: number): Promise<AgentAnswer>;
}

export function createAgentClient(url: string, token: Secret | null): AgentClient {
  const base = url.replace(/\/+$/, '');
  return {
    url: base,
    async get(path, timeoutMs) {
      let response: Response;
      try {
        response = await fetch(`${base}${path}`, {
          headers: {
            accept: 'application/json',
            ...(token === null ? {} : { authorization: `Bearer ${token.reveal()}` }),
          },
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        });
      } catch (error) {
        if (isRefused(error)) return { kind: 'no_agent' };
        throw new UserError('agent_unreachable', `the agent at ${base} does not answer: ${reasonOf(error)}`);
      }
      if (response.ok) return { kind: 'document', document: await response.json() };
      if (response.status === 404) return { kind: 'not_found' };
      throw await refusal(base, response);
    },
  };
}

/** Where the agent of this configuration listens, seen from its own machine. */
export function agentUrl({ listen, web }: Pick<ResolvedConfig, 'listen' | 'web'>): string {
  const host = listen.host === '0.0.0.0' ? '127.0.0.1' : listen.host === '::' ? '::1' : listen.host;
  return `${web.tls === null ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${listen.port}`;
}

function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

async function refusal(base: string, response: Response): Promise<UserError> {
  if (response.status === 401 || response.status === 403) {
    return new UserError(
      'token_refused',
      `the agent at ${base} wants a token that may do this: --token-file FILE, or GDOIWATCH_TOKEN`,
    );
  }
  const problem: unknown = await response.json().catch(() => null);
  const detail: unknown = problem !== null && typeof problem === 'object' ? Reflect.get(problem, 'detail') : null;
  return new UserError(
    'agent_refused',
    `the agent at ${base} answers ${response.status}${typeof detail === 'string' ? `: ${detail}` : ''}`,
  );
}
