import { BLOCK_MARK, HOST_MARK, MARKUP_MARK, WRAPPED_MARK } from '../text/debris.ts';

/** A line of a captured text on its way to a router's line: what is left of it, and where it stood. */
export interface PastedLine {
  readonly text: string;
  /** From 1; several lines may come of one, as of `<br>`. */
  readonly line: number;
}

export function isMark({ text }: PastedLine): boolean {
  return text === MARKUP_MARK || text === WRAPPED_MARK || text === BLOCK_MARK || text.startsWith(HOST_MARK);
}
