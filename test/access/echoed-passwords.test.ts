/** A device that echoes the password, whatever it is and however it writes it: no message and no document holds it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactedDocument } from '../../src/access/restconf/redacted-document.ts';
import { createShellConversations } from '../../src/access/ssh/shell-conversation.ts';
import { SessionError, ShellSession } from '../../src/access/ssh/shell-session.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { KnownSecrets } from '../../src/kernel/known-secrets.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { never, shellLogin, target } from './access-under-test.ts';

const clock = createSystemClock();

const printable = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('"', '\\', '/', 'ä', 'ß', '€', '#', '$', ' ') },
      fc.string({ minLength: 1, maxLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((text) => !/\p{C}/u.test(text)),
    ),
    { minLength: 4, maxLength: 20 },
  )
  .map((characters) => characters.join(''))
  .filter((text) => !/^[\d\s]*$/.test(text));

function knowing(...passwords: readonly string[]): KnownSecrets {
  const secrets = new KnownSecrets();
  secrets.learn(...passwords.map((password) => new Secret(password)));
  return secrets;
}

/** Without the marks that stand in their place, which hold letters too. */
const withoutMarks = (text: string) => text.replaceAll('[secret]', '\u0001');

/** What a login comes to that ends without a prompt; the device's octets come as they are. */
async function messageOf(said: string, password: string): Promise<string> {
  await using conversations = createShellConversations({
    clock,
    transport: {
      open(_login, hooks) {
        hooks.onData(Buffer.from(said, 'utf8').toString('latin1'));
        return Promise.resolve({ write: () => undefined, end: () => undefined, destroy: () => undefined });
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  });
  const hooks = {
    beforeHandshake: () => Promise.resolve(),
    verifyHostKey: () => Promise.resolve(true),
    onTraffic: () => undefined,
  };
  const conversation = await conversations.open(shellLogin(22), hooks, never);
  const session = new ShellSession(clock, target(22, { timeoutMs: 5 }), conversation, knowing(password));
  try {
    await session.logIn(never);
  } catch (error) {
    if (error instanceof SessionError) return error.deviceError.message;
    throw error;
  }
  throw new Error('there was a prompt');
}

describe('an echoed password', () => {
  test.each([
    ['with what JSON escapes', 'pla"nted\\word9'],
    ['with other letters than ASCII', 'plänted-würd9'],
  ])('%s is not in the message of a missing prompt', async (_, password) => {
    expect(await messageOf(`\r\ntyped: ${password} ?? `, password)).toMatch(
      /the last line was "typed: \[secret\] \?\?"$/,
    );
  });

  test('is not in it where the message is cut inside of it', async () => {
    const message = await messageOf(`\r\n${'b'.repeat(70)} planted-password-012345 ??`, 'planted-password-012345');
    expect(message).toMatch(/b{70} \[secret\] "?$/);
  });

  test('is in no message of a missing prompt, whatever it is and wherever it stands', async () => {
    await fc.assert(
      fc.asyncProperty(printable, fc.nat({ max: 100 }), async (password, before) => {
        fc.pre(!password.includes('~'));
        const message = await messageOf(`\r\n${'~'.repeat(before)}${password} ?? `, password);
        const quoted = /the last line was (".*")$/.exec(message)?.[1] ?? '""';
        expect(withoutMarks(message)).not.toContain(password);
        expect(withoutMarks(String(JSON.parse(quoted)))).not.toContain(password);
        // Nor a part of it, cut.
        expect(String(JSON.parse(quoted))).toMatch(/^~*(?:\[?s?e?c?r?e?t?|\[secret\].*)$/);
      }),
      { numRuns: 60 },
    );
  });

  test('is nowhere in a document, however its characters are escaped', () => {
    const escaped = (text: string, kind: number) =>
      JSON.stringify(text).replaceAll(/[^"\\]/g, (character) =>
        kind === 1 && character === '/'
          ? '\\/'
          : kind === 2 && !/\p{ASCII}/u.test(character)
            ? character
                .split('')
                .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
                .join('')
            : character,
      );
    fc.assert(
      fc.property(printable, fc.string(), fc.nat({ max: 2 }), (password, beside, kind) => {
        const text = escaped(`${beside}${password}${beside}`, kind);
        const document: unknown = JSON.parse(`{"name":${text},${text}:[1,{"a":[${text},"\\u0000",null,true]}],"b":2}`);
        const cleaned = redactedDocument(document, (said) => knowing(password).redact(said));
        expect(withoutMarks(JSON.stringify(cleaned, (_, value: unknown) => value))).not.toContain(
          JSON.stringify(password).slice(1, -1),
        );
        expect(Object.values(cleaned as object).at(-1)).toBe(2);
        expect(Reflect.get(cleaned as object, 'name')).toBe(knowing(password).redact(`${beside}${password}${beside}`));
      }),
    );
  });

  test('that is a number is not in a document as one', () => {
    const redact = (said: string) => knowing('1234567890').redact(said);
    expect(redactedDocument({ a: 1_234_567_890, b: 12 }, redact)).toEqual({ a: '[secret]', b: 12 });
  });

  test('that is not there leaves the document the object that it was', () => {
    const document = JSON.parse('{"__proto__":{"a":"\\u0000\\u0000"},"b":[1,"x"]}') as object;
    expect(redactedDocument(document, (said) => knowing('hunter2!').redact(said))).toBe(document);
  });

  test('beside names that objects inherit takes nothing else', () => {
    const document: unknown = JSON.parse('{"__proto__":{"a":"\\u0000hunter2!\\u0000"},"b":[1,"x"]}');
    const cleaned = redactedDocument(document, (said) => knowing('hunter2!').redact(said));
    expect(JSON.stringify(cleaned)).toBe('{"__proto__":{"a":"\\u0000[secret]\\u0000"},"b":[1,"x"]}');
  });
});
