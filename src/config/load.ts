/** A configuration file, read and checked whole: either what the agent runs on, or everything that is wrong with it. */
import { dirname, resolve } from 'node:path';
import { checkConfig } from './check.ts';
import { type Finding, type Problem, pathText } from './finding.ts';
import { type Place, placeFinder } from './place.ts';
import { readConfigText } from './config-text.ts';
import { type ReadFile, readFailure, readFileFromDisk } from './read-file.ts';
import { resolveConfig } from './resolve.ts';
import type { ResolvedConfig } from './resolved-config.ts';
import { unsupportedSettings } from './unsupported.ts';
import type { YamlText } from './yaml-text.ts';

export interface LoadContext {
  /** Where `*_env` settings are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: the disk. */
  readonly readFile?: ReadFile;
  /** Called now and then while a long file is read; without it, one of 10,000 devices blocks for a second or two. */
  readonly yieldToIo?: () => Promise<void>;
}

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: ResolvedConfig; readonly warnings: readonly Finding[] }
  /** Errors and warnings in the file's order. */
  | { readonly kind: 'invalid'; readonly findings: readonly Finding[] };

const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** Loads the file at `path`; never throws for what a user can cause. `findingLine` makes a finding a line of text. */
export async function loadConfig(path: string, context: LoadContext): Promise<LoadedConfig> {
  const readFile = context.readFile ?? readFileFromDisk;
  const refused = (message: string): LoadedConfig => ({
    kind: 'invalid',
    findings: [{ severity: 'error', file: path, line: null, column: null, path: '', message }],
  });

  let source: string;
  try {
    const { bytes } = await readFile(path, MAX_FILE_BYTES);
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return refused('is not UTF-8 text');
    return refused(`cannot be read: ${readFailure(error, MAX_FILE_BYTES)}`);
  }

  const yaml = await readConfigText(source, context.yieldToIo === undefined ? {} : { pause: context.yieldToIo });
  if (yaml.syntaxErrors.length > 0) {
    const findings = yaml.syntaxErrors.map(
      ({ place, message }): Finding => ({ severity: 'error', file: path, ...place, path: '', message }),
    );
    return { kind: 'invalid', findings };
  }
  const checked = checkConfig(yaml.value);
  const directory = dirname(resolve(path));
  const resolved = await resolveConfig(checked.config, path, { env: context.env, readFile, directory });
  const problems = withoutConsequences([
    yaml.problems,
    checked.problems,
    resolved.problems,
    unsupportedSettings(checked.config),
  ]);
  const placeOf = placeFinder(source);
  const findings = inFileOrder(problems.map((problem) => findingOf(problem, path, yaml, placeOf)));
  return findings.some((finding) => finding.severity === 'error')
    ? { kind: 'invalid', findings }
    : { kind: 'ok', config: resolved.config, warnings: findings };
}

/** What has a problem already, itself or in a part of it, is not also reported for what a later stage makes of it. */
function withoutConsequences(stages: readonly (readonly Problem[])[]): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = new Set<string>();
  for (const stage of stages) {
    const found = stage.filter(({ path }) => !wrong.has(pathText(path)));
    problems.push(...found);
    for (const { path } of found) path.forEach((_, index) => wrong.add(pathText(path.slice(0, index + 1))));
    // The file as a whole is something else than a configuration.
    if (found.some(({ path }) => path.length === 0)) break;
  }
  return problems;
}

function findingOf(
  problem: Problem,
  file: string,
  yaml: Pick<YamlText, 'offsetOf'>,
  placeOf: (offset: number) => Place,
): Finding {
  const offset = yaml.offsetOf(problem.path, problem.on);
  const place = offset === null ? null : placeOf(offset);
  return {
    severity: problem.severity,
    file,
    line: place?.line ?? null,
    column: place?.column ?? null,
    path: pathText(problem.path),
    message: problem.message,
  };
}

function inFileOrder(findings: Finding[]): Finding[] {
  return findings.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
