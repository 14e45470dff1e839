/** Tests of the timeline drawing in which the tests of causes are written. */
import { expect, test } from 'vitest';
import { answers, at, drawn, registers } from '../../builders/drawn-timeline.ts';
import { gmAnswer, log, T0 } from '../../builders/tracker-builders.ts';

test.each([
  ['start', 0],
  ['start + 60', 60],
  ['window opens', 810],
  ['window opens - 20', 790],
  ['window closes', 960],
  ['expiry + 40', 1040],
  ['timer ends', 1080],
])('puts "%s" at %i s after the start', (instant, seconds) => {
  expect(at(instant)).toBe(seconds);
});

test('turns each line into the observation at its instant', () => {
  const seen = drawn`
    window opens - 20   ${answers({ succeeded: 1 })}
    expiry              ${registers}
  `;
  expect(seen[0]).toEqual(gmAnswer(790, { succeeded: 1 }));
  expect(seen[1]).toMatchObject({ kind: 'log', receivedAtMs: (T0 + 1000) * 1000 });
  expect(seen[1]).toMatchObject(log(1000, 'GDOI-5-GM_REGS_COMPL', expect.stringContaining('complete')));
});

test('throws when an instant is unknown or the lines are not in order of time', () => {
  expect(() => drawn`midnight ${registers}`).toThrow('"midnight" is no instant');
  expect(
    () => drawn`
      expiry         ${registers}
      window opens   ${registers}
    `,
  ).toThrow('line 2 of the timeline is 190 s before the one above');
});
