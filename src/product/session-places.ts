/**
 * Where SSH sessions live, decided by cores, devices and the files that a process may open: each session takes one.
 *
 * Threads beside the main one take ssh2 and reading off it, half of what a poll costs (`npm run bench -- fleet`), so
 * more than a few would have nothing to do. Each takes some 60 MB however few its devices. If one process may not open
 * a file for each session, sessions live in processes, which may open as many files each; and if these are not enough
 * either, the remaining devices log in at each poll instead of failing. The metrics, the page and the store always find
 * a descriptor.
 */
import { existsSync } from 'node:fs';
import type { WorkerKind } from '../access/ssh/worker-start.ts';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { Logger } from '../kernel/logger.ts';
import { packageFile } from '../kernel/package-file.ts';
import { openFilesAllowed } from './open-files.ts';

/** The module of such a worker. It does not exist before a build: then sessions live in the main thread. */
const SESSION_WORKER = packageFile('dist/workers/ssh-session-worker.js');

const MOST_THREADS = 4;
const DEVICES_FOR_ANOTHER_THREAD = 1_000;
const MOST_PROCESSES = 8;

/** Open files of the main process besides sessions: store, listeners, threads (some 60), HTTP and pushing. */
const FOR_THE_REST = 100;
/** Open files of a process with nothing but sessions: some 20, and name look-ups. */
const OF_A_WORKER = 50;
/** Largest share of the files for logins under way. */
const FOR_LOGINS = 0.25;
/** Hosts are spread over processes by chance: one may have some more than its share. */
const EVENLY = 0.9;

export interface SessionPlaces {
  /** 0: sessions live in the main thread. */
  readonly workers: number;
  readonly workerKind: WorkerKind;
  /** For one process; infinite if no limit is known. */
  readonly openFiles: number;
  readonly maxHandshakes: number;
  /** Sessions that stay open between two polls. */
  readonly maxOpenSessions: number;
}

interface Around {
  readonly cores: number;
  /** Devices with SSH. */
  readonly devices: number;
  /** Of these, devices whose session stays open between two polls. */
  readonly sessions: number;
  /** Open files of one process; infinite where no limit is known. */
  readonly openFiles: number;
  /** As configured. */
  readonly maxHandshakes: number;
}

export function sessionPlaces(around: Around): SessionPlaces {
  const { cores, devices, sessions, openFiles } = around;
  const maxHandshakes = Math.max(1, Math.min(around.maxHandshakes, Math.floor(openFiles * FOR_LOGINS)));
  const sessionsBeside = (rest: number) => Math.max(0, openFiles - rest - maxHandshakes);
  const inOne = sessionsBeside(FOR_THE_REST);
  const eachProcess = Math.floor(sessionsBeside(OF_A_WORKER) * EVENLY);
  const processes = Math.min(MOST_PROCESSES, Math.ceil(sessions / Math.max(1, eachProcess)));
  if (sessions <= inOne || processes * eachProcess <= inOne) {
    const workers = threads(cores, devices);
    return { workers, workerKind: 'thread', openFiles, maxHandshakes, maxOpenSessions: inOne };
  }
  const maxOpenSessions = processes * eachProcess;
  return { workers: processes, workerKind: 'process', openFiles, maxHandshakes, maxOpenSessions };
}

/** With one core there is none to share with. */
function threads(cores: number, devices: number): number {
  return Math.max(0, Math.min(MOST_THREADS, cores - 1, Math.ceil(devices / DEVICES_FOR_ANOTHER_THREAD) || 1));
}

/** What access to devices is given at the start; `workerUrl`: the module of a worker. */
export function sessionPlacesOf(
  { ssh, devices }: Pick<ResolvedConfig, 'ssh' | 'devices'>,
  cores: number,
): SessionPlaces & { readonly workerUrl: URL } {
  const around = {
    openFiles: openFilesAllowed(),
    maxHandshakes: ssh.maxHandshakes,
    devices: devices.filter((device) => device.ssh !== null).length,
  };
  const places = existsSync(SESSION_WORKER)
    ? sessionPlaces({ ...around, cores, sessions: sessionsWanted(devices) })
    : sessionPlaces({ ...around, cores: 1, sessions: 0 });
  return { ...places, workerUrl: SESSION_WORKER };
}

/** One log line if sessions with these devices cannot all stay open: at the start, and when the devices change. */
export function warnOfFewFiles(
  { ssh, devices }: Pick<ResolvedConfig, 'ssh' | 'devices'>,
  { workerKind, openFiles, maxOpenSessions }: SessionPlaces,
  logger: Logger,
): void {
  const wanted = sessionsWanted(devices);
  if (wanted <= maxOpenSessions) return;
  const helps = workerKind === 'thread' ? ', or restart the agent: it then opens more in helper processes' : '';
  logger.warn(
    { openFiles, devices: wanted, sessionsKept: maxOpenSessions, needed: wanted + ssh.maxHandshakes + FOR_THE_REST },
    `the limit on open files is too low to keep a session with each device: the rest log in at each poll; raise LimitNOFILE or ulimit -n${helps}`,
  );
}

function sessionsWanted(devices: ResolvedConfig['devices']): number {
  return devices.filter((device) => device.ssh?.session === 'persistent').length;
}
