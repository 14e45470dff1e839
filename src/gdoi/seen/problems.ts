/** What of an answer could not be used: all of it counted, the first few told. Bounded, whatever a device sends. */

const MAX_TOLD = 8;
const MAX_TEXT = 160;

export class Problems {
  count = 0;
  readonly told: string[] = [];

  note(text: string): void {
    this.count += 1;
    if (this.told.length < MAX_TOLD) this.told.push(text.slice(0, MAX_TEXT));
  }
}
