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
      ? 'one login, and one more whenever the session was lost'
      : `${loginsPerDay} logins a day (session: per_poll)`;
  return `${device}: at most ${commandsPerDay} commands and requests a day; ${logins}
Nothing else is ever sent, but show version for a reload or a registration, and what somebody asks for (check, /probe, the
page). A command that the router refuses is left alone for an hour, and a router that takes seconds for an answer, or whose CPU is
busy, is asked at every second or fourth turn. What was sent: gdoi_device_commands_total, _logins_total, _bytes_total.

${lines.join('\n')}
`;
}
