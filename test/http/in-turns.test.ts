import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inTurns, TURN_MS } from '../../src/http/routes/in-turns.ts';

/** A clock on which a line takes 1 ms to make, and each turn of the others as long as it is told. */
async function written(othersMs: number, lines = 1000): Promise<{ readonly text: string; readonly turns: number[] }> {
  const made = { ms: 0 };
  const turns: number[] = [];
  let begunMs = 0;
  const clock = {
    monoMs: () => made.ms,
    yieldToIo: () => {
      turns.push(made.ms - begunMs);
      made.ms += othersMs;
      begunMs = made.ms;
      return Promise.resolve();
    },
  };
  function* lineByLine() {
    for (let line = 0; line < lines; line += 1) {
      made.ms += 1;
      yield `${line}\n`;
    }
  }
  let text = '';
  for await (const piece of inTurns(lineByLine(), clock)) text += piece.toString();
  return { text, turns };
}

const WHOLE = Array.from({ length: 1000 }, (_, line) => `${line}\n`).join('');

describe('a text that is written beside other work', () => {
  test.each([
    ['is given up every 10 ms where others need little', 0, TURN_MS.least],
    ['takes turns as long as those of the others', 25, 25],
    ['takes none that holds them up for long', 500, TURN_MS.most],
  ])('%s', async (_what, othersMs, turnMs) => {
    const { text, turns } = await written(othersMs);
    expect(text).toBe(WHOLE);
    expect(turns[0]).toBe(TURN_MS.least);
    expect(new Set(turns.slice(1))).toEqual(new Set([turnMs]));
  });

  test('that is empty is nothing', async () => {
    expect(await written(0, 0)).toEqual({ text: '', turns: [] });
  });

  test('is the same in UTF-8, however long its lines are, and a piece stays as it was handed out', async () => {
    const line = fc
      .tuple(fc.string({ unit: 'grapheme', maxLength: 20 }), fc.constantFrom(1, 1, 1, 1000, 30_000))
      .map(([text, times]) => `${text.repeat(times)}\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), fc.integer({ min: 0, max: 15 }), async (lines, lineMs) => {
        let ms = 0;
        const clock = { monoMs: () => (ms += lineMs), yieldToIo: () => Promise.resolve() };
        const pieces: Buffer[] = [];
        for await (const piece of inTurns(lines, clock)) pieces.push(piece);
        expect(Buffer.concat(pieces).equals(Buffer.from(lines.join('')))).toBe(true);
        expect(pieces.every((piece) => piece.length > 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
