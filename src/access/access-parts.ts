/** What access to the fleet is made with, whatever the transport. */
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
  /** Between attempts at a device that failed; absent: the transport's default. */
  readonly backOff?: BackOffTimes;
  /** Removed from everything that devices say; the secrets of targets are added. */
  readonly secrets?: KnownSecrets;
  /** Counts what devices are asked. */
  readonly traffic?: DeviceTraffic;
  /** What other agents learned, and where they find what this one learns; absent: there are no other agents. */
  readonly refusals?: KeptRefusals;
}
