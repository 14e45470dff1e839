/**
 * How often messages from a device may trigger a poll. A hint triggers a poll at once; if that shows nothing new, the
 * device's next hints wait: a second, doubling to five minutes. So messages forged in a device's name keep it busy a
 * few times and then hardly at all. A hint that waits is not lost: one poll follows at the end of the wait. A poll that
 * shows something new, whatever triggered it, ends the waiting.
 */
import { BackOff, type BackOffTimes } from '../../kernel/back-off.ts';
import type { Clock } from '../../kernel/clock.ts';
import { later } from '../../kernel/later.ts';
import type { Random } from '../../kernel/random.ts';

/** A registration takes a few seconds, and its first message comes before an answer shows it. */
const WAITS: BackOffTimes = { firstMs: 1_000, longestMs: 300_000 };

interface Device {
  readonly backOff: BackOff;
  /** The next poll was triggered by a hint. */
  hinted: boolean;
  /** Set while a poll at the end of the wait is planned. */
  waiting: AbortController | null;
}

export interface HintPaceOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Polls this device soon. */
  readonly poll: (device: string) => void;
}

export class HintPace implements Disposable {
  readonly #options: HintPaceOptions;
  /** Those that a message named. */
  readonly #devices = new Map<string, Device>();
  #delayed = 0;

  constructor(options: HintPaceOptions) {
    this.#options = options;
  }

  /** Hints that had to wait. */
  get delayed(): number {
    return this.#delayed;
  }

  heard(name: string): void {
    const device = this.#deviceOf(name);
    const waitMs = device.backOff.waitMs(this.#options.clock.monoMs());
    if (waitMs === 0) {
      this.#poll(name, device);
      return;
    }
    this.#delayed += 1;
    if (device.waiting !== null) return;
    const calledOff = new AbortController();
    device.waiting = calledOff;
    void later(this.#options.clock, waitMs, calledOff.signal, () => {
      device.waiting = null;
      this.#poll(name, device);
    });
  }

  /** A poll ended. `isNews`: it showed something else than was known before; called only if a hint depends on it. */
  polled(name: string, isNews: () => boolean): void {
    const device = this.#devices.get(name);
    if (device === undefined) return;
    if (device.hinted || device.backOff.failing) {
      if (isNews()) device.backOff.succeeded();
      else if (device.hinted) device.backOff.failed(this.#options.clock.monoMs());
    }
    device.hinted = false;
  }

  forget(name: string): void {
    this.#devices.get(name)?.waiting?.abort();
    this.#devices.delete(name);
  }

  [Symbol.dispose](): void {
    for (const name of this.#devices.keys()) this.forget(name);
  }

  #poll(name: string, device: Device): void {
    device.hinted = true;
    this.#options.poll(name);
  }

  #deviceOf(name: string): Device {
    let device = this.#devices.get(name);
    if (device === undefined) {
      device = { backOff: new BackOff(this.#options.random, WAITS), hinted: false, waiting: null };
      this.#devices.set(name, device);
    }
    return device;
  }
}
