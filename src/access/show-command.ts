/**
 * Everything the agent ever sends to a router: a fixed list. Nothing from outside is part of a command line, so group
 * names and addresses never travel to a device.
 */

/** Of the log buffer only what this program reads: it also holds users' commands, and may be megabytes. */
export const SHOW_LOG = 'show logging | include %GDOI-|%GKM-|%CRYPTO-|%PKI-|%LINEPROTO-|%LINK-|%SYS-5-RESTART';

/** Of the list of processes only its first line: how busy the router is. Each character is a packet of its echo. */
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

/** `gkm` is how newer XE images may spell it. */
export type Spelling = 'gdoi' | 'gkm';

export function mainCommand(spelling: Spelling): ShowCommand {
  return spelling === 'gdoi' ? 'show crypto gdoi' : 'show crypto gkm';
}

/** Is it the look at the processor? Recordings of before 29 November 2026 have it in more words. */
export function isCpuCommand(command: string): boolean {
  return command === SHOW_CPU || command === 'show processes cpu | include CPU utilization';
}

/** Is it the command whose answer lists the groups there are? */
export function isMainCommand(command: string): boolean {
  return command === mainCommand('gdoi') || command === mainCommand('gkm');
}
