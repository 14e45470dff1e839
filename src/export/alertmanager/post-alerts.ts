/**
 * One request to one Alertmanager: `POST /api/v2/alerts`. It has a deadline, follows no redirect (fetch would make a
 * GET of it, and send the password along), and reads a bounded part of the answer.
 */
import type { Clock } from '../../kernel/clock.ts';
import { noAnswerText } from '../../kernel/no-answer-text.ts';
import type { Secret } from '../../kernel/secret.ts';
import { withDeadline } from '../../kernel/with-deadline.ts';
import { type DeliveryOutcome, outcomeOfStatus } from '../delivery.ts';
import type { PostableAlert } from './alert-message.ts';

export interface BasicAuth {
  readonly username: string;
  readonly password: Secret;
}

export interface PostOptions {
  readonly apiUrl: string;
  readonly basicAuth: BasicAuth | null;
  readonly clock: Clock;
  /** Gives up at once. */
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 5000;
/** Bytes that are read of an answer, and characters that are shown. */
const MAX_WORDS = 300;
// oxlint-disable-next-line no-control-regex -- control characters are what is taken out of a log line
const CONTROL = /[\u0000-\u001f\u007f-\u009f]+/g;
const UNAUTHORIZED = 401;

export async function postAlerts(alerts: readonly PostableAlert[], options: PostOptions): Promise<DeliveryOutcome> {
  const { apiUrl, clock } = options;
  try {
    return await withDeadline(clock, TIMEOUT_MS, async (deadline) => {
      const basicAuth = await withRenewedPassword(options.basicAuth);
      const response = await fetch(`${apiUrl}/alerts`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'gdoiwatch',
          ...(basicAuth === null ? {} : { authorization: `Basic ${userAndPassword(basicAuth)}` }),
        },
        body: JSON.stringify(alerts),
        redirect: 'manual',
        signal: AbortSignal.any([options.signal, deadline]),
      });
      const words = await readStart(response);
      if (response.ok) return { kind: 'accepted' };
      const { status } = response;
      if (status === UNAUTHORIZED) basicAuth?.password.refused();
      return { kind: outcomeOfStatus(status), reason: answerText(status, words, basicAuth) };
    });
  } catch (error) {
    return { kind: 'failed', reason: noAnswerText(error) };
  }
}

/** A changed file applies from the next request. */
async function withRenewedPassword(basicAuth: BasicAuth | null): Promise<BasicAuth | null> {
  return basicAuth === null ? null : { ...basicAuth, password: await basicAuth.password.renewed() };
}

function userAndPassword({ username, password }: BasicAuth): string {
  return Buffer.from(`${username}:${password.reveal()}`).toString('base64');
}

/** The first chunks of the answer. An empty one leaves the connection open for the next request. */
async function readStart(response: Response): Promise<string> {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    size += chunk.length;
    // Leaving the loop cancels the rest.
    if (size > MAX_WORDS) break;
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** Status and words of the server on one line, without the credential, which another kind of server may echo. */
function answerText(status: number, words: string, basicAuth: BasicAuth | null): string {
  const secrets = basicAuth === null ? [] : [userAndPassword(basicAuth), basicAuth.password.reveal()];
  const shown = secrets.reduce((text, secret) => text.replaceAll(secret, '[secret]'), words);
  const line = shown.replaceAll(CONTROL, ' ').trim().slice(0, MAX_WORDS);
  return line === '' ? `HTTP status ${status}` : `HTTP status ${status}: ${line}`;
}
