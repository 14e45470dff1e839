/** The reasons that routers state for what a GM suffers now: in its own messages, and in those of its KSs about it. */
import { CHECK_INTERFACE } from '../events/first-steps.ts';
import type { Stated } from '../events/gdoi-events.ts';
import type { ComparedAnswer } from '../memory/answer.ts';
import { peersOf } from '../memory/gm-answer.ts';
import { type GroupState, linkDownOf } from '../memory/tracker-state.ts';
import { givesReason, keepsRekeysAway, ksSaidOf, quotedKs, statedByKs } from '../log/ks-marks.ts';
import {
  isAttempt,
  isOfPeer,
  type LogMark,
  type LogProof,
  marksIn,
  quotedMark,
  quotedLink,
} from '../log/log-evidence.ts';
import { isOfOtherIke, statedReason } from '../log/message-facts.ts';
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

export interface FailureReasons extends Reasons {
  /** The reason that holds for as long as it fails: it was refused, IKE failed, its KS dropped it, or it left. */
  readonly refused: Stated | null;
  /** Why its registration, or its keys, ended: what states a failure, or else an order of its KS. */
  readonly ended: Stated | null;
}

/** Why the GM does not get or install keys, and what ended those that it had. */
export function reasonsOfFailure(state: GroupState, answer: ComparedAnswer): FailureReasons {
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
  const link = reasonOfLink(state, answer, sinceMs);
  const ending = endedBy(state, answer, sinceMs);
  // That the KS refused it is closer to the reason than that IKE failed.
  const refused =
    (lastSaid === undefined ? null : statedByKs(lastSaid)) ??
    statedIn(own.filter(({ mnemonic }) => !isOfOtherIke(mnemonic, seen.gm.groupType)).slice(-1)) ??
    statedIn(ending.filter(({ proof }) => proof === 'left'));
  const stated = refused ?? link.stated;
  return {
    refused,
    stated,
    ended: stated ?? statedIn(ending.filter(({ proof }) => proof === 'forced')),
    evidence: [
      ...ending.slice(-MAX_LINES).map(quotedMark),
      ...link.evidence,
      ...said.map(quotedKs),
      ...own.slice(-MAX_LINES).map(quotedMark),
    ],
  };
}

const ENDING: readonly LogProof[] = ['forced', 'left', 'recovery', 'invalid_spi', 'kek_deleted', 'start'];

/** What the GM said of the end of its registration, or of why its keys were not renewed; oldest first. */
function endedBy(state: GroupState, answer: ComparedAnswer, sinceMs: EpochMs): readonly LogMark[] {
  const renewed = renewedMs(state, answer);
  const marks = marksSince(state, ENDING, Math.max(sinceMs, renewed)).filter(
    (mark) => mark.proof !== 'start' || !isAttempt(mark),
  );
  return [...marks, ...marksSince(state, ['rekey_failed'], renewed)]
    .filter((mark) => isBefore(mark, answer.seen))
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** What was said before its keys came, or before a registration was complete, ended neither. */
function renewedMs({ marks }: GroupState, { before }: ComparedAnswer): EpochMs {
  const completedMs = marks.findLast(({ proof }) => proof === 'complete')?.atMs ?? -Infinity;
  return Math.max(before.view?.keysCame?.toMs ?? -Infinity, completedMs);
}

/** The interface that holds its keys went down: as long as no message says that it is back, that is the reason. */
function reasonOfLink({ marks }: GroupState, { before, seen }: ComparedAnswer, sinceMs: EpochMs): Reasons {
  const link = linkDownOf({ marks: marks.filter((mark) => isBefore(mark, seen)), view: before.view });
  if (link === null || (link.up ?? link.down).atMs < sinceMs) return { stated: null, evidence: [] };
  const { down, up } = link;
  const reason = `its interface ${down.detail} went down, and no message says that it is back`;
  return {
    stated: up === null ? { reason, firstStep: CHECK_INTERFACE } : null,
    evidence: quotedLink(down, up ?? undefined),
  };
}

/** By the last of them that states one. */
function statedIn(marks: readonly LogMark[]): Stated | null {
  return marks.reduce<Stated | null>((last, { mnemonic }) => statedReason(mnemonic, 'gm') ?? last, null);
}

/** A recording may hold a message before an answer that is older. */
function isBefore({ fromMs }: LogMark, { at }: ComparedAnswer['seen']): boolean {
  return fromMs <= at.receivedAtMs;
}

/** Why a rekey that is due has not renewed the keys: it came and could not be used, or its KS dropped the GM. */
export function reasonsOfMissingRekey(state: GroupState, answer: Pick<ComparedAnswer, 'seen' | 'ks'>): Reasons {
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
    evidence: [...failed.map(quotedMark), ...said.map(quotedKs)],
  };
}

export function marksSince({ marks }: GroupState, proofs: readonly LogProof[], sinceMs: EpochMs): readonly LogMark[] {
  if (marks.length === 0) return marks;
  const interval = { fromMs: sinceMs, toMs: Infinity };
  return proofs.flatMap((proof) => marksIn(marks, proof, interval)).toSorted((a, b) => a.atMs - b.atMs);
}
