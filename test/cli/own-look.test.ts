/** What a look by `check` itself opens, it closes, whichever part of it fails. */
import { expect, test } from 'vitest';
import { lookByItself, WAYS } from '../../src/cli/own-look.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';

/** Real ways that write down when they are made and closed. */
function watched(change: { readonly made?: keyof typeof WAYS; readonly closed?: keyof typeof WAYS }) {
  const open: string[] = [];
  const make = Object.fromEntries(
    Object.entries(WAYS).map(([way, create]) => [
      way,
      (options: unknown) => {
        if (way === change.made) throw new Error('no luck');
        const real: AsyncDisposable = Reflect.apply(create, null, [options]);
        open.push(way);
        const close = real[Symbol.asyncDispose].bind(real);
        return Object.assign(real, {
          async [Symbol.asyncDispose]() {
            open.splice(open.indexOf(way), 1);
            await close();
            if (way === change.closed) throw new Error('stuck');
          },
        });
      },
    ]),
  ) as unknown as typeof WAYS;
  return { make, open };
}

const GM1 = aConfiguredDevice({ name: 'gm1' });

const look = (make: typeof WAYS) =>
  lookByItself(GM1, [GM1], aConfig({ devices: [GM1] }), { clock: createSystemClock(), repeats: false, make });

const NAMES = Object.keys(WAYS) as (keyof typeof WAYS)[];

test.each(NAMES)('%s cannot be made: those before it are closed', async (made) => {
  const { make, open } = watched({ made });
  await expect(look(make)).rejects.toMatchObject({
    code: 'start_failed',
    message: expect.stringMatching(/: no luck$/),
  });
  expect(open).toEqual([]);
});

test.each(NAMES)('%s does not close: the others are closed all the same', async (closed) => {
  const { make, open } = watched({ closed });
  const own = await look(make);
  expect(open).toEqual(NAMES);
  await expect(own[Symbol.asyncDispose]()).rejects.toMatchObject({ code: 'stop_failed' });
  expect(open).toEqual([]);
});
