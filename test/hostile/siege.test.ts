/**
 * Ten seconds, or as long as two polls of each good router take, of 100 hostile routers of every manner beside 20 good ones. Nothing here is judged by the machine's
 * speed: where it is slow all are polled less often, and the good ones no less than they share. 200 of them over ten
 * minutes, in milliseconds: `npm run bench:siege`.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { built } from '../builders/built.ts';
import { MANNERS } from './hostile-ssh.ts';
import { polledOf, siege, type SiegeOutcome, siegeText, SLACK } from './siege.ts';

const BESIEGERS = { hostileRouters: 100, durationMs: 10_000, goodPolls: 2 };

/**
 * Of one router: a back-off of 5 s, doubled with each failure, leaves four in half a minute, and one is free now and
 * then. A slow machine is besieged for longer.
 */
const mostLogins = (seconds: number): number => 2 * Math.max(4, 1 + Math.ceil(Math.log2(1 + seconds / 5)));

let outcome: SiegeOutcome;
const fleet = await built(new URL('./hostile-fleet.ts', import.meta.url));

beforeAll(async () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  outcome = await siege(BESIEGERS, { main, hostileFleet: fleet.script });
  process.stdout.write(`${siegeText(outcome)}\n`);
});
afterAll(() => fleet.remove());

test('every hostile router of every manner is tried', () => {
  expect(new Set(outcome.hostile.map(({ manner }) => manner)).size).toBe(Object.keys(MANNERS).length);
  expect(outcome.hostile.filter(({ connections }) => connections === 0)).toEqual([]);
});

test('each good router is polled again and again, and none is starved by the others', () => {
  const polled = polledOf(outcome).toSorted((a, b) => a - b);
  const fewest = polled.at(0) ?? 0;
  const median = polled[Math.floor(polled.length / 2)] ?? 0;
  expect(polled).toHaveLength(20);
  expect(fewest).toBeGreaterThanOrEqual(BESIEGERS.goodPolls);
  expect(fewest).toBeGreaterThanOrEqual(Math.floor(median / 2));
});

test('no poll of a good router fails', () => {
  expect(outcome.after.goodFailures).toEqual(outcome.atPeace.goodFailures);
});

test('a hostile router is logged in to a few times, then left alone', () => {
  const most = mostLogins(outcome.besiegedSeconds);
  const often = outcome.hostile.filter(({ logins }) => logins > most);
  expect(often).toEqual([]);
});

test('whoever asks whether the agent lives is answered', () => {
  expect(outcome.unanswered).toBe(0);
  expect(outcome.answeredMs.length).toBeGreaterThan(0);
});

test('when the hostile routers are gone, so are their descriptors', () => {
  expect(outcome.afterwards.descriptors).toBeLessThanOrEqual(outcome.atPeace.descriptors + SLACK);
});
