/** Asks for a password on the terminal, without echo. */
import { Secret } from '../kernel/secret.ts';
import { UserError } from '../kernel/user-error.ts';

const MAX_CHARS = 1024;

export async function askPassword(prompt: string): Promise<Secret> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw new UserError('secret_missing', 'no terminal to ask for the password: use --password-env or --password-file');
  }
  stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    return new Secret(await typedLine(stdin));
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

async function typedLine(stdin: NodeJS.ReadStream): Promise<string> {
  let typed = '';
  for await (const chunk of stdin) {
    for (const char of String(chunk)) {
      if (char === '\r' || char === '\n') return typed;
      if (char === '\u0003' || char === '\u0004') throw new UserError('secret_missing', 'no password given');
      if (char === '\u007F' || char === '\b') typed = typed.slice(0, -1);
      else if (typed.length < MAX_CHARS) typed += char;
    }
  }
  return typed;
}
