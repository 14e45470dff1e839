/**
 * The lines a terminal would show for the bytes that a device sends.
 *
 * Fed with chunks of any size, it keeps completed lines and the cursor's line. Escape sequences, NUL and bell are
 * dropped; a backspace removes the last character (pagers erase themselves by backspaces and blanks); a carriage return
 * without a line feed restarts the line. Characters are latin1 (one byte each), so that a chunk may end anywhere. Work
 * is linear in the bytes fed.
 */

/** Anything that asks for more than appending: control characters other than LF, and CR unless LF follows. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const DEBRIS = /[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)/;

type EscapeState = 'none' | 'escape' | 'charset' | 'sequence' | 'string';

/** Longest escape sequence to skip; a longer one was none. */
const MAX_SEQUENCE = 64;

// oxlint-disable-next-line no-control-regex
const NOT_ASCII = /[^\x00-\x7f]/;

/** Latin1 characters back to the UTF-8 they were. */
export function asText(line: string): string {
  return NOT_ASCII.test(line) ? Buffer.from(line, 'latin1').toString('utf8') : line;
}

export class TerminalText {
  /** Completed lines, without line ends. */
  readonly lines: string[] = [];
  /** The cursor's line in the order it came. A backspace shortens the last piece, without a copy of the line. */
  #pieces: string[] = [];
  #length = 0;
  #returned = false;
  #escape: EscapeState = 'none';
  #escapeLength = 0;

  /** The cursor's line, joined on demand: frequent callers ask `currentLength` first. */
  get current(): string {
    return this.#pieces.length === 1 ? (this.#pieces[0] ?? '') : this.#pieces.join('');
  }

  get currentLength(): number {
    return this.#length;
  }

  feed(chunk: string): void {
    if (this.#returned || this.#escape !== 'none' || DEBRIS.test(chunk)) {
      this.#feedSlowly(chunk);
      return;
    }
    let from = 0;
    for (let at = chunk.indexOf('\n'); at !== -1; at = chunk.indexOf('\n', from)) {
      const end = at > from && chunk.charCodeAt(at - 1) === 13 ? at - 1 : at;
      if (this.#length === 0) this.lines.push(chunk.slice(from, end));
      else {
        this.#append(chunk.slice(from, end));
        this.#endLine();
      }
      from = at + 1;
    }
    this.#append(from === 0 ? chunk : chunk.slice(from));
  }

  #append(piece: string): void {
    if (piece === '') return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  #endLine(): void {
    this.lines.push(this.current);
    this.#startAgain();
  }

  #startAgain(): void {
    this.#pieces = [];
    this.#length = 0;
  }

  #feedSlowly(chunk: string): void {
    for (const character of chunk) {
      if (this.#escape === 'none') this.#put(character);
      else this.#skipEscape(character);
    }
  }

  #put(character: string): void {
    switch (character) {
      case '\n':
        this.#endLine();
        this.#returned = false;
        return;
      case '\r':
        this.#returned = true;
        return;
      case '\b':
        this.#takeBack();
        return;
      case '\u001b':
        this.#escape = 'escape';
        this.#escapeLength = 0;
        return;
      default:
    }
    if ((character < ' ' && character !== '\t') || character === '\u007f') return;
    if (this.#returned) {
      this.#startAgain();
      this.#returned = false;
    }
    this.#append(character);
  }

  #takeBack(): void {
    const last = this.#pieces.pop();
    if (last === undefined) return;
    this.#length -= 1;
    if (last.length > 1) this.#pieces.push(last.slice(0, -1));
  }

  #skipEscape(character: string): void {
    this.#escapeLength += 1;
    if (this.#escapeLength > MAX_SEQUENCE && this.#escape !== 'string') {
      this.#escape = 'none';
      this.#put(character);
      return;
    }
    switch (this.#escape) {
      case 'escape':
        if (character === '[') this.#escape = 'sequence';
        else if (character === ']' || character === 'P' || character === '^' || character === '_')
          this.#escape = 'string';
        else if ('()*+#%'.includes(character)) this.#escape = 'charset';
        else this.#escape = 'none';
        return;
      case 'sequence':
        if (character >= '@' && character <= '~') this.#escape = 'none';
        return;
      case 'charset':
        this.#escape = 'none';
        return;
      case 'string':
        // Ends with BEL or ESC \; a line end means that it was none.
        if (character === '\u0007') this.#escape = 'none';
        else if (character === '\u001b') this.#escape = 'escape';
        else if (character === '\n') {
          this.#escape = 'none';
          this.#put(character);
        }
        return;
      case 'none':
    }
  }
}
