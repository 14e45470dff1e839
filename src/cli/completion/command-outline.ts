/** The commands as data, from their own definitions: completion and the manual page are made from it. */
import type { Command } from 'commander';

export interface OptionOutline {
  readonly long: string;
  readonly short: string | null;
  /** `<file>`; null: it takes no value. */
  readonly value: string | null;
  readonly description: string;
  readonly choices: readonly string[];
}

export interface CommandOutline {
  /** Without `gdoiwatch`: `run`, `config check`. */
  readonly name: string;
  readonly description: string;
  /** `[device]` */
  readonly args: string;
  readonly options: readonly OptionOutline[];
}

/** Every command that does something, in the order of the help. */
export function outline(commands: readonly Command[], before = ''): readonly CommandOutline[] {
  return commands.flatMap((command) => {
    const name = `${before}${command.name()}`;
    if (command.commands.length > 0) return outline(command.commands, `${name} `);
    const args = command.registeredArguments.map((argument) => {
      const shown = `${argument.name()}${argument.variadic ? '...' : ''}`;
      return argument.required ? `<${shown}>` : `[${shown}]`;
    });
    return [{ name, description: command.description(), args: args.join(' '), options: options(command) }];
  });
}

function options(command: Command): readonly OptionOutline[] {
  return [
    ...command.options.map((option) => ({
      long: option.long ?? '',
      short: option.short ?? null,
      value: /[<[][^<>[\]]+[>\]]/.exec(option.flags)?.[0] ?? null,
      description: option.description,
      choices: option.argChoices ?? [],
    })),
    { long: '--help', short: '-h', value: null, description: 'display help for command', choices: [] },
  ];
}
