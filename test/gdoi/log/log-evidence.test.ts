/** One occurrence that several sources tell is one mark, in the words of the one that says most. */
import { expect, test } from 'vitest';
import { type LogMark, quoted, restartMark, withMark } from '../../../src/gdoi/log/log-evidence.ts';

const restartAt = (ms: number): LogMark => ({
  proof: 'restart',
  mnemonic: 'SYS-5-RESTART',
  detail: '',
  fromMs: ms,
  atMs: ms,
  key: `buffer ${ms}`,
  sources: ['buffer'],
});

test('a restart that the uptime shows and a message tells is quoted in the words of the message, whichever came first', () => {
  const byUptime = restartMark({ fromMs: 60_000, toMs: 70_000 });
  const message = restartAt(65_000);
  const said = [
    [byUptime, message],
    [message, byUptime],
  ].map((marks) => marks.reduce<readonly LogMark[]>(withMark, []).map(quoted));
  expect(said).toEqual([
    ['show logging: SYS-5-RESTART at 1970-01-01T00:01:05.000Z'],
    ['show logging: SYS-5-RESTART at 1970-01-01T00:01:05.000Z'],
  ]);
});
