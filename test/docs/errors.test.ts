/** docs/errors.md explains each code of a user error, and no code of ours reads an error's text. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { USER_ERROR_EXIT } from '../../src/kernel/user-error.ts';
import { ROOT } from './documents.ts';

describe('docs/errors.md', () => {
  const rows = Array.from(
    readFileSync(join(ROOT, 'docs/errors.md'), 'utf8').matchAll(/^\| `(\w+)` \| (\d) \| (.+) \| (.+) \|$/gm),
    ([, code, exit, what, mend]) => ({ code, exit: Number(exit), what, mend }),
  );

  it('has every code with its exit status, and no other', () => {
    expect(rows.map(({ code, exit }) => [code, exit])).toEqual(Object.entries(USER_ERROR_EXIT));
  });

  it('says what happened and what to do, in sentences', () => {
    for (const row of rows) {
      expect(row.what).toMatch(/^[A-Z`].{15,}[.)]$/);
      expect(row.mend).toMatch(/^[A-Z`].{6,}\.$/);
    }
  });
});

/**
 * Libraries that give neither a code nor a type for some of their failures. Their text is read once, where it comes in,
 * and becomes a kind of ours; the tests of these files hold each text to what the library says today.
 */
const BORDERS: ReadonlySet<string> = new Set([
  'access/snmp/net-snmp.ts',
  'access/ssh/ssh-error.ts',
  'access/ssh/ssh-login.ts',
  'config/service-discovery/http-targets.ts',
  'config/service-discovery/target-text.ts',
]);

/** Where `text` decides something by the message of an error or an issue. */
function readings(text: string): readonly string[] {
  const error = String.raw`\b(?:\w*[eE]rror|cause|issue|reason|key)\??\.message`;
  const patterns = [
    new RegExp(String.raw`${error}\??\.(?:includes|startsWith|endsWith|match|matchAll|split|search|indexOf)\(`, 'g'),
    new RegExp(String.raw`(?:exec|test)\(${error}\)`, 'g'),
    new RegExp(String.raw`${error} (?:===|!==) `, 'g'),
    new RegExp(String.raw`(?:\[|\.(?:get|has)\()${error}[\])]`, 'g'),
    /(?:exec|test)\(message\)/g,
    // What a function makes of the words of a schema.
    /\w\(issue\.message\)/g,
  ];
  const found = patterns.flatMap((pattern) => Array.from(text.matchAll(pattern), ([one]) => one));
  const named = Array.from(
    text.matchAll(new RegExp(String.raw`const (\w+) = ${error};`, 'g')),
    ([, name]) => name ?? '',
  );
  return [...found, ...named.flatMap((name) => decidingUses(text, name))];
}

/** Of a message that has a name of its own: each use but as a part of another text. */
function decidingUses(text: string, name: string): readonly string[] {
  const uses = new RegExp(String.raw`[(,] ?${name}(?=[),.])|\b${name} [!=]==`, 'g');
  return Array.from(text.matchAll(uses), ([found]) => found);
}

describe('the text of an error', () => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => ({ name, found: readings(readFileSync(join(ROOT, 'src', name), 'utf8')) }));

  it('decides nothing in our code', () => {
    const reading = sources.filter(({ name, found }) => found.length > 0 && !BORDERS.has(name));
    // A log message of a device is no error.
    expect(reading.filter(({ name }) => !name.startsWith('access/listeners/syslog/'))).toEqual([]);
  });

  it('is read only if a library gives nothing else', () => {
    const needless = [...BORDERS].filter((name) => !sources.some((one) => one.name === name && one.found.length > 0));
    expect(needless).toEqual([]);
  });

  it.each([
    "if (error.message.includes('in use')) retry();",
    "const known = issue.message.split(' ');",
    'if (/timed out/.test(cause.message)) retry();',
    "if (cause.message === 'redirect count exceeded') retry();",
    'return issue.keys.map((key) => unknownKey(key, knownKeys(issue.message)));',
    'const allowed = issue.message; return advice(value, allowed);',
    'const allowed = issue.message; if (allowed === HOST) return hostAdvice(value);',
  ])('is found by this test where it decides: %s', (line) => {
    expect(readings(line)).not.toEqual([]);
  });

  it('may be a part of another text', () => {
    expect(readings('const allowed = issue.message; return `${value} is not ${allowed}`;')).toEqual([]);
  });
});
