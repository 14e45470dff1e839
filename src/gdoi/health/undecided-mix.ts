/**
 * Why it is not known whether GMs with a KEK timer meet KSs without one: a release that nobody has shown. A KS that
 * sends its KEK rekey ahead suits every GM, and a GM without a timer every KS.
 */
import { verb } from '../events/counted.ts';
import { ksNamed, nameList } from '../events/name-list.ts';
import type { KekBehavior } from '../seen/release.ts';

interface Member {
  readonly device: string;
  readonly behavior: KekBehavior;
}

/** null: it is known. */
export function undecidedMix(kss: readonly Member[], gms: readonly Member[]): string | null {
  const others = kss.filter(({ behavior }) => behavior !== 'timer');
  const asking = gms.filter(({ behavior }) => behavior !== 'legacy');
  if (others.length === 0 || (gms.length > 0 && asking.length === 0)) return null;
  const unknown = others.filter(({ behavior }) => behavior === 'unknown').map(({ device }) => device);
  if (unknown.length > 0) return `the release of ${ksNamed(unknown)} is not known`;
  if (gms.length === 0) return 'no GM is polled to compare releases with';
  const open = asking.filter(({ behavior }) => behavior === 'unknown').map(({ device }) => device);
  if (open.length === 0) return null;
  return `the release of ${verb(open.length, 'GM', 'GMs')} ${nameList(open)} is not known`;
}
