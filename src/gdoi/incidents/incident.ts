/**
 * An incident: one happening in a group, from the first look that showed its cause to the first that showed it over. Made
 * from the explanations' own memory, which is stored with the group's state: ids stay the same over a restart, and over a
 * replay of the same answers.
 */
import { cellParts, inCell } from '../seen/cell.ts';
import type { Severity } from '../events/event.ts';
import { among, asSeenAt, devicesOf, type Episode } from '../explain/candidate.ts';
import type { Explanation, ExplanationCause } from '../explain/explanation.ts';
import type { GmFacts } from '../explain/group-facts.ts';
import { instant } from '../events/instant-text.ts';
import type { EpochMs } from '../seen/instant.ts';

/** A group as it is known: by its name, and by its cell where there are several. */
export type GroupName = Pick<Incident, 'group' | 'cell'>;

export interface Incident {
  readonly id: string;
  readonly group: string;
  /** Absent: there is only the default one. */
  readonly cell?: string;
  readonly cause: ExplanationCause;
  readonly status: 'open' | 'closed';
  readonly severity: Severity;
  readonly beganAtMs: EpochMs;
  /** null while it is open. */
  readonly endedAtMs: EpochMs | null;
  /** Of one that is over, with the instant at which it was so. */
  readonly summary: string;
  readonly consequence: string | null;
  readonly deadlineMs: EpochMs | null;
  readonly firstStep: string | null;
  /** In the order people count. */
  readonly devices: readonly string[];
  /** What the last look showed; lines of an earlier one, or of one that is over, begin with their instant. */
  readonly evidence: readonly string[];
  /** What ended it, in words; null while it is open. */
  readonly endedBy: string | null;
}

/** What the look that showed it over saw. */
const ENDED_BY: Readonly<Record<ExplanationCause, string>> = {
  login_refused: 'the devices let the agent in again',
  coop_split: 'one KS alone says that it is primary',
  ks_members_lost: 'the GMs are registered again, with the keys that the KS has now',
  ks_down: 'a KS answers again',
  no_primary: 'a KS is primary again',
  redundancy_lost: 'the KS answers again',
  ks_out_of_sight: 'the KS answers the agent again',
  coop_mismatch: 'no KS has said so for ten minutes',
  legacy_ks: 'no GM with a KEK timer meets a KS of the old behaviour any more',
  ks_forced: 'ten minutes without another one',
  clock: 'no certificate was found too early for ten minutes',
  unauthorized: 'no KS has refused one for ten minutes',
  registration_refused: 'no KS has refused one for ten minutes',
  gms_reloaded: 'ten minutes without another one, and all are registered',
  gms_unreachable: 'the GMs answer again',
  operator_clear: 'ten minutes without another one',
  interface_flap: 'the interface is up, and no other flap followed',
  rekeys_refused: 'ten minutes without another refusal',
  old_kek_in_use: 'the GMs registered again, or got a rekey',
  ejected: 'a KS lists the GMs again',
  ks_rekeys_lost: 'the GMs have the current keys, and none registered for a lost rekey for ten minutes',
  path_loss: 'the GMs have the current keys, and none registered for a lost rekey for ten minutes',
  ks_failover: 'ten minutes without another one',
  not_registered: 'the GMs are registered',
  without_kek: 'the GMs hold a KEK',
  without_tek: 'the GMs hold a TEK',
  keys_differ: 'the GMs hold the keys of the group',
  coop_peer_lost: 'the peer is alive for the KSs',
  member_counts_differ: 'the KSs know the same number of GMs',
  replay_errors: 'ten minutes without another dropped packet',
  reregistered: 'ten minutes without another one',
};

const SEVERITIES = { ok: 'info', warning: 'warning', critical: 'critical' } as const;

/** Incidents of the group that are not as they were: begun, said differently, worse, or over. */
export function incidentChanges(
  group: GroupName,
  before: readonly Episode[],
  after: readonly Episode[],
  gms: readonly GmFacts[],
): readonly Incident[] {
  return after.flatMap((episode) => {
    const known = before.find(({ cause }) => cause === episode.cause);
    const incident = incidentOf(group, episode);
    if (incident === null) return [];
    const was = known === undefined ? null : incidentOf(group, known);
    if (was !== null && isSame(was, incident)) return [];
    return [incident.status === 'open' ? incident : { ...incident, endedBy: endedBy(episode, after, gms) }];
  });
}

/** Their ends say what devices show, which is not so where another cause has taken over what they explained. */
const OF_WHAT_IS_SHOWN: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'gms_unreachable',
  'without_tek',
  'old_kek_in_use',
  'ejected',
  'ks_rekeys_lost',
  'path_loss',
  'not_registered',
  'without_kek',
  'keys_differ',
]);

/** Decided by what the look showed that saw it over. */
function endedBy(episode: Episode, after: readonly Episode[], gms: readonly GmFacts[]): string {
  const { cause, sinceMs } = episode;
  const concerned = among(gms, devicesOf(episode));
  const everyone = (holds: (gm: GmFacts) => boolean) => concerned.length > 0 && concerned.every(holds);
  if (cause === 'clock' || cause === 'unauthorized' || cause === 'registration_refused') {
    return everyone(({ registered }) => registered === true) ? ENDED_BY.not_registered : ENDED_BY[cause];
  }
  const heir = OF_WHAT_IS_SHOWN.has(cause) ? after.find((other) => takesOver(other, episode)) : undefined;
  if (heir !== undefined) return `what it explained follows from another cause now: ${heir.cause}`;
  if (cause === 'old_kek_in_use') {
    if (everyone(({ lastReregistration: last }) => (last?.atMs ?? 0) > sinceMs)) return 'the GMs registered again';
    if (everyone(({ lastRekeyMs }) => (lastRekeyMs ?? 0) > sinceMs)) return 'the GMs got a rekey';
  }
  return ENDED_BY[cause];
}

/** It goes on, and explains for the same device what the other one did: a re-registration is past, and shows nothing. */
function takesOver({ cause, endedMs, presentSinceMs, said }: Episode, { cause: over, said: was }: Episode): boolean {
  if (cause === over || endedMs !== null || presentSinceMs === null) return false;
  return was.explains.some(({ check, devices }) => {
    const explained = new Set(devices);
    return (
      check !== 'reregistrations' &&
      said.explains.some((now) => now.check === check && now.devices.some((device) => explained.has(device)))
    );
  });
}

/** Those that were open when the last device left the group: nothing was seen that ended them, and nothing will be. */
export function abandonedIncidents(group: GroupName, before: readonly Episode[], nowMs: EpochMs): readonly Incident[] {
  return before.flatMap((episode) => {
    const incident = episode.endedMs === null ? incidentOf(group, { ...episode, endedMs: nowMs }) : null;
    return incident === null ? [] : [{ ...incident, endedBy: 'no device that is polled is in the group any more' }];
  });
}

/** null: it was never more than unclear. */
function incidentOf({ group, cell }: GroupName, episode: Episode): Incident | null {
  const { cause, sinceMs, presentSinceMs, endedMs, worst } = episode;
  if (presentSinceMs === null) return null;
  const { said, summary, evidence } = endedMs === null ? wordsNow(episode) : wordsThen(episode, endedMs);
  const { consequence } = said;
  return {
    id: ['incident', group, cause, Math.floor(presentSinceMs / 1000), ...cellParts(cell)]
      .map((part) => encodeURIComponent(String(part)))
      .join(':'),
    group,
    ...inCell(cell),
    cause,
    status: endedMs === null ? 'open' : 'closed',
    severity: SEVERITIES[worst],
    beganAtMs: sinceMs,
    endedAtMs: endedMs,
    summary,
    consequence:
      consequence && `${consequence.what}${consequence.unless === null ? '' : `, unless ${consequence.unless}`}`,
    deadlineMs: endedMs === null ? said.deadlineMs : null,
    firstStep: said.firstStep,
    devices: devicesOf(episode),
    evidence,
    endedBy: endedMs === null ? null : ENDED_BY[cause],
  };
}

interface Words extends Pick<Incident, 'summary' | 'evidence'> {
  readonly said: Explanation;
}

function wordsNow(episode: Episode): Words {
  const { said } = episode;
  return { said, summary: said.summary, evidence: [...said.evidence, ...atItsWorst(episode, said)] };
}

/** Nothing of what is over may read as if it were so now. */
function wordsThen(episode: Episode, endedMs: EpochMs): Words {
  const { said, sinceMs } =
    episode.widest === undefined
      ? { said: episode.said, sinceMs: episode.saidSinceMs }
      : { said: episode.widest, sinceMs: episode.widestSinceMs };
  return {
    said,
    summary: `As seen ${sinceMs === undefined ? `before ${instant(endedMs)}` : `at ${instant(sinceMs)}`}: ${said.summary}`,
    evidence: [
      ...(sinceMs === undefined ? said.evidence.map((line) => `then: ${line}`) : asSeenAt(sinceMs, said.evidence)),
      ...atItsWorst(episode, said),
    ],
  };
}

function atItsWorst({ gravest }: Episode, { summary }: Explanation): readonly string[] {
  if (gravest === undefined || gravest.summary === summary) return [];
  return asSeenAt(gravest.sinceMs, [`at its worst: ${gravest.summary}`]);
}

/** A deadline is read again with each answer and moves by some seconds. */
function isSame(a: Incident, b: Incident): boolean {
  return (
    a.id === b.id &&
    a.status === b.status &&
    a.severity === b.severity &&
    a.summary === b.summary &&
    a.consequence === b.consequence &&
    a.evidence.length === b.evidence.length &&
    a.evidence.every((line, index) => line === b.evidence[index])
  );
}
