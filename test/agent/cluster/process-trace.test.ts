/** Is a process of this machine gone? Only what is certain is said. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { isGone, traceOf } from '../../../src/agent/cluster/process-trace.ts';

function idle(): ChildProcess {
  return spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'ignore'] });
}

test('a process is gone when it was killed, and not before', async () => {
  const child = idle();
  await once(child, 'spawn');
  const trace = traceOf(child.pid ?? 0);
  expect(trace).toMatch(/^linux /);
  expect(isGone(trace)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isGone(trace)).toBe(true);
});

test('a paused process is not gone', async () => {
  const child = idle();
  await once(child, 'spawn');
  const trace = traceOf(child.pid ?? 0);
  child.kill('SIGSTOP');
  expect(isGone(trace)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a process is gone whose number is another one’s by now', () => {
  const own = traceOf(process.pid);
  expect(isGone(own)).toBe(false);
  expect(isGone(own.replace(/\d+$/, '1'))).toBe(true);
});

test('nothing is said of another machine, of another namespace, or of what is no trace', () => {
  const gone = traceOf(process.pid).replace(/\d+$/, '1');
  expect(isGone(gone.replace(/ [0-9a-f]{8}/, ' 00000000'))).toBe(false);
  expect(isGone(gone.replace(/pid:\[\d+\]/, 'pid:[1]'))).toBe(false);
  for (const other of ['', 'linux', `${gone} `, `${gone}\n`, gone.toUpperCase()]) expect(isGone(other)).toBe(false);
  expect(traceOf(0)).toBe('');
});
