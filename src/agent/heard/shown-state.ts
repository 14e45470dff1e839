/**
 * What a poll showed of a device's groups, as one short text: the same as long as nothing happened but time. A
 * fingerprint (two 32-bit sums) and not the values as text, which takes 40 us.
 */
import type { Observation } from '../../gdoi/seen/observation.ts';
import { FNV_BASIS, fnv1aStep } from '../../kernel/fnv1a.ts';

/** Countdowns and ages run; an answer that differs in them only shows nothing new. */
const RUNS = 'Seconds';

export function shownState(observations: readonly Observation[]): string {
  const print = new Fingerprint();
  for (const observation of observations) {
    if (observation.kind !== 'groups') continue;
    const { command, snapshots } = observation;
    // Data-plane counters run too: only what tells of keys, registrations and members counts.
    if (/ (?:replay|dataplane)\b/.test(command)) continue;
    print.take(command);
    print.take(snapshots);
  }
  return print.text;
}

/** FNV-1a twice over, from two offsets and with two primes. */
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

/** Beyond any UTF-16 unit, so that no text looks like structure. */
const OPENS = 0x10001;
const CLOSES = 0x10002;
const ENDS = 0x10003;
