/** Devices that a reload moves from another agent's cell into one of this agent's: nobody is polled by two. */
import { expect, onTestFinished, test } from 'vitest';
import { openAnsweringAgent } from '../builders/answering-agent.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';

const EACH_MINUTE = { kind: 'every', ms: 60_000 } as const;
const MINUTE_MS = 60_000;

/** `name: cell` of each device. */
const configOf = (cells: Readonly<Record<string, string>>) =>
  aConfig({
    devices: Object.entries(cells).map(([name, cell]) => aConfiguredDevice({ name, cell, schedule: EACH_MINUTE })),
  });

/** An agent that owns `north` and `south`; `west` is another one's. `behind`: cells whose agents know of no reload. */
async function owning(cells: Readonly<Record<string, string>>, behind: ReadonlySet<string> = new Set()) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const polled = new Set<string>();
  const answer = (device: string) => {
    polled.add(device);
    return showCryptoGdoi({ group: 'G1', succeeded: 1 });
  };
  const agent = await openAnsweringAgent(answer, {
    config: configOf(cells),
    clock,
    mayPoll: () => true,
    isBehind: (cell) => behind.has(cell),
  });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  agent.start();
  await agent.own(['north', 'south']);
  await clock.advance(2 * MINUTE_MS);
  const polledFrom = async (reload: Readonly<Record<string, string>>) => {
    await agent.reload(configOf(reload));
    polled.clear();
    await clock.advance(2 * MINUTE_MS);
    return [...polled].toSorted();
  };
  return { agent, clock, polled, polledFrom };
}

test('a device that comes from another agent’s cell is shown and not polled, also after the next reload, until it may be', async () => {
  const { agent, clock, polled, polledFrom } = await owning({ gm1: 'north', gm2: 'west' });
  expect(await polledFrom({ gm1: 'north', gm2: 'north' })).toEqual(['gm1']);
  expect(agent.readModel.device('gm2')).toMatchObject({ cell: 'north', result: null });
  expect(await polledFrom({ gm1: 'north', gm2: 'south', gm3: 'south' })).toEqual(['gm1', 'gm3']);
  agent.pollMoved(0);
  await clock.advance(2 * MINUTE_MS);
  expect(polled).toContain('gm2');
});

test('it waits for the announced time', async () => {
  const { agent, clock, polled, polledFrom } = await owning({ gm1: 'north', gm2: 'west' });
  await polledFrom({ gm1: 'north', gm2: 'north' });
  agent.pollMoved(3 * MINUTE_MS);
  await clock.advance(2 * MINUTE_MS);
  expect(polled).not.toContain('gm2');
  agent.pollMoved(3 * MINUTE_MS);
  await clock.advance(2 * MINUTE_MS);
  expect(polled).toContain('gm2');
});

test('a device that moves between own cells, and one that is new, are polled at once', async () => {
  const { polledFrom } = await owning({ gm1: 'north', gm2: 'west' });
  expect(await polledFrom({ gm1: 'south', gm2: 'west', gm3: 'north' })).toEqual(['gm1', 'gm3']);
});

test('one that waits and leaves again, by a reload or with its cell, is shown no more and never polled', async () => {
  const { agent, clock, polled, polledFrom } = await owning({ gm1: 'north', gm2: 'west', gm3: 'west' });
  await polledFrom({ gm1: 'north', gm2: 'north', gm3: 'south' });
  await polledFrom({ gm1: 'north', gm2: 'west', gm3: 'south' });
  await agent.disown(['south'], false);
  agent.pollMoved(0);
  await clock.advance(2 * MINUTE_MS);
  expect([...polled]).toEqual(['gm1']);
  expect([...agent.readModel.devices()].map(({ device }) => device)).toEqual(['gm1']);
});

test('other agents hear of a reload when nothing is polled by the inventory before it any more', async () => {
  const { agent } = await owning({ gm1: 'north', gm2: 'north' });
  const reloaded = agent.reload(configOf({ gm1: 'north', gm2: 'west' }));
  expect(agent.inventoryInForce().get('gm2')?.cell).toBe('north');
  await reloaded;
  expect(agent.inventoryInForce().get('gm2')?.cell).toBe('west');
});

test('a device that moves into a cell whose agent does not know of it is polled and shown as before, until that one knows', async () => {
  const behind = new Set(['west']);
  const { agent, clock, polled, polledFrom } = await owning({ gm1: 'north', gm2: 'north', gm3: 'west' }, behind);
  const reload = { gm1: 'north', gm2: 'west', gm4: 'south' };
  expect(await polledFrom(reload)).toEqual(['gm1', 'gm2', 'gm4']);
  expect(agent.readModel.device('gm2')).toMatchObject({ cell: 'north', result: 'ok' });
  expect(agent.staying).toBe(true);
  expect(agent.inventoryInForce().get('gm2')?.cell).toBe('north');
  expect(agent.inventoryGiven().get('gm2')?.cell).toBe('west');
  expect(await agent.letMovedGo()).toBe(false);
  expect(await polledFrom(reload)).toEqual(['gm1', 'gm2', 'gm4']);
  behind.clear();
  expect(await agent.letMovedGo()).toBe(true);
  polled.clear();
  await clock.advance(2 * MINUTE_MS);
  expect([...polled].toSorted()).toEqual(['gm1', 'gm4']);
  expect(agent.readModel.device('gm2')).toBeUndefined();
  expect([agent.staying, agent.inventoryInForce().get('gm2')?.cell]).toEqual([false, 'west']);
  expect(await agent.letMovedGo()).toBe(false);
});

test('one that stays goes with its old cell, with its new one if that comes here, and with the next reload', async () => {
  const behind = new Set(['west', 'east']);
  const before = { gm1: 'north', gm2: 'north', gm3: 'south', gm4: 'south' };
  const { agent, clock, polled, polledFrom } = await owning(before, behind);
  expect(await polledFrom({ gm1: 'north', gm2: 'west', gm3: 'east', gm4: 'west' })).toEqual([
    'gm1',
    'gm2',
    'gm3',
    'gm4',
  ]);
  expect(await polledFrom({ gm1: 'north', gm2: 'north', gm3: 'east', gm4: 'west' })).toEqual([
    'gm1',
    'gm2',
    'gm3',
    'gm4',
  ]);
  expect(await polledFrom({ gm1: 'north', gm2: 'west', gm3: 'east', gm4: 'west' })).toEqual([
    'gm1',
    'gm2',
    'gm3',
    'gm4',
  ]);
  await agent.disown(['south'], false);
  expect(agent.staying).toBe(true);
  await agent.own(['west']);
  await agent.letMovedGo();
  polled.clear();
  await clock.advance(2 * MINUTE_MS);
  expect([...polled].toSorted()).toEqual(['gm1', 'gm2', 'gm4']);
  expect(agent.readModel.device('gm2')).toMatchObject({ cell: 'west' });
  expect(agent.staying).toBe(false);
});
