/**
 * What a device is asked in two days, whatever happens in the fleet and whatever its messages say: never more than is
 * told.
 */
import { expect, test } from 'vitest';
import { pollCosts } from '../../../src/agent/poll/poll-costs.ts';
import { FIDELITY_LIFETIMES } from '../../../src/simulator/scenarios/one-group.ts';
import { TEST_TIMEOUT_MS } from '../../builders/patience.ts';
import { simulatedAgent } from '../../builders/simulated-agent.ts';

const DAYS = 2;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MESSAGE_EVERY_MS = 900_000;
/** A registration, as a GM logs it. */
const MESSAGE = '<189>1: %CRYPTO-5-GM_REGSTER: Start registration to KS 10.1.11.2 for group G1 using address 10.1.13.2';

test(
  'in two simulated days with lost rekeys and a GM whose log never rests, no device is asked more than check --explain says',
  async () => {
    const asked = new Map<string, number>();
    const versions = new Map<string, number>();
    const count = (counts: Map<string, number>, device: string) => counts.set(device, (counts.get(device) ?? 0) + 1);
    await using simulated = await simulatedAgent({
      scenario: 'rekey-loss',
      gms: 1,
      kss: 1,
      lifetimes: FIDELITY_LIFETIMES,
      pollInterval: '1h',
      logs: true,
      timerStepMs: 60_000,
      amend(device, command, text) {
        count(command === 'show version' ? versions : asked, device);
        return text;
      },
    });
    const { agent, clock, fleet, configured } = simulated;
    const noisy = fleet.devices.find(({ role }) => role === 'gm')?.address ?? '';
    agent.start();
    for (let atMs = 0; atMs < DAYS * DAY_MS; atMs += MESSAGE_EVERY_MS) {
      agent.pushed({
        kind: 'syslog',
        receivedAtMs: clock.wallMs(),
        host: noisy,
        claimedHost: null,
        text: MESSAGE,
      });
      await clock.advance(MESSAGE_EVERY_MS);
      fleet.advance(clock.wallMs());
    }
    expect(configured.map(({ name }) => name)).toEqual(expect.arrayContaining([...asked.keys()]));
    for (const device of configured) {
      const times = asked.get(device.name) ?? 0;
      expect.soft(times, device.name).toBeLessThanOrEqual(DAYS * pollCosts(device).commandsPerDay);
      expect.soft(times, device.name).toBeGreaterThan((DAYS * DAY_MS) / HOUR_MS);
      // It follows a new session and a registration, each of which was seen by another command.
      expect.soft(versions.get(device.name), device.name).toBeLessThan(times / 3);
    }
  },
  TEST_TIMEOUT_MS,
);
