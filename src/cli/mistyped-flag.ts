/**
 * Finds an unknown flag before the parser complains about its consequences, such as a missing argument or a wrong value
 * of another flag.
 */
import type { Command } from 'commander';

const OF_EVERY_COMMAND = new Set(['--help', '--version']);

/** The same command with only that flag, for the parser to refuse; null: every flag is known. */
export function mistypedFlag(commands: readonly Command[], given: readonly string[]): readonly string[] | null {
  const [name = '', ...rest] = given;
  const command = commands.find((each) => each.name() === name);
  if (command === undefined) return null;
  const [sub = ''] = rest;
  const nested = command.commands.find((each) => each.name() === sub);
  if (nested !== undefined) {
    const mistyped = unknownFlag(nested, rest.slice(1));
    return mistyped === null ? null : [name, sub, mistyped];
  }
  const mistyped = unknownFlag(command, rest);
  return mistyped === null ? null : [name, mistyped];
}

function unknownFlag({ options }: Command, given: readonly string[]): string | null {
  let isValue = false;
  for (const word of given) {
    if (word === '--') return null;
    const [flag = ''] = word.split('=', 1);
    const known = options.find(({ long, short }) => long === flag || short === flag);
    if (!isValue && known === undefined && flag.startsWith('--') && !OF_EVERY_COMMAND.has(flag)) return flag;
    isValue = !isValue && known !== undefined && known.required && !word.includes('=');
  }
  return null;
}
