/**
 * A fault of our own befalls one device, message or group: it is logged with its stack once and counted; the rest go
 * on.
 */
import { expect, test, vi } from 'vitest';
import type { Agent } from '../../src/agent/agent.ts';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { InternalErrors } from '../../src/kernel/internal-errors.ts';
import { PreparedLines } from '../../src/export/prepared-lines.ts';
import { openAnsweringAgent } from '../builders/answering-agent.ts';
import { aConfig, aConfiguredDevice } from '../builders/config-builder.ts';
import { INHERITED_NAMES } from '../builders/hostile-names.ts';
import { MemoryLogger } from '../builders/memory-logger.ts';
import { PATIENCE } from '../builders/patience.ts';
import { showCryptoGdoi } from '../builders/shown-gdoi.ts';

const SOON = PATIENCE;
const EACH_50_MS = { kind: 'every', ms: 50 } as const;

async function running(devices: readonly string[], answer: (device: string) => string) {
  const clock = createSystemClock();
  const logger = new MemoryLogger();
  const errors = new InternalErrors(logger);
  const config = aConfig({ devices: devices.map((name) => aConfiguredDevice({ name, schedule: EACH_50_MS })) });
  const agent = await openAnsweringAgent(answer, { config, clock, logger, errors });
  return { agent, logger, errors };
}

const polls = (agent: Agent, device: string, result: 'ok' | 'internal') =>
  agent.readModel.device(device)?.polls[result] ?? 0;

test('a fault while polling one device marks that device failed; the others are polled on', async () => {
  const { agent, logger, errors } = await running(['good', 'bad'], (device) => {
    if (device === 'bad') throw new TypeError('a bug of ours');
    return showCryptoGdoi({ group: 'G1' });
  });
  await using _agent = agent;
  agent.start();
  await vi.waitUntil(() => polls(agent, 'bad', 'internal') >= 2 && polls(agent, 'good', 'ok') >= 2, SOON);
  expect(agent.readModel.device('bad')).toMatchObject({ result: 'internal', failure: 'internal' });
  expect(agent.readModel.device('good')).toMatchObject({ result: 'ok', failure: null });
  expect(errors.counts.get('poll')).toBeGreaterThanOrEqual(2);
  expect(agent.status().internalErrors.get('poll')).toBe(errors.counts.get('poll'));
  const logged = logger.lines('error');
  expect(logged).toMatchObject([{ where: 'poll', device: 'bad', stack: expect.stringContaining('a bug of ours') }]);
  expect(JSON.stringify(logged)).toContain('faults.test.ts');
});

test('a device whose fault is over answers again', async () => {
  let broken = true;
  const { agent } = await running(['gm1'], () => {
    if (broken) throw new RangeError('for now');
    return showCryptoGdoi({ group: 'G1' });
  });
  await using _agent = agent;
  agent.start();
  await vi.waitUntil(() => polls(agent, 'gm1', 'internal') > 0, SOON);
  broken = false;
  await vi.waitUntil(() => agent.readModel.device('gm1')?.failure === null, SOON);
  expect(polls(agent, 'gm1', 'ok')).toBeGreaterThan(0);
});

test('a listener that throws costs neither the device nor the other listeners', async () => {
  const { agent, errors } = await running(['gm1'], () => showCryptoGdoi({ group: 'G1' }));
  await using _agent = agent;
  agent.readModel.onChange(() => {
    throw new Error('a bug in an outlet');
  });
  const heard: string[] = [];
  agent.readModel.onChange((device) => heard.push(device));
  agent.start();
  await vi.waitUntil(() => polls(agent, 'gm1', 'ok') >= 2, SOON);
  expect(heard).toContain('gm1');
  expect(errors.counts.get('listener')).toBeGreaterThan(0);
  expect(errors.counts.get('poll')).toBe(0);
});

test('a group may be called as what every object inherits, and a device too', async () => {
  const names = [...new Set(INHERITED_NAMES)];
  const { agent, errors, logger } = await running(names, (device) => showCryptoGdoi({ group: device }));
  await using _agent = agent;
  const lines = new PreparedLines(() => undefined);
  agent.readModel.onChange((device, view) => lines.update(device, view));
  agent.start();
  await vi.waitUntil(() => names.every((device) => polls(agent, device, 'ok') >= 2), SOON);
  await vi.waitUntil(() => names.every((group) => agent.readModel.group(group) !== undefined), SOON);
  expect(logger.lines('error')).toEqual([]);
  expect([...errors.counts.values()].reduce((all, count) => all + count)).toBe(0);
  for (const name of names) {
    expect(agent.readModel.group(name)?.gms.map(({ device }) => device)).toEqual([name]);
    expect(lines.of(name)).toContain(`gdoi_gm_registered{device="${name}",group="${name}"} 1`);
  }
});
