/**
 * Lines by which IOS refuses a command, or says that there is nothing to show. Data: a new release is a new row.
 */

const REFUSALS: readonly RegExp[] = [
  // % Invalid input detected at '^' marker.
  /^% ?Invalid input detected\b/i,
  // % Incomplete command.
  /^% ?Incomplete command\b/i,
  // % Ambiguous command:  "show crypto gd"
  /^% ?Ambiguous command\b/i,
  // % Unknown command or computer name, or unable to find computer address
  /^% ?Unknown command\b/i,
  // % Unrecognized command
  /^% ?Unrecognized command\b/i,
  // Command authorization failed.
  /^%? ?Command authorization failed\b/i,
  // % Authorization failed.
  /^% ?Authorization failed\b/i,
  // % Bad IP address or host name
  /^% ?Bad IP address\b/i,
  // % This command is not authorized / Permission denied
  /^% ?(?:This command is not authorized|Permission denied|Access denied)/i,
];

const NOTHING_CONFIGURED: readonly RegExp[] = [
  // % GDOI is not configured / GDOI not configured / %GKM is not enabled
  /^%? ?(?:crypto )?(?:gdoi|gkm|getvpn) (?:process )?(?:is )?not (?:configured|enabled|running)\b/i,
  // % No GDOI groups configured / No crypto gdoi group is configured
  /^%? ?no (?:crypto )?(?:gdoi|gkm) groups? (?:is |are )?(?:configured|found|defined)\b/i,
  // % Key server is not configured / Not a group member
  /^%? ?(?:key server|group member|ks|gm) (?:is )?not configured\b/i,
  // % No group member configured / There is no key server configured
  /^%? ?(?:there (?:is|are) )?no (?:crypto )?(?:(?:gdoi|gkm) )?(?:group members?|key servers?|groups?) (?:is |are )?(?:configured|found|defined)\b/i,
];

/** A refusal stands at the start of an answer, after the echo and the line with the caret. */
const REFUSAL_WITHIN_LINES = 6;

/** The refusing line, null when the device did answer. */
export function findRefusal(lines: readonly string[]): string | null {
  return findAmongFirst(lines, REFUSALS);
}

/** The line that says there is nothing of the kind on this device. */
export function findNothingConfigured(lines: readonly string[]): string | null {
  return findAmongFirst(lines, NOTHING_CONFIGURED);
}

/** The line is one of those. */
export function isNothingConfigured(line: string): boolean {
  return (line.startsWith('%') || !line.includes(':')) && NOTHING_CONFIGURED.some((pattern) => pattern.test(line));
}

function findAmongFirst(lines: readonly string[], patterns: readonly RegExp[]): string | null {
  for (let i = 0; i < lines.length && i < REFUSAL_WITHIN_LINES; i++) {
    const line = lines[i] ?? '';
    if ((line.startsWith('%') || !line.includes(':')) && patterns.some((pattern) => pattern.test(line))) return line;
  }
  return null;
}
