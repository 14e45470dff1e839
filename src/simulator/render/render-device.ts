/** `show version`, `show clock`, `show logging`, `show processes cpu`: what a device shows about itself. */
import type { EpochMs } from '../../kernel/clock.ts';
import { HARDWARE } from '../world/release.ts';
import { clockLine, logLine, longTime } from './render-text.ts';
import type { SimDevice } from '../world/world.ts';

/**
 * Where a router prints its vendor's notices: prose of the same length in our words, each line marked as such. It
 * mentions a Version and an address, which no reader may take for facts of the device.
 */
const EXPORT_NOTICE = `

NOTICE: this is the output of a simulated router. A real one prints here,
NOTICE: in a paragraph as long as this one, what its vendor has to say about
NOTICE: the import, export and use of encryption.  It may name a product, or
NOTICE: hold numbers, such as 15 or 2.0, a colon: or a (bracket).
NOTICE: None of it is a fact about the device, and it differs between the
NOTICE: vendors and the years. It is here because the answer has to be as
NOTICE: long as a real one: longer than two pages of a terminal of 24 lines,
NOTICE: so that whoever reads it meets the pager, and longer than one packet
NOTICE: of a slow link, so that it comes in parts. Nothing in it decides what
NOTICE: the release is, though it says Version 9.9(9)T in this line, and
NOTICE: nothing in it is an uptime, though it says 3 weeks, 2 days.

NOTICE: A second paragraph, as real routers have one, names where more is
NOTICE: to be read:
NOTICE: http://www.example.com/crypto/notice.html

NOTICE: and whom to ask by mail:
NOTICE: notice@example.com
`;

const XE_NOTICE = `
NOTICE: IOS-XE routers print a second paragraph, from 2005 to YEAR, about
NOTICE: the licences of their parts.  It names the "GPL" Version 2.0.
NOTICE: This one is written for the simulator, and is no licence.

`;

const UPTIME_UNITS = [
  ['year', 525_600],
  ['week', 10_080],
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1],
] as const;

/** `2 weeks, 2 days, 18 hours, 23 minutes`: whole minutes, units that are zero left out. */
export function uptimeText(uptimeMs: number): string {
  let minutes = Math.floor(Math.max(0, uptimeMs) / 60_000);
  const parts: string[] = [];
  for (const [unit, length] of UPTIME_UNITS) {
    const count = Math.floor(minutes / length);
    minutes -= count * length;
    if (count > 0) parts.push(`${count} ${unit}${count === 1 ? '' : 's'}`);
  }
  return parts.length === 0 ? '0 minutes' : parts.join(', ');
}

/** The software's lines in `show version`. */
function descriptionLines({ release }: SimDevice): readonly string[] {
  const train = release.xe === null ? '' : ` [${release.xe.train}]`;
  const { software } = HARDWARE[release.hardware];
  return [
    `Cisco IOS Software${train}, ${software}, Version ${release.version}, RELEASE SOFTWARE (fc2)`,
    'Technical Support: http://www.cisco.com/techsupport',
    `Copyright (c) 1986-${release.copyrightYear} by Cisco Systems, Inc.`,
    `Compiled ${release.compiled}`,
  ];
}

/** `sysDescr.0`: the same lines. */
export function systemDescription(device: SimDevice): string {
  return descriptionLines(device).join('\r\n');
}

export function renderShowVersion(device: SimDevice, nowMs: EpochMs): string {
  const { release } = device;
  const hardware = HARDWARE[release.hardware];
  const uptime = uptimeText(nowMs - device.bootMs);
  const restarted = longTime(device, device.bootMs);
  const returned = longTime(device, device.bootMs - 77_000);
  const lines: string[] = [];
  if (release.xe !== null) lines.push(`Cisco IOS XE Software, Version ${release.xe.padded}`);
  lines.push(...descriptionLines(device), '');
  if (release.xe !== null) lines.push(XE_NOTICE.replace('YEAR', String(release.copyrightYear)));
  lines.push(hardware.rom, '', `${device.hostname} uptime is ${uptime}`);
  if (release.xe !== null)
    lines.push(`Uptime for this control processor is ${uptimeText(nowMs - device.bootMs + 60_000)}`);
  lines.push(
    `System returned to ROM by ${release.xe === null ? 'reload' : device.reloadReason} at ${returned}`,
    `System restarted at ${restarted}`,
    `System image file is "${release.imageFile}"`,
  );
  if (release.xe === null) lines.push('Last reload type: Normal Reload');
  lines.push(`Last reload reason: ${device.reloadReason}`, EXPORT_NOTICE);
  lines.push(
    hardware.processor,
    `Processor board ID ${boardId(device.name)}`,
    ...hardware.interfaces,
    ...hardware.memory,
    '',
    'Configuration register is 0x2102',
    '',
  );
  return lines.join('\n');
}

/** A serial number derived from the name. */
function boardId(name: string): string {
  let hash = 7;
  for (const char of name) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 2_176_782_336;
  return `FGL1727${hash.toString(36).toUpperCase().padStart(4, '0').slice(-4)}`;
}

export function renderShowClock(device: SimDevice, nowMs: EpochMs): string {
  return `${clockLine(device, nowMs)}\n`;
}

/** Processes that take no CPU are left out. */
export function renderProcessesCpu({ cpuPercent }: SimDevice): string {
  const share = cpuPercent.toFixed(2).padStart(5);
  return `CPU utilization for five seconds: ${cpuPercent}%/1%; one minute: ${cpuPercent}%; five minutes: ${cpuPercent}%
 PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process
 112      183204      421130        435 ${share}% ${share}% ${share}%   0 IP Input
`;
}

export function renderShowLogging(device: SimDevice): string {
  const lines = device.logBuffer().map((message) => logLine(device, message));
  return `Syslog logging: enabled (0 messages dropped, 3 messages rate-limited, 0 flushes, 0 overruns, xml disabled, filtering disabled)

No Active Message Discriminator.

No Inactive Message Discriminator.


    Console logging: disabled
    Monitor logging: level debugging, 0 messages logged, xml disabled,
                     filtering disabled
    Buffer logging:  level debugging, ${device.logged} messages logged, xml disabled,
                    filtering disabled
    Exception Logging: size (4096 bytes)
    Count and timestamp logging messages: disabled
    Persistent logging: disabled

No active filter modules.

    Trap logging: level informational, ${device.logged} message lines logged
        Logging Source-Interface:       VRF Name:

Log Buffer (16384 bytes):

${lines.map((line) => `${line}\n`).join('')}`;
}
