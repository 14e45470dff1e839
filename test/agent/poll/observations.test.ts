/** What of an answer goes on from where it was read. */
import { expect, test } from 'vitest';
import { readAnswerText } from '../../../src/agent/poll/observations.ts';
import { MOST_LOG_MESSAGES } from '../../../src/gdoi/seen/row-bounds.ts';

const LOG = Array.from({ length: MOST_LOG_MESSAGES + 3 }, (_, index) => `%GDOI-5-SA_TEK_UPDATED: SA ${index}`);
const newest = `SA ${MOST_LOG_MESSAGES + 2}`;

test('of a router’s log the newest messages go on, however long its buffer is', () => {
  const reading = readAnswerText('show logging', LOG.join('\n'));
  const [log] = reading.kind === 'read' ? reading.snapshots : [];
  const messages = log?.role === 'log' ? log.messages : [];
  expect(messages).toHaveLength(MOST_LOG_MESSAGES);
  expect(messages.at(-1)?.text).toBe(newest);
});

test('so do those that landed inside another answer', () => {
  const reading = readAnswerText('show clock', [...LOG, '*12:00:00.000 UTC Mon Nov 30 2026'].join('\n'));
  const messages = reading.kind === 'read' ? reading.logMessages : [];
  expect(messages).toHaveLength(MOST_LOG_MESSAGES);
  expect(messages.at(-1)?.text).toBe(newest);
});
