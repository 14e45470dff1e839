/**
 * What the agent sends to a device, why and how often, according to its configuration: for the people who own the
 * router. These are maxima: a command that the router refuses is not sent for an hour, and polls that come too early
 * are left out.
 */
import {
  ENABLE,
  NO_PAGER,
  NO_WRAPPED_LINES,
  SHOW_CERTIFICATES,
  SHOW_CPU,
  SHOW_LOG,
  type ShowCommand,
} from '../../access/show-command.ts';
import type { ResolvedDevice, Schedule } from '../../config/resolved-config.ts';
import { CPU_EVERY_MS } from '../../gdoi/seen/beside-facts.ts';
import { cronRunsPerDay } from '../schedule/cron-gap.ts';
import { ALLOWED_AT_ONCE, allowedEveryMs } from '../schedule/poll-allowance.ts';
import { EARLY_SHARE } from './asked-when.ts';
import { CERTIFICATES_PACE } from './poll-memory.ts';

interface AskedOfDevice {
  readonly what: string;
  readonly why: string;
  readonly when: string;
  /** Null: it depends on what happens, and is rare. */
  readonly perDay: number | null;
}

export interface PollCosts {
  readonly device: string;
  readonly asked: readonly AskedOfDevice[];
  readonly loginsPerDay: number;
  /** Sum of those with a known rate. */
  readonly commandsPerDay: number;
}

const DAY_MS = 24 * 3_600_000;

type Role = ResolvedDevice['role'];

interface Row {
  readonly command: ShowCommand;
  readonly role: 'gm' | 'ks' | 'any';
  readonly why: string;
  readonly pace: 'poll' | 'detail' | 'certificates';
}

const MAIN: Row = {
  command: 'show crypto gdoi',
  role: 'any',
  why: 'registration, rekeys, KEK and TEK timers of every group: the basis of all conclusions',
  pace: 'poll',
};
const KS_DETAILS: readonly Row[] = [
  {
    command: 'show crypto gdoi ks policy',
    role: 'ks',
    why: 'lifetimes and the time to the next rekey',
    pace: 'detail',
  },
  {
    command: 'show crypto gdoi ks members',
    role: 'ks',
    why: 'rekeys sent to, and acknowledged by, every GM, including those that are not polled',
    pace: 'detail',
  },
  {
    command: 'show crypto gdoi ks coop',
    role: 'ks',
    why: 'roles of the key servers, lost peers, splits',
    pace: 'detail',
  },
];

function collected(collect: ResolvedDevice['collect']): readonly Row[] {
  const rows: Row[] = [];
  if (collect.includes('logging')) {
    rows.push({
      command: 'show clock',
      role: 'any',
      why: 'collect: logging; the clock, to read the time stamps',
      pace: 'detail',
    });
    rows.push({ command: SHOW_LOG, role: 'any', why: 'collect: logging; messages that show a cause', pace: 'detail' });
  }
  if (collect.includes('replay')) {
    rows.push({
      command: 'show crypto gdoi gm replay',
      role: 'gm',
      why: 'collect: replay; packets dropped by anti-replay',
      pace: 'detail',
    });
  }
  if (collect.includes('dataplane')) {
    rows.push({
      command: 'show crypto gdoi gm dataplane counters',
      role: 'gm',
      why: 'collect: dataplane; errors of the data plane',
      pace: 'detail',
    });
  }
  if (collect.includes('certificates')) {
    rows.push({
      command: SHOW_CERTIFICATES,
      role: 'any',
      why: 'collect: certificates; when they expire',
      pace: 'certificates',
    });
  }
  return rows;
}

export function pollCosts(device: ResolvedDevice): PollCosts {
  const polls = pollsPerDay(device.schedule);
  const asked = [...overSsh(device, polls), ...overSnmp(device), ...overRestconf(device)];
  return {
    device: device.name,
    asked,
    loginsPerDay: device.ssh?.session === 'per_poll' ? polls + polledBesidePerDay(device.schedule) : 0,
    commandsPerDay: asked.reduce((sum, { perDay }) => sum + (perDay ?? 0), 0),
  };
}

function overSsh(device: ResolvedDevice, polls: number): readonly AskedOfDevice[] {
  const { ssh, schedule, detailIntervalMs, collect, phaseAware } = device;
  if (ssh === null) return [];
  const perPoll = ssh.session === 'per_poll';
  const besides = polledBesidePerDay(schedule);
  const atLogin = perPoll ? 'at each poll (session: per_poll)' : 'at login: once, and again when the session was lost';
  const certificatesMs = CERTIFICATES_PACE * detailIntervalMs;
  const slow = (intervalMs: number) => ({
    when: `every ${intervalText(paceOnPolls(intervalMs, DAY_MS / polls))}`,
    // With one poll beside the schedule too, if that is due.
    perDay: Math.min(polls + besides, Math.ceil(DAY_MS / (intervalMs * (1 - EARLY_SHARE)))),
  });
  const paces = {
    poll: { when: `at each poll: ${scheduleText(schedule)}`, perDay: polls },
    detail: slow(detailIntervalMs),
    certificates: slow(certificatesMs),
  };
  const login = (what: string, why: string): AskedOfDevice => ({
    what,
    why,
    when: atLogin,
    perDay: perPoll ? polls + besides : null,
  });
  const rows = [MAIN, ...KS_DETAILS, ...collected(collect)].filter(({ role }) => concerns(role, device.role));
  return [
    login('login over SSH', 'one session a device; one attempt, and an hour of silence after a refusal'),
    ...(ssh.enablePassword === null ? [] : [login(ENABLE, 'an enable password is configured')]),
    login(NO_PAGER, 'no pager'),
    login(NO_WRAPPED_LINES, 'no wrapped lines'),
    ...rows.map(({ command, why, role, pace }) => ({
      what: command,
      why: role !== 'any' && device.role === 'auto' ? `${why} (only if it is a ${role.toUpperCase()})` : why,
      ...paces[pace],
    })),
    {
      what: 'show version',
      why: 'release and uptime: tells a reload from a cleared counter',
      when: 'at a new session, and when a registration counter moved',
      perDay: perPoll ? polls + besides : null,
    },
    {
      what: SHOW_CPU,
      why: 'a router whose CPU is busy is polled at every second or fourth turn only',
      when: `${slow(CPU_EVERY_MS).when}; at each poll while it is busy`,
      // A busy router takes at most half of its turns.
      perDay: Math.max(slow(CPU_EVERY_MS).perDay, Math.ceil(polls / 2) + 1 + besides),
    },
    {
      what: MAIN.command,
      why: `${phaseAware ? 'phase_aware: a few moments around a KEK expiry that show why a GM re-registers; ' : ''}a message that something happened`,
      when: 'in addition, about ten per KEK lifetime and one for each message',
      perDay: besides,
    },
    {
      what: 'show crypto gkm ...',
      why: 'the spelling of newer images',
      when: 'instead of show crypto gdoi ..., if that is refused',
      perDay: null,
    },
  ];
}

function overSnmp({ snmp }: ResolvedDevice): readonly AskedOfDevice[] {
  if (snmp === null) return [];
  return [
    {
      what: 'SNMP read of CISCO-GDOI-MIB and system',
      why: 'keys, their lifetimes and the uptime, at less cost to the router than a command; a few GetBulk requests',
      when: scheduleText(snmp.schedule),
      perDay: pollsPerDay(snmp.schedule),
    },
  ];
}

function overRestconf({ restconf }: ResolvedDevice): readonly AskedOfDevice[] {
  if (restconf === null) return [];
  return [
    {
      what: 'RESTCONF read of the GDOI operational nodes',
      why: 'exact instants and whole SPIs; a few GETs on one connection that stays open',
      when: scheduleText(restconf.schedule),
      perDay: pollsPerDay(restconf.schedule),
    },
  ];
}

function concerns(role: Row['role'], configured: Role): boolean {
  return role === 'any' || configured === 'auto' || role === configured;
}

/** What is due at an interval is asked at a poll: the first one that is not much too early. */
function paceOnPolls(intervalMs: number, pollMs: number): number {
  return Math.max(1, Math.ceil((intervalMs * (1 - EARLY_SHARE)) / pollMs)) * pollMs;
}

function pollsPerDay(schedule: Schedule): number {
  return schedule.kind === 'every' ? Math.max(1, Math.ceil(DAY_MS / schedule.ms)) : cronRunsPerDay(schedule.expression);
}

/** For a day that begins with the whole allowance. */
function polledBesidePerDay(schedule: Schedule): number {
  return ALLOWED_AT_ONCE + Math.ceil(DAY_MS / allowedEveryMs(schedule));
}

function scheduleText(schedule: Schedule): string {
  return schedule.kind === 'every' ? `every ${intervalText(schedule.ms)}` : `cron ${schedule.expression}`;
}

function intervalText(ms: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ] as const;
  const [unit, size] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1];
  return `${Number((ms / size).toFixed(1))}${unit}`;
}
