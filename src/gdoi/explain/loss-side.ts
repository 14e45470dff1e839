/**
 * Which side loses a rekey that GMs missed: the KS with what stands in front of it, or the paths of single GMs. The
 * only place that decides it: the explanations, what the fleet tells of the last rekey and the check of the group
 * follow. The alert of a whole group asks the same of Prometheus (`GdoiGmRekeyUnacknowledged` with `scope="group"`).
 */
import type { Explanation } from './explanation.ts';
import type { SymptomCheck } from './symptom.ts';

export type LossSide = 'path' | 'ks';

/** On-call catalogue, row 5: over 10 % of a group with unacknowledged rekeys, or over 20 % behind, is the KS's side. */
const KS_SHARE_UNACKNOWLEDGED = 0.1;
const KS_SHARE_BEHIND = 0.2;
/**
 * Row 5: in a smaller group two GMs already exceed these shares, and two paths may well fail; there most have to miss
 * it.
 */
const SMALL_GROUP = 20;

export interface MissedRekey {
  /** GMs that lack the key or its acknowledgement. */
  readonly missed: number;
  /** How many of these a KS counts without acknowledgement. */
  readonly unacknowledged: number;
  /** GMs that are known to have it. */
  readonly have: number;
  readonly members: number;
}

/** One GM alone is a path in a group of any size. */
export function isKsSide({ missed, unacknowledged, have, members }: MissedRekey): boolean {
  if (missed < 2 || members === 0) return false;
  if (members < SMALL_GROUP) return missed > have;
  return unacknowledged / members > KS_SHARE_UNACKNOWLEDGED || missed / members > KS_SHARE_BEHIND;
}

/** What the explanations of the group say of it; null: nothing. */
export function sideSaid(explanations: readonly Pick<Explanation, 'cause' | 'phase'>[]): LossSide | null {
  const isSaid = (cause: Explanation['cause']) =>
    explanations.some((explanation) => explanation.cause === cause && explanation.phase !== 'over');
  if (isSaid('ks_rekeys_lost')) return 'ks';
  return isSaid('path_loss') ? 'path' : null;
}

/** Shown by a GM that lacks a key of a rekey, or had to register for it. */
const LACKS_KEY: ReadonlySet<SymptomCheck> = new Set<SymptomCheck>([
  'kek_present',
  'kek_remaining',
  'kek_matches_ks',
  'tek_remaining',
  'tek_matches_ks',
  'reregistrations',
]);

/** GMs of which the explanations say that a rekey to them was lost, by what they show themselves. */
export function saidToLackKeys(explanations: readonly Explanation[]): readonly string[] {
  return explanations
    .filter((explanation) => sideSaid([explanation]) !== null)
    .flatMap(({ explains }) => explains)
    .flatMap(({ check, devices }) => (LACKS_KEY.has(check) ? devices : []));
}
