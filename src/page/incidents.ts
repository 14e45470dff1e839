/**
 * What a screen reader says about events as they happen: only what needs a look, and one sentence for many at once, so
 * that a storm is not a flood of words.
 */
import type { EventDocument } from '../gdoi/events/event-document.ts';
import { gathered } from './browser-time.ts';

const GATHER_MS = 2000;

export class Incidents {
  readonly #changed: () => void;
  readonly #say: () => void;
  #waiting: EventDocument[] = [];
  /** The last sentence. */
  text = '';

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#say = gathered(GATHER_MS, () => {
      this.text = sentence(this.#waiting);
      this.#waiting = [];
      this.#changed();
    });
  }

  add(event: EventDocument): void {
    if (event.severity === 'info') return;
    this.#waiting.push(event);
    this.#say();
  }
}

function sentence(events: readonly EventDocument[]): string {
  const [first] = events;
  if (first === undefined) return '';
  return events.length === 1 ? first.summary : `${events.length} new incidents. The first: ${first.summary}`;
}
