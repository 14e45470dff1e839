/**
 * An incident: one happening in a group, from the first look that showed its cause to the first that showed it over.
 * Made from the explanations' own memory, which is stored with the group's state: ids stay the same over a restart, and
 * over a replay of the same answers.
 */
import { cellParts, inCell } from '../seen/cell.ts';
import type { Severity } from '../events/event.ts';
import { partOfId } from '../events/event-id.ts';
import { asSeenAt, devicesOf, type Episode } from '../explain/candidate.ts';
import type { Explanation, ExplanationCause } from '../explain/explanation.ts';
import type { GroupFacts } from '../explain/group-facts.ts';
import { endedBy } from './ended-by.ts';
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

const SEVERITIES = { ok: 'info', warning: 'warning', critical: 'critical' } as const;

/** Incidents of the group that are not as they were: begun, said differently, worse, or over. */
export function incidentChanges(
  group: GroupName,
  before: readonly Episode[],
  after: readonly Episode[],
  facts: GroupFacts,
): readonly Incident[] {
  return after.flatMap((episode) => {
    const known = before.find(({ cause }) => cause === episode.cause);
    const incident = incidentOf(group, episode);
    if (incident === null) return [];
    const was = known === undefined ? null : incidentOf(group, known);
    if (was !== null && isSame(was, incident)) return [];
    return [incident.status === 'open' ? incident : { ...incident, endedBy: endedBy(episode, after, facts) }];
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
    id: ['incident', group, cause, Math.floor(presentSinceMs / 1000), ...cellParts(cell)].map(partOfId).join(':'),
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
    endedBy: null,
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
