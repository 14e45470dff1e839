/** The `webhooks` section with its secrets, each receiver under its own name. */
import { append } from '../kernel/append.ts';
import type { CheckedConfig } from './check.ts';
import { errorAt, type Problem, quoted, warningAt, type WithProblems } from './finding.ts';
import { hostOfUrl, isPlainAndRemote } from './address.ts';
import { readSecret } from './read-secret.ts';
import type { ResolvedWebhook } from './resolved-config.ts';
import type { SecretReader } from './secret-source.ts';

export async function resolveWebhooks(
  webhooks: CheckedConfig['webhooks'],
  secrets: SecretReader,
): Promise<WithProblems<readonly ResolvedWebhook[]>> {
  const problems: Problem[] = [];
  const resolved = new Map<string, ResolvedWebhook>();
  for (const [index, entry] of webhooks.entries()) {
    const at = ['webhooks', index];
    const name = entry.name ?? hostOfUrl(entry.url);
    const secret = await readSecret({ section: entry, at, key: 'secret', kind: 'line' }, secrets);
    append(problems, secret.problems);
    if (resolved.has(name)) {
      problems.push(errorAt(at, `${quoted(name)} is already the name of another webhook: set a name`));
    }
    if (secret.value === undefined) {
      problems.push(
        warningAt(at, 'not signed: anyone who can reach the receiver can send it events; set a secret_file'),
      );
    }
    if (isPlainAndRemote(entry.url)) {
      problems.push(warningAt([...at, 'url'], 'plain HTTP: anyone on the path can read the events'));
    }
    const types = entry.types === undefined ? null : new Set(entry.types);
    resolved.set(name, { name, url: entry.url, secret: secret.value ?? null, types });
  }
  return { value: [...resolved.values()], problems };
}
