/**
 * `show logging`: the messages of the device's buffer, oldest first.
 *
 * The buffer holds whatever was logged: continuation lines, banners, debug output, and a first line that the ring has
 * cut. Only lines with a `%FACILITY-SEVERITY-MNEMONIC:` are messages; the others are text of the log, which is counted
 * and not read. A message that landed before the buffer's heading is in the buffer as well, and is not counted twice.
 */
import type { DeviceLog, LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { parseLogMessage } from '../log/log-message.ts';
import { collapseBlanks } from '../text/device-values.ts';
import { readEach } from '../text/line-tally.ts';

// Syslog logging: enabled (0 messages dropped, 7 messages rate-limited, 0 flushes, 0 overruns, ...)
const TITLE = /^Syslog logging ?: ?\S/;
// Log Buffer (4096 bytes):
const BUFFER_HEADING = /^Log Buffer \(\d{1,12} bytes\) ?:$/;
// Buffer logging:  disabled, xml disabled, / Buffer logging:  level debugging, 0 messages logged, xml disabled,
const NOTHING_BUFFERED = /^Buffer logging ?: *(?:disabled|level \w{1,16}, 0 messages logged)\b/;
// Jun  5 07:23:09.318 EST: Rollback:Acquired Configuration lock.
const STAMPED = /^(?:\d{1,10}: )?[*.]?[A-Z][a-z]{2} {1,2}\d{1,2} (?:\d{4} )?\d{2}:\d{2}:\d{2}/;
/** What is said of the logging itself, above the buffer. */
const HEADER_LINES: readonly RegExp[] = [
  TITLE,
  BUFFER_HEADING,
  NOTHING_BUFFERED,
  // No Active Message Discriminator. / Inactive Message Discriminator: / test  mnemonics  drops  CONFIG_I
  /^(?:No )?(?:Ina|A)ctive Message Discriminator[.:]?$/i,
  /^\S{1,32} {1,20}(?:mnemonics|msg-body|severity|facility|rate-limit) {1,20}(?:drops|includes|\S{1,16})\b.{0,200}$/i,
  // Console logging: level debugging, 208 messages logged, xml disabled, / File logging: disabled
  /^(?:Console|Monitor|Buffer|Trap|File|Persistent|Exception|History|Host|Count and timestamp) logging(?: messages)? ?:.{0,200}$/i,
  /^(?:xml|filtering|authentication|encryption|audit|sequence number|link) (?:enabled|disabled|up|down)\b.{0,200}$/i,
  /^No active filter modules\.?$/i,
  /^ESM: ?\d.{0,80}$/,
  // Logging to: vty2(3)
  /^Logging to: \S{1,64}$/i,
  // Logging to 192.0.2.10  (Mgmt-vrf) (udp port 514,  audit disabled, / Logging Source-Interface:       VRF Name:
  /^Logging (?:to \S{1,64}\b.{0,120}|Source-Interface ?:.{0,120})$/i,
  // Loopback246 (a row under Source-Interface, with its VRF or none)
  /^[A-Z][A-Za-z-]{1,32}\d[\d/.:]{0,24}(?: {1,64}\S{1,64})?$/,
  /^\d{1,12} message lines? (?:logged|rate-limited|dropped-by-MD)\b.{0,40}$/i,
  /^(?:tls-profile|TLS Profiles|Profile Name|Ciphersuites?|Trustpoint|TLS version|VRF Name) ?:.{0,200}$/i,
];

function readLog(answer: Answer): Reading {
  const lines = answer.linesWithLogs;
  const heading = lines.findIndex((line) => BUFFER_HEADING.test(line));
  const titled = lines.some((line) => TITLE.test(line));
  const first = titled && heading < 0 ? lines.length : heading + 1;
  const messages: LogMessage[] = [];
  const landedMessages: LogMessage[] = [];
  let stamped = false;
  let text = 0;
  const read = readEach(lines, (line, index) => {
    const message = line.includes('%') ? parseLogMessage(line) : null;
    if (message !== null) (index < first ? landedMessages : messages).push(message);
    if (index < first) return message !== null || HEADER_LINES.some((pattern) => pattern.test(collapseBlanks(line)));
    const begins = message !== null || STAMPED.test(line);
    stamped ||= begins;
    // the ring cuts its first line; a message may have lines of its own: a restart's banner, a traceback
    if (begins || stamped || (index === first && heading >= 0)) {
      if (message === null) text += 1;
      return true;
    }
    return false;
  });
  const log: DeviceLog = { role: 'log', messages };
  const whole = heading >= 0 || stamped || lines.some((line) => NOTHING_BUFFERED.test(line));
  return {
    snapshots: [log],
    known: read.known - text,
    logText: text,
    unknown: read.unknown,
    recognised: titled || heading >= 0 || stamped,
    missing: whole ? null : 'the log buffer',
    landedMessages,
  };
}

export const showLogging: CommandGrammar = {
  names: ['show logging'],
  recognisedBy: [TITLE, BUFFER_HEADING, STAMPED],
  // a cut line of the buffer is no message yet, and the header's values are not read
  closedLines: [/^.{0,4096}$/],
  ofLog: true,
  read: readLog,
};
