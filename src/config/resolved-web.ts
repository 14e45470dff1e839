/** Who may connect to the HTTP server: values only, files read, secrets held as such. */
import type { Secret } from '../kernel/secret.ts';

/** Options of a TLS server, spelled as in `node:tls`. */
export interface ResolvedTls {
  /** Certificate chain and private key, PEM; they belong together. */
  readonly cert: string;
  readonly key: Secret;
  /** CAs of client certificates, PEM. If not null, a client without such a certificate is refused. */
  readonly clientCa: string | null;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names, including those of TLS 1.3; null: Node's default. */
  readonly ciphers: string | null;
  readonly honorCipherOrder: boolean;
  /** OpenSSL's names, best first; null: Node's default. */
  readonly ecdhCurve: string | null;
}

export const TOKEN_SCOPES = ['read', 'operate'] as const;
/** `operate` may do what `read` may, and reload. */
type TokenScope = (typeof TOKEN_SCOPES)[number];

/** A bearer token of the API; only its digest is kept. */
export interface ResolvedToken {
  /** Who holds it, for logs. Unique. */
  readonly name: string;
  readonly scope: TokenScope;
  /** SHA-256 of the token's UTF-8 text, 64 lower-case hex digits. */
  readonly sha256: Secret;
}

export interface ResolvedWeb {
  /** null: plain HTTP. */
  readonly tls: ResolvedTls | null;
  /** User name to bcrypt hash (`$2y$...`). Empty, and no tokens either: everyone may enter. */
  readonly basicAuthUsers: ReadonlyMap<string, Secret>;
  readonly tokens: readonly ResolvedToken[];
  /** Added to every response. */
  readonly headers: Readonly<Record<string, string>>;
}
