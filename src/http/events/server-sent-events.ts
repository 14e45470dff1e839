/** Parses a stream of server-sent events as far as this agent sends them: `id`, `data`, comments. Any chunking. */

export interface SentEvent {
  readonly id: string | null;
  readonly data: string;
}

/** Text that never ends an event is dropped beyond this. */
const MAX_PENDING_CHARS = 1_000_000;

export class SentEventParser {
  #pending = '';

  /** The events that this piece completes. */
  push(text: string): readonly SentEvent[] {
    const blocks = (this.#pending + text).split('\n\n');
    this.#pending = blocks.pop() ?? '';
    if (this.#pending.length > MAX_PENDING_CHARS) this.#pending = '';
    return blocks.flatMap(eventOf);
  }
}

function eventOf(block: string): readonly SentEvent[] {
  const lines = block.split('\n');
  const of = (field: string) =>
    lines.filter((line) => line.startsWith(`${field}: `)).map((line) => line.slice(field.length + 2));
  const data = of('data');
  return data.length === 0 ? [] : [{ id: of('id').at(-1) ?? null, data: data.join('\n') }];
}
