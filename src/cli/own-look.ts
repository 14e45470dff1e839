/** A look at a device by `check` itself, with sessions of its own that are closed afterwards. */
import { createRestconfAccess } from '../access/restconf/restconf-access.ts';
import { createSnmpAccess } from '../access/snmp/snmp-access.ts';
import { createSshAccess } from '../access/ssh/ssh-access.ts';
import { DeviceCheck } from '../agent/poll/check-device.ts';
import { fleetSettings } from '../agent/poll/poll-target.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import { deviceHealth } from '../gdoi/health/health.ts';
import { type HealthDocument, healthDocument } from '../gdoi/health/health-document.ts';
import type { Clock } from '../kernel/clock.ts';
import { systemRandom } from '../kernel/random.ts';
import { createLogger } from './logger.ts';

/** Polls the device once. */
export type Look = () => Promise<HealthDocument>;

export interface Checked extends AsyncDisposable {
  readonly look: Look;
}

/** `beside`: all devices of its configuration, whose intervals are the fleet's. `repeats`: it is looked at again. */
export function lookByItself(
  device: ResolvedDevice,
  beside: readonly ResolvedDevice[],
  places: Pick<ResolvedConfig, 'ssh' | 'restconf'>,
  { clock, repeats }: { readonly clock: Clock; readonly repeats: boolean },
): Checked {
  const logger = createLogger('error', 'pretty');
  const around = { clock, random: systemRandom, logger };
  const access = createSshAccess({ ...around, ...places.ssh });
  const snmp = createSnmpAccess(around);
  const restconf = createRestconfAccess({ ...around, ...places.restconf });
  const check = new DeviceCheck({ device, fleet: fleetSettings(beside), access, snmp, restconf, clock });
  const stop = new AbortController();
  return {
    async look() {
      const { view, groupOf } = await check.look(stop.signal, !repeats);
      return healthDocument(deviceHealth(view, groupOf, clock.wallMs()));
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the check is over'));
      await access[Symbol.asyncDispose]();
      await snmp[Symbol.asyncDispose]();
      await restconf[Symbol.asyncDispose]();
    },
  };
}
