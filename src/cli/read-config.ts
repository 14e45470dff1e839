/** Loads the configuration for a command: warnings go to stderr; an invalid file is one error with all its findings. */
import { Option } from 'commander';
import { findingLine } from '../config/finding.ts';
import { loadConfig } from '../config/load/load.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';

/** The default configuration file, in the present folder. */
export const DEFAULT_CONFIG = 'gdoiwatch.yml';

/** `--config FILE`, or the variable. */
export function configFile(what: string): Option {
  return new Option('--config <file>', what).env('GDOIWATCH_CONFIG').default(DEFAULT_CONFIG);
}

export async function readConfig(
  file: string,
  /** Called when a secret cannot be read again while the agent runs. */
  report?: (message: string) => void,
): Promise<{ readonly config: ResolvedConfig; readonly warnings: readonly string[] }> {
  const { yieldToIo } = createSystemClock();
  const loaded = await loadConfig(file, { env: process.env, yieldToIo, ...(report === undefined ? {} : { report }) });
  if (loaded.kind === 'invalid') {
    const errors = loaded.findings.filter((finding) => finding.severity === 'error');
    throw new UserError('config_invalid', errors.map(findingLine).join('\ngdoiwatch: '));
  }
  return { config: loaded.config, warnings: loaded.warnings.map(findingLine) };
}
