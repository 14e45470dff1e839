/** An occurrence that several sources report is one mark, in the words of the most detailed source. */
import { expect, test } from 'vitest';
import { type LogMark, quotedMark, restartMark, withMark } from '../../../src/gdoi/log/log-evidence.ts';

const restartAt = (ms: number): LogMark => ({
  proof: 'restart',
  mnemonic: 'SYS-5-RESTART',
  detail: '',
  fromMs: ms,
  atMs: ms,
  key: `buffer ${ms}`,
  sources: ['buffer'],
});

test('quotes a restart in the words of its message, whether the message or the uptime came first', () => {
  const byUptime = restartMark({ fromMs: 60_000, toMs: 70_000 });
  const message = restartAt(65_000);
  const said = [
    [byUptime, message],
    [message, byUptime],
  ].map((marks) => marks.reduce<readonly LogMark[]>(withMark, []).map(quotedMark));
  expect(said).toEqual([
    ['show logging: SYS-5-RESTART at 1970-01-01T00:01:05Z'],
    ['show logging: SYS-5-RESTART at 1970-01-01T00:01:05Z'],
  ]);
});
