/** `gdoiwatch store backup`: the store as a file to keep. */
import { Command } from 'commander';
import { backupSqliteStore } from '../store/sqlite/sqlite-backup.ts';
import { historySource } from './history-flags.ts';
import { UserError } from '../kernel/user-error.ts';

interface BackupFlags {
  readonly config?: string;
  readonly store?: string;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the store to a new file, whole and as of one instant; the agent may be running')
    .argument('<file>', 'the file to make; it must not exist')
    .option('--config <file>', 'the configuration whose store is copied (or the variable GDOIWATCH_CONFIG)')
    .option('--store <file>', 'a store file (instead of --config)')
    .action(async (file: string, flags: BackupFlags) => {
      const source = await historySource(flags);
      if (source.kind !== 'store') throw new UserError('usage_invalid', 'an agent gives no copy of its store');
      const { events, bytes } = await backupSqliteStore(source.path, file);
      process.stdout.write(`${file}: ${events} events, ${bytes} bytes\n`);
    });
}
