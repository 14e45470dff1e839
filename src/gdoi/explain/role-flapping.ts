/** The role of primary keeps moving between the KSs of a group (on-call catalogue, row 14). */
import { CHECK_ROLES } from '../events/first-steps.ts';
import { MAX_EVIDENCE } from '../events/event.ts';
import { type Asked, type Candidate, claimed, list, sorted } from './candidate.ts';
import type { GroupFacts } from './group-facts.ts';
import { COOP_SETTLES_MS } from './ks-silence.ts';
import { clockTime, ksNamed } from './said.ts';
import { CLOCKS_MS } from './symptom.ts';
import type { EpochMs } from '../seen/instant.ts';

const FLAPS_WITHIN_MS = 1_800_000;
/** A failover, and the way back, are two. */
const FLAPS_FROM = 3;

interface Change {
  readonly device: string;
  readonly atMs: EpochMs;
  readonly role: 'primary' | 'secondary';
}

export function roleFlapping(asked: Asked): Candidate | null {
  const { facts, open, before } = asked;
  const ofSplit = duringSplit(asked);
  const lately = changesSince(facts, facts.nowMs - FLAPS_WITHIN_MS);
  if (!isFlapping(lately.filter((change) => !ofSplit(change)))) return null;
  const sinceMs = before?.sinceMs ?? Math.min(...lately.map(({ atMs }) => atMs));
  // As long as it goes on its first changes count, so that what is said does not change by time alone.
  const changes = changesSince(facts, sinceMs);
  const names = sorted(changes.map(({ device }) => device));
  return {
    phase: 'present',
    status: 'warning',
    sinceMs,
    summary:
      names.length === 1
        ? `KS ${list(names)} keeps changing its role since ${clockTime(sinceMs)}`
        : `The role of primary keeps moving between ${ksNamed(names)} since ${clockTime(sinceMs)}`,
    consequence: { what: 'rekeys and registrations may fail while the role moves', unless: null },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: CHECK_ROLES,
    scope: names,
    evidence: changes.slice(-MAX_EVIDENCE).map(({ device, atMs, role }) => `${device}: ${role} at ${clockTime(atMs)}`),
    claims: claimed(open, { checks: ['coop_role', 'coop_peers', 'members'] }),
  };
}

function changesSince({ kss, nowMs }: GroupFacts, sinceMs: EpochMs): readonly Change[] {
  return kss
    .flatMap(({ device, roleChanges = [] }) => roleChanges.map((change) => ({ device, ...change })))
    .filter(({ atMs }) => atMs >= sinceMs && atMs <= nowMs)
    .toSorted((a, b) => a.atMs - b.atMs);
}

/** In a split a second KS is primary, and then gives it up: that is said as the split. */
function duringSplit({ said, now, before }: Asked): (change: Change) => boolean {
  const split = said.find(({ cause, presentSinceMs }) => cause === 'coop_split' && presentSinceMs !== null);
  // While a role moves, two may show it at once for a moment.
  const isNow = now.find(
    ({ cause, phase }) => cause === 'coop_split' && (phase === 'present' || (phase === 'unclear' && before === null)),
  );
  const fromMs = Math.min(split?.sinceMs ?? Infinity, isNow?.sinceMs ?? Infinity) - CLOCKS_MS;
  const toMs = isNow === undefined ? (split?.endedMs ?? Infinity) + COOP_SETTLES_MS : Infinity;
  return ({ atMs }) => atMs >= fromMs && atMs <= toMs;
}

/** By one KS alone, too: its peers may not be polled. */
function isFlapping(changes: readonly Change[]): boolean {
  const ofEach = new Map<string, number>();
  for (const { device } of changes) ofEach.set(device, (ofEach.get(device) ?? 0) + 1);
  const taken = changes.filter(({ role }) => role === 'primary').length;
  return Math.max(taken, ...ofEach.values()) >= FLAPS_FROM;
}
