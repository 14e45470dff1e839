/**
 * The web configuration file of the Prometheus exporter-toolkit (web-configuration.md of its documents).
 *
 * A file that works elsewhere works here, or is refused: nothing that keeps someone out is ignored. Refused are client
 * certificates that are requested but not verified, TLS below 1.2 and `client_allowed_sans`.
 */
import { z } from 'zod';
import { oneOf, path, printable, section, text, userName } from '../schema-terms.ts';
import { CIPHER_NAMES, CURVE_NAMES } from './tls-names.ts';

const trueOrFalse = z.boolean({ error: 'true or false' });

/**
 * Certificates of one server or of its clients, in this file or beside it: not the bundle of all public authorities.
 */
export const MAX_CHAIN_CHARS = 256 * 1024;
const pem = text('text in PEM form', (value) => value.length <= MAX_CHAIN_CHARS && value.includes('-----BEGIN '));

/** `htpasswd -B` writes $2y$, others $2a$ or $2b$: the same algorithm. */
const bcryptHash = text('a bcrypt hash (htpasswd -nBC 10 USER)', (value) =>
  /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(value),
);

const header = (allowed: string, accepts: (value: string) => boolean) =>
  text(allowed, (value) => value === '' || accepts(value)).optional();
const anyHeader = header('a header value', (value) => printable(4096)(value) && /^[\x20-\x7e]*$/.test(value));

export const webConfigSchema = section({
  tls_server_config: section({
    cert: pem.optional(),
    cert_file: path.optional(),
    key: pem.optional(),
    key_file: path.optional(),
    client_ca: pem.optional(),
    client_ca_file: path.optional(),
    client_auth_type: z
      .enum(['NoClientCert', 'RequireAndVerifyClientCert', ''], {
        error: 'NoClientCert or RequireAndVerifyClientCert: the others let in clients that are not verified',
      })
      .default('NoClientCert'),
    min_version: oneOf(['TLS12', 'TLS13']).default('TLS12'),
    max_version: oneOf(['TLS12', 'TLS13']).default('TLS13'),
    cipher_suites: z.array(oneOf(CIPHER_NAMES), { error: 'a list of cipher suites' }).default([]),
    prefer_server_cipher_suites: trueOrFalse.default(true),
    curve_preferences: z.array(oneOf(CURVE_NAMES), { error: 'a list of curves' }).default([]),
    client_allowed_sans: z
      .array(z.string(), { error: 'a list of names' })
      .max(0, { error: 'no names: gdoiwatch does not look into client certificates; let client_ca_file decide' })
      .optional(),
  }).optional(),
  http_server_config: section({
    http2: trueOrFalse.optional(),
    headers: section({
      'Content-Security-Policy': anyHeader,
      'X-Frame-Options': header('one of deny, sameorigin', (value) => /^(?:deny|sameorigin)$/i.test(value)),
      'X-Content-Type-Options': header('nosniff', (value) => value.toLowerCase() === 'nosniff'),
      'X-XSS-Protection': anyHeader,
      'Strict-Transport-Security': anyHeader,
    }).optional(),
  }).optional(),
  basic_auth_users: z
    .record(
      userName.refine((value) => !value.includes(':'), { error: 'a user name without a colon' }),
      bcryptHash,
      { error: () => 'a mapping of user names to bcrypt hashes' },
    )
    .default({}),
  rate_limit: section({ interval: z.unknown(), burst: z.unknown() }).partial().optional(),
});

export type WebConfig = z.infer<typeof webConfigSchema>;
