import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DeviceAccess, DeviceSession } from '../../../src/access/device-session.ts';
import type { ShowCommand } from '../../../src/access/show-command.ts';
import { createDevicePoller } from '../../../src/agent/poll/device-poller.ts';
import { pollCosts } from '../../../src/agent/poll/poll-costs.ts';
import { NOTHING_LEARNT } from '../../../src/agent/poll/poll-memory.ts';
import { sshTarget } from '../../../src/agent/poll/poll-target.ts';
import { Scheduler } from '../../../src/agent/schedule/scheduler.ts';
import type { ResolvedDevice } from '../../../src/config/resolved-config.ts';
import { aConfiguredDevice, sshAs } from '../../builders/config-builder.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { TEST_TIMEOUT_MS } from '../../builders/patience.ts';

const DAY_MS = 86_400_000;

const golden = (name: string) =>
  readFileSync(new URL(`../../ios/goldens/${name}.txt`, import.meta.url), 'utf8').replaceAll('\r\n', '\n');

/** A KS of one group that is a GM of another: it is asked everything there is. */
const ANSWERS = new Map<string, string>([
  ['show crypto gdoi', golden('show-crypto-gdoi/ks-of-one-group-gm-of-another')],
  ['show version', golden('show-version/ios15')],
]);

/** All that was sent in so many days of simulated time, by command; `logins` when the sessions were made. */
async function daysOf(
  device: ResolvedDevice,
  days: number,
): Promise<{ readonly sent: Map<string, number>; readonly logins: number }> {
  const clock = new FakeClock();
  const sent = new Map<string, number>();
  let logins = 0;
  const newSession = (): DeviceSession => {
    logins += 1;
    return {
      hostname: 'r1',
      run: async (command: ShowCommand) => {
        sent.set(command, (sent.get(command) ?? 0) + 1);
        const at = { sentAtMs: clock.wallMs(), receivedAtMs: clock.wallMs() };
        return { kind: 'output', command, text: ANSWERS.get(command) ?? '', logLines: [], ...at };
      },
    };
  };
  let kept: DeviceSession | null = null;
  const access: DeviceAccess = {
    withSession: async (target, _signal, use) => {
      const session = target.session === 'per_poll' ? newSession() : (kept ??= newSession());
      return { kind: 'done', value: await use(session) };
    },
    waitAtMost: () => 0,
    forget: async () => undefined,
    status: () => ({ openSessions: 1, handshakesActive: 0, handshakesWaiting: 0, quarantinedCredentials: [] }),
    [Symbol.asyncDispose]: async () => undefined,
  };
  const poller = createDevicePoller({ access, clock });
  let memory = NOTHING_LEARNT;
  const scheduler = new Scheduler({
    clock,
    concurrentPolls: 1,
    poll: async (_name, signal) => {
      const target = { ssh: sshTarget(device)!, collect: device.collect, detailIntervalMs: device.detailIntervalMs };
      ({ memory } = await poller.poll(target, memory, signal));
    },
  });
  scheduler.start();
  scheduler.set(device.name, device.schedule, 1);
  await clock.advance(days * DAY_MS);
  await scheduler[Symbol.asyncDispose]();
  return { sent, logins };
}

const EVERYTHING: Partial<ResolvedDevice> = {
  collect: ['replay', 'dataplane', 'logging', 'certificates'],
  detailIntervalMs: 600_000,
};

describe('the stated cost of polling a device', () => {
  test.each([
    [
      'a session that stays',
      1,
      aConfiguredDevice({ name: 'r1', schedule: { kind: 'every', ms: 300_000 }, ...EVERYTHING }),
    ],
    [
      'a login for each poll',
      1,
      aConfiguredDevice({
        name: 'r1',
        schedule: { kind: 'every', ms: 600_000 },
        ...EVERYTHING,
        ssh: { ...sshAs('u', 'p'), session: 'per_poll' },
      }),
    ],
    [
      'details seldom',
      1,
      aConfiguredDevice({ name: 'r1', schedule: { kind: 'every', ms: 900_000 }, detailIntervalMs: 3_600_000 }),
    ],
  ])(
    'is never exceeded: %s, over %i simulated days',
    async (_what, days, device) => {
      const costs = pollCosts(device);
      const { sent, logins } = await daysOf(device, days);
      const allowed = new Map<string, number>();
      for (const { what, perDay } of costs.asked) allowed.set(what, (allowed.get(what) ?? 0) + (perDay ?? 0));
      for (const [command, times] of sent) {
        expect.soft(allowed.has(command), `${command} is explained`).toBe(true);
        // The first poll is at their start, the last one may be at their end.
        expect.soft(times, command).toBeLessThanOrEqual(days * (allowed.get(command) ?? 0) + 1);
      }
      const total = [...sent.values()].reduce((sum, times) => sum + times, 0);
      expect(total).toBeLessThanOrEqual(days * costs.commandsPerDay + sent.size);
      expect(logins).toBeLessThanOrEqual(days * costs.loginsPerDay + 1);
      // And it is no idle bound: most of it is used.
      expect(sent.get('show crypto gdoi')).toBeGreaterThan(
        0.99 * days * (DAY_MS / (device.schedule.kind === 'every' ? device.schedule.ms : DAY_MS)),
      );
    },
    TEST_TIMEOUT_MS,
  );

  test.each([
    ['*/5 * * * *', 288],
    ['0 8-17 * * *', 10],
    ['*/30 * * * * *', 2880],
    ['0 * * * *', 24],
    ['0 3 * * 0', 1],
  ])('counts the polls of the cron expression %s: %i a day', (expression, perDay) => {
    const { asked } = pollCosts(aConfiguredDevice({ name: 'r1', schedule: { kind: 'cron', expression } }));
    expect(asked.find(({ what, when }) => what === 'show crypto gdoi' && when.includes(expression))?.perDay).toBe(
      perDay,
    );
  });

  test('leaves out what its role and its collectors do not need', () => {
    const whats = (over: Partial<ResolvedDevice>) =>
      pollCosts(aConfiguredDevice({ name: 'r1', ...over })).asked.map(({ what }) => what);
    expect(whats({ role: 'gm' }).join()).not.toContain(' ks ');
    expect(whats({ role: 'ks' })).toContain('show crypto gdoi ks members');
    expect(whats({ role: 'gm', collect: ['replay'] })).toContain('show crypto gdoi gm replay');
    expect(whats({ role: 'gm' })).not.toContain('show crypto gdoi gm replay');
    expect(whats({ role: 'ks', collect: ['replay'] })).not.toContain('show crypto gdoi gm replay');
  });
});
