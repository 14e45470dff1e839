/** The `web` section with the files it names: each finding has its place in the file that it is about. */
import { dirname, resolve } from 'node:path';
import { append } from '../../kernel/append.ts';
import { Secret } from '../../kernel/secret.ts';
import { fileFinding, placedFindings, syntaxFindings } from '../file-findings.ts';
import { errorAt, type Finding, type Problem, quoted, warningAt } from '../finding.ts';
import { problemsOfIssue } from '../issue-text.ts';
import { isReadableByAll, type ReadFile, readText } from '../read-file.ts';
import type { Config } from '../schema.ts';
import type { SecretSource } from '../secret-source.ts';
import { readYaml } from '../yaml-text.ts';
import type { ResolvedTls, ResolvedToken, ResolvedWeb } from './resolved-web.ts';
import { resolveTls } from './tls-server.ts';
import { parseTokens } from './tokens-file.ts';
import { type WebConfig, webConfigSchema } from './web-config-schema.ts';

const MAX_FILE_BYTES = 1024 * 1024;
/** One check of a password takes about 0.1 s of this process at cost 10, and twice as long for each step. */
const HIGHEST_COMMON_COST = 12;

interface WebFindings {
  /** In the configuration itself: a file that cannot be read. */
  readonly problems: Problem[];
  /** In the files. */
  readonly findings: Finding[];
}

export async function resolveWeb(
  web: Config['web'],
  source: SecretSource,
): Promise<{ readonly web: ResolvedWeb } & WebFindings> {
  const found: WebFindings = { problems: [], findings: [] };
  const config = web.config_file === undefined ? NOTHING : await readWebConfig(web.config_file, source, found);
  const tokens = web.tokens_file === undefined ? [] : await readTokens(web.tokens_file, source, found);
  return { web: { ...config, tokens }, ...found };
}

const NOTHING = { tls: null, basicAuthUsers: new Map<string, Secret>(), headers: {} };

async function readWebConfig(
  name: string,
  source: SecretSource,
  found: WebFindings,
): Promise<Omit<ResolvedWeb, 'tokens'>> {
  const file = resolve(source.directoryOf(['web']), name);
  const text = await readNamed('config_file', file, source.readFile, found);
  if (text === null) return NOTHING;
  const yaml = readYaml(text);
  if (yaml.syntaxErrors.length > 0) {
    append(found.findings, syntaxFindings(file, yaml));
    return NOTHING;
  }
  const value = yaml.value ?? {};
  const checked = webConfigSchema.safeParse(value);
  const problems: Problem[] = [...yaml.problems];
  let tls: ResolvedTls | null = null;
  if (checked.success) {
    // Relative paths start where the web configuration stands, as in the toolkit.
    const beside: SecretSource = { ...source, directoryOf: () => dirname(file) };
    const section = checked.data.tls_server_config;
    if (section !== undefined) tls = await resolveTls(section, beside, problems);
    append(problems, doubts(checked.data));
  } else {
    append(
      problems,
      checked.error.issues.flatMap((issue) => problemsOfIssue(issue, value)),
    );
  }
  append(found.findings, placedFindings(file, text, yaml, problems));
  if (!checked.success) return NOTHING;
  const { basic_auth_users: users, http_server_config: http } = checked.data;
  return {
    tls,
    basicAuthUsers: new Map(Object.entries(users).map(([user, hash]) => [user, new Secret(hash)])),
    headers: Object.fromEntries(
      Object.entries(http?.headers ?? {}).flatMap(([header, text]) =>
        text === undefined || text === '' ? [] : [[header, text]],
      ),
    ),
  };
}

function doubts(config: WebConfig): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [user, hash] of Object.entries(config.basic_auth_users)) {
    const cost = Number(hash.slice(4, 6));
    if (cost > HIGHEST_COMMON_COST) {
      problems.push(
        warningAt(
          ['basic_auth_users', user],
          `a bcrypt cost of ${cost} keeps the agent busy at each login; 10 is usual`,
        ),
      );
    }
  }
  if (config.rate_limit !== undefined) {
    problems.push(warningAt(['rate_limit'], 'of no effect: gdoiwatch bounds requests by itself', 'key'));
  }
  return problems;
}

async function readTokens(name: string, source: SecretSource, found: WebFindings): Promise<readonly ResolvedToken[]> {
  const file = resolve(source.directoryOf(['web']), name);
  const text = await readNamed('tokens_file', file, source.readFile, found);
  if (text === null) return [];
  const { tokens, findings } = parseTokens(file, text);
  append(found.findings, findings);
  // An empty file would leave the API open to everyone, which nobody asks for by naming one.
  if (tokens.length === 0 && findings.length === 0) found.findings.push(fileFinding(file, 'holds no token'));
  return tokens;
}

/** null: it cannot be read, which is a problem already. */
async function readNamed(
  key: 'config_file' | 'tokens_file',
  file: string,
  readFile: ReadFile,
  { problems }: WebFindings,
): Promise<string | null> {
  const path = ['web', key];
  const read = await readText(readFile, file, MAX_FILE_BYTES);
  if (read.kind === 'failed') {
    problems.push(errorAt(path, `${quoted(file)} cannot be read: ${read.reason}`));
    return null;
  }
  if (key === 'tokens_file' && isReadableByAll(read)) {
    problems.push(warningAt(path, `${quoted(file)} can be read by everyone; chmod 600 it`));
  }
  return read.text;
}
