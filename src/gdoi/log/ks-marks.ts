/**
 * What a KS says in its log of its members and of its groups: why it refused a registration, whom it dropped. Kept with
 * the KS, and read for the GMs that it is about.
 */
import type { EpochMs } from '../seen/instant.ts';
import { groupsMeant, isSameMessage, type LogMark, type NamedMark, quoted } from './log-evidence.ts';
import type { Stated } from '../events/gdoi-events.ts';
import { statedReason } from './message-facts.ts';
import { addressesIn } from './message-detail.ts';

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

/** Of one group, by what its name and identity are. */
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
  const own = address?.toLowerCase() ?? null;
  return said.filter(({ mark }) => {
    const about = addressesIn(mark.detail);
    return mark.atMs >= sinceMs && (about.length === 0 || (own !== null && about.includes(own)));
  });
}

/** The reason that a KS states, with the first step on that KS; null: it states none. */
export function statedByKs({ ks, mark }: KsSaid): Stated | null {
  const stated = statedReason(mark.mnemonic, 'ks');
  if (stated === null || stated.firstStep === null) return stated;
  const [first = '', ...rest] = stated.firstStep;
  return { ...stated, firstStep: `On ${ks}, ${first.toLowerCase()}${rest.join('')}` };
}

export function quotedKs({ ks, mark }: KsSaid): string {
  return `${ks} ${quoted(mark)}`;
}
