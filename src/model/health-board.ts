/**
 * The health of every device as of now. It is judged on request, and the same view is not judged again for a few
 * seconds: a page that lists ten thousand devices every few seconds must not take time from polling.
 */
import type { DeviceView } from './device-view.ts';
import type { FleetReadModel } from './read-model.ts';
import type { GroupView } from '../gdoi/fleet/group-view.ts';
import { type DeviceHealth, deviceHealth } from '../gdoi/health/health.ts';
import { type GroupHealth, groupHealth } from '../gdoi/health/health-group.ts';
import type { EpochMs } from '../gdoi/seen/instant.ts';
import type { Clock } from '../kernel/clock.ts';

/** Time alone changes a verdict only where a countdown or an age passes a threshold of tens of seconds. */
export const VERDICT_LASTS_MS = 5000;
/**
 * In a large fleet it lasts longer, by this much for each device, so that what an open page costs is bounded in a
 * fleet of any size. A device that was polled again is always judged again.
 */
const LASTS_FOR_EACH_MS = 1;
/** Devices judged before other work gets its turn. */
const DEVICES_AT_ONCE = 100;

export interface JudgedDevice {
  readonly view: DeviceView;
  readonly health: DeviceHealth;
}

export class HealthBoard {
  readonly #fleet: FleetReadModel;
  readonly #clock: Clock;
  readonly #devices = new WeakMap<DeviceView, { readonly atMs: EpochMs; readonly health: DeviceHealth }>();
  readonly #groups = new WeakMap<GroupView, { readonly atMs: EpochMs; readonly health: GroupHealth }>();

  constructor(fleet: FleetReadModel, clock: Clock) {
    this.#fleet = fleet;
    this.#clock = clock;
  }

  /** Judged now, ignoring earlier verdicts. */
  now(view: DeviceView): DeviceHealth {
    const atMs = this.#clock.wallMs();
    const health = deviceHealth(view, (group) => this.#fleet.group(group, view.cell) ?? null, atMs);
    this.#devices.set(view, { atMs, health });
    return health;
  }

  of(view: DeviceView): DeviceHealth {
    const known = this.#devices.get(view);
    return known !== undefined && this.#lasts(known.atMs) ? known.health : this.now(view);
  }

  group(view: GroupView): GroupHealth {
    const known = this.#groups.get(view);
    if (known !== undefined && this.#lasts(known.atMs)) return known.health;
    const atMs = this.#clock.wallMs();
    const health = groupHealth(view, (device) => this.#fleet.device(device), atMs);
    this.#groups.set(view, { atMs, health });
    return health;
  }

  async all(): Promise<readonly JudgedDevice[]> {
    const judged: JudgedDevice[] = [];
    // A copy: devices come and go while other work gets its turn.
    for (const view of Array.from(this.#fleet.devices())) {
      judged.push({ view, health: this.of(view) });
      if (judged.length % DEVICES_AT_ONCE === 0) await this.#clock.yieldToIo();
    }
    return judged;
  }

  #lasts(atMs: EpochMs): boolean {
    const age = this.#clock.wallMs() - atMs;
    return age >= 0 && age < Math.max(VERDICT_LASTS_MS, LASTS_FOR_EACH_MS * this.#fleet.size);
  }
}
