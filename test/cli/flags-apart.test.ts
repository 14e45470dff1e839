import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { untilFlag } from '../../src/cli/history-flags.ts';
import { replayCommand } from '../../src/cli/replay.ts';

afterEach(() => vi.restoreAllMocks());

test.each([
  [['gm1', '--timeout', '3'], '--timeout goes with --host; for a configured device it is set in the configuration'],
  [
    ['--group', 'G1', '--username', 'x'],
    '--username goes with --host; for a configured device it is set in the configuration',
  ],
  [['gm1', '--json', '--perfdata'], '--json and --perfdata do not go together'],
])('check %j is refused before anything is asked', async (flags, message) => {
  await expect(checkCommand().parseAsync(flags, { from: 'user' })).rejects.toMatchObject({
    code: 'usage_invalid',
    message,
  });
});

test.each(['12', '2026-02-30', 'yesterday', 'Mar 2'])('--until %s is neither an instant nor an age', (text) => {
  expect(() => untilFlag('').parseArg?.(text, undefined)).toThrow('it must be an ISO 8601 time or an age');
});

test('a recording with its newest line first is reported as out of order', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-replay-'));
  const file = join(directory, 'newest-first.jsonl');
  const lines = [120, 60, 0].map((second) =>
    JSON.stringify({ at: 1_772_409_600 + second, device: 'gm1', error: 'timeout' }),
  );
  await writeFile(file, lines.join('\n'));
  await replayCommand().parseAsync([file], { from: 'user' });
  await rm(directory, { recursive: true });
  expect(said.mock.calls.map(([text]) => text)).toEqual([
    `gdoiwatch: ${file}: not in time order for each device: taken as a clock that was set back, 2 times\n`,
  ]);
});

test('a recording without a line is reported as empty', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await replayCommand().parseAsync(['/dev/null'], { from: 'user' });
  expect(said.mock.calls.map(([text]) => text)).toEqual(['gdoiwatch: /dev/null: no lines to replay\n']);
});
