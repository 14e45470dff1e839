/**
 * `show logging`: the messages of the device's buffer, oldest first.
 *
 * The buffer holds whatever was logged: continuation lines, banners, debug output, and a first line that the ring has cut.
 * Only lines with a `%FACILITY-SEVERITY-MNEMONIC:` are messages; the others are known and unread. A message that landed
 * before the buffer's heading is in the buffer as well, and is not counted twice.
 */
import type { DeviceLog, LogMessage } from '../../gdoi/seen/device-facts.ts';
import type { Answer, CommandGrammar, Reading } from '../text/answer.ts';
import { parseLogMessage } from '../log/log-message.ts';

// Syslog logging: enabled (0 messages dropped, 149 messages rate-limited, 0 flushes, 0 overruns, ...)
const TITLE = /^Syslog logging ?: ?\S/;
// Log Buffer (4096 bytes):
const BUFFER_HEADING = /^Log Buffer \(\d{1,12} bytes\) ?:$/;
// Buffer logging:  disabled, xml disabled, / Buffer logging:  level debugging, 0 messages logged, xml disabled,
const NOTHING_BUFFERED = /^Buffer logging ?: *(?:disabled|level \w{1,16}, 0 messages logged)\b/;
// Jun  5 05:11:04.626 EST: Rollback:Acquired Configuration lock.
const STAMPED = /^(?:\d{1,10}: )?[*.]?[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}/;

function readLog(answer: Answer): Reading {
  const lines = answer.linesWithLogs;
  const heading = lines.findIndex((line) => BUFFER_HEADING.test(line));
  const titled = lines.some((line) => TITLE.test(line));
  const first = titled && heading < 0 ? lines.length : heading + 1;
  const messages: LogMessage[] = [];
  const landedMessages: LogMessage[] = [];
  let stamped = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const message = line.includes('%') ? parseLogMessage(line) : null;
    if (message !== null) (i < first ? landedMessages : messages).push(message);
    stamped ||= i >= first && (message !== null || STAMPED.test(line));
  }
  const log: DeviceLog = { role: 'log', messages };
  const whole = heading >= 0 || stamped || lines.some((line) => NOTHING_BUFFERED.test(line));
  return {
    snapshots: [log],
    unknown: [],
    recognised: titled || heading >= 0 || stamped,
    missing: whole || answer.ending === 'prompt' ? null : 'the log buffer',
    landedMessages,
  };
}

export const showLogging: CommandGrammar = {
  names: ['show logging'],
  recognisedBy: [TITLE, BUFFER_HEADING, STAMPED],
  // a cut line of the buffer is no message yet, and the header's values are not read
  closedLines: [/^.{0,4096}$/],
  read: readLog,
};
