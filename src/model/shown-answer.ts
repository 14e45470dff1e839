/** An answer of a device as it is kept for whoever wants to see for himself. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { SHOW_CERTIFICATES } from '../access/show-command.ts';
import type { ReadAt } from '../gdoi/seen/instant.ts';

/** Of a KS's member list with thousands of rows the beginning is enough to look at. */
const MAX_SHOWN_CHARS = 65_536;
/** Asked once a session, or once an hour: they lie here for days, and are read when somebody looks at the device. */
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
  /** Each octet a character: a buffer of a few hundred octets takes as many again. */
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
