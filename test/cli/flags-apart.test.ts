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

test('a recording of two days, a file each, is one timeline in the order given', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const printed = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-replay-'));
  const failed = (second: number) => JSON.stringify({ at: 1_772_409_600 + second, device: 'gm1', error: 'timeout' });
  const files = ['2026-03-01', '2026-03-02', 'none'].map((day) => join(directory, `${day}.jsonl`));
  await writeFile(files[0]!, [failed(0), failed(60)].join('\n'));
  await writeFile(files[1]!, [failed(120), '{}', failed(180)].join('\n'));
  await replayCommand().parseAsync(files.slice(0, 2), { from: 'user' });
  const missing = await replayCommand()
    .parseAsync(files, { from: 'user' })
    .catch((error: unknown) => error);
  await rm(directory, { recursive: true });
  const events = printed.mock.calls.map(([text]) => JSON.parse(String(text)) as { type: string });
  // Neither day alone has as many failures as make a router unreachable.
  expect(events.map(({ type }) => type)).toEqual(['unreachable']);
  const skipped = expect.stringMatching(new RegExp(`^gdoiwatch: ${files[1]}:2: skipped: `));
  expect(said.mock.calls.map(([text]) => text)).toEqual([skipped, skipped]);
  expect(process.exitCode).toBe(1);
  process.exitCode = 0;
  expect(missing).toMatchObject({ code: 'file_unreadable', message: `cannot read ${files[2]}: no such file` });
});

test('a recording without a line is reported as empty', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await replayCommand().parseAsync(['/dev/null'], { from: 'user' });
  expect(said.mock.calls.map(([text]) => text)).toEqual(['gdoiwatch: /dev/null: no lines to replay\n']);
});
