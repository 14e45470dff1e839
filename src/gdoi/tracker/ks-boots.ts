/**
 * Which answers of a KS are of one boot: those that came without a pause in which it can have booted, and those in
 * which it is still primary with the KEKs that it had. A KS that boots is primary of nothing until an election, and
 * makes keys of its own or is given those of the primary. Of a secondary a pause is all there is.
 */
import { endOfCountdown, overlaps, widened } from '../seen/interval.ts';
import { sameInstantToleranceMs } from '../keys/kek-identity.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import type { GroupSnapshot } from '../seen/snapshot.ts';
import { MAX_GROUP_CHARS } from '../memory/gm-answer.ts';
import { MAX_GROUPS, type PrimaryKek, type TrackerState } from '../memory/tracker-state.ts';
import { SHORTEST_BOOT_MS } from './device-boot.ts';

export type AnswersOfBoots = Pick<
  TrackerState,
  'answeredBefore' | 'answeringSinceMs' | 'answeredBeforeSinceMs' | 'oldBootAnsweredMs' | 'primaryKeks'
>;

/** `answer` null: it is a GM, or only a look. */
export function answersOfBoots(
  state: TrackerState,
  answer: { readonly at: ReadAt; readonly snapshots: readonly GroupSnapshot[] } | null,
): AnswersOfBoots {
  const { answered, answeredBefore, answeringSinceMs, answeredBeforeSinceMs, oldBootAnsweredMs } = state;
  const keks = (answer === null ? null : primaryKeksOf(answer)) ?? state.primaryKeks;
  const askedMs: EpochMs | null = answer?.at.sentAtMs ?? null;
  const pauseMs = answered === null || askedMs === null ? 0 : askedMs - answered.receivedAtMs;
  const mayHaveBooted = answered !== null && pauseMs >= SHORTEST_BOOT_MS && !isStillPrimary(state.primaryKeks, keks);
  const before = mayHaveBooted ? answered : answeredBefore;
  const beforeSinceMs = mayHaveBooted ? answeringSinceMs : answeredBeforeSinceMs;
  const sinceMs = mayHaveBooted ? askedMs : (answeringSinceMs ?? askedMs);
  return {
    ...(before === undefined ? {} : { answeredBefore: before }),
    ...(sinceMs === null ? {} : { answeringSinceMs: sinceMs }),
    ...(beforeSinceMs === undefined ? {} : { answeredBeforeSinceMs: beforeSinceMs }),
    ...(oldBootAnsweredMs === undefined ? {} : { oldBootAnsweredMs }),
    ...(keks === undefined ? {} : { primaryKeks: keks }),
  };
}

/** Of the groups whose primary it is; null: this answer shows no roles. */
function primaryKeksOf({
  at,
  snapshots,
}: {
  readonly at: ReadAt;
  readonly snapshots: readonly GroupSnapshot[];
}): readonly PrimaryKek[] | null {
  const kss = snapshots.flatMap((ks) => (ks.role === 'ks' && ks.localRole !== null ? [ks] : []));
  if (kss.length === 0) return null;
  return kss.slice(0, MAX_GROUPS).flatMap(({ group, localRole, kek }) => {
    const remaining = kek?.remainingSeconds ?? null;
    if (localRole !== 'primary' || remaining === null || remaining <= 0) return [];
    return [{ group: group.slice(0, MAX_GROUP_CHARS), expiry: endOfCountdown(at, remaining), readMs: at.sentAtMs }];
  });
}

function isStillPrimary(before: readonly PrimaryKek[] = [], now: readonly PrimaryKek[] = []): boolean {
  return now.some(({ group, expiry, readMs }) =>
    before.some(
      (held) =>
        held.group === group &&
        held.readMs < readMs &&
        overlaps(widened(held.expiry, sameInstantToleranceMs(readMs - held.readMs)), expiry),
    ),
  );
}
