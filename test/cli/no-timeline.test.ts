/** A file that is no recorded timeline: what it is, and what to do. */
import { expect, test } from 'vitest';
import { noTimeline } from '../../src/cli/text/no-timeline.ts';

test.each([
  ['a capture', 'GM1#show crypto gdoi', /gdoiwatch parse/u],
  ['a log', 'Mar  2 00:00:30.001: %GDOI-5-SA_TEK_UPDATED: SA TEK was updated', /gdoiwatch parse/u],
  ['an array', '[{"at": 1, "device": "gm1", "error": "timeout"}]', /array.*one object per line/u],
  ['objects over several lines', '{', /each in one line/u],
  ['UTF-16', '{\0"\0a\0t\0"\0', /UTF-8/u],
  ['a gzip file', '\u001f\ufffd\b', /unpack/u],
  ['objects that are none of its own', '{"time": 1}', /one JSON object per line/u],
])('%s', (_, first, advice) => {
  expect(noTimeline(first)).toMatch(advice);
});
