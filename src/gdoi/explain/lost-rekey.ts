/**
 * Which rekey GMs miss, as far as what they show tells it: that of the KEK, that of the TEKs, or both. A KS counts
 * acknowledgements of the rekey that came last, of whatever key: beside a missing KEK rekey it may have all of them.
 */
import { among } from './candidate.ts';
import type { GroupFacts } from './group-facts.ts';
import { nameList, naturalOrder } from './said.ts';
import type { Symptom } from './symptom.ts';
import type { Cause } from '../events/event.ts';

/** `unshown`: only acknowledgements are missing, or a re-registration tells no more than that keys were missing. */
export type LostKey = 'KEK' | 'TEK' | 'both' | 'unshown';

const OF_KEK: ReadonlySet<Cause> = new Set<Cause>(['kek_missed_rekey', 'kek_expired']);
const OF_TEK: ReadonlySet<Cause> = new Set<Cause>(['tek_expired']);

/** `traces`: the symptoms of the loss. A KEK rekey brings TEKs as well: other TEKs alone make no second lost rekey. */
export function lostKey(traces: readonly Symptom[], { gms }: Pick<GroupFacts, 'gms'>): LostKey {
  const shows = (...checks: readonly Symptom['check'][]) => traces.some(({ check }) => checks.includes(check));
  const registered = among(
    gms,
    traces.flatMap(({ check, device }) => (check === 'reregistrations' && device !== null ? [device] : [])),
  );
  const registeredFor = (causes: ReadonlySet<Cause>) =>
    registered.some(({ lastReregistration: last }) => last !== null && causes.has(last.cause));
  const kek = shows('kek_remaining', 'kek_present', 'kek_matches_ks') || registeredFor(OF_KEK);
  const tek = shows('tek_remaining') || registeredFor(OF_TEK);
  if (kek) return tek ? 'both' : 'KEK';
  return tek || shows('tek_matches_ks') ? 'TEK' : 'unshown';
}

/** `the last KEK rekey`. */
export function lastRekey(key: LostKey): string {
  switch (key) {
    case 'KEK':
    case 'TEK':
      return `the last ${key} rekey`;
    case 'both':
      return 'the last rekeys (KEK and TEK)';
    case 'unshown':
      return 'the last rekey';
    default:
      return key satisfies never;
  }
}

/** `missed the last KEK rekey`; where only acknowledgements are missing, that is what is known. */
export function missedIt(key: LostKey, onlyAcks: boolean): string {
  return `${onlyAcks ? 'did not acknowledge' : 'missed'} ${lastRekey(key)}`;
}

/** `KEK rekeys`, at the beginning of a sentence: those of the other key may arrive. */
export function lostRekeys(key: LostKey): string {
  return key === 'KEK' || key === 'TEK' ? `${key} rekeys` : 'Rekeys';
}

/** `missed the last one`, where `lostRekeys` named them before. */
export function missedOneOf(key: LostKey, onlyAcks: boolean): string {
  return key === 'KEK' || key === 'TEK' ? 'missed the last one' : missedIt(key, onlyAcks);
}

/** Who lacks acknowledgements, and how many in a row; null: nobody does, which says nothing of an earlier rekey. */
export function missingAcks(
  { unacknowledged }: Pick<GroupFacts, 'unacknowledged'>,
  names: readonly string[],
): string | null {
  const asked = new Set(names);
  const counted = unacknowledged
    .map(({ device, address, acksMissed }) => ({ name: device ?? address, acksMissed }))
    .filter(({ name }) => asked.has(name))
    .toSorted((a, b) => naturalOrder(a.name, b.name));
  const [first] = counted;
  if (first === undefined) return null;
  const same = counted.every(({ acksMissed }) => acksMissed === first.acksMissed);
  const rekeys = `the last ${first.acksMissed === 1 ? 'rekey' : `${first.acksMissed} rekeys`}`;
  const who = same
    ? nameList(counted.map(({ name }) => name))
    : nameList(counted.map(({ name, acksMissed }) => `${name} (${acksMissed} in a row)`));
  const what = same ? rekeys : 'the last rekeys';
  return `no acknowledgement of ${what} from ${who}, as the KS counts`;
}
