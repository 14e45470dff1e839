/** `check --explain`: what polling a device costs it, for the people who own it. */
import type { PollCosts } from '../agent/poll/poll-costs.ts';

export function explainText({ device, asked, commandsPerDay, loginsPerDay }: PollCosts): string {
  const width = Math.max(...asked.map(({ what }) => what.length));
  const lines = asked.flatMap(({ what, why, when, perDay }) => {
    const often = perDay === null ? '' : ` (at most ${perDay} a day)`;
    return [`  ${what.padEnd(width)}  ${when}${often}`, `  ${' '.repeat(width)}  ${why}`];
  });
  const logins =
    loginsPerDay === 0
      ? 'one login, and one more whenever the session is lost'
      : `${loginsPerDay} logins a day (session: per_poll)`;
  return `${device}: at most ${commandsPerDay} commands and requests a day; ${logins}
Nothing else is ever sent, except show version after a reload or a registration, and what somebody asks for (check,
/probe, the page). A command that the router refuses is not sent again for an hour. A router that takes seconds to answer,
or whose CPU is busy, is polled at every second or fourth turn only. What was sent is counted in
gdoi_device_commands_total, gdoi_device_logins_total and gdoi_device_bytes_total.

${lines.join('\n')}
`;
}
