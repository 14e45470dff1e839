/** What `check` concludes of a device that no agent watches: there is this look, and no later one decides. */
import { describe, expect, test } from 'vitest';
import { DeviceCheck } from '../../../src/agent/poll/check-device.ts';
import { DEFAULT_FLEET_SETTINGS } from '../../../src/gdoi/fleet/fleet-settings.ts';
import { deviceHealth } from '../../../src/gdoi/health/health.ts';
import { answeringDevices } from '../../builders/answering-devices.ts';
import { aConfiguredDevice } from '../../builders/config-builder.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { NO_RESTCONF } from '../../builders/no-restconf.ts';
import { NO_SNMP } from '../../builders/no-snmp.ts';
import { showCryptoGdoi } from '../../builders/shown-gdoi.ts';

const REGISTERING = showCryptoGdoi({ group: 'WANGRP' })
  .replace(/(Registration status *: )Registered/, '$1Registering')
  .replace(/(Succeeded registration *: ?)\d+/, '$10')
  .replace(/(Attempted registration *: ?)\d+/, '$152');

const never = new AbortController().signal;

async function judged({
  text = REGISTERING,
  cell = 'default',
  isOnly,
}: {
  text?: string;
  cell?: string;
  isOnly: boolean;
}) {
  const clock = new FakeClock(Date.parse('2026-03-02T00:00:00Z'));
  const check = new DeviceCheck({
    device: { ...aConfiguredDevice({ name: 'gm1' }), cell },
    fleet: DEFAULT_FLEET_SETTINGS,
    access: answeringDevices(clock, () => text),
    snmp: NO_SNMP,
    restconf: NO_RESTCONF,
    clock,
  });
  const { view, groupOf } = await check.look(never, isOnly);
  return deviceHealth(view, groupOf, clock.wallMs());
}

describe('a GM that is not registered', () => {
  test('is critical, since nobody will look again', async () => {
    const health = await judged({ isOnly: true });
    expect(health.status).toBe('critical');
    expect(health.summary).toContain('not registered (Registering)');
    expect(health.summary).not.toContain('not yet clear');
    expect(health.explanations).toEqual([]);
  });

  test('is a warning while looks are repeated, until a later one shows whether it succeeds', async () => {
    const health = await judged({ isOnly: false });
    expect(health.status).toBe('warning');
    expect(health.explanations).toMatchObject([{ cause: 'not_registered', phase: 'unclear' }]);
  });

  test('has its explanation in a cell as well', async () => {
    const health = await judged({ isOnly: false, cell: 'north' });
    expect(health.explanations).toMatchObject([{ cause: 'not_registered', phase: 'unclear' }]);
  });
});
