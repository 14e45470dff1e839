/** Planned work, seen by the whole agent: events are kept as ever, and marked. */
import { expect, onTestFinished, test } from 'vitest';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { isPlanned } from '../../src/gdoi/events/planned-event.ts';
import { Maintenance } from '../../src/model/maintenance.ts';
import { openAnsweringAgent } from '../builders/answering-agent.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { FakeClock } from '../builders/fake-clock.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';
import { simulatedAgent, START_MS } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;

test('what happens in a window is marked, with its reason; before and after it, and elsewhere, it is not', async () => {
  const maintenance = new Maintenance();
  maintenance.configure([
    {
      fromMs: START_MS,
      untilMs: START_MS + 2 * MINUTE_MS,
      devices: ['gm1'],
      groups: [],
      cells: [],
      reason: 'change 4711',
    },
  ]);
  await using watching = await simulatedAgent({ scenario: 'tek-loss', pollInterval: '60s', maintenance });
  watching.agent.start();
  await watching.clock.advance(20 * MINUTE_MS);
  const lost = watching.events.filter(({ type, device }) => type === 'reregistration' && device === 'gm1');
  expect(lost.map(isPlanned)).toEqual(lost.map(({ atMs }) => atMs < START_MS + 2 * MINUTE_MS));
  expect(lost.map(isPlanned).slice(0, 2)).toEqual([true, false]);
  expect(lost[0]?.evidence.at(-1)).toBe('planned: maintenance until 2026-01-01T00:02:00Z: change 4711');
  expect(watching.events.filter(({ device }) => device !== 'gm1').some(isPlanned)).toBe(false);
});

test('metrics say what is under maintenance; an incident of it alone is not counted', async () => {
  await using watching = await simulatedAgent({ scenario: 'rekey-loss', pollInterval: '60s' });
  watching.agent.start();
  await watching.clock.advance(2 * MINUTE_MS);
  const shown = (planned?: Parameters<typeof groupMetrics>[1]) =>
    groupMetrics(watching.agent.readModel, planned)
      .split('\n')
      .filter((line) => /^gdoi_(?:incident|maintenance)\{/u.test(line));
  expect(shown()).toEqual(['gdoi_incident{group="G1",cause="path_loss",severity="warning"} 1']);
  expect(shown({ device: (device) => device === 'gm1', group: () => false })).toEqual([
    'gdoi_maintenance{device="gm1"} 1',
  ]);
  expect(shown({ device: () => false, group: (group) => group === 'G1' })).toEqual([
    'gdoi_incident{group="G1",cause="path_loss",severity="warning"} 1',
    'gdoi_maintenance{group="G1"} 1',
  ]);
});

test('work on a group that no device shows is doubtful: reported once when every device was polled, not after the work', async () => {
  await using watching = await simulatedAgent({ scenario: 'healthy', pollInterval: '60s' });
  const { agent, clock, logger } = watching;
  const window = { fromMs: START_MS, untilMs: START_MS + 60 * MINUTE_MS, devices: [], cells: [], reason: '' };
  await agent.reload({ ...watching.config, maintenance: [{ ...window, groups: ['G1', 'g2'] }] });
  const doubt = 'maintenance[0].groups[1]: no device shows a group "g2"; did you mean "G1"?';
  const said = () => logger.lines('warn').filter((line) => JSON.stringify(line).includes('no device shows'));
  agent.start();
  expect(agent.doubts()).toEqual([]);
  await clock.advance(5 * MINUTE_MS);
  expect(agent.doubts()).toEqual([doubt]);
  expect(said()).toEqual([{ finding: doubt }]);
  await agent.reload({ ...watching.config, maintenance: [{ ...window, groups: ['G1', 'g3'] }] });
  expect(said()).toHaveLength(2);
  await clock.advance(60 * MINUTE_MS);
  expect(agent.doubts()).toEqual([]);
});

test('of agents that share a store, one that polls every device doubts the work on a group that none shows; others cannot', async () => {
  const clock = new FakeClock(START_MS);
  const schedule = { kind: 'every', ms: MINUTE_MS } as const;
  const window = { fromMs: START_MS, untilMs: START_MS + 600 * MINUTE_MS, devices: [], cells: [], reason: '' };
  const config = aConfig({
    devices: ['gm1', 'gm2'].map((name) =>
      aConfiguredDevice({ name, cell: name === 'gm1' ? 'north' : 'south', schedule }),
    ),
    maintenance: [{ ...window, groups: ['G1', 'G2', 'g3'] }],
  });
  const answer = (device: string) => showCryptoGdoi({ group: device === 'gm1' ? 'G1' : 'G2', succeeded: 1 });
  const agent = await openAnsweringAgent(answer, { config, clock, mayPoll: () => true });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  agent.start();
  const doubtsOf = async (change: Promise<void>) => {
    await change;
    await clock.advance(2 * MINUTE_MS);
    return agent.doubts();
  };
  expect(await doubtsOf(Promise.resolve())).toEqual([]);
  expect(await doubtsOf(agent.own(['north']))).toEqual([]);
  expect(await doubtsOf(agent.own(['south']))).toEqual([
    expect.stringMatching(/^maintenance\[0\]\.groups\[2\]: no device shows a group "g3"/),
  ]);
  expect(await doubtsOf(agent.disown(['south'], false))).toEqual([]);
});
