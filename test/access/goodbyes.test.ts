/** An agent that stops is not awaited for as long as its devices are many. */
import { expect, test } from 'vitest';
import { sayGoodbyes } from '../../src/access/ssh/goodbyes.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';

const real = createSystemClock();

test('each device gets a goodbye if there is time for it', async () => {
  let told = 0;
  const goodbyes = Array.from({ length: 2_500 }, () => () => {
    told += 1;
    return Promise.resolve();
  });
  await sayGoodbyes({ ...real, sleep: () => new Promise(() => undefined) }, goodbyes);
  expect(told).toBe(2_500);
});

test('a goodbye that did not begin in time is left out; one that did is awaited', async () => {
  let [begun, ended] = [0, 0];
  const hangUps: (() => void)[] = [];
  const goodbyes = Array.from({ length: 2_500 }, () => async () => {
    begun += 1;
    await new Promise<void>((resolve) => hangUps.push(resolve));
    ended += 1;
  });
  const late = { ...real, sleep: () => Promise.resolve() };
  const said = sayGoodbyes(late, goodbyes);
  await expect.poll(() => begun).toBe(1_000);
  for (const hangUp of hangUps) hangUp();
  await said;
  expect([begun, ended]).toEqual([1_000, 1_000]);
});

test('one that fails is reported, and the others are still said', async () => {
  let told = 0;
  const fine = () => {
    told += 1;
    return Promise.resolve();
  };
  await expect(sayGoodbyes(real, [() => Promise.reject(new Error('a bug')), fine, fine])).rejects.toThrow('a bug');
  expect(told).toBe(2);
});
