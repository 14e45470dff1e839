/**
 * A group with something of everything that is remembered: keys, a KEK that was replaced, occurrences, words.
 */
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { gm, ks } from '../../builders/fleet-group.ts';

const OLD = { kekExpiry: null, device: 'gm2', address: '10.0.0.2' } as const;

/** The KS replaces its KEK between 70 s and 130 s; gm2, of a release without a KEK timer, gets no rekey. */
export const FULL_FLEET: readonly MemberFacts[] = [
  ks(0, { kekExpiry: 100, members: { '10.0.0.1': 0, '10.0.0.2': 1 }, peers: { '10.1.0.2': 'Dead' } }),
  gm(5, { kekExpiry: 100 }),
  gm(6, OLD),
  ks(60, { kekExpiry: 100, members: { '10.0.0.1': 0, '10.0.0.2': 2 }, peers: { '10.1.0.2': 'Dead' } }),
  gm(65, { kekExpiry: 100 }),
  gm(66, OLD),
  ks(120, { kekExpiry: 86_500, members: { '10.0.0.1': 0, '10.0.0.2': 2 }, peers: { '10.1.0.2': 'Dead' } }),
];
/** The answers that show that gm2 got no rekey. */
export const FULL_FLEET_NEXT: readonly MemberFacts[] = [gm(240, OLD), ks(241, { kekExpiry: 86_500 })];
