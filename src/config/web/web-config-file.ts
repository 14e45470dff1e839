/** The `web` section with the files it names: each finding has its place in the file that it is about. */
import { dirname, resolve } from 'node:path';
import { Secret } from '../../kernel/secret.ts';
import { fileFinding, placedFindings, syntaxFindings } from '../file-findings.ts';
import { errorAt, type Finding, type Problem, problemsOf, quoted, warningAt, type WithProblems } from '../finding.ts';
import { refusals } from '../issue-text.ts';
import { isReadableByAll, type ReadFile, readText } from '../read-file.ts';
import type { Config } from '../schema.ts';
import type { SecretSource } from '../secret-source.ts';
import { readYaml } from '../yaml-text.ts';
import type { ResolvedToken, ResolvedWeb } from '../resolved-web.ts';
import { resolveTls } from './tls-server.ts';
import { parseTokens } from './tokens-file.ts';
import { type WebConfig, webConfigSchema } from './web-config-schema.ts';

const MAX_FILE_BYTES = 1024 * 1024;
/** Each step doubles the CPU that checking a password takes. */
const HIGHEST_COMMON_COST = 12;

/** Problems are in the configuration itself: a file that cannot be read. */
interface WithFindings<Value> extends WithProblems<Value> {
  /** Findings in the files. */
  readonly findings: readonly Finding[];
}

export async function resolveWeb(web: Config['web'], source: SecretSource): Promise<WithFindings<ResolvedWeb>> {
  const config = await readWebConfig(web.config_file, source);
  const tokens = await readTokens(web.tokens_file, source);
  return {
    value: { ...config.value, tokens: tokens.value },
    problems: problemsOf([config, tokens]),
    findings: [...config.findings, ...tokens.findings],
  };
}

const NOTHING = { tls: null, basicAuthUsers: new Map<string, Secret>(), headers: {} };

async function readWebConfig(
  name: string | undefined,
  source: SecretSource,
): Promise<WithFindings<Omit<ResolvedWeb, 'tokens'>>> {
  if (name === undefined) return { value: NOTHING, problems: [], findings: [] };
  const file = resolve(source.directoryOf(['web']), name);
  const { value: text, problems } = await readNamed('config_file', file, source.readFile);
  if (text === null) return { value: NOTHING, problems, findings: [] };
  const yaml = readYaml(text);
  if (yaml.syntaxErrors.length > 0) return { value: NOTHING, problems, findings: syntaxFindings(file, yaml) };
  // Relative paths start at the web configuration file, as in the toolkit.
  const config = await resolveWebConfig(yaml.value ?? {}, { ...source, directoryOf: () => dirname(file) });
  const findings = placedFindings(file, text, yaml, [...yaml.problems, ...config.problems]);
  return { value: config.value, problems, findings };
}

/** `value`: the file's content. */
async function resolveWebConfig(
  value: unknown,
  source: SecretSource,
): Promise<WithProblems<Omit<ResolvedWeb, 'tokens'>>> {
  const checked = webConfigSchema.safeParse(value);
  if (!checked.success) {
    return { value: NOTHING, problems: refusals(webConfigSchema, value, checked.error) };
  }
  const section = checked.data.tls_server_config;
  const tls = section === undefined ? { value: null, problems: [] } : await resolveTls(section, source);
  const { basic_auth_users: users, http_server_config: http } = checked.data;
  const config = {
    tls: tls.value,
    basicAuthUsers: new Map(Object.entries(users).map(([user, hash]) => [user, new Secret(hash)])),
    headers: Object.fromEntries(
      Object.entries(http?.headers ?? {}).flatMap(([header, text]) =>
        text === undefined || text === '' ? [] : [[header, text]],
      ),
    ),
  };
  return { value: config, problems: [...tls.problems, ...doubts(checked.data)] };
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
    problems.push(warningAt(['rate_limit'], 'has no effect: gdoiwatch limits requests by itself', 'key'));
  }
  return problems;
}

async function readTokens(
  name: string | undefined,
  source: SecretSource,
): Promise<WithFindings<readonly ResolvedToken[]>> {
  if (name === undefined) return { value: [], problems: [], findings: [] };
  const file = resolve(source.directoryOf(['web']), name);
  const { value: text, problems } = await readNamed('tokens_file', file, source.readFile);
  if (text === null) return { value: [], problems, findings: [] };
  const { tokens, findings } = parseTokens(file, text);
  // An empty file would open the API to everyone, which nobody wants who names a file.
  const isEmpty = tokens.length === 0 && findings.length === 0;
  return { value: tokens, problems, findings: isEmpty ? [fileFinding(file, 'has no token')] : findings };
}

/** Null: it cannot be read. */
async function readNamed(
  key: 'config_file' | 'tokens_file',
  file: string,
  readFile: ReadFile,
): Promise<WithProblems<string | null>> {
  const path = ['web', key];
  const read = await readText(readFile, file, MAX_FILE_BYTES);
  if (read.kind === 'failed') {
    return { value: null, problems: [errorAt(path, `${quoted(file)} cannot be read: ${read.reason}`)] };
  }
  const isOpen = key === 'tokens_file' && isReadableByAll(read);
  const doubt = warningAt(path, `${quoted(file)} can be read by everyone; chmod 600 it`);
  return { value: read.text, problems: isOpen ? [doubt] : [] };
}
