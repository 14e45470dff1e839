/**
 * Does the device answer, and are its answers whole? What holds of the device as such, whatever groups it is in.
 *
 * On-call catalogue, rows 34 to 38. A device that does not answer is unknown, not ill, except a KS, whose loss is
 * critical; a changed host key is a security matter; a refused credential is a warning wherever it happens.
 */
import { counted } from '../events/counted.ts';
import { durationText } from '../events/duration-text.ts';
import { CHECK_CREDENTIAL, CHECK_EXEC, CHECK_HOST_KEY, CHECK_SHOWN } from '../events/first-steps.ts';
import { nameList } from '../events/name-list.ts';
import { check, type HealthCheck } from './health-check.ts';
import { DEFAULT_INTERVAL_MS, type HealthInput } from './health-input.ts';
import type { EpochMs } from '../seen/instant.ts';

/** On-call catalogue, row 38: data older than this many intervals is stale. */
const STALE_INTERVALS = 3;

export interface Age {
  /** Seconds since the last answer; null: there was none. */
  readonly seconds: number | null;
  readonly staleAfterSeconds: number;
  readonly fresh: boolean;
}

export function ageOf(input: HealthInput, atMs: EpochMs): Age {
  const staleAfterSeconds = (STALE_INTERVALS * (input.regularIntervalMs ?? DEFAULT_INTERVAL_MS)) / 1000;
  if (input.lastSuccessAtMs === null) return { seconds: null, staleAfterSeconds, fresh: false };
  const seconds = (atMs - input.lastSuccessAtMs) / 1000;
  // An answer from far in the future is one from before the wall clock was set back: how old it is is not known.
  return {
    seconds: Math.max(0, Math.round(seconds)),
    staleAfterSeconds,
    fresh: Math.abs(seconds) <= staleAfterSeconds,
  };
}

export function reachChecks(input: HealthInput, age: Age): readonly HealthCheck[] {
  return [reachable(input, age), fresh(age), ...reachableBeside(input), parser(input), commands(input)];
}

function reachable(input: HealthInput, age: Age): HealthCheck {
  const { result, error, failure } = input;
  const more = { value: result, threshold: 'ok', required: true };
  if (result === null) return check(['reachable', null], 'unknown', 'not polled yet', more);
  if (result === 'ok') return check(['reachable', null], 'ok', 'the last poll got and parsed an answer', more);
  const why = error ?? result;
  switch (failure ?? result) {
    case 'host_key':
      return check(['reachable', null], 'critical', `the SSH host key is not accepted: ${why}`, {
        ...more,
        action: CHECK_HOST_KEY,
      });
    case 'auth':
    case 'quarantined':
      return check(['reachable', null], 'warning', `${refusal(result)}: ${why}`, { ...more, action: CHECK_CREDENTIAL });
    case 'no_shell':
      return check(
        ['reachable', null],
        'warning',
        `it accepts the login and ends the session before a prompt: ${why}`,
        { ...more, action: CHECK_EXEC },
      );
    case 'command':
    case 'parse':
    case 'prompt':
    case 'too_large':
      return check(['reachable', null], 'warning', `it answers, and shows nothing that can be used: ${why}`, {
        ...more,
        action: CHECK_SHOWN,
      });
    default:
      return check(['reachable', null], lossOf(input, age), `no answer: ${why}`, {
        ...more,
        action: 'Check the path to the device, and the device itself',
      });
  }
}

/** While it is not tried: several devices may have refused that credential, and not this one. */
function refusal(result: string): string {
  return result === 'auth' ? 'the device refused the credential' : 'the agent does not log in';
}

/** One failed poll beside a fresh answer is a warning; without a fresh answer the device's state is not known. */
function lossOf(input: HealthInput, age: Age): HealthCheck['status'] {
  if (age.fresh) return 'warning';
  const isKs = input.configuredRole === 'ks' || [...input.groups.values()].some(({ ks }) => ks !== null);
  return isKs ? 'critical' : 'unknown';
}

function fresh({ seconds, staleAfterSeconds, fresh: isFresh }: Age): HealthCheck {
  const more = { value: seconds, threshold: staleAfterSeconds, required: true };
  if (seconds === null) return check(['fresh', null], 'unknown', 'there was no answer yet', more);
  const detail = `the last answer is ${durationText(seconds)} old`;
  if (isFresh) return check(['fresh', null], 'ok', detail, more);
  return check(['fresh', null], 'unknown', `${detail}: what it said may not hold any more`, {
    ...more,
    action: 'Is the agent saturated or the device slow? Compare the age with the polling interval',
  });
}

const BESIDE = [
  {
    of: 'snmp',
    name: 'snmp_reachable',
    called: 'SNMP',
    action: 'Compare the SNMP user or community, and the view it may see, with the device; check UDP 161 on the path',
  },
  {
    of: 'restconf',
    name: 'restconf_reachable',
    called: 'RESTCONF',
    action: 'Compare user, certificate and NACM rules with the device (docs/routers.md); check TCP 443 on the path',
  },
] as const;

/** SSH is the authority: without the other only the figures between two SSH polls are missing. */
function reachableBeside(input: HealthInput): readonly HealthCheck[] {
  return BESIDE.flatMap(({ of, name, called, action }) => {
    const beside = input[of];
    if (beside === undefined || beside === null) return [];
    const { result, error } = beside;
    const more = { value: result, threshold: 'ok' };
    if (result === null) return [check([name, null], 'unknown', `not polled by ${called} yet`, more)];
    if (result === 'ok') return [check([name, null], 'ok', `answers by ${called}`, more)];
    return [check([name, null], 'warning', `no answer by ${called}: ${error ?? result}`, { ...more, action })];
  });
}

function parser({ unparsedLines }: HealthInput): HealthCheck {
  const more = { value: unparsedLines, threshold: 0 };
  if (unparsedLines === null) return check(['parser', null], 'unknown', 'no answer was parsed yet', more);
  if (unparsedLines === 0) return check(['parser', null], 'ok', 'every line of the last answer was understood', more);
  return check(
    ['parser', null],
    'warning',
    `${counted(unparsedLines, 'line')} of the last answer ${unparsedLines === 1 ? 'was' : 'were'} not understood`,
    {
      ...more,
      action: 'Was the device upgraded? Save its output (gdoiwatch parse) and report it, redacted',
    },
  );
}

/** A follow-up that failed costs its own figures only. */
function commands({ collectors }: HealthInput): HealthCheck {
  const ended = (how: string) => [...collectors].filter(([, result]) => result === how).map(([command]) => command);
  const unreadable = ended('parse');
  const missing = [...ended('rejected'), ...ended('failed')];
  if (unreadable.length > 0)
    return check(['commands', null], 'warning', `unreadable: ${nameList(unreadable)}`, {
      value: unreadable.length,
      threshold: 0,
      action: 'Save the output of this command (gdoiwatch parse) and report it, redacted',
    });
  if (missing.length > 0)
    return check(['commands', null], 'unknown', `refused or lost: ${nameList(missing)}; what they show is not known`, {
      value: missing.length,
      threshold: 0,
    });
  if (collectors.size === 0)
    return check(['commands', null], 'unknown', 'no command was answered yet', { threshold: 0 });
  return check(['commands', null], 'ok', 'every command was answered', { value: 0, threshold: 0 });
}
