import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Recorder } from '../../../src/agent/record/recorder.ts';
import { fleetSettings } from '../../../src/agent/poll/poll-target.ts';
import { FakeClock } from '../../builders/fake-clock.ts';
import { MemoryLogger } from '../../builders/memory-logger.ts';
import { aReport, NOON } from '../../builders/view-builder.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gdoiwatch-record-'));
});
afterEach(() => rm(directory, { recursive: true }));

const answer = {
  command: 'show crypto gdoi',
  text: 'GROUP INFORMATION\n',
  logLines: ['*Mar  1 01:12:10.919: %GDOI-5-SA_KEK_UPDATED: SA KEK was updated'],
  sentAtMs: NOON,
  receivedAtMs: NOON + 40,
} as const;

test('a poll is recorded as the timeline that replay reads: log lines, answers, failures, one file a day', async () => {
  const recorder = new Recorder({ directory, clock: new FakeClock(NOON), logger: new MemoryLogger() });
  recorder.record(aReport({}, { answers: [answer] }));
  recorder.record(aReport({}, { result: 'timeout' }, NOON + 60_000));
  await recorder[Symbol.asyncDispose]();
  const lines = (await readFile(join(directory, '2026-01-01.jsonl'), 'utf8')).trimEnd().split('\n');
  const first = {
    at: '2026-01-01T12:00:00.040Z',
    sent_at: '2026-01-01T12:00:00.000Z',
    device: 'gm1',
    poll: '2026-01-01T12:00:00.000Z/2026-01-01T12:00:00.000Z',
  };
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { ...first, syslog: answer.logLines[0] },
    { ...first, command: 'show crypto gdoi', output: answer.text },
    {
      at: '2026-01-01T12:01:00.000Z',
      sent_at: '2026-01-01T12:01:00.000Z',
      device: 'gm1',
      poll: '2026-01-01T12:01:00.000Z/2026-01-01T12:01:00.000Z',
      error: 'timeout',
    },
  ]);
});

test('a full disk is one error for the operator, is counted, and is tried again a minute later', async () => {
  const full = join(directory, 'full');
  await mkdir(full);
  await symlink('/dev/full', join(full, '2026-01-01.jsonl'));
  const clock = new FakeClock(NOON);
  const logger = new MemoryLogger();
  const recorder = new Recorder({ directory: full, clock, logger });
  const settled = () => expect.poll(() => recorder.idle).toBe(true);
  recorder.record(aReport({}, { answers: [answer] }));
  await settled();
  recorder.record(aReport({}, { answers: [answer] }));
  await settled();
  expect(logger.lines('error')).toEqual([
    expect.objectContaining({ reason: expect.stringContaining('ENOSPC'), file: join(full, '2026-01-01.jsonl') }),
  ]);
  expect(recorder.errors).toBe(1);

  await rm(join(full, '2026-01-01.jsonl'));
  await clock.advance(60_000);
  recorder.record(aReport({}, { answers: [answer] }));
  await recorder[Symbol.asyncDispose]();
  const lines = (await readFile(join(full, '2026-01-01.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(logger.messages('info')).toEqual(['recording goes on']);
});

test('a line that a full disk or a kill cut short costs itself alone, and what is recorded from there on can be replayed', async () => {
  const file = join(directory, '2026-01-01.jsonl');
  await writeFile(file, '{"at":"2026-01-01T11:59:59.000Z","device":"gm1","comm');
  const clock = new FakeClock(NOON);
  const recorder = new Recorder({ directory, clock, logger: new MemoryLogger() });
  recorder.settings({ fleet: fleetSettings([]), maintenance: [], devices: new Map() });
  recorder.record(aReport({}, { answers: [answer] }));
  await recorder[Symbol.asyncDispose]();
  const [cut, settings, ...rest] = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(cut).toMatch(/"comm$/);
  expect(JSON.parse(settings ?? '')).toHaveProperty('settings');
  expect(rest.map((line) => Object.keys(JSON.parse(line)).at(-1))).toEqual(['syslog', 'output']);
});

test('settings that a full disk refused are written when there is room: a file without them could not be replayed', async () => {
  const file = join(directory, '2026-01-01.jsonl');
  await symlink('/dev/full', file);
  const clock = new FakeClock(NOON);
  const recorder = new Recorder({ directory, clock, logger: new MemoryLogger() });
  recorder.settings({ fleet: fleetSettings([]), maintenance: [], devices: new Map() });
  recorder.record(aReport({}, { answers: [answer] }));
  await expect.poll(() => recorder.idle).toBe(true);
  await rm(file);
  await clock.advance(60_000);
  recorder.record(aReport({}, { result: 'timeout' }, NOON + 60_000));
  await recorder[Symbol.asyncDispose]();
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => Object.keys(JSON.parse(line)).at(-1))).toEqual(['settings', 'error']);
  // What did not reach the disk: the log line and the answer.
  expect(recorder.dropped).toBe(2);
});

test('a directory that was taken away is made again', async () => {
  const inside = join(directory, 'gone');
  await mkdir(inside);
  const clock = new FakeClock(NOON);
  const recorder = new Recorder({ directory: inside, clock, logger: new MemoryLogger() });
  recorder.record(aReport({}, { answers: [answer] }));
  await expect.poll(() => recorder.idle).toBe(true);
  await rm(inside, { recursive: true });
  recorder.record(aReport({}, { answers: [answer] }));
  await expect.poll(() => recorder.idle).toBe(true);
  await clock.advance(60_000);
  recorder.record(aReport({}, { answers: [answer] }));
  await recorder[Symbol.asyncDispose]();
  expect((await readFile(join(inside, '2026-01-01.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  expect(recorder.errors).toBe(1);
});
