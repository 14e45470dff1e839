/**
 * `show version`: release, platform, uptime and the reason of the last reload.
 *
 * The line of the main image decides the release: it names the image in brackets (`(X86_64_LINUX_IOSD-UNIVERSALK9-M),
 * Version 16.9.3`). IOS XE 16 and 17 print before it another line with the zero-padded or build form of the same; boot
 * loaders have lines of their own. Most of the rest (licences, modules, legal text) is free text and is not looked at.
 */
import type { DeviceFacts } from '../../gdoi/seen/device-facts.ts';
import { IMAGE_LINE, parseImageLine } from '../../gdoi/seen/image-line.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';

// Cisco IOS XE Software, Version 16.09.03
const XE_TITLE = /^Cisco IOS[ -]XE Software, Version (\S{1,80})$/i;
// isr4k uptime is 2 days, 3 hours, 18 minutes
const UPTIME = /^(\S{1,64}) uptime is (.{1,120})$/;
// cisco ISR4451-X/K9 (2RU) processor with 1795979K/6147K bytes of memory.
const HARDWARE = /^cisco (\S{1,64}) \(.{0,120}\bwith .{0,80}bytes of (?:physical )?memory\.?$/i;
// Last reload reason: Reload Command
const RELOAD_REASON = /^Last reload reason ?: ?(.{1,200})$/i;
// System returned to ROM by reload at 10:26:47 EST Mon Dec 9 2019
const RETURNED_TO_ROM = /^System returned to ROM by +(.{1,200})$/i;
const AT_TIME = / at \d{1,2}:\d{2}:\d{2}\b.{0,160}$/;
// Cisco Internetwork Operating System Software
const OLD_TITLE = /^Cisco Internetwork Operating System Software$/;

// 1 year, 22 weeks, 6 days, 9 hours, 38 minutes
const UPTIME_PART = /^(\d{1,5}) (year|week|day|hour|minute)s?$/;
/** A year of uptime is 365 days on the device. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  year: 365 * 86400,
  week: 7 * 86400,
  day: 86400,
  hour: 3600,
  minute: 60,
};

function parseUptime(text: string): number | null {
  let total = 0;
  for (const part of text.split(/, ?/)) {
    const match = UPTIME_PART.exec(part.trim());
    const unit = UNIT_SECONDS[match?.[2] ?? ''];
    if (match === null || unit === undefined) return null;
    total += Number(match[1]) * unit;
  }
  return total;
}

interface FactsDraft {
  hostname: string | null;
  xe: boolean;
  mainVersion: string | null;
  titleVersion: string | null;
  platform: string | null;
  uptimeSeconds: number | null;
  reloadReason: string | null;
  returnedBy: string | null;
  oldTitle: boolean;
}

function readVersion(answer: Answer): Reading {
  const draft: FactsDraft = {
    hostname: null,
    xe: false,
    mainVersion: null,
    titleVersion: null,
    platform: null,
    uptimeSeconds: null,
    reloadReason: null,
    returnedBy: null,
    oldTitle: false,
  };
  for (const line of answer.lines) readLine(draft, line);
  const version = draft.mainVersion ?? draft.titleVersion;
  const facts: DeviceFacts = {
    role: 'device',
    hostname: draft.hostname,
    software: version === null ? null : draft.xe ? 'ios-xe' : 'ios',
    version,
    platform: draft.platform,
    uptimeSeconds: draft.uptimeSeconds,
    reloadReason: draft.reloadReason ?? draft.returnedBy,
  };
  const recognised = version !== null || draft.hostname !== null || draft.oldTitle;
  return {
    snapshots: [facts],
    unknown: [],
    recognised,
    missing: answer.ending === 'prompt' ? null : missingIn(facts),
  };
}

function readLine(draft: FactsDraft, line: string): void {
  const image = parseImageLine(line);
  if (image !== null) {
    draft.mainVersion ??= image.version;
    draft.xe ||= image.software === 'ios-xe';
    return;
  }
  const title = XE_TITLE.exec(line)?.[1];
  if (title !== undefined) {
    draft.titleVersion ??= title;
    draft.xe = true;
    return;
  }
  if (OLD_TITLE.test(line)) draft.oldTitle = true;
  const uptime = UPTIME.exec(line);
  if (uptime !== null && draft.hostname === null) {
    draft.uptimeSeconds = parseUptime(uptime[2] ?? '');
    if (draft.uptimeSeconds !== null) draft.hostname = uptime[1] ?? null;
    return;
  }
  draft.platform ??= HARDWARE.exec(line)?.[1] ?? null;
  draft.reloadReason ??= RELOAD_REASON.exec(line)?.[1]?.trim() ?? null;
  draft.returnedBy ??= RETURNED_TO_ROM.exec(line)?.[1]?.replace(AT_TIME, '').trim() ?? null;
}

/** The hardware line comes after everything that is read; what follows it (ports, memory, licences) varies. */
function missingIn(facts: DeviceFacts): string | null {
  if (facts.version === null) return 'the release';
  if (facts.uptimeSeconds === null) return 'the uptime';
  return facts.platform === null ? 'the hardware' : null;
}

export const showVersion: CommandGrammar = {
  names: ['show version'],
  recognisedBy: [IMAGE_LINE, XE_TITLE, OLD_TITLE, /^Cisco IOS Software\b/, /^IOS \(tm\) /],
  // what is cut behind the hardware line is never read, and what is cut before it leaves the hardware missing
  closedLines: [/^(?!cisco \S{1,64} \().{0,4096}$/i, HARDWARE],
  read: readVersion,
};
