/**
 * GMs that hold keys and share no TEK with the others: their traffic is dropped now, whatever it was that made them so,
 * as a rekey that cut the TEKs before it and did not arrive. A cause that claims this says so, and is no milder.
 */
import { among, type Candidate, type Episode, devicesWith, REGISTERING_MS } from './candidate.ts';
import type { ExplanationCause } from './explanation.ts';
import { type GmFacts, type GroupFacts, isHeard, isUnregistered } from './group-facts.ts';
import { gmCount, verb } from './said.ts';

/** These say themselves whose traffic is dropped, or that it goes on. */
const OF_TWO_SIDES: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['coop_split', 'keys_differ']);

interface CauseSaid {
  readonly cause: ExplanationCause;
  /** What was said of it at the last look. */
  readonly before: Episode | null;
  readonly facts: GroupFacts;
}

export function withCutOff(candidate: Candidate, { cause, before, facts }: CauseSaid): Candidate {
  if (candidate.phase !== 'present' || OF_TWO_SIDES.has(cause)) return candidate;
  // Whom an order or a loss makes register does so within this.
  const lasts = before?.presentSinceMs != null && facts.nowMs - before.presentSinceMs >= REGISTERING_MS;
  const names = lasts ? cutOff(devicesWith(candidate.claims, 'tek_matches_ks'), facts) : [];
  const isRepeated = candidate.consequence?.isNow === true;
  if (names.length === 0) return isRepeated ? { ...candidate, consequence: null } : candidate;
  const what = `traffic between ${gmCount(names)} and the GMs with the current TEKs is dropped until ${verb(names.length, 'it registers', 'they register')} again`;
  return { ...candidate, status: 'critical', consequence: { what, unless: null, isNow: true }, deadlineMs: null };
}

/** Of these GMs those that have TEKs with time left, and of these none that the others have. */
function cutOff(names: readonly string[], { gms, nowMs }: GroupFacts): readonly string[] {
  if (names.length === 0) return [];
  const differing = among(gms, names).filter((gm) => gm.divergent && holdsTeks(gm, nowMs) && isShownSince(gm));
  const apart = new Set(differing.map(({ device }) => device));
  const others = gms.filter((gm) => !apart.has(gm.device) && holdsTeks(gm, nowMs));
  const theirs = new Set(others.flatMap(({ tekSpis }) => tekSpis));
  if (theirs.size === 0) return [];
  return differing.filter(({ tekSpis }) => !tekSpis.some((spi) => theirs.has(spi))).map(({ device }) => device);
}

/** What it showed before it registered again it holds no more. */
function isShownSince({ sentMs, lastReregistration: last }: GmFacts): boolean {
  return last === null || sentMs > last.atMs;
}

function holdsTeks(gm: GmFacts, nowMs: number): boolean {
  return isHeard(gm) && !isUnregistered(gm) && gm.tekSpis.length > 0 && (gm.tekExpiryMs ?? 0) > nowMs;
}
