/** `gdoiwatch store backup`: the store as a file to keep. */
import { Command } from 'commander';
import { backupSqliteStore } from '../store/sqlite/sqlite-backup.ts';
import { ELSE_DEFAULT, storeFile } from './history-flags.ts';

interface BackupFlags {
  readonly config?: string;
  readonly store?: string;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('copy the store to a new file, complete and as of one instant; the agent may be running')
    .argument('<file>', 'the file to create; it must not exist yet')
    .option('--config <file>', `copy the store of this configuration ${ELSE_DEFAULT}`)
    .option('--store <file>', 'copy this store file instead')
    .action(async (file: string, flags: BackupFlags) => {
      const path = await storeFile(flags, {
        which: 'one of --config FILE and --store FILE says which store to copy',
        instead: 'copy it with pg_dump',
      });
      const { events, bytes } = await backupSqliteStore(path, file);
      process.stdout.write(`${file}: ${events} events, ${bytes} bytes\n`);
    });
}
