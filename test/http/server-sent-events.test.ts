import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SentEventParser } from '../../src/http/events/server-sent-events.ts';

const STREAM =
  ': hello\nretry: 3000\n\nid: 5 a\nevent: reload\ndata: {"n":1}\n\n: still here\n\nid: 6 b\nevent: reload\ndata: {"n":2}\n\n';

test('comments and the retry time are no events; id and data are taken unchanged', () => {
  expect(new SentEventParser().push(STREAM)).toEqual([
    { id: '5 a', data: '{"n":1}' },
    { id: '6 b', data: '{"n":2}' },
  ]);
});

test('however the stream is cut, the events are the same', () => {
  const whole = new SentEventParser().push(STREAM);
  fc.assert(
    fc.property(fc.array(fc.nat(STREAM.length)), (cuts) => {
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length];
      const parser = new SentEventParser();
      const found = bounds.slice(1).flatMap((end, index) => parser.push(STREAM.slice(bounds[index], end)));
      expect(found).toEqual(whole);
    }),
  );
});

test('an event that never ends is dropped, and the next one is read', () => {
  const parser = new SentEventParser();
  expect(parser.push(`data: ${'x'.repeat(1_100_000)}`)).toEqual([]);
  expect(parser.push('\n\ndata: y\n\n')).toEqual([{ id: null, data: 'y' }]);
});
