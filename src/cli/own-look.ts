/** A look at a device by `check` itself, with sessions of its own that are closed afterwards. */
import { createRestconfAccess } from '../access/restconf/restconf-access.ts';
import { createSnmpAccess } from '../access/snmp/snmp-access.ts';
import { createSshAccess } from '../access/ssh/ssh-access.ts';
import type { Ways } from '../agent/poll/device-asker.ts';
import { DeviceCheck } from '../agent/poll/check-device.ts';
import { fleetSettings } from '../agent/poll/poll-target.ts';
import type { ResolvedConfig, ResolvedDevice } from '../config/resolved-config.ts';
import { deviceHealth } from '../gdoi/health/health.ts';
import { type HealthDocument, healthDocument } from '../gdoi/health/health-document.ts';
import type { Clock } from '../kernel/clock.ts';
import { Parts } from '../kernel/parts.ts';
import { type Random, systemRandom } from '../kernel/random.ts';
import type { Logger } from '../kernel/logger.ts';
import { createLogger } from './logger.ts';

/** How each way to a device is made; tests replace some. */
export const WAYS = { ssh: createSshAccess, snmp: createSnmpAccess, restconf: createRestconfAccess };

/** Polls the device once. */
type Look = () => Promise<HealthDocument>;

export interface Checked extends AsyncDisposable {
  readonly look: Look;
}

/** `beside`: all devices of its configuration, whose intervals are the fleet's. `repeats`: it is looked at again. */
export async function lookByItself(
  device: ResolvedDevice,
  beside: readonly ResolvedDevice[],
  places: Pick<ResolvedConfig, 'ssh' | 'restconf'>,
  { clock, repeats, make = WAYS }: { readonly clock: Clock; readonly repeats: boolean; readonly make?: typeof WAYS },
): Promise<Checked> {
  const logger = createLogger('error', 'pretty');
  const stop = new AbortController();
  const parts = new Parts({ clock, logger, signal: stop.signal });
  const ways = await waysOf(parts, { clock, random: systemRandom, logger }, places, make).catch(
    async (error: unknown) => {
      // Ways that could not be closed are in the log; the user has to know why there is no look.
      await parts[Symbol.asyncDispose]().catch(() => undefined);
      throw error;
    },
  );
  const check = new DeviceCheck({ device, fleet: fleetSettings(beside), ...ways, clock });
  return {
    async look() {
      const { view, groupOf } = await check.look(stop.signal, !repeats);
      return healthDocument(deviceHealth(view, groupOf, clock.wallMs()));
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('the check is over'));
      await parts[Symbol.asyncDispose]();
    },
  };
}

async function waysOf(
  parts: Parts,
  around: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
  places: Pick<ResolvedConfig, 'ssh' | 'restconf'>,
  make: typeof WAYS,
): Promise<Ways> {
  const access = await parts.start('SSH', () => make.ssh({ ...around, ...places.ssh }));
  const snmp = await parts.start('SNMP', () => make.snmp(around));
  const restconf = await parts.start('RESTCONF', () => make.restconf({ ...around, ...places.restconf }));
  return { access, snmp, restconf };
}
