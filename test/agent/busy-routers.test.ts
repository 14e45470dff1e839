/**
 * A router that says it is busy is left alone for longer, nothing that is said of it goes wrong for that, and it comes
 * back.
 */
import { describe, expect, test } from 'vitest';
import { SHOW_CPU } from '../../src/access/show-command.ts';
import { FIDELITY_LIFETIMES } from '../../src/simulator/scenarios/one-group.ts';
import { TEST_TIMEOUT_MS } from '../builders/patience.ts';
import { simulatedAgent, type SimulatedWatch } from '../builders/simulated-agent.ts';

const MINUTE_MS = 60_000;

/** A healthy group polled each minute, its GM with a CPU that the test sets; `pass` counts what the GM is asked. */
async function busyRouter(over: Partial<SimulatedWatch> = {}) {
  const router = { cpuPercent: 4, refuses: false, asked: new Map<string, number>() };
  const simulated = await simulatedAgent({
    scenario: 'healthy',
    gms: 1,
    kss: 1,
    lifetimes: FIDELITY_LIFETIMES,
    pollInterval: '1m',
    ...over,
    amend(device, command, text) {
      if (device !== 'gm1') return text;
      router.asked.set(command, (router.asked.get(command) ?? 0) + 1);
      if (command !== SHOW_CPU) return text;
      const { cpuPercent } = router;
      if (router.refuses) return 'Command authorization failed.\n';
      return `CPU utilization for five seconds: 9%/0%; one minute: ${cpuPercent}%; five minutes: 9%\n`;
    },
  });
  const { agent, clock, fleet } = simulated;
  agent.start();
  const pass = async (minutes: number) => {
    router.asked.clear();
    for (let step = 0; step < 4 * minutes; step += 1) {
      await clock.advance(MINUTE_MS / 4);
      fleet.advance(clock.wallMs());
    }
    return router.asked.get('show crypto gdoi') ?? 0;
  };
  const interval = () => agent.readModel.device('gm1')?.regularIntervalMs;
  return { ...simulated, router, pass, interval, [Symbol.asyncDispose]: () => simulated[Symbol.asyncDispose]() };
}

describe('a router whose CPU is busy', () => {
  test(
    'is polled at every fourth turn until its CPU is at rest, and the interval that its data are judged by follows',
    async () => {
      await using given = await busyRouter();
      const { router, pass, interval } = given;
      const atRest = await pass(40);
      expect(atRest).toBeGreaterThanOrEqual(40);
      expect(router.asked.get(SHOW_CPU)).toBeLessThanOrEqual(9);
      router.cpuPercent = 93;
      await pass(12);
      expect(interval()).toBe(4 * MINUTE_MS);
      const busy = await pass(40);
      expect(busy).toBeGreaterThanOrEqual(10);
      expect(busy).toBeLessThan(atRest / 2);
      expect(router.asked.get(SHOW_CPU)).toBeLessThanOrEqual(busy);
      router.cpuPercent = 70;
      await pass(20);
      expect(interval()).toBe(4 * MINUTE_MS);
      router.cpuPercent = 30;
      await pass(12);
      expect(interval()).toBe(MINUTE_MS);
      expect(await pass(40)).toBeGreaterThanOrEqual(40);
      expect(given.logger.messages('info').filter((said) => said === 'pace of polling changed')).toHaveLength(4);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'keeps the longer interval over a reload of the configuration, and a replay concludes under it',
    async () => {
      await using given = await busyRouter({ record: true });
      const { router, pass, interval, agent } = given;
      router.cpuPercent = 99;
      await pass(12);
      expect(interval()).toBe(4 * MINUTE_MS);
      await agent.reload(given.config);
      expect(interval()).toBe(4 * MINUTE_MS);
      const lines = (await given.recording()).split('\n').filter((line) => line.includes('"settings"'));
      const intervals = lines.filter((line) => line.includes('"device":"gm1"')).map(intervalOf);
      // Of the file's head and the second poll. The 60 s that the reload brought count four times, so nothing changed.
      expect(intervals).toEqual([120, 240]);
    },
    TEST_TIMEOUT_MS,
  );

  test(
    'and does not let itself be asked costs nothing else, and is asked again after an hour',
    async () => {
      await using given = await busyRouter();
      const { router, pass, agent } = given;
      router.refuses = true;
      await pass(50);
      expect(router.asked.get(SHOW_CPU)).toBe(1);
      expect([...(agent.readModel.device('gm1')?.collectors.keys() ?? [])]).not.toContain(SHOW_CPU);
      await pass(20);
      expect(router.asked.get(SHOW_CPU)).toBe(1);
    },
    TEST_TIMEOUT_MS,
  );
});

function intervalOf(line: string): unknown {
  const settings: unknown = Reflect.get(Object(JSON.parse(line)), 'settings');
  return Reflect.get(Object(settings), 'interval_seconds');
}
