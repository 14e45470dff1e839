/**
 * Asks a URL of `http_sd` for its targets, as Prometheus does (HTTP SD: status 200, `application/json`, the complete
 * list each time). The request, its redirects (at most 20, by fetch itself) and the answer share one deadline; the
 * answer is bounded as it arrives, after decompression.
 */
import type { Clock } from '../../kernel/clock.ts';
import { noAnswerText } from '../../kernel/no-answer-text.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import type { TargetUrl } from '../resolved-config.ts';

export interface TargetRequestOptions {
  readonly clock: Clock;
  readonly refreshMs: number;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

export type TargetAnswer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** `signal` aborted. */
  | { readonly kind: 'aborted' };

const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const UNAUTHORIZED = 401;
const TIMEOUT_MS = 10_000;
const JSON_TYPE = /^application\/json(?:;\s*charset="?utf-8"?)?$/i;

export async function askForTargets(
  { url, authorization }: TargetUrl,
  options: TargetRequestOptions,
): Promise<TargetAnswer> {
  const { clock, refreshMs, signal } = options;
  try {
    return await withDeadline(clock, TIMEOUT_MS, async (deadline) => {
      const secret = (await authorization?.renewed()) ?? null;
      const response = await options.fetch(url, {
        headers: {
          accept: 'application/json',
          'user-agent': 'gdoiwatch',
          'x-prometheus-refresh-interval-seconds': String(refreshMs / 1000),
          ...(secret === null ? {} : { authorization: secret.reveal() }),
        },
        signal: AbortSignal.any([signal, deadline]),
      });
      if (response.status === UNAUTHORIZED) secret?.refused();
      return readAnswer(response);
    });
  } catch (error) {
    if (signal.aborted) return { kind: 'aborted' };
    return { kind: 'failed', reason: failureText(error) };
  }
}

async function readAnswer(response: Response): Promise<TargetAnswer> {
  const type = (response.headers.get('content-type') ?? '').trim();
  const refused =
    response.status !== 200
      ? `HTTP status ${response.status}`
      : JSON_TYPE.test(type)
        ? null
        : 'the answer is not application/json';
  if (refused !== null || response.body === null) {
    await response.body?.cancel();
    return { kind: 'failed', reason: refused ?? 'an empty answer' };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > MAX_ANSWER_BYTES) return { kind: 'failed', reason: `larger than ${MAX_ANSWER_BYTES} bytes` };
    chunks.push(chunk);
  }
  return { kind: 'text', text: new TextDecoder().decode(Buffer.concat(chunks)) };
}

/** Of redirects without end fetch gives no code. */
function failureText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && cause.message === 'redirect count exceeded'
    ? 'too many redirects'
    : noAnswerText(error);
}
