/** An answer of a device, kept for anyone who wants to see for themselves. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { SHOW_CERTIFICATES } from '../access/show-command.ts';
import type { ReadAt } from '../gdoi/seen/instant.ts';

/** A KS's member list has thousands of rows, and its beginning is enough to look at. */
const MAX_SHOWN_CHARS = 65_536;
/**
 * Asked once a session, or once an hour: these are kept for a long time, and are read only when somebody looks at the
 * device.
 */
const HARDLY_EVER_ASKED: ReadonlySet<string> = new Set(['show version', SHOW_CERTIFICATES]);

export interface ShownAnswer {
  readonly at: ReadAt;
  /** At most `MAX_SHOWN_CHARS`. */
  readonly text: string;
  readonly cut: boolean;
}

export function shownAnswer(command: string, text: string, at: ReadAt): ShownAnswer {
  const cut = text.length > MAX_SHOWN_CHARS;
  // A copy: a slice would keep the whole text alive.
  const kept = cut ? Buffer.from(text.slice(0, MAX_SHOWN_CHARS)).toString() : text;
  return HARDLY_EVER_ASKED.has(command) ? new DeflatedAnswer(kept, at, cut) : { at, text: kept, cut };
}

class DeflatedAnswer implements ShownAnswer {
  readonly at: ReadAt;
  readonly cut: boolean;
  /** One character per octet: a buffer of a few hundred octets takes as much again. */
  readonly #deflated: string;

  constructor(text: string, at: ReadAt, cut: boolean) {
    this.at = at;
    this.cut = cut;
    this.#deflated = deflateRawSync(text).toString('latin1');
  }

  get text(): string {
    return inflateRawSync(Buffer.from(this.#deflated, 'latin1')).toString();
  }
}
