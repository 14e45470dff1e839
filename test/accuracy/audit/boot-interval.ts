/**
 * Where a reload can lie: its interval must not include what an answer excludes. The counters of a GM show to which
 * boot an answer in the middle belongs. A KS has no counters: such an answer may belong to the boot before or after it,
 * and then the interval may include it, unless the answer came too soon for a boot, or shows the KS as primary with the
 * same KEK as before.
 */
import type { GdoiEvent } from '../../../src/gdoi/events/event.ts';
import { type History, type KsAnswer, ROUNDING_MS, type Seen } from './history.ts';

/** No router goes down and comes up again faster than this. */
const SHORTEST_BOOT_MS = 5000;

/** `within`: whether an answer came in the middle of the interval. */
export function auditBoot(
  { betweenMs: [fromMs, toMs] }: GdoiEvent,
  { outcomes, ownKss }: History,
  within: (seen: Seen) => boolean,
): string | null {
  const answers = outcomes.filter(({ failed, look }) => failed === null && !look);
  const inside = answers.filter(within);
  const [first] = inside;
  const last = inside.at(-1);
  if (first === undefined || last === undefined) return null;
  const wrong = `the device answered at ${new Date(first.sentMs).toISOString()}, in the middle of it`;
  if (ownKss.length === 0) return wrong;
  const pauseBefore = first.sentMs - (answers[answers.indexOf(first) - 1]?.receivedMs ?? -Infinity);
  const pauseAfter = (answers[answers.indexOf(last) + 1]?.sentMs ?? Infinity) - last.receivedMs;
  const canBeBefore =
    Math.min(pauseBefore, first.sentMs - fromMs) >= SHORTEST_BOOT_MS &&
    !inside.some((seen) => wasPrimary(ownKss, seen));
  const canBeAfter = Math.min(pauseAfter, toMs - last.receivedMs) >= 0;
  return canBeBefore && canBeAfter ? null : wrong;
}

/** Whether it is primary as in the last answer before that showed a role, and with the same KEK. */
function wasPrimary(ownKss: readonly KsAnswer[], { index }: Seen): boolean {
  const now = ownKss.filter((answer) => answer.index === index);
  return now.some((answer) => {
    const before = ownKss.findLast(
      ({ index: earlier, ks }) => earlier < index && ks.group === answer.ks.group && ks.localRole !== null,
    );
    return before !== undefined && isPrimary(before) && isPrimary(answer) && hasSameKek(before, answer);
  });
}

function isPrimary({ ks }: KsAnswer): boolean {
  return ks.localRole === 'primary';
}

function hasSameKek(before: KsAnswer, now: KsAnswer): boolean {
  const ends = [before, now].map(({ ks, sentMs }) => sentMs + (ks.kek?.remainingSeconds ?? NaN) * 1000);
  const readingMs = before.receivedMs - before.sentMs + now.receivedMs - now.sentMs;
  return Math.abs((ends[0] ?? NaN) - (ends[1] ?? NaN)) <= ROUNDING_MS + readingMs;
}
