/**
 * `show version`: release, platform, uptime and the reason of the last reload.
 *
 * The line of the main image decides the release: it names the image in brackets (`(X86_64_LINUX_IOSD-UNIVERSALK9-M),
 * Version 16.9.3`). IOS XE 16 and 17 print before it another line with the zero-padded or build form of the same; boot
 * loaders have lines of their own. What is known and not needed stands in `version-lines.ts`; the rest is unknown.
 */
import type { ControlProcessor, DeviceFacts } from '../../gdoi/seen/device-facts.ts';
import { IMAGE_LINE, parseImageLine } from '../../gdoi/seen/image-line.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { collapseBlanks } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';
import { KnownVersionLines } from './version-lines.ts';

// Cisco IOS XE Software, Version 16.09.03
const XE_TITLE = /^Cisco IOS[ -]XE Software, Version (\S{1,80})$/i;
// gm7 uptime is 2 days, 5 hours, 41 minutes
const UPTIME = /^(\S{1,64}) uptime is (.{1,120})$/;
// Uptime for this control processor is 4 weeks, 14 hours, 52 minutes
const PROCESSOR_UPTIME = /^Uptime for this control processor is (.{1,120})$/i;
// Time since gm7 switched to active is 3 days, 2 hours, 14 minutes
const ACTIVE_SINCE = /^Time since \S{1,64} switched to active is (.{1,120})$/i;
// cisco ISR4451-X/K9 (2RU) processor with 2861044K/5120K bytes of memory. / Linux Unix (i686) processor with 124000K
// bytes of memory. (a virtual image) / Rockwell Automation 1783-HMS4C4CGN (APM86XXX) processor with ...
const HARDWARE = /^(?:cisco )?(\S[^(]{0,62}?) \(.{0,120}\bwith .{0,80}bytes of (?:physical )?memory\.?$/i;
// Last reload reason: Reload Command
const RELOAD_REASON = /^Last reload reason ?: ?(.{1,200})$/i;
// System returned to ROM by reload at 08:51:33 EST Mon Dec 9 2019
const RETURNED_TO_ROM = /^System returned to ROM by +(.{1,200})$/i;
// 7 hours, 56 minutes / , 56 minutes / nutes: the rest of a wrapped uptime
const UPTIME_REST = /^,? ?(?:\d{1,5} )?[a-z]{1,8}(?:, \d{1,5} [a-z]{3,8}){0,5}$/;
// RPR Switchover
const SWITCHOVER = /\bswitchover\b/i;
const AT_TIME = / at \d{1,2}:\d{2}:\d{2}\b.{0,160}$/;
// Cisco Internetwork Operating System Software
const OLD_TITLE = /^Cisco Internetwork Operating System Software$/;

// 1 year, 22 weeks, 6 days, 9 hours, 38 minutes
const UPTIME_PART = /^(\d{1,5}) (year|week|day|hour|minute|second)s?$/;
/** A year of uptime is 365 days on the device. */
const UNIT_SECONDS: ReadonlyMap<string, number> = new Map(
  Object.entries<number>({
    year: 365 * 86400,
    week: 7 * 86400,
    day: 86400,
    hour: 3600,
    minute: 60,
    second: 1,
  }),
);

function parseUptime(text: string): number | null {
  let total = 0;
  for (const part of text.split(/, ?/)) {
    const match = UPTIME_PART.exec(part.trim());
    const unit = UNIT_SECONDS.get(match?.[2] ?? '');
    if (match === null || unit === undefined) return null;
    total += Number(match[1]) * unit;
  }
  return total;
}

interface FactsSketch {
  hostname: string | null;
  xe: boolean;
  mainVersion: string | null;
  titleVersion: string | null;
  platform: string | null;
  uptimeSeconds: number | null;
  processorUptimeSeconds: number | null;
  activeSeconds: number | null;
  /** The next line is the rest of this one and was read with it. */
  wrapped: boolean;
  reloadReason: string | null;
  returnedBy: string | null;
  oldTitle: boolean;
}

function readVersion(answer: Answer): Reading {
  const sketch: FactsSketch = {
    hostname: null,
    xe: false,
    mainVersion: null,
    titleVersion: null,
    platform: null,
    uptimeSeconds: null,
    processorUptimeSeconds: null,
    activeSeconds: null,
    wrapped: false,
    reloadReason: null,
    returnedBy: null,
    oldTitle: false,
  };
  const others = new KnownVersionLines();
  const read = readEach(answer.lines, (line, index) => {
    const text = collapseBlanks(line);
    return readLine(sketch, text, answer.lines[index + 1] ?? '') || others.knows(text, line);
  });
  const version = sketch.mainVersion ?? sketch.titleVersion;
  const facts: DeviceFacts = {
    role: 'device',
    hostname: sketch.hostname,
    software: version === null ? null : sketch.xe ? 'ios-xe' : 'ios',
    version,
    platform: sketch.platform,
    uptimeSeconds: sketch.uptimeSeconds,
    reloadReason: sketch.reloadReason ?? sketch.returnedBy,
    ...processorOf(sketch),
  };
  const recognised = version !== null || sketch.hostname !== null || sketch.oldTitle;
  return {
    snapshots: [facts],
    ...read,
    recognised,
    missing: answer.ending === 'prompt' ? null : missingIn(facts),
  };
}

function processorOf({
  processorUptimeSeconds,
  activeSeconds,
  returnedBy,
}: FactsSketch): Pick<DeviceFacts, 'processor'> {
  const processor: ControlProcessor = {
    ...(processorUptimeSeconds === null ? {} : { uptimeSeconds: processorUptimeSeconds }),
    ...(activeSeconds === null ? {} : { activeSeconds }),
    ...(returnedBy !== null && SWITCHOVER.test(returnedBy) ? { afterSwitchover: true } : {}),
  };
  return Object.keys(processor).length === 0 ? {} : { processor };
}

function readLine(sketch: FactsSketch, line: string, next: string): boolean {
  if (sketch.wrapped) {
    sketch.wrapped = false;
    return true;
  }
  return (
    readRelease(sketch, line) ||
    readUptime(sketch, line, next) ||
    readProcessor(sketch, line) ||
    readHistory(sketch, line)
  );
}

function readRelease(sketch: FactsSketch, line: string): boolean {
  const image = parseImageLine(line);
  if (image !== null) {
    sketch.mainVersion ??= image.version;
    sketch.xe ||= image.software === 'ios-xe';
    return true;
  }
  const title = XE_TITLE.exec(line)?.[1];
  if (title !== undefined) {
    sketch.titleVersion ??= title;
    sketch.xe = true;
    return true;
  }
  if (!OLD_TITLE.test(line)) return false;
  sketch.oldTitle = true;
  return true;
}

/** A terminal of 80 columns, or a mail, wraps a long uptime: then the next line has the rest. */
function readUptime(sketch: FactsSketch, line: string, next: string): boolean {
  if (sketch.hostname !== null || !UPTIME.test(line)) return false;
  const rest = UPTIME_REST.test(next);
  sketch.wrapped = rest && (takeUptime(sketch, `${line} ${next}`) || takeUptime(sketch, `${line}${next}`));
  return sketch.wrapped || takeUptime(sketch, line);
}

function takeUptime(sketch: FactsSketch, line: string): boolean {
  const uptime = UPTIME.exec(line);
  const seconds = parseUptime(uptime?.[2] ?? '');
  if (seconds === null) return false;
  sketch.uptimeSeconds = seconds;
  sketch.hostname = uptime?.[1] ?? null;
  return true;
}

/** Which of its control processors runs it, and since when. */
function readProcessor(sketch: FactsSketch, line: string): boolean {
  const up = parseUptime(PROCESSOR_UPTIME.exec(line)?.[1] ?? '');
  if (up !== null) {
    sketch.processorUptimeSeconds ??= up;
    return true;
  }
  const active = parseUptime(ACTIVE_SINCE.exec(line)?.[1] ?? '');
  if (active === null) return false;
  sketch.activeSeconds ??= active;
  return true;
}

function readHistory(sketch: FactsSketch, line: string): boolean {
  const platform = HARDWARE.exec(line)?.[1];
  if (platform !== undefined) {
    sketch.platform ??= platform;
    return true;
  }
  const reason = RELOAD_REASON.exec(line)?.[1]?.trim();
  if (reason !== undefined) {
    sketch.reloadReason ??= reason;
    return true;
  }
  const returned = RETURNED_TO_ROM.exec(line)?.[1]?.replace(AT_TIME, '').trim();
  if (returned === undefined) return false;
  sketch.returnedBy ??= returned;
  return true;
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
