/** CPU of processes as Linux counts it (proc(5)): user and system time, in hundredths of a second. */
import { readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Of a process with its threads; `ended`: and the children that it has waited for. */
export function cpuMsOf(pid: number, { ended = false }: { readonly ended?: boolean } = {}): number {
  return cpuMsIn(`/proc/${pid}/stat`, ended ? CPU_WITH_ENDED : CPU);
}

/** Of a process and the ones that it started and that still run. */
export function cpuMsOfAll(pid: number, options: { readonly ended?: boolean } = {}): number {
  return processesOf(pid).reduce((sum, each) => sum + cpuMsOf(each, options), 0);
}

/** Of the first thread alone. */
export function mainThreadCpuMs(pid: number): number {
  return cpuMsIn(`/proc/${pid}/task/${pid}/stat`, CPU);
}

/** The process itself, and the ones that its first thread started. */
export function processesOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [pid, ...children.map(Number)];
}

/** Fields behind the name, which may hold anything: utime and stime, then cutime and cstime. */
const CPU = [11, 13] as const;
const CPU_WITH_ENDED = [11, 15] as const;

function cpuMsIn(file: string, [from, to]: typeof CPU | typeof CPU_WITH_ENDED): number {
  const text = readFileSync(file, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields.slice(from, to).reduce((sum, ticks) => sum + Number(ticks), 0) * TICK_MS;
}
