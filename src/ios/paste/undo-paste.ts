/**
 * A captured text as the lines that a router printed, each with the place where it stood: characters, markup, quotes,
 * times, numbers and names in front of the lines are undone, in the order in which they were put on.
 */
import { PAGER_MARK, withoutDebris } from '../text/debris.ts';
import { plainCharacters } from './characters.ts';
import { decodedMail, textInJson, textInTasks, withBreaks } from './escaped-text.ts';
import { byHostOfMessage, withHostHeadings } from './host-headings.ts';
import { isPage, withoutHtml, withoutMarkdown } from './markup.ts';
import type { PastedLine } from './pasted-line.ts';
import {
  withoutCommonWord,
  withoutLineNumbers,
  withoutLogger,
  withoutQuotes,
  withoutStamps,
  withoutStringQuotes,
} from './prefixes.ts';
import { isTimeline, lostLineBreaks } from './unreadable.ts';
import { withoutMailHeaders } from './mail.ts';

export type Pasted =
  | {
      readonly kind: 'lines';
      readonly lines: readonly PastedLine[];
      readonly finalNewline: boolean;
    }
  /** What to do instead. */
  | {
      readonly kind: 'refused';
      readonly message: string;
      readonly lines: number;
    };

const TIMELINE = 'it is a recorded timeline: gdoiwatch replay reads it';
const LOST_LINE_BREAKS =
  'the line breaks of the answer are lost: copy it again as plain text, or save the terminal to a file';

/** Prefixes may stand before prefixes, as in a quote of a numbered listing with times. */
const MAX_ROUNDS = 3;

export function undoPaste(captured: string): Pasted {
  if (isTimeline(captured))
    return {
      kind: 'refused',
      message: TIMELINE,
      lines: numbered(captured).length,
    };
  const text = plainCharacters(withoutDebris(decodedMail(textInJson(captured) ?? withBreaks(textInTasks(captured)))));
  let lines = withoutMailHeaders(withoutMarkdown(withoutHtml(numbered(text))));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = lines;
    lines = withoutMarkdown(withoutPrefixes(lines));
    if (lines.every((pasted, index) => pasted.text === before[index]?.text)) break;
  }
  lines = byHostOfMessage(withHostHeadings(lines));
  if (lines.some((pasted) => lostLineBreaks(pasted.text)))
    return { kind: 'refused', message: LOST_LINE_BREAKS, lines: lines.length };
  return {
    kind: 'lines',
    lines,
    finalNewline: text.endsWith('\n') || isPage(text),
  };
}

function withoutPrefixes(lines: readonly PastedLine[]): readonly PastedLine[] {
  return withoutCommonWord(withoutLineNumbers(withoutLogger(withoutStamps(withoutStringQuotes(withoutQuotes(lines))))));
}

/** Lines with the numbers they had before the pager was taken out of them. */
function numbered(text: string): readonly PastedLine[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const numberedLines: PastedLine[] = [];
  let line = 1;
  for (const [index, shown] of lines.entries()) {
    numberedLines.push({ text: shown, line });
    // what stood before, in and behind the pager was one line
    if (shown !== PAGER_MARK && lines[index + 1] !== PAGER_MARK) line += 1;
  }
  return numberedLines;
}
