/**
 * Characters that word processors, chats and web pages put in place of a router's ASCII: quotation marks, dashes,
 * blanks of other widths, marks of no width, and full-width forms.
 */

// oxlint-disable-next-line no-control-regex -- plain text is told from all other by its characters
const PLAIN = /^[\n\r\t\u0001 -~]*$/;
const LINE_BREAKS = /\u0085|\u2028|\u2029/g;
// oxlint-disable-next-line no-misleading-character-class -- each is a mark of its own here
const NO_WIDTH = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]/g;
const BLANKS = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const SINGLE_QUOTES = /[\u2018\u2019\u201a\u201b\u2032\u02bc]/g;
const DOUBLE_QUOTES = /[\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb]/g;
const COLONS = /[\u2236\ua789\ufe55]/g;
// ^[[32m and ^M, as editors and `cat -v` show controls
const SHOWN_CONTROLS = /\^\[\[[0-?]{0,32}[@-~]|\^M$/gm;
const DASHES = /[\u2010-\u2015\u2212\u00ad]/g;
// ！ to ～: the ASCII characters in the width of a Chinese one; `（` begins an author's remark and stays
const FULL_WIDTH = /[\uff01-\uff07\uff0a-\uff5e]/g;
const FULL_WIDTH_SHIFT = 0xfee0;

export function plainCharacters(pasted: string): string {
  const text = pasted.includes('^') ? pasted.replace(SHOWN_CONTROLS, '') : pasted;
  if (PLAIN.test(text)) return text;
  return text
    .replace(LINE_BREAKS, '\n')
    .replace(NO_WIDTH, '')
    .replace(BLANKS, ' ')
    .replace(SINGLE_QUOTES, "'")
    .replace(DOUBLE_QUOTES, '"')
    .replace(DASHES, '-')
    .replace(COLONS, ':')
    .replace(FULL_WIDTH, (wide) => String.fromCharCode(wide.charCodeAt(0) - FULL_WIDTH_SHIFT));
}
