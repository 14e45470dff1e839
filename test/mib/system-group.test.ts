import { describe, expect, it } from 'vitest';
import { deviceFacts } from '../../src/mib/system-group.ts';
import { nextSysUpTime, uptimeSeconds } from '../../src/mib/uptime.ts';

const DAY_MS = 86_400_000;

describe('the system group', () => {
  it.each([
    [
      'Cisco IOS Software [Fuji], ISR Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 16.9.5, RELEASE SOFTWARE (fc1)\r\nTechnical Support: http://www.cisco.com/techsupport',
      { software: 'ios-xe', version: '16.9.5', platform: 'ISR' },
    ],
    [
      'Cisco IOS Software, IOS-XE Software, Catalyst L3 Switch Software (CAT3K_CAA-UNIVERSALK9-M), Version 03.07.02E RELEASE SOFTWARE (fc2)',
      { software: 'ios-xe', version: '03.07.02E', platform: 'Catalyst L3 Switch' },
    ],
    [
      'Cisco IOS Software, IOS-XE Software, Catalyst 4500 L3 Switch  Software (cat4500es8-UNIVERSALK9-M), Version 03.07.04.E RELEASE SOFTWARE (fc1)',
      { software: 'ios-xe', version: '03.07.04.E', platform: 'Catalyst 4500 L3 Switch' },
    ],
    [
      'Cisco IOS Software, IOS-XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 15.3(3)S5, RELEASE SOFTWARE (fc1)',
      { software: 'ios-xe', version: '15.3(3)S5', platform: null },
    ],
    [
      'Cisco IOS Software, C3900 Software (C3900-UNIVERSALK9-M), Version 15.0(1)M7, RELEASE SOFTWARE (fc2)',
      { software: 'ios', version: '15.0(1)M7', platform: 'C3900' },
    ],
    [
      'Cisco Internetwork Operating System Software \r\nIOS (tm) C2600 Software (C2600-IPBASE-M), Version 12.3(26), RELEASE SOFTWARE (fc1)',
      { software: 'ios', version: '12.3(26)', platform: 'C2600' },
    ],
    ['Linux gateway 6.1.0', { software: null, version: null, platform: null }],
  ])('gives the release spelled as show version spells it: %s', (sysDescr, expected) => {
    expect(deviceFacts(sysDescr, 'branch-7.example.net', 100)).toEqual({
      role: 'device',
      hostname: 'branch-7',
      uptimeSeconds: 100,
      reloadReason: null,
      ...expected,
    });
  });

  it('gives no facts if the device says nothing about itself', () => {
    expect(deviceFacts(null, null, null)).toBeNull();
  });
});

describe('sysUpTime', () => {
  const before = { centiseconds: 2 ** 32 - 3000, wraps: 0, atMs: 0 };

  it('goes on counting when it wraps after 497 days', () => {
    const { value, restarted } = nextSysUpTime(before, 3000, 60_000);
    expect(restarted).toBe(false);
    expect(uptimeSeconds(value.centiseconds, value.wraps)).toBe(Math.floor((2 ** 32 + 3000) / 100));
  });

  it('is taken for wrapped, not restarted, even if it wrapped during a silence of three days', () => {
    const { restarted } = nextSysUpTime(before, (3 * DAY_MS) / 10 - 3000, 3 * DAY_MS);
    expect(restarted).toBe(false);
  });

  it.each([
    ['far from the wrap', { ...before, centiseconds: 5000 }, 3000, 60_000],
    ['at the time of the wrap, but not to the value of a wrap', before, 900_000, 60_000],
    ['after the clock of the agent was set back', before, 3000, -3_600_000],
  ])('is taken for a restart when it fell %s', (_, known, centiseconds, atMs) => {
    expect(nextSysUpTime(known, centiseconds, atMs)).toEqual({
      value: { centiseconds, wraps: 0, atMs },
      restarted: true,
    });
  });
});
