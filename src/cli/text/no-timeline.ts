/** What a file may be of which no line is of a recorded timeline, and what to do with it. */

/** `first`: the first line that was skipped, or its beginning. */
export function noTimeline(first: string): string {
  const text = first.trimStart();
  if (first.startsWith('\u001f\ufffd') || first.startsWith('PK\u0003')) return 'it is compressed: unpack it first';
  if (first.includes('\0')) return 'it is UTF-16: save it as UTF-8';
  if (text.startsWith('[')) return 'it is a JSON array: write one object per line (jq -c ".[]")';
  if (text.startsWith('{') && !text.trimEnd().endsWith('}'))
    return 'its objects are spread over lines: write each in one line (jq -c .)';
  return 'a timeline has one JSON object per line; gdoiwatch parse reads what routers printed';
}
