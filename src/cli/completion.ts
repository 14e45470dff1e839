/** `gdoiwatch completion`: a completion script for a shell, or (`man`) the manual page, on stdout. */
import { Argument, Command } from 'commander';
import { outline } from './completion/command-outline.ts';
import { completionScript, type ShellName, SHELLS } from './completion/completion-scripts.ts';
import { manualPage } from './completion/manual-page.ts';
import { packageVersion } from '../product/version.ts';

const MAN = 'man';

/** `all`: every command, this one included. */
export function completionCommand(all: () => Promise<readonly Command[]>): Command {
  return new Command('completion')
    .description('print a script that completes the command line in a shell, or the manual page')
    .addArgument(new Argument('<shell>', 'the shell; man prints gdoiwatch(1)').choices([...SHELLS, MAN]))
    .action(async (shell: ShellName | typeof MAN) => {
      const commands = outline(await all());
      process.stdout.write(shell === MAN ? manualPage(packageVersion(), commands) : completionScript(shell, commands));
    });
}
