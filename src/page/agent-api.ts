/**
 * Requests to the agent, each with one of three outcomes. A token that the user typed is sent with each request; only
 * the tab keeps it.
 */
import type { ProblemDocument } from '../http/schemas/problem-schema.ts';
import { addressOf } from './root.ts';

export type Reply<Body> =
  | { readonly kind: 'ok'; readonly body: Body }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  /** No answer, or one that is not the agent's. */
  | { readonly kind: 'unreachable' };

/** One for each agent: a proxy may have several below one name. */
const TOKEN_KEY = `gdoiwatch-token${addressOf('/').slice(0, -1)}`;
const TIMEOUT_MS = 10_000;
/** The server gives a poll on request 30 s. */
export const POLL_TIMEOUT_MS = 35_000;

export function rememberToken(token: string): void {
  if (token === '') sessionStorage.removeItem(TOKEN_KEY);
  else sessionStorage.setItem(TOKEN_KEY, token);
}

export function hasToken(): boolean {
  return sessionStorage.getItem(TOKEN_KEY) !== null;
}

export function authorization(): Readonly<Record<string, string>> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

export async function ask<Body>(path: string, signal: AbortSignal, timeoutMs = TIMEOUT_MS): Promise<Reply<Body>> {
  try {
    const response = await fetch(addressOf(path), {
      headers: authorization(),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const body: unknown = await response.json();
    // The shape is the agent's own: page and API come from one build.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if (response.ok) return { kind: 'ok', body: body as Body };
    return { kind: 'refused', status: response.status, detail: detailOf(body, response.headers.get('retry-after')) };
  } catch {
    return { kind: 'unreachable' };
  }
}

/** An answer that is not JSON; null: there is none. */
export async function askText(path: string, signal: AbortSignal): Promise<string | null> {
  try {
    const response = await fetch(addressOf(path), {
      headers: authorization(),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

function detailOf(body: unknown, retryAfter: string | null): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an error of this server is a problem document
  const { detail } = body as Partial<ProblemDocument>;
  const when = retryAfter === null ? '' : ` Try again in ${retryAfter} s.`;
  return `${detail ?? 'The agent refused.'}${when}`;
}
