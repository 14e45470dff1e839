/** The words of a text, and the passages that one text has of another. */

/** Words in lower case; line breaks, quotation marks and how text is escaped in code make no difference. */
export function wordsOf(text: string): readonly string[] {
  return (text.replaceAll(/\\[nr]/g, ' ').match(/\w[\w.:/\-()%+@#]*/g) ?? []).map((word) =>
    word.replace(/[.:,()]+$/, '').toLowerCase(),
  );
}

/** Passages of `length` words each, to look others up in. */
export class Passages {
  readonly #length: number;
  readonly #begun = new Set<string>();
  readonly #known = new Set<string>();

  constructor(length: number, texts: readonly string[]) {
    this.#length = length;
    for (const words of texts.map(wordsOf))
      for (let at = 0; at + length <= words.length; at += 1) {
        this.#begun.add(`${words[at]} ${words[at + 1]}`);
        this.#known.add(words.slice(at, at + length).join(' '));
      }
  }

  /** Those that the text has too, each as its words. */
  sharedWith(text: string): readonly (readonly string[])[] {
    const words = wordsOf(text);
    const shared: (readonly string[])[] = [];
    for (let at = 0; at + this.#length <= words.length; at += 1) {
      if (!this.#begun.has(`${words[at]} ${words[at + 1]}`)) continue;
      const passage = words.slice(at, at + this.#length);
      if (this.#known.has(passage.join(' '))) shared.push(passage);
    }
    return shared;
  }
}
