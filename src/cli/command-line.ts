/** What is typed after `gdoiwatch`: each command is a file beside this one. stdout gets results, stderr everything else. */
import { Command, CommanderError } from 'commander';
import { codeOf } from '../kernel/error-code.ts';
import { USER_ERROR_EXIT, UserError, type UserErrorCode } from '../kernel/user-error.ts';
import { errorLine } from './error-line.ts';
import { mistypedFlag } from './mistyped-flag.ts';
import { PLUGIN_STATUS } from './text/plugin-status.ts';
import { Stopped } from './signals.ts';
import { packageVersion } from '../product/version.ts';

/** Errors of the command line itself, before any command runs. */
const USAGE_INVALID: UserErrorCode = 'usage_invalid';

/** In the order of the help. A command is loaded only when it is called, because `check` has to answer quickly. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map(
  Object.entries({
    demo: async () => (await import('./demo.ts')).demoCommand(),
    run: async () => (await import('./run.ts')).runCommand(),
    check: async () => (await import('./check.ts')).checkCommand(),
    status: async () => (await import('./status.ts')).statusCommand(),
    events: async () => (await import('./events.ts')).eventsCommand(),
    incidents: async () => (await import('./incidents.ts')).incidentsCommand(),
    parse: async () => (await import('./parse.ts')).parseCommand(),
    replay: async () => (await import('./replay.ts')).replayCommand(),
    simulate: async () => (await import('./simulate.ts')).simulateCommand(),
    store: async () => (await import('./store.ts')).storeCommand(),
    config: async () => (await import('./config-check.ts')).configCheckCommand(),
    completion: async () =>
      (await import('./completion.ts')).completionCommand(() =>
        Promise.all([...COMMANDS.values()].map((load) => load())),
      ),
  }),
);

/** Runs the command to its end; the exit status is then that of the process. A fault of the program itself is thrown. */
export async function runCommandLine(words: readonly string[]): Promise<void> {
  const [asked = ''] = words;
  /** For a monitoring plugin, a check that could not be made is `unknown`. */
  const isCheck = asked === 'check';
  try {
    const program = await programOf(asked);
    await program.parseAsync(mistypedFlag(program.commands, words) ?? words, { from: 'user' });
  } catch (thrown) {
    const error = isOutOfFiles(thrown) ? new UserError('start_failed', TOO_FEW_FILES, { cause: thrown }) : thrown;
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : isCheck ? PLUGIN_STATUS.unknown : USER_ERROR_EXIT[USAGE_INVALID];
    } else if (error instanceof Stopped) {
      process.exitCode = 0;
    } else if (error instanceof UserError) {
      process.stderr.write(errorLine(error));
      process.exitCode = isCheck ? PLUGIN_STATUS.unknown : error.exitCode;
    } else {
      throw error;
    }
  }
}

const TOO_FEW_FILES = 'too many open files: raise their limit (LimitNOFILE, ulimit -n)';

/** The parts of the program are files, too, and are opened many at once. */
function isOutOfFiles(error: unknown): boolean {
  return ['EMFILE', 'ENFILE'].includes(codeOf(error));
}

async function programOf(asked: string): Promise<Command> {
  const program = new Command('gdoiwatch')
    .description('Monitoring agent for Cisco GETVPN (GDOI) networks')
    .version(packageVersion())
    .showHelpAfterError('(see --help)')
    .configureOutput({
      writeOut: (text) => process.stdout.write(text),
      writeErr: (text) => process.stderr.write(text),
      // With a suggestion it has two lines.
      outputError: (text, write) => write(`${text.trimEnd().replaceAll('\n', ' ')} [${USAGE_INVALID}]\n`),
    })
    .exitOverride();
  /** Needs no command. */
  const isVersionAsked = ['-V', '--version'].includes(asked);
  for (const [name, load] of COMMANDS) {
    if (name === asked || !(COMMANDS.has(asked) || isVersionAsked)) {
      program.addCommand((await load()).copyInheritedSettings(program));
    }
  }
  for (const command of program.commands) for (const nested of command.commands) nested.copyInheritedSettings(program);
  return program;
}
