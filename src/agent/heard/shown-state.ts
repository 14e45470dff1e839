/**
 * What is shown of a device's groups as one short text, which stays the same while nothing changes but time. It is
 * a fingerprint (two 32-bit sums) and not the values themselves, whose text would have to be made at each poll.
 */
import { FNV_BASIS, fnv1aStep } from '../../kernel/fnv1a.ts';
import type { DeviceView } from '../../model/device-view.ts';

/** Countdowns and ages change all the time: an answer that differs only in them shows nothing new. */
const RUNS = 'Seconds';

/** A device that gives no answer shows nothing. */
export function shownState({ result, failure, groups }: Pick<DeviceView, 'result' | 'failure' | 'groups'>): string {
  if (result === null || failure !== null) return failure === null ? 'not polled' : 'no answer';
  const print = new Fingerprint();
  for (const { parts } of groups.values()) {
    // A detail that was asked again is the last one.
    for (const { command, snapshot } of parts.toSorted((a, b) => (a.command < b.command ? -1 : 1))) {
      // Data-plane counters change all the time too: only keys, registrations and members count.
      if (/ (?:replay|dataplane)\b/.test(command)) continue;
      print.take(command);
      print.take(snapshot);
    }
  }
  return print.text;
}

/** FNV-1a twice, with two offsets and two primes. */
class Fingerprint {
  #one = FNV_BASIS;
  #other = 0x9747b28c;

  take(value: unknown): void {
    if (typeof value !== 'object' || value === null) {
      this.#text(`${typeof value} ${String(value)}`);
      return;
    }
    this.#unit(OPENS);
    for (const [key, part] of Object.entries(value)) {
      if (key.endsWith(RUNS)) continue;
      this.#text(key);
      this.take(part);
    }
    this.#unit(CLOSES);
  }

  get text(): string {
    return (this.#one >>> 0).toString(36) + (this.#other >>> 0).toString(36).padStart(7, '0');
  }

  #text(text: string): void {
    for (let at = 0; at < text.length; at += 1) this.#unit(text.charCodeAt(at));
    this.#unit(ENDS);
  }

  #unit(unit: number): void {
    this.#one = fnv1aStep(this.#one, unit);
    this.#other = Math.imul(this.#other ^ unit, 0x5bd1e995) ^ (this.#other >>> 15);
  }
}

/** Outside the range of UTF-16 units, so that no text looks like structure. */
const OPENS = 0x10001;
const CLOSES = 0x10002;
const ENDS = 0x10003;
