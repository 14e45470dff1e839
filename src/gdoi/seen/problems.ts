/**
 * What of an answer could not be used: all of it is counted, the first few are kept in words. Bounded, whatever a
 * device sends.
 */

const MAX_KEPT = 8;
const MAX_TEXT = 160;

export class Problems {
  count = 0;
  readonly texts: string[] = [];

  note(text: string): void {
    this.count += 1;
    if (this.texts.length < MAX_KEPT) this.texts.push(text.slice(0, MAX_TEXT));
  }
}
