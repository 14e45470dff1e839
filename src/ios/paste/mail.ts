/** Header lines of a mail, its parts' boundaries, and what mail programs write above a quote. */
import { MARKUP_MARK } from '../text/debris.ts';
import { isMark, type PastedLine } from './pasted-line.ts';

const HEADER =
  /^\s{0,4}(?:> ?)*\*?(From|To|Cc|Bcc|Sender|Subject|Date|Sent|Reply-To|In-Reply-To|References|Message-ID|Return-Path|Received|Delivered-To|MIME-Version|Content-(?:Type|Transfer-Encoding|Disposition|Language|ID)|Importance|X-[\w-]{1,40}|Thread-\w{1,20}|List-\w{1,20}|DKIM-Signature|Authentication-Results|User-Agent|Von|An|Betreff|Gesendet|Datum|De|Objet|Envoy\S{1,3})\*?\s?:\*?(?:\s|$)/i;
// folded header lines begin with a blank
const FOLDED = /^[ \t]{1,8}\S/;
/** Of different names: certificates print `Subject:` one after the other. */
const LEAST_HEADERS = 2;
const BOUNDARY = /^--[\w=.'()+,/:?-]{10,80}$/;
const ABOVE_QUOTE =
  /^\s{0,4}(?:> ?)*(?:-{2,16} ?(?:Original Message|Forwarded message|Weitergeleitete Nachricht|Urspr.{1,3}ngliche Nachricht|Begin forwarded message) ?-{0,16}|(?:On|Am|Le) .{4,160} (?:wrote|schrieb|a \S{1,8}crit).{0,80}:)\s*$/i;

export function withoutMailHeaders(lines: readonly PastedLine[]): readonly PastedLine[] {
  const result = [...lines];
  let run: number[] = [];
  const mark = (index: number) => {
    result[index] = { text: MARKUP_MARK, line: lines[index]?.line ?? 0 };
  };
  const close = () => {
    const headers = new Set(run.map((index) => headerName(lines[index]?.text ?? '')).filter((name) => name !== null));
    if (headers.size >= LEAST_HEADERS) for (const index of run) mark(index);
    run = [];
  };
  for (const [index, pasted] of lines.entries()) {
    if (isMark(pasted)) continue;
    if (headerName(pasted.text) !== null || (run.length > 0 && FOLDED.test(pasted.text))) run.push(index);
    else close();
    if (ABOVE_QUOTE.test(pasted.text) || (BOUNDARY.test(pasted.text) && /\d/.test(pasted.text))) mark(index);
  }
  close();
  return result;
}

/** In small letters; null: the line is no header. */
function headerName(text: string): string | null {
  return HEADER.exec(text)?.[1]?.toLowerCase() ?? null;
}
