/**
 * The signature of a webhook according to Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA-256 over id,
 * time and body, so that a receiver knows who sent it, when, and that nothing was changed.
 */
import { createHmac } from 'node:crypto';
import type { EpochMs } from '../../gdoi/seen/instant.ts';
import type { Secret } from '../../kernel/secret.ts';

/** A key that begins with it is base64. */
const BASE64_KEY = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

export interface Signed {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

export function signatureOf(
  secret: Secret,
  message: { readonly id: string; readonly body: string },
  nowMs: EpochMs,
): Signed {
  const key = secret.reveal();
  const base64 = BASE64_KEY.exec(key)?.[1];
  const octets = base64 === undefined ? Buffer.from(key, 'utf8') : Buffer.from(base64, 'base64');
  const seconds = String(Math.floor(nowMs / 1000));
  const digest = createHmac('sha256', octets).update(`${message.id}.${seconds}.${message.body}`).digest('base64');
  return { 'webhook-id': message.id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${digest}` };
}
