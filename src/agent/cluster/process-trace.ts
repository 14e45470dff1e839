/**
 * What a process leaves for others in the store, so that one on the same machine can tell for certain that it is gone:
 * boot, PID namespace, PID and start tick. If any of them is another machine's or cannot be read, nothing is concluded.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { codeOf } from '../../kernel/error-code.ts';

const TRACE = /^linux ([0-9a-f-]{36}) (pid:\[\d{1,20}\]) (\d{1,10}) (\d{1,20})$/;

interface Seen {
  readonly state: string;
  readonly start: string;
}

/** Empty if this system does not tell. */
export function traceOf(pid: number): string {
  try {
    const seen = look(pid);
    return seen === null ? '' : `linux ${boot()} ${namespace()} ${pid} ${seen.start}`;
  } catch {
    return '';
  }
}

/** Whether the process that left this trace ran on this machine and has ended. */
export function isGone(trace: string): boolean {
  const [, ofBoot, ofNamespace, pid, start] = TRACE.exec(trace) ?? [];
  try {
    if (ofBoot !== boot() || ofNamespace !== namespace()) return false;
    // Not by reading /proc, which may hide other users' processes.
    if (!exists(Number(pid))) return true;
    const seen = look(Number(pid));
    // Its PID is another process's by now; or it is a zombie.
    return seen !== null && (seen.start !== start || seen.state === 'Z' || seen.state === 'X');
  } catch {
    return false;
  }
}

/** Whether it ran, or runs, on this machine, with this one's addresses as far as that can be told. */
export function isHere(trace: string): boolean {
  const [, ofBoot, ofNamespace] = TRACE.exec(trace) ?? [];
  try {
    return ofBoot === boot() && ofNamespace === namespace();
  } catch {
    return false;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

function boot(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function namespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

/** proc(5): the third and the 22nd field; the second, in brackets, may contain anything. */
function look(pid: number): Seen | null {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  return state === undefined || start === undefined ? null : { state, start };
}
