/**
 * One hostile jump host at a time, three devices behind it: whatever it does, their polls end with a reason, it is
 * logged in to a few times and then left alone, and a device that is reached directly does not notice.
 */
import { describe, expect, test } from 'vitest';
import type { JumpTarget } from '../../src/access/device-session.ts';
import { Secret } from '../../src/kernel/secret.ts';
import { accessUnderTest, poll, shiftedClock, target } from '../access/access-under-test.ts';
import { ScriptedIos } from '../access/scripted-ios.ts';
import { half } from '../builders/half.ts';
import { PATIENCE } from '../builders/patience.ts';
import { HostileSsh, JUMP_MANNERS } from './hostile-ssh.ts';

const DEVICES = ['gm1', 'gm2', 'gm3'];
const ROUNDS = 4;

function jumpHost(port: number): JumpTarget {
  return {
    name: 'bastion',
    host: '127.0.0.1',
    port,
    username: 'monitor',
    password: new Secret('pw'),
    privateKey: null,
    passphrase: null,
    hostKeys: 'accept-new',
    algorithms: 'modern',
  };
}

/** What it carried ends, one way or another; nothing else is taken over it. */
const WAYS = [
  'never answers a request for a channel',
  'closes each channel that it opened',
  'opens channels and says nothing in them',
  'refuses every channel',
] as const;

/** On which ten minutes pass at once. */
function hastyClock() {
  const clock = shiftedClock();
  const sleep: typeof clock.sleep = (ms, ...more) => clock.sleep(ms === 600_000 ? 50 : ms, ...more);
  return { ...clock, sleep };
}

describe('a jump host that', () => {
  test.each(WAYS)('%s is disconnected after ten minutes without a device', async (way) => {
    await using bastion = new HostileSsh(JUMP_MANNERS[way]!);
    const jumps = [jumpHost(await bastion.listen())];
    await using under = accessUnderTest({ clock: hastyClock() });
    const { failure } = await poll(under.access, target(22, { jumps, timeoutMs: 2_000 }), 'show crypto gdoi');
    expect(failure).not.toBeNull();
    await expect.poll(() => bastion.logins, PATIENCE).toBe(1);
    await expect.poll(() => bastion.openNow, PATIENCE).toBe(0);
  });

  test.each(half(Object.entries(JUMP_MANNERS)))('%s', async (_, manner) => {
    await using bastion = new HostileSsh(manner);
    const jumps = [jumpHost(await bastion.listen())];
    await using router = new ScriptedIos();
    const direct = await router.listen();
    await using under = accessUnderTest({ bounds: { maxBytes: 256 * 1024, maxLineLength: 16 * 1024 } });
    const failures: (string | null)[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const polls = DEVICES.map((device) =>
        poll(under.access, target(22, { device, jumps, timeoutMs: 600 }), 'show crypto gdoi'),
      );
      const good = await poll(under.access, target(direct, { device: 'gm9' }), 'show crypto gdoi');
      expect(good.failure).toBeNull();
      const ended = await Promise.all(polls);
      failures.push(...ended.map(({ failure }) => failure));
      const asked = ended.filter(({ failure }) => failure !== 'backoff');
      expect(asked.filter(({ message }) => !message.includes('jump host bastion'))).toEqual([]);
      // Past the devices' own first waits: only what holds for the jump host itself is left.
      under.clock.advance(6_000);
    }
    expect(failures).not.toContain(null);
    expect(failures).not.toContain('auth');
    // The waits between logins grow; without them each poll of each device would log in to it.
    expect(bastion.logins).toBeLessThan(ROUNDS);
    await expect.poll(() => router.openNow, PATIENCE).toBe(1);
  });
});
