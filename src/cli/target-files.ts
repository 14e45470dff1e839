/** The files of `file_sd` as they are now, for commands that ask no running agent. URLs are left to the agent. */
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import { startTargets } from '../config/service-discovery/targets.ts';
import { createSystemClock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';

export interface TargetFiles {
  /** Those in the configuration first. */
  readonly devices: readonly ResolvedDevice[];
  /** How many of them come from the files. */
  readonly found: number;
  /** Unknown names are not doubtful if URLs may bring them. */
  readonly doubts: readonly string[];
}

/** The command prints what the loader would log. */
const nothing = () => undefined;
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

export async function lookAtTargetFiles(config: ResolvedConfig): Promise<TargetFiles> {
  const { devices, targets } = config;
  // For devices of the configuration file alone, `readConfig` has printed the doubts.
  if (targets === null) return { devices, found: 0, doubts: devices.length === 0 ? config.doubts([]) : [] };
  const alone = targets.urls.length === 0;
  await using found = await startTargets({
    config: { ...config, targets: { ...targets, urls: [] }, doubts: alone ? config.doubts : () => [] },
    clock: createSystemClock(),
    logger: SILENT,
    onChange: nothing,
  });
  return { devices: found.config.devices, found: found.status().devices, doubts: found.doubts() };
}
