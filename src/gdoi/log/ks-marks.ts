/**
 * What a KS says in its log about its members and its groups: why it refused a registration, whom it dropped. Kept with
 * the KS, and consulted for the GMs that it is about.
 */
import type { EpochMs } from '../seen/instant.ts';
import { groupsMeant, isSameMessage, type LogMark, type NamedMark, quotedMark } from './log-evidence.ts';
import type { Stated } from '../events/gdoi-events.ts';
import { isAboutGroup, isOfAnyPeer, statedReason } from './message-facts.ts';
import { addressesIn, isSameAddress } from './message-detail.ts';

export interface KsMark {
  readonly mark: LogMark;
  /** As in `NamedMark`. */
  readonly groups: NamedMark['groups'];
}

/** A KS may refuse many at once; the newest are kept. */
const MAX_KS_MARKS = 32;

export function withKsMark(marks: readonly KsMark[], { mark, groups }: NamedMark): readonly KsMark[] {
  if (marks.some((known) => isSameMessage(known.mark, mark))) return marks;
  return [...marks, { mark, groups }].toSorted((a, b) => a.mark.atMs - b.mark.atMs).slice(-MAX_KS_MARKS);
}

/** Those about one group, which a message may call by its name or its identity. */
export function ksMarksOfGroup(marks: readonly KsMark[], group: string, identity: string | null): readonly LogMark[] {
  return marks
    .filter(({ groups }) => groupsMeant(groups, [[group, identity]])?.has(group) ?? true)
    .map(({ mark }) => mark);
}

/** A KS's message with the name of the KS, for a GM that it may be about. */
export interface KsSaid {
  readonly ks: string;
  readonly mark: LogMark;
}

/** Those of this GM's address, and those of the whole group, since `sinceMs`; oldest first. */
export function ksSaidOf(said: readonly KsSaid[], address: string | null, sinceMs: EpochMs): readonly KsSaid[] {
  return said.filter(({ mark }) => {
    const about = addressesIn(mark.detail);
    // A KS has more IKE peers than its members: without an address it may be any of them.
    const isMeant = about.length === 0 && (mark.proof !== 'ike_failed' || isOfAnyPeer(mark.mnemonic));
    return (
      mark.atMs >= sinceMs && (isMeant || (address !== null && about.some((each) => isSameAddress(each, address))))
    );
  });
}

/** It states the reason of this GM, or of all. A certificate that a KS did not accept may be another peer's. */
export function givesReason({ mark }: KsSaid): boolean {
  return !isOfAnyPeer(mark.mnemonic);
}

/** It explains why no rekey renewed the keys of a GM: the GM was dropped, or the KS cannot rekey anybody. */
export function keepsRekeysAway({ mark }: KsSaid): boolean {
  return mark.proof === 'ejected' || isAboutGroup(mark.mnemonic);
}

/** The reason that a KS states, with the first step on that KS; null: it states none. */
export function statedByKs({ ks, mark }: KsSaid): Stated | null {
  return reasonStated({ mnemonic: mark.mnemonic, ks });
}

/** A message that states a reason. */
export interface ReasonGiven {
  readonly mnemonic: string;
  /** The KS that wrote it; null: the GM itself. */
  readonly ks: string | null;
}

/** Its words; null: it states none. */
export function reasonStated({ mnemonic, ks }: ReasonGiven): Stated | null {
  const stated = statedReason(mnemonic, ks === null ? 'gm' : 'ks');
  if (stated === null || ks === null) return stated;
  const [first = '', ...rest] = stated.firstStep ?? '';
  const firstStep = stated.firstStep === null ? null : `On ${ks}, ${first.toLowerCase()}${rest.join('')}`;
  return { ...stated, firstStep, by: ks };
}

export function quotedKs({ ks, mark }: KsSaid): string {
  return `${ks} ${quotedMark(mark)}`;
}
