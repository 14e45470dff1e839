/** `gdoiwatch config check`: is this file good, and if not, every reason. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { cellDoubtsOf } from '../agent/record/stored-groups.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import { counted } from '../gdoi/events/counted.ts';
import { UserError } from '../kernel/user-error.ts';
import { openSqliteStoreReadOnly } from '../store/sqlite/sqlite-store.ts';
import { warnOfDamage } from './history-flags.ts';
import { configFile, readConfig } from './read-config.ts';

export function configCheckCommand(): Command {
  const check = new Command('check')
    .description('validate a configuration; errors name the path in the file, the value and what is allowed')
    .addOption(configFile('the configuration file'))
    .action(async (options: { config: string }) => {
      const { config, warnings } = await readConfig(options.config);
      const ofCells = await cellWarnings(config);
      for (const warning of [...warnings, ...ofCells]) process.stderr.write(`warning: ${warning}\n`);
      process.stdout.write(
        `${options.config}: good, ${counted(config.devices.length, 'device')}${config.targets === null ? '' : ' and those of targets'}\n`,
      );
    });
  return new Command('config').description('work with configuration files').addCommand(check);
}

/** Nothing is said of a store in PostgreSQL, which others use (the page says it), nor of one that is not there yet. */
async function cellWarnings({ store, devices, targets }: ResolvedConfig): Promise<readonly string[]> {
  if (store.kind !== 'sqlite' || !existsSync(store.path)) return [];
  try {
    await using memory = await openSqliteStoreReadOnly(store.path, warnOfDamage);
    const doubts = cellDoubtsOf(await memory.loadStates(), { devices, targets });
    return doubts.map(({ where, summary }) => `${where}, as stored in ${store.path}: ${summary}`);
  } catch (error) {
    // Of an older version, or somebody else's: the agent has to go on from it, and says so at its start.
    if (error instanceof UserError) return [`cells were not compared with the groups seen so far: ${error.message}`];
    throw error;
  }
}
