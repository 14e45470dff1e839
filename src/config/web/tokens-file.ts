/**
 * The bearer tokens of the API, one a line:
 *
 *     # NAME SCOPE TOKEN; scope read, or operate (read, poll now and reload)
 *     grafana read sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
 *     noc operate 4Jm0nSk2vYw8QzR7tXc1
 *
 * Only digests are kept. A long random token (`openssl rand -base64 24`) needs no slow hash: it cannot be guessed.
 */
import { createHash } from 'node:crypto';
import { Secret } from '../../kernel/secret.ts';
import type { Finding } from '../finding.ts';
import { type ResolvedToken, TOKEN_SCOPES } from '../resolved-web.ts';

const MAX_TOKENS = 1000;
const SHORTEST_TOKEN = 16;

export function parseTokens(
  file: string,
  source: string,
): { readonly tokens: readonly ResolvedToken[]; readonly findings: readonly Finding[] } {
  const tokens = new Map<string, ResolvedToken>();
  const findings: Finding[] = [];
  for (const [index, text] of source.split(/\r?\n/).entries()) {
    const line = text.trim();
    if (line === '' || line.startsWith('#')) continue;
    const token = tokens.size < MAX_TOKENS ? parseToken(line) : `more than ${MAX_TOKENS} tokens`;
    const problem =
      typeof token === 'string' ? token : tokens.has(token.name) ? `a second token with the name ${token.name}` : null;
    if (problem !== null) {
      findings.push({ severity: 'error', file, line: index + 1, column: 1, path: '', message: problem });
      if (tokens.size >= MAX_TOKENS) break;
    } else if (typeof token !== 'string') tokens.set(token.name, token);
  }
  return { tokens: [...tokens.values()], findings };
}

/** What is wrong, without any word of the line: each of them may be the token. */
function parseToken(line: string): ResolvedToken | string {
  const [name = '', scopeText = '', token = '', ...more] = line.split(/[ \t]+/);
  if (token === '' || more.length > 0) return 'is not NAME SCOPE TOKEN';
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/.test(name)) {
    return 'the name is not one of letters, digits and . _ - (at most 64)';
  }
  const scope = TOKEN_SCOPES.find((known) => known === scopeText);
  if (scope === undefined) return `the scope is not one of ${TOKEN_SCOPES.join(', ')}`;
  const digest = /^sha256:([0-9a-f]{64})$/i.exec(token)?.[1];
  if (digest !== undefined) return { name, scope, sha256: new Secret(digest.toLowerCase()) };
  if (token.startsWith('sha256:')) return 'the digest is not 64 hex digits';
  if (token.length < SHORTEST_TOKEN || !/^[\x21-\x7e]+$/.test(token)) {
    return `the token is not ${SHORTEST_TOKEN} or more printable ASCII characters`;
  }
  return { name, scope, sha256: new Secret(createHash('sha256').update(token).digest('hex')) };
}
