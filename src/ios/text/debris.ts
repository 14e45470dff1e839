/**
 * What terminals and pagers leave in a text, character by character: taken out before lines are looked at.
 *
 * With none of it (the usual case for an answer that an agent asked for) a text is used as it is.
 */

/** Stands where the pager stood, so that an answer left there with `q` is known to be half. */
export const PAGER_MARK = '\u0001';
/** Stands for a line that was nothing but markup of a page. */
export const MARKUP_MARK = '\u0002';
/** Stands where a block of a page begins or ends: what is around it is no part of the answer inside. */
export const BLOCK_MARK = '\u0004';
/** Begins a line that names the router whose answers follow; at its end too where that is no line of the text. */
export const HOST_MARK = '\u0005';
/** Stands for a line that was joined to the one before it. */
export const WRAPPED_MARK = '\u0003';

/** With none of these (and no pager) in it a text is used as it is; behind this point every blank is a space. */
const DEBRIS = [
  '\t',
  '\r',
  '\b',
  '\0',
  '\u001b',
  '\u009b',
  '\u0007',
  '\u007f',
  '\f',
  '\v',
  '\u00a0',
  '\ufeff',
] as const;

// ESC[2K, ESC[?7l, ESC[38:5:10m, ESC[>4;1m, ESC=, ESC7, ESC M, ESC]0;title BEL, ESC P question ESC \, and 8-bit controls
const ANSI =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001b\[|\u009b)[0-?]{0,32}[ -/]{0,4}[@-~]|\u001b\][^\u0007\u001b\n]{0,256}(?:\u0007|\u001b\\)|\u001b[P^_X][^\u001b\n]{0,256}\u001b\\|\u001b[=>78DEHMZc]|\u001b[()*+][0-9A-Z]/g;
// ` --More-- `, `--more--`, `<--- More --->` and what the terminal printed to wipe it out
// oxlint-disable-next-line no-control-regex
const PAGER = /[ ]?(?:--[ ]?[Mm]ore[ ]?--|<--- [Mm]ore --->)(?:[ \b\u0000\u007f]|\r(?!\n))*/g;
// oxlint-disable-next-line no-control-regex
const IGNORED = /[\u0000\u0007\u007f]/g;
const LINE_BREAKS = /\r{1,8}\n|\n\r|[\r\f\v]/g;
const OTHER_BLANKS = /[\t\u00a0\ufeff]/g;

export function withoutDebris(text: string): string {
  if (!text.includes('More') && !text.includes('-more') && !DEBRIS.some((mark) => text.includes(mark))) return text;
  const plain = text
    .replace(ANSI, '')
    .replace(PAGER, `\n${PAGER_MARK}\n`)
    .replace(IGNORED, '')
    .replace(LINE_BREAKS, '\n')
    .replace(OTHER_BLANKS, ' ');
  return plain.includes('\b') ? erase(plain) : plain;
}

/** Applies backspaces as a terminal does, never beyond the start of the line. */
function erase(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      if (!line.includes('\b')) return line;
      const kept: string[] = [];
      for (const char of line) {
        if (char === '\b') kept.pop();
        else kept.push(char);
      }
      return kept.join('');
    })
    .join('\n');
}
