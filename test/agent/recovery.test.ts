/** A KS that comes back is asked as soon as its GMs show it, whatever its back-off. */
import { expect, test } from 'vitest';
import type { PushedMessage } from '../../src/access/pushed.ts';
import { simulatedAgent } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;

test('a GM that registers with a KS shows that it is back', async () => {
  const tried: string[] = [];
  await using watching = await simulatedAgent({
    scenario: 'ks-down',
    pollInterval: '60s',
    waitAtMost: (device, ms) => {
      tried.push(`${device} ${ms}`);
      return 0;
    },
  });
  watching.agent.start();
  await watching.clock.advance(10 * MINUTE_MS);
  // Away: no sign of it, only the shorter wait of a KS.
  expect(new Set(tried)).toEqual(new Set(['ks1 60000']));
  await watching.clock.advance(3 * MINUTE_MS);
  expect(watching.agent.readModel.device('ks1')?.failure).toBeNull();
});

const SIGNS = {
  'a log message': (host: string, receivedAtMs: number): PushedMessage => ({
    kind: 'syslog',
    receivedAtMs,
    host,
    claimedHost: null,
    text: '%SYS-5-RESTART: System restarted --',
  }),
  'a trap': (host: string, receivedAtMs: number): PushedMessage => ({
    kind: 'trap',
    receivedAtMs,
    host,
    authenticated: true,
    trapOid: '1.3.6.1.4.1.9.9.759.0.3',
    uptimeSeconds: 5,
    varbinds: [],
  }),
  'no sign': null,
} as const;

test('an answer over SNMP shows that a KS is back: its next look over SSH waits no longer', async () => {
  await using watching = await simulatedAgent({
    scenario: 'healthy',
    pollInterval: '60s',
    outOfReach: (device, elapsedMs) => device === 'ks1' && elapsedMs > 30_000 && elapsedMs < 125_000,
    snmpBeside: { of: (device) => device === 'ks1', everyMs: 130_000 },
  });
  const { agent, clock } = watching;
  agent.start();
  await clock.advance(128_000);
  expect(agent.readModel.device('ks1')?.failure).not.toBeNull();
  // SNMP at 130 s; the scheduled look over SSH would be at 180 s.
  await clock.advance(10_000);
  expect(agent.readModel.device('ks1')?.failure).toBeNull();
});

test.each([
  ['a log message', true],
  ['a trap', true],
  ['no sign', false],
] as const)('%s of a KS that did not answer: looked at within seconds is %s', async (sign, isBackAtOnce) => {
  // Scheduled looks come at 60 and 120 s, in vain, and at 180 s.
  await using watching = await simulatedAgent({
    scenario: 'healthy',
    pollInterval: '60s',
    outOfReach: (device, elapsedMs) => device === 'ks1' && elapsedMs > 30_000 && elapsedMs < 125_000,
  });
  const { agent, clock, fleet } = watching;
  agent.start();
  await clock.advance(140_000);
  expect(agent.readModel.device('ks1')?.failure).not.toBeNull();
  const host = fleet.devices.find(({ name }) => name === 'ks1')?.address ?? '';
  const message = SIGNS[sign]?.(host, clock.wallMs());
  if (message !== undefined) agent.pushed(message);
  await clock.advance(10_000);
  expect(agent.readModel.device('ks1')?.failure === null).toBe(isBackAtOnce);
});
