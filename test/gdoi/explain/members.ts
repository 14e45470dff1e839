/** GMs and KSs for tests of explanations, made from the few facts that matter. */
import type { Explanation } from '../../../src/gdoi/explain/explanation.ts';
import { type MemberContext, NO_CONTEXT } from '../../../src/gdoi/explain/group-facts.ts';
import type { MemberFacts } from '../../../src/gdoi/fleet/fleet-state.ts';
import { type Fleet, gm, type GmOptions, ks, type KsOptions, START } from '../../builders/fleet-group.ts';

/** The first explanation of the group after these changes; `ok`: there is none. */
export function said(fleet: Fleet, ...changes: readonly MemberFacts[]): Explanation | 'ok' {
  return fleet.see(...changes).explanations[0] ?? 'ok';
}

export function member(
  number: number,
  second: number,
  options: GmOptions = {},
  context: Partial<MemberContext> = {},
): MemberFacts {
  const facts = gm(second, { device: `gm${number}`, address: `10.0.0.${number}`, ...options });
  return { ...facts, context: { ...NO_CONTEXT, ...context } };
}

export function silent(
  facts: MemberFacts,
  sinceSecond: number,
  over: Partial<MemberContext['failure'] & object> = {},
): MemberFacts {
  const failure = { sinceMs: START + sinceSecond * 1000, inARow: 3, result: 'timeout', established: true, ...over };
  return { ...facts, presence: failure.established ? 'unreachable' : 'present', context: { ...NO_CONTEXT, failure } };
}

export const OVERDUE = { kekExpiry: 180, change: { kekRekeyOverdue: true } } as const;

/** Addresses of two KSs with COOP, each the other's peer. */
export const [FIRST, SECOND] = ['10.1.0.1', '10.1.0.2'] as const;

export function firstKs(second: number, options: KsOptions = {}): MemberFacts {
  return ks(second, { device: 'ks1', address: FIRST, role: 'primary', peers: { [SECOND]: 'Alive' }, ...options });
}

export function secondKs(second: number, options: KsOptions = {}): MemberFacts {
  return ks(second, { device: 'ks2', address: SECOND, role: 'secondary', peers: { [FIRST]: 'Alive' }, ...options });
}
