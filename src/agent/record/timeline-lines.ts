/**
 * The lines of a timeline as it is read, with a bound on the length kept in memory, since a file may have no line end.
 */

/** A line; null: it is longer than `maxChars` and was skipped. */
export async function* timelineLines(
  input: AsyncIterable<Uint8Array | string>,
  maxChars: number,
): AsyncGenerator<string | null> {
  const decoder = new TextDecoder();
  let line = new PartialLine(maxChars);
  for await (const chunk of input) {
    const [first = '', ...others] = (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })).split(
      '\n',
    );
    line.add(first);
    for (const next of others) {
      yield line.text();
      line = new PartialLine(maxChars);
      line.add(next);
    }
  }
  line.add(decoder.decode());
  if (!line.empty) yield line.text();
}

class PartialLine {
  readonly #maxChars: number;
  #pieces: string[] = [];
  #length = 0;

  constructor(maxChars: number) {
    this.#maxChars = maxChars;
  }

  get empty(): boolean {
    return this.#length === 0;
  }

  add(piece: string): void {
    this.#length += piece.length;
    if (this.#length > this.#maxChars) this.#pieces = [];
    else this.#pieces.push(piece);
  }

  text(): string | null {
    return this.#length > this.#maxChars ? null : this.#pieces.join('').replace(/\r$/, '');
  }
}
