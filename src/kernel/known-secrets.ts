/**
 * The secrets that this process uses, so that they can be removed from what devices say: a router may echo a password
 * into a banner, a log line or an answer, and from there it would reach the page, recordings and logs.
 *
 * Text is cleaned where it enters, before anything reads it. So a secret that IOS prints anyway is left alone: it could
 * not be told from an echo, and removing it would break the answer. Those are secrets of fewer than four characters,
 * short numbers (lifetimes, ports), and a few words such as `cisco` and `public`.
 */
import { LRUCache } from 'lru-cache';
import type { Secret } from './secret.ts';

const REDACTED = '[secret]';

const SHORTEST = 4;
/** Shorter numbers are lifetimes, counters and ports. */
const SHORTEST_NUMBER = 8;

/** Words of IOS's own output that people take for passwords and communities. */
const WORDS_OF_IOS: ReadonlySet<string> = new Set(
  (
    'admin cisco community crypto default enable gdoi getvpn group local login ' +
    'monitor network password private public read readonly router secret secure server ' +
    'snmp switch system test user write'
  ).split(' '),
);

/** Rotated secrets stay known, up to this many; those learnt longest ago are forgotten first. */
const MOST = 4_096;

export class KnownSecrets {
  /** Each as text, and as octets. */
  readonly #known = new LRUCache<string, Buffer>({ max: MOST });
  /** Longest first, since one may be part of another, whose rest would stay. null: to be sorted again. */
  #longestFirst: ReadonlyArray<readonly [string, Buffer]> | null = null;

  learn(...secrets: ReadonlyArray<Secret | null>): void {
    for (const secret of secrets) {
      const value = secret?.reveal() ?? '';
      if (!canBeToldApart(value)) continue;
      const known = this.#known.get(value);
      if (known !== undefined) continue;
      this.#known.set(value, Buffer.from(value));
      this.#longestFirst = null;
    }
  }

  /** The text with `[secret]` in place of each secret. */
  redact(text: string): string {
    let cleaned = text;
    for (const [value] of this.#sorted()) if (cleaned.includes(value)) cleaned = cleaned.replaceAll(value, REDACTED);
    return cleaned;
  }

  /** The same for octets that may hold text. */
  redactOctets(octets: Uint8Array): Uint8Array {
    let cleaned = octets;
    for (const [, value] of this.#sorted()) cleaned = without(cleaned, value);
    return cleaned;
  }

  #sorted(): ReadonlyArray<readonly [string, Buffer]> {
    this.#longestFirst ??= [...this.#known.entries()].toSorted(([a], [b]) => b.length - a.length);
    return this.#longestFirst;
  }
}

function canBeToldApart(value: string): boolean {
  if (value.length < SHORTEST || WORDS_OF_IOS.has(value.toLowerCase())) return false;
  return value.length >= SHORTEST_NUMBER || !/^\d+$/.test(value);
}

function without(octets: Uint8Array, value: Buffer): Uint8Array {
  const bytes = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  let at = bytes.indexOf(value);
  if (at === -1) return octets;
  const kept: Buffer[] = [];
  let from = 0;
  for (; at !== -1; at = bytes.indexOf(value, from)) {
    kept.push(bytes.subarray(from, at), Buffer.from(REDACTED));
    from = at + value.length;
  }
  return new Uint8Array(Buffer.concat([...kept, bytes.subarray(from)]));
}
