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
  for await (const piece of inTurns(lineByLine(), clock)) text += piece;
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
});
