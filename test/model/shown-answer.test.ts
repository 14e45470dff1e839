import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownAnswer } from '../../src/model/shown-answer.ts';

const AT = { sentAtMs: 1, receivedAtMs: 2 };

test('an answer is shown as it was read, whatever its command and its text', () => {
  const commands = fc.constantFrom('show crypto gdoi', 'show version', 'show crypto pki certificates');
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 3000 }),
    fc.constant('Zürich#\u2028\r\n'),
    fc.constant(''),
  );
  fc.assert(
    fc.property(commands, texts, (command, text) => {
      const { text: shown, at, cut } = shownAnswer(command, text, AT);
      expect({ shown, at, cut }).toEqual({ shown: text, at: AT, cut: false });
    }),
  );
});

test('only the start of a very long answer is shown, and marked as cut', () => {
  for (const command of ['show crypto gdoi ks members', 'show version']) {
    const { text, cut } = shownAnswer(command, 'x'.repeat(65_537), AT);
    expect({ characters: text.length, cut }).toEqual({ characters: 65_536, cut: true });
  }
});
