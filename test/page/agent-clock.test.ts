import { expect, test } from 'vitest';
import { AgentClock } from '../../src/page/agent-clock.ts';

test('there is no time before the agent’s first answer', () => {
  expect(new AgentClock().nowMs(1000)).toBeNull();
});

test('one answer gives the time, which goes on with the browser’s clock', () => {
  const clock = new AgentClock();
  clock.sample({ agentMs: 1_000_000, monoMs: 50 });
  expect(clock.nowMs(1050)).toBe(1_001_000);
});

test('a second answer shows that the agent’s clock runs 60 times as fast', () => {
  const clock = new AgentClock();
  clock.sample({ agentMs: 0, monoMs: 0 });
  clock.sample({ agentMs: 60_000, monoMs: 1000 });
  expect(clock.nowMs(2000)).toBe(120_000);
});

test('a delay of the network is no other pace', () => {
  const clock = new AgentClock();
  clock.sample({ agentMs: 0, monoMs: 0 });
  clock.sample({ agentMs: 5000, monoMs: 5200 });
  expect(clock.nowMs(6200)).toBe(6000);
});

test('answers that come together say nothing of the pace', () => {
  const clock = new AgentClock();
  clock.sample({ agentMs: 0, monoMs: 0 });
  clock.sample({ agentMs: 90, monoMs: 10 });
  expect(clock.nowMs(1010)).toBe(1090);
});

test('a clock that was set back does not run backwards', () => {
  const clock = new AgentClock();
  clock.sample({ agentMs: 100_000, monoMs: 0 });
  clock.sample({ agentMs: 50_000, monoMs: 5000 });
  expect(clock.nowMs(6000)).toBe(51_000);
});
