/**
 * How many SSH sessions may stay open, by the files that the process may open: each takes one. Where devices outnumber them,
 * those beyond log in at each poll instead of failing; and the metrics, the page and the store still find a descriptor.
 */
import { readFileSync } from 'node:fs';
import type { ResolvedConfig } from '../config/resolved-config.ts';
import type { Logger } from '../kernel/logger.ts';

/** Store, listeners, threads (some 60), HTTP and pushing. */
const FOR_THE_REST = 100;

/** What is under way may take of the files at most. */
const FOR_LOGINS = 0.25;

export interface SessionBounds {
  readonly maxHandshakes: number;
  /** Sessions that stay open between two polls. */
  readonly maxOpenSessions: number;
}

/** `allowed`: open files; infinite where no limit is known. */
export function sessionBounds(allowed: number, maxHandshakes: number): SessionBounds {
  const logins = Math.max(1, Math.min(maxHandshakes, Math.floor(allowed * FOR_LOGINS)));
  return { maxHandshakes: logins, maxOpenSessions: Math.max(0, allowed - FOR_THE_REST - logins) };
}

/** One line of the log where sessions with these devices cannot stay open: at the start, and when the devices change. */
export function warnOfFewFiles(
  { ssh, devices }: Pick<ResolvedConfig, 'ssh' | 'devices'>,
  logger: Logger,
  allowed = openFilesAllowed(),
): void {
  const { maxOpenSessions } = sessionBounds(allowed, ssh.maxHandshakes);
  const wanted = devices.filter((device) => device.ssh?.session === 'persistent').length;
  if (wanted <= maxOpenSessions) return;
  const needed = wanted + ssh.maxHandshakes + FOR_THE_REST;
  logger.warn(
    { openFiles: allowed, devices: wanted, sessionsKept: maxOpenSessions, needed },
    'this process may not open enough files to keep a session with each device: those beyond log in at each poll; raise LimitNOFILE or ulimit -n',
  );
}

/** Infinite where the system does not tell. */
export function openFilesAllowed(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
