/** `gdoiwatch config check`: is this file valid, and if not, every reason. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { cellDoubtsOf, storedGroupNames } from '../agent/record/stored-groups.ts';
import { groupDoubts } from '../config/name-doubts.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { counted } from '../gdoi/events/counted.ts';
import { createSystemClock } from '../kernel/clock.ts';
import { UserError } from '../kernel/user-error.ts';
import { openSqliteStoreReadOnly } from '../store/sqlite/sqlite-store.ts';
import { warnOfDamage } from './history-flags.ts';
import { configFile, readConfig } from './read-config.ts';
import { lookAtTargetFiles } from './target-files.ts';

export function configCheckCommand(): Command {
  const check = new Command('check')
    .description('validate a configuration; each error names the path in the file, the value and what is allowed')
    .addOption(configFile('the configuration file'))
    .action(async (options: { config: string }) => {
      const { config, warnings } = await readConfig(options.config);
      const files = await lookAtTargetFiles(config);
      const ofStore = await storeWarnings(config);
      for (const warning of [...warnings, ...files.doubts, ...ofStore]) process.stderr.write(`warning: ${warning}\n`);
      process.stdout.write(`${options.config}: good, ${whoIsPolled(config, files.found)}\n`);
    });
  return new Command('config').description('work with configuration files').addCommand(check);
}

function whoIsPolled({ devices, targets }: ResolvedConfig, ofFiles: number): string {
  const own = counted(devices.length, 'device');
  if (targets === null) return own;
  const urls = targets.urls.length === 0 ? '' : ` and those of ${counted(targets.urls.length, 'URL')}`;
  return targets.files.length === 0 ? `${own}${urls}` : `${own}, ${ofFiles} of target files${urls}`;
}

/**
 * Says nothing about a store in PostgreSQL, which others use (the page shows it), or about one that does not exist yet.
 */
async function storeWarnings({ store, devices, targets, maintenance }: ResolvedConfig): Promise<readonly string[]> {
  if (store.kind !== 'sqlite' || !existsSync(store.path)) return [];
  try {
    await using memory = await openSqliteStoreReadOnly(store.path, warnOfDamage);
    const states = await memory.loadStates();
    const ofCells = cellDoubtsOf(states, { devices, targets });
    return [
      ...ofCells.map(({ where, summary }) => `${where}, as stored in ${store.path}: ${summary}`),
      ...groupDoubts(maintenance, storedGroupNames(states), createSystemClock().wallMs()).map(
        (doubt) => `${doubt} (as stored in ${store.path})`,
      ),
    ];
  } catch (error) {
    // From an older version, or somebody else's: the agent will say so at its start.
    if (error instanceof UserError)
      return [`the configuration was not compared with the groups seen so far: ${error.message}`];
    throw error;
  }
}
