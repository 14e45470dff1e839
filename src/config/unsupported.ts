/** The one setting of the contract that this version refuses: the release that implements it deletes this file. */
import type { CheckedConfig } from './check.ts';
import { errorAt, type Problem } from './finding.ts';

export function unsupportedSettings(config: CheckedConfig): readonly Problem[] {
  if (config.store.postgres === undefined) return [];
  return [errorAt(['store', 'postgres'], 'not supported by this version; use sqlite')];
}
