/**
 * Scripts that complete the command line in a shell, made from the commands' definitions. They do not run gdoiwatch, so
 * they never delay the shell.
 */
import type { CommandOutline, OptionOutline } from './command-outline.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type ShellName = (typeof SHELLS)[number];

export function completionScript(shell: ShellName, commands: readonly CommandOutline[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
    default:
      return shell satisfies never;
  }
}

/** First word -> second words, for commands of two. */
function nested(commands: readonly CommandOutline[]): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, string[]>();
  for (const { name } of commands) {
    const [first = '', second] = name.split(' ');
    const known = words.get(first) ?? [];
    words.set(first, second === undefined ? known : [...known, second]);
  }
  return words;
}

function takesFile({ value }: OptionOutline): boolean {
  return value !== null && /file|dir/.test(value);
}

function bash(commands: readonly CommandOutline[]): string {
  const words = nested(commands);
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map(({ long, choices }) => `    "${name} ${long}") words="${choices.join(' ')}" ;;`),
  );
  const files = [...new Set(commands.flatMap(({ options }) => options.filter(takesFile).map(({ long }) => long)))];
  const plain = commands.flatMap(({ options }) =>
    options.filter((option) => option.value !== null && option.choices.length === 0 && !takesFile(option)),
  );
  const others = [...new Set(plain.map(({ long }) => long))];
  return `# Completion of gdoiwatch for bash: source it, or keep it as
# /usr/share/bash-completion/completions/gdoiwatch
_gdoiwatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} words=""
  case "$command" in
${[...words]
  .filter(([, second]) => second.length > 0)
  .map(([first]) => `    ${first}) [[ $COMP_CWORD -gt 2 ]] && command="$command \${COMP_WORDS[2]}" ;;`)
  .join('\n')}
  esac
  case "$prev" in
    ${files.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    ${others.join('|')}) return ;;
  esac
  case "$command $prev" in
${values.join('\n')}
  esac
  if [[ -z $words ]]; then
    if [[ $COMP_CWORD -eq 1 ]]; then words="${[...words.keys()].join(' ')} --help --version"
    else case "$command" in
${[...words]
  .filter(([, second]) => second.length > 0)
  .map(([first, second]) => `      ${first}) words="${second.join(' ')} --help" ;;`)
  .join('\n')}
${commands.map(({ name, options }) => `      "${name}") words="${options.map(({ long }) => long).join(' ')}" ;;`).join('\n')}
    esac; fi
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _gdoiwatch gdoiwatch
`;
}

/** Text between single quotes of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function zsh(commands: readonly CommandOutline[]): string {
  const words = nested(commands);
  const described = (first: string) =>
    commands.find(({ name }) => name === first)?.description ?? words.get(first)?.join(', ') ?? '';
  // In an optspec of _arguments, brackets and colons end a description.
  const text = (value: string) => value.replaceAll(/[[\]:]/g, String.raw`\$&`);
  const spec = (option: OptionOutline) => {
    const action = option.choices.length > 0 ? `(${option.choices.join(' ')})` : takesFile(option) ? '_files' : ' ';
    const value = option.value === null ? '' : `:${text(option.value)}:${action}`;
    return quoted(`${option.long}[${text(option.description)}]${value}`);
  };
  return `#compdef gdoiwatch
# Completion of gdoiwatch for zsh: keep it as _gdoiwatch in a directory of $fpath.
_gdoiwatch() {
  local -a commands
  local command=\${words[2]}
  if (( CURRENT == 2 )); then
    commands=(${[...words.keys()].map((first) => quoted(`${first}:${text(described(first))}`)).join(' ')})
    _describe command commands
    return
  fi
  case "$command" in
${[...words]
  .filter(([, second]) => second.length > 0)
  .map(
    ([first, second]) =>
      `    ${first}) if (( CURRENT == 3 )); then compadd ${second.join(' ')}; return; fi; command="$command \${words[3]}" ;;`,
  )
  .join('\n')}
  esac
  case "$command" in
${commands.map(({ name, options }) => `    ${quoted(name)}) _arguments ${options.map(spec).join(' ')} '*:file:_files' ;;`).join('\n')}
  esac
}
compdef _gdoiwatch gdoiwatch
`;
}

function fish(commands: readonly CommandOutline[]): string {
  const words = nested(commands);
  const lines = [
    '# Completion of gdoiwatch for fish: keep it as ~/.config/fish/completions/gdoiwatch.fish',
    'complete -c gdoiwatch -f',
  ];
  for (const [first, second] of words) {
    const description = commands.find(({ name }) => name === first)?.description ?? second.join(', ');
    lines.push(`complete -c gdoiwatch -n __fish_use_subcommand -a ${first} -d ${quoted(description)}`);
    if (second.length === 0) continue;
    const none = `__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${second.join(' ')}`;
    lines.push(`complete -c gdoiwatch -n ${quoted(none)} -a ${quoted(second.join(' '))}`);
  }
  for (const { name, options } of commands) {
    const seen = name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const option of options) {
      const short = option.short === null ? '' : ` -s ${option.short.slice(1)}`;
      const value =
        option.value === null
          ? ''
          : option.choices.length > 0
            ? ` -x -a ${quoted(option.choices.join(' '))}`
            : takesFile(option)
              ? ' -r -F'
              : ' -x';
      lines.push(
        `complete -c gdoiwatch -n ${quoted(seen)} -l ${option.long.slice(2)}${short}${value} -d ${quoted(option.description)}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}
