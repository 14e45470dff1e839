/** Planned work, seen by the whole agent: events are kept as ever, and marked. */
import { expect, test } from 'vitest';
import { groupMetrics } from '../../src/export/group-metrics.ts';
import { isPlanned } from '../../src/gdoi/events/planned-event.ts';
import { Maintenance } from '../../src/model/maintenance.ts';
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
