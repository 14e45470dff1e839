/**
 * Reads and checks a configuration file with those it includes: the result is either what the agent runs on, or
 * everything that is wrong.
 */
import { append } from '../../kernel/append.ts';
import { type Clock, createSystemClock } from '../../kernel/clock.ts';
import { checkConfig } from '../check.ts';
import { type Finding, hasError, type Problem, pathText, problemsOf } from '../finding.ts';
import { readConfigFiles } from './included-files.ts';
import { type ReadFile, readFileFromDisk } from '../read-file.ts';
import { resolveConfig } from '../resolve.ts';
import type { ResolvedConfig } from '../resolved-config.ts';
import { type RunProgram, runProgram } from '../run-program.ts';
import type { SecretSource } from '../secret-source.ts';
import { type FileTrouble, troubleOnDisk, trustFileProblems } from '../trust-files.ts';
import { resolveWeb } from '../web/web-config-file.ts';

export interface LoadContext {
  /** The environment for `*_env` settings. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: the disk. */
  readonly readFile?: ReadFile;
  /** Why `known_hosts` and its like cannot be used. Default: as the disk has it. */
  readonly trouble?: FileTrouble;
  /** Called now and then while a long file is read; without it, one of 10,000 devices blocks for a second or two. */
  readonly yieldToIo?: () => Promise<void>;
  /** Default: runs it. */
  readonly runProgram?: RunProgram;
  /** Times the re-reading of secrets. Default: the machine's clock. */
  readonly clock?: Clock;
  /** Called when a secret cannot be read again while the agent runs. Default: ignored. */
  readonly report?: (message: string) => void;
}

export type LoadedConfig =
  | { readonly kind: 'ok'; readonly config: ResolvedConfig; readonly warnings: readonly Finding[] }
  /** Errors and warnings in the file's order, followed by those of the files that `web` names. */
  | { readonly kind: 'invalid'; readonly findings: readonly Finding[] };

/** Loads the file at `path`; never throws for what a user can cause. `findingLine` makes a finding a line of text. */
export async function loadConfig(path: string, context: LoadContext): Promise<LoadedConfig> {
  const readFile = context.readFile ?? readFileFromDisk;
  const pause = context.yieldToIo === undefined ? {} : { pause: context.yieldToIo };
  const read = await readConfigFiles(path, readFile, pause);
  if (read.kind === 'failed') return { kind: 'invalid', findings: read.findings };
  const { files } = read;
  const checked = checkConfig(files.value);
  const secretSource: SecretSource = {
    env: context.env,
    readFile,
    runProgram: context.runProgram ?? runProgram,
    clock: context.clock ?? createSystemClock(),
    report: context.report ?? (() => undefined),
    directoryOf: files.directoryOf,
    nameOf: files.nameOf,
  };
  const resolved = await resolveConfig(checked.value, path, secretSource);
  const { targets, store } = resolved.value;
  const ofTargets = targets === null ? null : checked.value.ssh.host_keys;
  const trust = { ...resolved.value, ofTargets, shared: store.kind === 'postgres' };
  const ofTrust = await trustFileProblems(trust, context.trouble ?? troubleOnDisk);
  const web = await resolveWeb(checked.value.web, secretSource);
  const problems = withoutConsequences([
    files.problems,
    checked.problems,
    [...problemsOf([resolved, web]), ...ofTrust],
  ]);
  const findings = [...files.placed(problems), ...web.findings];
  return hasError(findings)
    ? { kind: 'invalid', findings }
    : { kind: 'ok', config: { ...resolved.value, web: web.value }, warnings: findings };
}

/**
 * A setting that has a problem, itself or in a part of it, is not reported again for its consequences in a later stage.
 */
function withoutConsequences(stages: readonly (readonly Problem[])[]): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = new Set<string>();
  for (const stage of stages) {
    const found = stage.filter(({ path }) => !wrong.has(pathText(path)));
    append(problems, found);
    for (const { path } of found) path.forEach((_, index) => wrong.add(pathText(path.slice(0, index + 1))));
    // The file as a whole is not a configuration.
    if (found.some(({ path }) => path.length === 0)) break;
  }
  return problems;
}
