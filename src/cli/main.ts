#!/usr/bin/env node
/** The `gdoiwatch` command: one file a command beside this one. stdout carries results, stderr all the rest. */
import { Command, CommanderError } from 'commander';
import { UserError } from '../ports/user-error.ts';
import { checkCommand } from './check.ts';
import { configCheckCommand } from './config-check.ts';
import { demoCommand } from './demo.ts';
import { eventsCommand } from './events.ts';
import { parseCommand } from './parse.ts';
import { replayCommand } from './replay.ts';
import { runCommand } from './run.ts';
import { simulateCommand } from './simulate.ts';
import { PLUGIN_STATUS } from './health-text.ts';
import { packageVersion } from './version.ts';

const USAGE_ERROR = 2;

const program = new Command('gdoiwatch')
  .description('Monitoring agent for Cisco GETVPN (GDOI) networks')
  .version(packageVersion())
  .showHelpAfterError('(see --help)')
  .configureOutput({ writeOut: (text) => process.stdout.write(text), writeErr: (text) => process.stderr.write(text) })
  .exitOverride();
for (const command of [
  demoCommand(),
  runCommand(),
  checkCommand(),
  eventsCommand(),
  parseCommand(),
  replayCommand(),
  simulateCommand(),
  configCheckCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program));
}
for (const command of program.commands) for (const nested of command.commands) nested.copyInheritedSettings(program);

// A reader that went away (`gdoiwatch parse x | head`) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** A check that could not be made is `unknown` to those who call it as a monitoring plugin. */
const isCheck = process.argv[2] === 'check';

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : isCheck ? PLUGIN_STATUS.unknown : USAGE_ERROR;
  } else if (error instanceof UserError) {
    process.stderr.write(`gdoiwatch: ${error.message}\n`);
    process.exitCode = isCheck ? PLUGIN_STATUS.unknown : error.exitCode;
  } else {
    throw error;
  }
}
