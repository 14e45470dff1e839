/**
 * The one place that says why a group is as it is: (what was said before, facts) -> explanations, the worst first, and
 * what to remember of them. Pure; the fleet's step calls it with each change.
 *
 * Rules are asked in causal order, and each symptom belongs to the first that claims it, so that a symptom stands alone
 * only when nothing explains it. What was found present is remembered: it does not come and go with single looks, and
 * after its end it still explains what follows from it.
 */
import {
  asSeenAt,
  type Candidate,
  devicesOf,
  type Episode,
  nextLook,
  reregisteredBy,
  sorted,
  explainedAtLastLook,
} from './candidate.ts';
import { withCutOff } from './cut-off.ts';
import {
  byWeight,
  EXPLANATION_CAUSES,
  type Explained,
  type Explanation,
  type ExplanationCause,
  worseStatus,
} from './explanation.ts';
import { MAX_EVIDENCE } from '../events/event.ts';
import type { GroupFacts } from './group-facts.ts';
import type { EpochMs } from '../seen/instant.ts';
import { isQuiet } from './quiet.ts';
import { RULES } from './rules.ts';
import { naturalOrder } from './said.ts';
import { RECENT_MS, type Symptom, symptomsOf } from './symptom.ts';

/** Plain JSON, at most one episode a cause. */
export type ExplainMemory = readonly Episode[];

export const NOTHING_SAID: ExplainMemory = [];
const NOTHING_TO_SAY = { memory: NOTHING_SAID, explanations: [] } as const;

/** What ended is forgotten after this long. */
const REMEMBERED_MS = 3_600_000;
/**
 * A cause that is present again this soon, on a device that it concerned, had not ended: it only seemed over between
 * two looks.
 */
const AGAIN_MS = 90_000;
/** Remembered even if it was never certain: a later answer may show what it was. */
const KEPT_UNCLEAR: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'ks_down',
  'redundancy_lost',
  'no_primary',
  'ejected',
]);
/** While unclear, these causes say only that polls fail. */
const OF_A_LOOK: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>([
  'ks_down',
  'redundancy_lost',
  'no_primary',
  'gms_unreachable',
]);

export function explain(
  before: ExplainMemory,
  facts: GroupFacts,
): { readonly memory: ExplainMemory; readonly explanations: readonly Explanation[] } {
  let open = symptomsOf(facts);
  if (isQuiet(before, open, facts)) return NOTHING_TO_SAY;
  const explanations: Explanation[] = [];
  const memory: Episode[] = [];
  for (const cause of EXPLANATION_CAUSES) {
    const known = before.find((episode) => episode.cause === cause) ?? null;
    const last = remembered(known, facts);
    const asked = { facts, open, before: last?.endedMs === null ? last : null, last, said: before, now: explanations };
    const found = sparingWhatIsExplained(cause, RULES[cause](asked), before);
    const candidate = found === null ? null : withCutOff(found, { cause, before: asked.before, facts });
    const said = candidate === null ? null : begunWith(last, explanationOf(cause, candidate), facts);
    if (candidate !== null && said !== null) {
      const claims = new Set(candidate.claims);
      open = open.filter((symptom) => !claims.has(symptom));
      explanations.push(knownByALook(dated(said, candidate, last), facts));
    }
    const episode = episodeAfter(last, said, facts);
    if (episode !== null) memory.push(episode);
  }
  return { memory, explanations: explanations.toSorted(byWeight) };
}

/**
 * That a look failed, and no more is known, takes no symptom from a cause that is known and goes on: a lost answer does
 * not end what was said of a path, or of a GM without keys.
 */
function sparingWhatIsExplained(
  cause: ExplanationCause,
  candidate: Candidate | null,
  before: ExplainMemory,
): Candidate | null {
  if (candidate === null || candidate.phase !== 'unclear' || !OF_A_LOOK.has(cause)) return candidate;
  const isExplained = explainedAtLastLook(before, (other) => other !== cause);
  // That an image shows no MIB is not why its KS gives no answer now.
  const isOfRelease = explainedAtLastLook(before, (other) => other === 'legacy_ks');
  const isKept = (symptom: Symptom) => !isExplained(symptom) || (symptom.check === 'reachable' && isOfRelease(symptom));
  const claims = candidate.claims.filter(isKept);
  // All of it is explained already.
  return claims.length === 0 && candidate.claims.length > 0 ? null : { ...candidate, claims };
}

/** What goes on according to the last look: after a restart, until the next one. */
export function saidLast(memory: ExplainMemory): readonly Explanation[] {
  return memory.flatMap(({ endedMs, said }) => (endedMs === null ? [said] : [])).toSorted(byWeight);
}

function remembered(episode: Episode | null, { nowMs }: GroupFacts): Episode | null {
  if (episode === null) return null;
  const keptMs = episode.presentSinceMs === null ? RECENT_MS : REMEMBERED_MS;
  return nowMs - (episode.endedMs ?? nowMs) > keptMs ? null : episode;
}

/** An open cause began when it was first said: the symptoms that show it now may be later ones. */
function begunWith(last: Episode | null, said: Explanation, facts: GroupFacts): Explanation {
  const again = said.phase === 'over' ? null : continued(last, said, facts);
  return again === null ? said : { ...said, sinceMs: again.sinceMs };
}

/** The episode that this continues; null: it is a new one. */
function continued(before: Episode | null, said: Explanation, { nowMs }: GroupFacts): Episode | null {
  return before !== null && (before.endedMs === null || endedJustNow(before, said, nowMs)) ? before : null;
}

/** What was never more than unclear and is gone was nothing; only that it was in question is remembered. */
function episodeAfter(before: Episode | null, said: Explanation | null, facts: GroupFacts): Episode | null {
  const { nowMs } = facts;
  if (said === null || said.phase === 'over') {
    // A single failed look is taken up once: the next one that fails alone is no news.
    if (before === null || (before.presentSinceMs === null && !KEPT_UNCLEAR.has(before.cause))) return null;
    const ended = before.endedMs === null ? { ...before, endedMs: nowMs } : before;
    return said === null ? ended : explainedAfterItsEnd(ended, said, facts);
  }
  const again = continued(before, said, facts);
  const sameWords = again !== null && saysTheSame(again.said, said);
  return {
    cause: said.cause,
    sinceMs: again?.sinceMs ?? said.sinceMs,
    presentSinceMs: again?.presentSinceMs ?? (said.phase === 'present' ? nowMs : null),
    endedMs: null,
    said,
    ...(sameWords ? sinceOf(again.saidSinceMs) : { saidSinceMs: nowMs }),
    ...concerned(again, said.scope),
    ...formerlyExplained(again, said, nowMs),
    ...widest(again, said),
    ...gravest(again, said),
    worst: worseStatus(again?.worst ?? said.status, said.status),
  };
}

function saysTheSame(a: Explanation, b: Explanation): boolean {
  return (
    a.summary === b.summary &&
    a.evidence.length === b.evidence.length &&
    a.evidence.every((line, index) => line === b.evidence[index])
  );
}

function sinceOf(saidSinceMs: EpochMs | undefined): Pick<Episode, 'saidSinceMs'> {
  return saidSinceMs === undefined ? {} : { saidSinceMs };
}

/** Evidence that a rule repeats from an earlier look is marked as such. */
function dated(explanation: Explanation, { evidence }: Candidate, last: Episode | null): Explanation {
  if (last === null || evidence !== last.said.evidence || last.saidSinceMs === undefined) return explanation;
  return { ...explanation, evidence: asSeenAt(last.saidSinceMs, explanation.evidence) };
}

/** Whatever time settles is seen at a look: not before the next one at any device of the group. */
function knownByALook(explanation: Explanation, { gms, kss, nowMs }: GroupFacts): Explanation {
  const { knownAtMs } = explanation;
  if (knownAtMs === null) return explanation;
  const lookMs = nextLook([...gms, ...kss], nowMs);
  return lookMs === null || lookMs <= knownAtMs ? explanation : { ...explanation, knownAtMs: lookMs };
}

function endedJustNow(before: Episode, said: Explanation, nowMs: EpochMs): boolean {
  const { endedMs, presentSinceMs } = before;
  if (endedMs === null || presentSinceMs === null || said.phase !== 'present') return false;
  const concernedBefore = new Set(devicesOf(before));
  return nowMs - endedMs <= AGAIN_MS && said.scope.some((device) => concernedBefore.has(device));
}

/** Kept only where there are more than are named now: most causes concern the same devices to their end. */
function concerned(again: Episode | null, scope: readonly string[]): Pick<Episode, 'devices'> {
  const known = again === null ? [] : devicesOf(again);
  const now = new Set(scope);
  return known.every((name) => now.has(name)) ? {} : { devices: sorted([...known, ...scope]) };
}

function formerlyExplained(again: Episode | null, said: Explanation, nowMs: EpochMs): Pick<Episode, 'explainedUntil'> {
  if (again === null) return {};
  const now = new Set(reregisteredBy(said));
  const until = new Map(again.explainedUntil);
  for (const device of reregisteredBy(again.said)) until.set(device, nowMs);
  const past = [...until].filter(([device, ms]) => !now.has(device) && nowMs - ms <= RECENT_MS);
  return past.length === 0 ? {} : { explainedUntil: past };
}

/** Registrations that follow from what is over: they stay explained when its traces are looked for no more. */
function explainedAfterItsEnd(ended: Episode, said: Explanation, { gms, nowMs }: GroupFacts): Episode {
  const devices = new Set(reregisteredBy(said));
  const known = new Map(ended.explainedUntil);
  const fresh = gms.filter(
    ({ device, lastReregistration: last }) =>
      devices.has(device) && (known.get(device) ?? Number.NEGATIVE_INFINITY) < (last?.atMs ?? nowMs),
  );
  if (fresh.length === 0) return ended;
  for (const { device } of fresh) known.set(device, nowMs);
  return { ...ended, explainedUntil: [...known].filter(([, ms]) => nowMs - ms <= RECENT_MS) };
}

/** Devices recover one after the other, so the last words about a happening do not tell the whole of it. */
function widest(again: Episode | null, said: Explanation): Pick<Episode, 'widest' | 'widestSinceMs'> {
  const known = again?.widest ?? again?.said;
  if (known?.phase !== 'present' || known.scope.length <= said.scope.length) return {};
  const sinceMs = again?.widest === undefined ? again?.saidSinceMs : again.widestSinceMs;
  return { widest: known, ...(sinceMs === undefined ? {} : { widestSinceMs: sinceMs }) };
}

/** An incident is as severe as it was at its worst, and its words are milder once it is. */
function gravest(again: Episode | null, said: Explanation): Pick<Episode, 'gravest'> {
  if (again === null || worseStatus(again.worst, said.status) === said.status) return {};
  const { said: before, saidSinceMs: sinceMs, worst, gravest: known } = again;
  if (before.status !== worst) return known === undefined ? {} : { gravest: known };
  return sinceMs === undefined ? {} : { gravest: { summary: before.summary, sinceMs } };
}

function explanationOf(cause: ExplanationCause, { claims, evidence, ...said }: Candidate): Explanation {
  return { cause, ...said, evidence: evidence.slice(0, MAX_EVIDENCE), explains: explainedBy(claims) };
}

function explainedBy(claims: readonly Symptom[]): readonly Explained[] {
  const byCheck = new Map<Symptom['check'], Set<string>>();
  for (const { check, device } of claims) {
    const devices = byCheck.get(check) ?? new Set<string>();
    if (device !== null) devices.add(device);
    byCheck.set(check, devices);
  }
  return [...byCheck].map(([check, devices]) => ({ check, devices: [...devices].toSorted(naturalOrder) }));
}
