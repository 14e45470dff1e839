/** Every command with its `--help`. */
import { Command } from 'commander';
import { checkCommand } from '../../src/cli/check.ts';
import { configCheckCommand } from '../../src/cli/config-check.ts';
import { completionCommand } from '../../src/cli/completion.ts';
import { demoCommand } from '../../src/cli/demo.ts';
import { eventsCommand } from '../../src/cli/events.ts';
import { incidentsCommand } from '../../src/cli/incidents.ts';
import { parseCommand } from '../../src/cli/parse.ts';
import { replayCommand } from '../../src/cli/replay.ts';
import { runCommand } from '../../src/cli/run.ts';
import { simulateCommand } from '../../src/cli/simulate.ts';
import { storeCommand } from '../../src/cli/store.ts';
import { statusCommand } from '../../src/cli/status.ts';

export interface CommandHelp {
  /** `gdoiwatch config check`. */
  readonly command: string;
  readonly help: string;
  /** `--config`, `--help`. */
  readonly flags: ReadonlySet<string>;
}

const COMMANDS = [
  demoCommand,
  runCommand,
  checkCommand,
  statusCommand,
  eventsCommand,
  incidentsCommand,
  parseCommand,
  replayCommand,
  simulateCommand,
  configCheckCommand,
  storeCommand,
  () => completionCommand(() => Promise.resolve([])),
];

export function commandHelps(): readonly CommandHelp[] {
  const home = process.env['HOME'];
  // Somebody's home stands in a default.
  process.env['HOME'] = '/home/you';
  try {
    const program = new Command('gdoiwatch');
    for (const command of COMMANDS) program.addCommand(command());
    return program.commands
      .flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))
      .map(helpOf);
  } finally {
    if (home === undefined) delete process.env['HOME'];
    else process.env['HOME'] = home;
  }
}

function helpOf(command: Command): CommandHelp {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 80 }).outputHelp();
  const words: string[] = [];
  for (let at: Command | null = command; at !== null; at = at.parent) words.unshift(at.name());
  const flags = new Set(Array.from(help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm), ([, flag = '']) => flag));
  return { command: words.join(' '), help: help.trimEnd(), flags };
}

export function commandsReference(helps: readonly CommandHelp[]): string {
  return helps.map(({ command, help }) => `## ${command}\n\n\`\`\`text\n${help}\n\`\`\``).join('\n\n');
}
