/**
 * Recorded timelines as an outside user would write them: text of routers and messages as they are printed, line by
 * line, replayed as by `gdoiwatch replay`. A test names only what matters; times are seconds after T0.
 */
import { Replay } from '../../src/agent/record/replay.ts';
import type { GdoiEvent } from '../../src/gdoi/events/event.ts';

const T0_MS = Date.UTC(2026, 4, 11, 22, 0, 0);

interface ShownTek {
  readonly interface?: string;
  readonly spi?: string;
  readonly left: number;
}

/** One group of a GM; null: the line is not printed. */
export interface ShownGm {
  readonly group?: string;
  readonly identity?: string;
  readonly address?: string;
  readonly vrf?: string;
  readonly servers?: readonly string[];
  /** null: it is registering. */
  readonly server?: string | null;
  readonly timer?: number | null;
  readonly succeeded?: number;
  readonly attempted?: number;
  readonly received?: number;
  readonly sequence?: number;
  readonly kek?: number | null;
  readonly teks?: readonly ShownTek[];
}

export const GM_ADDRESS = '203.0.113.41';
export const KS1 = '192.0.2.201';
export const KS2 = '192.0.2.202';

/** `show crypto gdoi` of a GM, one block for each group. */
export function gmText(...groups: readonly ShownGm[]): string {
  return groups.map(groupText).join('\n');
}

function groupText(shown: ShownGm): string {
  const { group = 'BRANCH-A', identity = '8123', address = GM_ADDRESS, vrf = 'None', succeeded = 4 } = shown;
  const { servers = [KS1, KS2], server = KS1, received = 11, kek = 30_000 } = shown;
  const status =
    server === null
      ? ['       Registration status   : Registering', `       Registering to        : ${servers[0]}`]
      : ['       Registration status   : Registered', `       Registered with       : ${server}`];
  const timer = shown.timer === undefined ? 2500 : shown.timer;
  return [
    'GROUP INFORMATION',
    '',
    `    Group Name               : ${group}`,
    `    Group Identity           : ${identity}`,
    `    Rekeys received          : ${received}`,
    '    IPSec SA Direction       : Both',
    '',
    ...servers.map((each, index) =>
      index === 0 ? `     Group Server list       : ${each}` : `${' '.repeat(31)}${each}`,
    ),
    '',
    `    Group member             : ${address}     vrf: ${vrf}`,
    ...status,
    ...(timer === null ? [] : [`       Re-registers in       : ${timer} sec`]),
    `       Succeeded registration: ${succeeded}`,
    `       Attempted registration: ${shown.attempted ?? succeeded}`,
    `       Last rekey from       : ${KS1}`,
    `       Last rekey seq num    : ${shown.sequence ?? 17}`,
    `       Unicast rekey received: ${received}`,
    `       Rekey ACKs sent       : ${received}`,
    '       Rekey Received(hh:mm:ss) : 00:41:09',
    '',
    ...(kek === null
      ? []
      : [
          'KEK POLICY:',
          '    Rekey Transport Type     : Unicast',
          `    Lifetime (secs)          : ${kek}`,
          '    Encrypt Algorithm        : AES',
          '    Key Size                 : 256',
          '',
        ]),
    'TEK POLICY for the current KS-Policy ACEs Downloaded:',
    ...(shown.teks ?? [{ left: 3100 }]).flatMap(tekText),
    '',
  ].join('\n');
}

function tekText({
  interface: name = 'TenGigabitEthernet0/1/0',
  spi = '0x0BADCAFE',
  left,
}: ShownTek): readonly string[] {
  return [
    `  ${name}:`,
    '    IPsec SA:',
    `        spi: ${spi}(${Number.parseInt(spi, 16)})`,
    '        transform: esp-256-aes esp-sha256-hmac',
    `        sa timing:remaining key lifetime (sec): (${left})`,
    '        Anti-Replay(Time Based) : 5 sec interval',
  ];
}

/** Keys and countdowns some seconds later, if nothing else happens. */
export function later(shown: ShownGm, seconds: number): ShownGm {
  const { timer = 2500, kek = 30_000, teks = [{ left: 3100 }] } = shown;
  return {
    ...shown,
    timer: timer === null ? null : timer - seconds,
    kek: kek === null ? null : kek - seconds,
    teks: teks.map((tek) => ({ ...tek, left: tek.left - seconds })),
  };
}

/** `Anti-replay` counters as `show crypto gdoi gm replay` prints them. */
export function replayText(group: string, inputErrors: number, outputErrors = 0): string {
  return [
    `Anti-replay Information For Group ${group}:`,
    '  Timebased Replay:',
    '    Replay Value             : 77310.02 secs',
    '    Input Packets            : 80211         Output Packets           : 79114',
    `    Input Error Packets      : ${inputErrors}             Output Error Packets     : ${outputErrors}`,
    '    Time Sync Error          : 0             Max time delta           : 9.70 secs',
    '',
  ].join('\n');
}

/** `May 11 22:00:30.001`, as routers stamp their messages. */
export function stampAt(seconds: number, { year = false, zone = '' } = {}): string {
  const date = new Date(T0_MS + seconds * 1000);
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const ofYear = year ? ` ${date.getUTCFullYear()}` : '';
  return `${months[date.getUTCMonth()]} ${day}${ofYear} ${date.toISOString().slice(11, 23)}${zone}`;
}

export interface TimelineLine {
  readonly at: number;
  readonly device?: string;
  readonly command?: string;
  readonly output?: string;
  readonly syslog?: string;
  readonly error?: string;
}

export function asked(at: number, output: string, command = 'show crypto gdoi', device = 'gm1'): TimelineLine {
  return { at, device, command, output };
}

/** A message with the header that most routers give it. */
export function said(at: number, message: string, device = 'gm1'): TimelineLine {
  return { at, device, syslog: `<189>${400 + at}: ${stampAt(at)}: %${message}` };
}

export function replayedLines(lines: readonly TimelineLine[]): readonly GdoiEvent[] {
  const replay = new Replay();
  const events = lines.flatMap(({ at, device = 'gm1', ...rest }) => {
    const step = replay.line(JSON.stringify({ at: new Date(T0_MS + at * 1000).toISOString(), device, ...rest }));
    if (step.kind === 'bad') throw new Error(`a line of this test is no line of a timeline: ${step.reason}`);
    return step.events;
  });
  return [...events, ...replay.end()];
}
