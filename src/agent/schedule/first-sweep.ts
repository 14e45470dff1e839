/** Progress of the first poll of every device: in the log while it lasts, and as a metric. */
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';

const SAID_EVERY_MS = 10_000;

export class FirstSweep {
  readonly #clock: Pick<Clock, 'monoMs'>;
  readonly #logger: Logger;
  readonly #devices = new Set<string>();
  readonly #unpolled = new Set<string>();
  #beganMs: number;
  #saidMs: number;

  constructor({ clock, logger }: { readonly clock: Pick<Clock, 'monoMs'>; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
    this.#beganMs = clock.monoMs();
    this.#saidMs = this.#beganMs;
  }

  add(device: string): void {
    if (this.done) {
      this.#beganMs = this.#clock.monoMs();
      this.#saidMs = this.#beganMs;
    }
    this.#devices.add(device);
    this.#unpolled.add(device);
  }

  /** The device was polled, with whatever result; true: it was the last one. */
  polled(device: string): boolean {
    if (!this.#unpolled.delete(device)) return false;
    const nowMs = this.#clock.monoMs();
    const fields = { polled: this.#devices.size - this.#unpolled.size, devices: this.#devices.size };
    if (this.done) {
      this.#logger.info(
        { ...fields, seconds: Math.round((nowMs - this.#beganMs) / 1000) },
        'every device has been polled',
      );
    } else if (nowMs - this.#saidMs >= SAID_EVERY_MS) {
      this.#saidMs = nowMs;
      this.#logger.info(fields, 'first sweep in progress');
    }
    return this.done;
  }

  gone(device: string): void {
    this.#devices.delete(device);
    this.#unpolled.delete(device);
  }

  get done(): boolean {
    return this.#unpolled.size === 0;
  }

  /** Share of devices that were polled at least once; 1 if there are none. */
  get progress(): number {
    return this.#devices.size === 0 ? 1 : 1 - this.#unpolled.size / this.#devices.size;
  }
}
