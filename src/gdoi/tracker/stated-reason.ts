/**
 * The reasons that routers stated for what a GM suffers now: its own messages, and those of its KSs about it.
 */
import type { Stated } from '../events/gdoi-events.ts';
import type { Answer } from '../memory/answer.ts';
import { peersOf } from '../memory/gm-answer.ts';
import type { GroupState } from '../memory/tracker-state.ts';
import { givesReason, keepsRekeysAway, ksSaidOf, quotedKs, statedByKs } from '../log/ks-marks.ts';
import { isOfPeer, type LogMark, type LogProof, marksIn, quoted } from '../log/log-evidence.ts';
import { statedReason } from '../log/message-facts.ts';
import type { EpochMs } from '../seen/instant.ts';

export interface Reasons {
  /** The newest that states one; null: none does. */
  readonly stated: Stated | null;
  readonly evidence: readonly string[];
}

/** Lines of each source in one event. */
const MAX_LINES = 2;
/** How far back a message explains what goes on now: attempts follow each other within minutes. */
const EXPLAINS_MS = 900_000;

/** Why it does not get or install keys: refused, IKE failed, dropped by its KS. */
export function reasonsOfFailure(state: GroupState, answer: Pick<Answer, 'seen' | 'ks'>): Reasons {
  const { seen, ks } = answer;
  const sinceMs = Math.min(state.unregistered?.fromMs ?? Infinity, seen.at.sentAtMs) - EXPLAINS_MS;
  const peers = peersOf(seen.gm);
  const own = marksSince(state, ['refused', 'ike_failed'], sinceMs).filter(
    (mark) => isBefore(mark, seen) && isOfPeer(mark, peers),
  );
  const said = ksSaidOf(ks.said, seen.gm.address, sinceMs)
    .filter(({ mark }) => isBefore(mark, seen))
    .slice(-MAX_LINES);
  const lastSaid = said.findLast(givesReason);
  const last = own.at(-1);
  return {
    // The KS refused it: that is nearer to the reason than that IKE failed.
    stated:
      (lastSaid === undefined ? null : statedByKs(lastSaid)) ??
      (last === undefined ? null : statedReason(last.mnemonic, 'gm')),
    evidence: [...said.map(quotedKs), ...own.slice(-MAX_LINES).map(quoted)],
  };
}

/** A recording may hold a message before an answer that is older. */
function isBefore({ fromMs }: LogMark, { at }: Answer['seen']): boolean {
  return fromMs <= at.receivedAtMs;
}

/** Why a rekey that is due has not renewed the keys: it came and could not be used, or its KS dropped the GM. */
export function reasonsOfMissingRekey(state: GroupState, answer: Pick<Answer, 'seen' | 'ks'>): Reasons {
  const sinceMs = state.view?.keysCame?.fromMs ?? -Infinity;
  const { seen, ks } = answer;
  const failed = marksSince(state, ['rekey_failed'], sinceMs)
    .filter((mark) => isBefore(mark, seen))
    .slice(-MAX_LINES);
  const said = ksSaidOf(ks.said, seen.gm.address, sinceMs)
    .filter((each) => keepsRekeysAway(each) && isBefore(each.mark, seen))
    .slice(-MAX_LINES);
  const last = failed.at(-1);
  const lastSaid = said.at(-1);
  return {
    stated:
      (last === undefined ? null : statedReason(last.mnemonic, 'gm')) ??
      (lastSaid === undefined ? null : statedByKs(lastSaid)),
    evidence: [...failed.map(quoted), ...said.map(quotedKs)],
  };
}

export function marksSince({ marks }: GroupState, proofs: readonly LogProof[], sinceMs: EpochMs): readonly LogMark[] {
  if (marks.length === 0) return marks;
  const interval = { fromMs: sinceMs, toMs: Infinity };
  return proofs.flatMap((proof) => marksIn(marks, proof, interval)).toSorted((a, b) => a.atMs - b.atMs);
}
