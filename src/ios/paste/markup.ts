/**
 * HTML, Markdown, and the tables of tickets around a router's lines. Only tags and entities that pages are made of are
 * taken out: `<cr>`, `<189>` and `<=== soon` are text.
 */
import { canonicalCommand } from '../text/command-name.ts';
import { BLOCK_MARK, MARKUP_MARK } from '../text/debris.ts';
import { readTechHeading } from '../text/prompt.ts';
import { isMark, type PastedLine } from './pasted-line.ts';

// ---- HTML

const TAG =
  /<!--[^>]{0,2000}-->|<!doctype[^>]{0,200}>|<\/?(?:html|head|title|meta|link|body|article|section|main|div|span|p|br|hr|pre|code|samp|kbd|tt|table|thead|tbody|tr|td|th|ul|ol|li|h[1-6]|b|i|u|em|strong|font|a|img|blockquote|small|style|script|o:p|v:\w{1,16})(?:\s[^<>]{0,2000})?\/?>/gi;
/** With one of these a text is a page; `<b>` and `<i>` alone make none. */
const IS_PAGE = /<(?:!doctype|html|body|div|pre|span|p|br|td|tr|table|code|blockquote|font)(?:\s[^<>]{0,2000})?\/?>/i;
/** Where they stand inside a line, the line ends. */
const BREAKING = /^<(?:br|hr|\/p|\/div|\/tr|\/li|\/pre|\/h[1-6]|\/blockquote|\/table|p|div|pre|tr|li|blockquote)\b/i;
const PREFORMATTED = /<\/?pre\b/i;
const CELL_END = /^<\/t[dh]\b/i;
const UNSEEN = /<(style|script|head)\b[^<>]{0,2000}>/i;

const ENTITY =
  /&(?:(gt|lt|amp|nbsp|quot|apos|ensp|emsp|thinsp|hellip|ndash|mdash|colon|num|lpar|rpar)|#(\d{1,6})|#x([0-9a-f]{1,5}));/gi;
const NAMED: ReadonlyMap<string, string> = new Map([
  ['gt', '>'],
  ['lt', '<'],
  ['amp', '&'],
  ['nbsp', ' '],
  ['ensp', ' '],
  ['emsp', ' '],
  ['thinsp', ' '],
  ['quot', '"'],
  ['apos', "'"],
  ['hellip', '...'],
  ['ndash', '-'],
  ['mdash', '-'],
  ['colon', ':'],
  ['num', '#'],
  ['lpar', '('],
  ['rpar', ')'],
]);
/** A page in a page: `&amp;gt;`. */
const MAX_DECODINGS = 3;
const LAST_CODE_POINT = 0x10ffff;
const CODE_NBSP = 0xa0;

export function isPage(text: string): boolean {
  return IS_PAGE.test(text);
}

export function withoutHtml(lines: readonly PastedLine[]): readonly PastedLine[] {
  const text = lines.map((line) => line.text).join('\n');
  const page = isPage(text);
  const entities = text.includes('&') && text.search(ENTITY) >= 0;
  if (!page && !entities) return lines;
  const shown = page ? withoutTags(lines) : lines;
  return entities ? shown.map(({ text: raw, line }) => ({ text: decoded(raw), line })) : shown;
}

function withoutTags(lines: readonly PastedLine[]): readonly PastedLine[] {
  const kept: PastedLine[] = [];
  let unseen: string | null = null;
  for (const { text, line } of lines) {
    if (unseen !== null) {
      if (text.toLowerCase().includes(`</${unseen}`)) unseen = null;
      kept.push({ text: MARKUP_MARK, line });
      continue;
    }
    const opens = UNSEEN.exec(text)?.[1]?.toLowerCase();
    if (opens !== undefined && !text.toLowerCase().includes(`</${opens}`)) {
      unseen = opens;
      kept.push({ text: MARKUP_MARK, line });
      continue;
    }
    for (const part of linesOfMarkup(text)) kept.push({ text: part, line });
  }
  return kept;
}

/** The lines that a line of a page shows. */
function linesOfMarkup(text: string): readonly string[] {
  if (!text.includes('<')) return [text];
  const broken = text.replace(TAG, (tag) => (BREAKING.test(tag) ? '\n' : CELL_END.test(tag) ? '  ' : ''));
  const shown = broken.split('\n').filter((part) => part.trim() !== '');
  const block = PREFORMATTED.test(text);
  if (shown.length === 0) return [text.trim() === '' ? text : block ? BLOCK_MARK : MARKUP_MARK];
  return block && /^\s*<pre\b/i.test(text) ? [BLOCK_MARK, ...shown] : shown;
}

function decoded(text: string): string {
  let result = text;
  for (let round = 0; round < MAX_DECODINGS && result.includes('&'); round++) {
    const next = result.replace(ENTITY, (entity, name?: string, decimal?: string, hex?: string) => {
      if (name !== undefined) return NAMED.get(name.toLowerCase()) ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
      if (code === CODE_NBSP) return ' ';
      return code > 0 && code <= LAST_CODE_POINT ? String.fromCodePoint(code) : entity;
    });
    if (next === result) break;
    result = next;
  }
  return result;
}

// ---- Markdown and tickets

// ``` / ~~~text / {code:title=gm1} / {noformat} / [code] / ---8<---
const FENCE =
  /^\s{0,8}(?:`{3,16}|~{3,16})\s{0,4}[\w+.-]{0,24}\s{0,4}$|^\s{0,8}\{(?:code|noformat|panel|quote)[^{}]{0,80}\}\s*$|^\s{0,8}\[\/?(?:code|quote|pre)[^[\]]{0,80}\]\s*$/i;
// #+BEGIN_EXAMPLE / <nowiki> / `Script started on Sun ...` of script(1)
const FRAME =
  /^\s{0,8}(?:#\+(?:BEGIN|END)_(?:EXAMPLE|SRC|QUOTE)\b.{0,80}|<\/?(?:nowiki|syntaxhighlight)\b[^<>]{0,80}>|Script (?:started|done) on .{10,160})\s*$/i;
// the rule of AsciiDoc, and what PuTTY writes at the beginning of its log
const LITTER = /^(?:-{4}|\.{4}|(?:=~){4,20}=? PuTTY log [\d. :]{8,30} (?:=~){4,20}=?)\s*$/;
// <rpc-reply message-id="1"> / <output><![CDATA[ / ]]></output>
const XML_BEFORE =
  /^(?:\s{0,40}<\/?(?:rpc-reply|data|output|result|response|cli|stdout|msg)(?:\s[^<>]{0,200})?>)*(?:\s{0,40}<!\[CDATA\[)?/;
const XML_AFTER = /(?:\]\]>)?(?:\s{0,8}<\/(?:rpc-reply|data|output|result|response|cli|stdout|msg)>)*\s{0,8}$/;

/** Off the lines between which an XML document has the output. */
function withoutXml(pasted: PastedLine): PastedLine {
  const { text, line } = pasted;
  if (isMark(pasted) || !/<(?:\/|rpc-reply|data|output|result|response|cli|stdout|msg|!\[CDATA)|\]\]>/.test(text))
    return pasted;
  const rest = text.replace(XML_BEFORE, '').replace(XML_AFTER, '');
  return { text: rest === text || rest.trim() !== '' ? rest : MARKUP_MARK, line };
}

// | --- | :---: | and +-----+-----+ and the frames of box characters
const TABLE_RULE =
  /^\s{0,8}(?:[|+](?=.*-{2})[-+|:= ]{2,400}|(?=\s{0,40}[\u2500-\u257f])[\u2500-\u257f\s]{3,400}|:?-{2,200}:?(?:\s?\|\s?:?-{2,200}:?){1,20})\s*$/;
const BOX_BAR = /[\u2502\u2503\u2551]/g;
// \_ \# \* \| \>
const ESCAPED = /\\([_#*|<>[\]()`~.-])/g;
// `Group Name : WAN`
const CODE_SPAN = /^(\s*)`([^`]{1,400})`\s*$/;
/** What headings, lists and bold text put before and after a command. */
const BEFORE_COMMAND = /^[\s#>*_`~$\d.)+-]{1,24}/;
const AFTER_COMMAND = /[\s*_`~:]{1,12}$/;

export function withoutMarkdown(lines: readonly PastedLine[]): readonly PastedLine[] {
  let columns: number | null = null;
  return lines.map((shown, index) => {
    const pasted = withoutXml(shown);
    const { line } = pasted;
    if (isMark(pasted)) return pasted;
    const text = pasted.text.replace(BOX_BAR, '|');
    if (FENCE.test(text) || FRAME.test(text)) return { text: BLOCK_MARK, line };
    if (LITTER.test(text)) return { text: MARKUP_MARK, line };
    if (TABLE_RULE.test(text)) {
      if (text.includes('|')) columns = columnsOf(lines[index - 1]?.text ?? '');
      return { text: MARKUP_MARK, line };
    }
    if (!/^\s*\|/.test(text) && !(columns !== null && text.includes(' | '))) columns = null;
    const unescaped = text.includes('\\') ? text.replace(ESCAPED, '$1') : text;
    const plain = CODE_SPAN.exec(unescaped)?.[2] ?? unescaped;
    const row = columns === null ? plain : tableRow(plain, columns);
    return { text: commandInMarkup(row) ?? row, line };
  });
}

function columnsOf(heading: string): number {
  return heading.split('|').filter((cell) => cell.trim() !== '').length;
}

/** A row of two cells is a label and its value, one of more is a row of columns. */
function tableRow(text: string, columns: number): string {
  const cells = text
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
  if (cells.length !== columns || columns < 2) return text;
  return columns === 2 && !(cells[0] ?? '').includes(':') ? cells.join(' : ') : cells.join('  ');
}

/** `### \`show version\`` and `2. **show clock**` as what was typed; null: the line is no command in markup. */
function commandInMarkup(text: string): string | null {
  // `---- show version ----` is the router's own heading
  if (!BEFORE_COMMAND.test(text) || text.length > 200 || readTechHeading(text.trim()) !== null) return null;
  const bare = text.replace(BEFORE_COMMAND, '').replace(AFTER_COMMAND, '');
  return canonicalCommand(bare) === null ? null : bare;
}
