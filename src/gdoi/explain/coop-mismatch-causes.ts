/**
 * KSs of a group that do not go together, by their own word: their policies differ, or one can hold no more GMs
 * (on-call catalogue, row 18). Nothing that is looked at shows it before another KS serves the GMs.
 */
import { CHECK_FULL } from '../events/first-steps.ts';
import { type Asked, type Candidate, claimed, sorted } from './candidate.ts';
import { recentOf } from './recent-reasons.ts';
import { clockTime, ksNamed, verb } from './said.ts';

const POLICIES = {
  kind: 'policies_differ',
  status: 'critical',
  what: 'the policies of its KSs differ',
  consequence: 'GMs get the policy of the KS that they register with: traffic between them may be dropped',
  firstStep: 'show crypto gdoi ks policy and show crypto gdoi ks acl on every KS: where do they differ?',
  explains: [],
} as const;
const FULL = {
  kind: 'kss_full',
  status: 'warning',
  what: 'a KS can hold no more GMs',
  consequence: 'GMs beyond that may be unknown to it',
  firstStep: CHECK_FULL,
  explains: ['members'],
} as const;

/** Present for as long as a KS said so a short time ago: no message says that it is mended. */
export function coopMismatch({ facts, open, before }: Asked): Candidate | null {
  const { kss, group, nowMs } = facts;
  for (const { kind, status, what, consequence, firstStep, explains } of [POLICIES, FULL]) {
    const said = kss.flatMap((ks) => recentOf(ks, kind, nowMs).map((reason) => ({ device: ks.device, reason })));
    if (said.length === 0) continue;
    const names = sorted(said.map(({ device }) => device));
    // What was said before may have been the other of the two.
    const goesOn = before !== null && before.said.firstStep === firstStep;
    const sinceMs = Math.min(goesOn ? before.sinceMs : nowMs, ...said.map(({ reason }) => reason.atMs));
    return {
      phase: 'present',
      status,
      sinceMs,
      summary: `${ksNamed(names)} ${verb(names.length, 'says', 'say')} of ${group} since ${clockTime(sinceMs)}: ${what}`,
      consequence: { what: consequence, unless: null },
      deadlineMs: null,
      confidence: 'certain',
      knownAtMs: null,
      firstStep,
      scope: names,
      evidence: said.slice(-4).map(({ device, reason }) => `${device}, ${clockTime(reason.atMs)}: ${reason.text}`),
      claims: claimed(open, { checks: explains }),
    };
  }
  return null;
}
