/** How far a quoted instant may be off: by the rounding to whole seconds, and by the steps of the agent's clock. */
import { describe, expect, test } from 'vitest';
import type { RecordedObservation } from './agent-model.ts';
import { Histories, quotes, ROUNDING_MS, type Seen } from './audit/history.ts';

const AT_MS = Date.UTC(2026, 0, 1, 12);

/** Answers of one device, a minute apart, each with the agent's clock minus true time. */
function answersBy(...offsetsMs: readonly number[]): readonly Seen[] {
  const observations = offsetsMs.map(
    (clockOffsetMs, index): RecordedObservation => ({
      clockOffsetMs,
      observation: {
        kind: 'failure',
        device: 'gm1',
        sentAtMs: AT_MS + 60_000 * index + clockOffsetMs,
        receivedAtMs: AT_MS + 60_000 * index + clockOffsetMs,
        result: 'timeout',
      },
    }),
  );
  return new Histories(observations).of({ device: 'gm1', group: null }, observations.length).outcomes;
}

function first(seen: readonly Seen[]): Seen {
  const [answer] = seen;
  if (answer === undefined) throw new Error('nothing was seen');
  return answer;
}

describe('the instant of an answer, quoted after the agent’s clock was set', () => {
  test('is moved by the exact step, including the fractions of a second of both clocks', () => {
    // If each were rounded to a second, they would be 9 s apart.
    const [before, after] = [-4490, 5490];
    const answer = first(answersBy(before, after));
    const movedMs = answer.sentMs + after - before;
    expect(quotes(answer, movedMs + ROUNDING_MS)).toBe(true);
    expect(quotes(answer, movedMs + ROUNDING_MS + 1)).toBe(false);
  });

  test('may be the recorded or the moved one, but none in between', () => {
    const answer = first(answersBy(0, 30_000));
    expect(quotes(answer, answer.sentMs)).toBe(true);
    expect(quotes(answer, answer.sentMs + 30_000)).toBe(true);
    expect(quotes(answer, answer.sentMs + 15_000)).toBe(false);
  });
});

test('a clock that only drifts has no steps, so each instant is quoted as it was read', () => {
  const answers = answersBy(0, 100, 200, 300, 400);
  expect(answers.map(({ shiftsMs }) => shiftsMs)).toEqual(answers.map(() => [0]));
});

test('a step that was made before an answer does not move it', () => {
  const [, after] = answersBy(0, 30_000);
  expect(after?.shiftsMs).toEqual([0]);
});
