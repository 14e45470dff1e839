/** What access to the fleet is made with, whichever way the devices are spoken to. */
import type { BackOffTimes } from '../kernel/back-off.ts';
import type { Clock } from '../kernel/clock.ts';
import type { KnownSecrets } from '../kernel/known-secrets.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Random } from '../kernel/random.ts';
import type { DeviceTraffic } from './device-traffic.ts';
import type { KeptRefusals } from './kept-refusals.ts';

export interface AccessParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Between tries of a device that failed; absent: what suits the way. */
  readonly backOff?: BackOffTimes;
  /** Taken out of all that devices say; the secrets of targets join them. */
  readonly secrets?: KnownSecrets;
  /** Counts what devices are asked. */
  readonly traffic?: DeviceTraffic;
  /** What other agents met, and where they find what this one meets; absent: there are none. */
  readonly refusals?: KeptRefusals;
}
