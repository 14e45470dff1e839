/**
 * No device of a group answers, and all went silent at once: that they are down is less likely than that the agent's own
 * way to them is broken, and nothing of the group is known either way. GMs that had been silent long before do not count
 * for that.
 */
import { CHECK_OWN_NETWORK } from '../events/first-steps.ts';
import { type Candidate, GM_CHECKS, lastLook, list, sorted } from './candidate.ts';
import { type GroupFacts, isSilent, type MemberContext } from './group-facts.ts';
import { clockTime, nameList } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { SymptomCheck } from './symptom.ts';

/** Devices that go silent within this time have something in common: a site, a WAN, the way of the agent. */
export const GO_TOGETHER_MS = 300_000;

/**
 * Since when none has answered; null: one answers or is still asked, or they did not go together, or it is a KS alone.
 */
export function nothingSeenSince({ kss, gms: all, pollIntervalMs }: GroupFacts): EpochMs | null {
  // One that has never answered did not go silent with the others.
  const gms = all.filter(({ unread }) => unread !== true);
  if (gms.length === 0) return null;
  const members: readonly MemberContext[] = [...kss, ...gms];
  const since = members.flatMap((member) => (isSilent(member) ? (member.failure?.sinceMs ?? []) : []));
  if (since.length < members.length) return null;
  const [first, last] = [Math.min(...since), Math.max(...since)];
  return last - first <= Math.max(GO_TOGETHER_MS, 2 * pollIntervalMs) ? last : null;
}

/** What a group shows that shows nothing: all of it is old. */
export const ALL_CHECKS: readonly SymptomCheck[] = ['reachable', 'coop_peers', 'coop_role', 'members', ...GM_CHECKS];

export function nothingSeen(
  { kss, gms, group, nowMs }: GroupFacts,
  sinceMs: EpochMs,
): Pick<
  Candidate,
  'summary' | 'consequence' | 'deadlineMs' | 'confidence' | 'knownAtMs' | 'firstStep' | 'scope' | 'evidence'
> {
  const silent = [...kss, ...gms];
  const devices = sorted(silent.map(({ device }) => device));
  const heard = sorted(silent.flatMap(({ device, failure }) => (failure?.heardMs === undefined ? [] : [device])));
  const went = gms.some(({ unread }) => unread === true) ? 'those that had answered' : 'all';
  const results = new Map<string, string[]>();
  for (const { device, failure } of silent) {
    const result = failure?.result ?? 'no answer';
    results.set(result, [...(results.get(result) ?? []), device]);
  }
  return {
    summary: `The agent sees nothing of ${group}: none of its ${devices.length} devices (${nameList(devices)}) has answered since ${clockTime(sinceMs)}, and ${went} went silent at once: the agent’s own way to them is broken, or all of them are down${heard.length === 0 ? '' : `; messages in the name of ${nameList(heard)} came since`}`,
    consequence: { what: `whether ${group} still has keys and traffic is not known`, unless: null },
    deadlineMs: null,
    confidence: 'possible',
    knownAtMs: lastLook(silent, nowMs),
    firstStep: CHECK_OWN_NETWORK,
    scope: devices,
    evidence: Array.from(results, ([result, names]) => `${result}: ${list(sorted(names))}`),
  };
}
