/**
 * Every command line that the agent ever sends to a router over SSH: a fixed list. Nothing from outside is part of one,
 * so group names and addresses are never sent to a device. Beside them it types only what the login dialogue asks for
 * (user name, passwords), newlines, and a blank for the pager.
 */

/** At login: no pager, no wrapped lines. */
export const NO_PAGER = 'terminal length 0';
export const NO_WRAPPED_LINES = 'terminal width 511';

/** At login, only if a password for it is configured. */
export const ENABLE = 'enable';

/** Before the session is closed. */
export const EXIT = 'exit';

/**
 * Only the lines of the log buffer that this program reads: it also contains users' commands, and may have megabytes.
 */
export const SHOW_LOG = 'show logging | include %GDOI-|%GKM-|%CRYPTO-|%PKI-|%LINEPROTO-|%LINK-|%SYS-5-RESTART';

/** Only the first line of the process list: how busy the router is. Each character is a packet of its echo. */
export const SHOW_CPU = 'show processes cpu | include ^CPU';

export const SHOW_CERTIFICATES = 'show crypto pki certificates';

export const SHOW_COMMANDS = [
  'show version',
  'show clock',
  SHOW_LOG,
  SHOW_CPU,
  SHOW_CERTIFICATES,
  'show crypto gdoi',
  'show crypto gdoi gm rekey detail',
  'show crypto gdoi gm replay',
  'show crypto gdoi gm dataplane counters',
  'show crypto gdoi ks',
  'show crypto gdoi ks policy',
  'show crypto gdoi ks members',
  'show crypto gdoi ks members summary',
  'show crypto gdoi ks coop',
  'show crypto gkm',
  'show crypto gkm gm rekey detail',
  'show crypto gkm gm replay',
  'show crypto gkm gm dataplane counters',
  'show crypto gkm ks',
  'show crypto gkm ks policy',
  'show crypto gkm ks members',
  'show crypto gkm ks members summary',
  'show crypto gkm ks coop',
] as const;

export type ShowCommand = (typeof SHOW_COMMANDS)[number];

/** Newer XE images may spell it `gkm`. */
export type Spelling = 'gdoi' | 'gkm';

export function mainCommand(spelling: Spelling): ShowCommand {
  return spelling === 'gdoi' ? 'show crypto gdoi' : 'show crypto gkm';
}

/** Whether it asks for the CPU. Recordings from before 29 November 2026 have a longer form. */
export function isCpuCommand(command: string): boolean {
  return command === SHOW_CPU || command === 'show processes cpu | include CPU utilization';
}

/** Whether its answer lists the groups. */
export function isMainCommand(command: string): boolean {
  return command === mainCommand('gdoi') || command === mainCommand('gkm');
}
