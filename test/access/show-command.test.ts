import { expect, test } from 'vitest';
import { SHOW_COMMANDS } from '../../src/access/show-command.ts';

/** None of them, in whatever order, makes IOS print configuration, keys or files, or write anywhere. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'version clock logging crypto gdoi gkm gm ks rekey detail replay dataplane counters policy members summary coop ' +
    'pki certificates processes cpu'
  ).split(' '),
);
const FILTER = /^(?:%[A-Z0-9-]+(?:\|%[A-Z0-9-]+)*|\^CPU)$/;

test('a command shows, in words that are fixed; none shows configuration, keys or files', () => {
  for (const command of SHOW_COMMANDS) {
    const [shown = '', filter = '%GDOI-'] = command.split(' | include ');
    const [verb, ...words] = shown.split(' ');
    expect([command, verb, words.filter((word) => !WORDS.has(word))]).toEqual([command, 'show', []]);
    expect(filter).toMatch(FILTER);
  }
});
