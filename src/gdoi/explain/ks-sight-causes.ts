/** KSs that serve their group, and of which the agent sees nothing; devices that do not let it in. */
import { CHECK_CREDENTIAL, CHECK_HOST_KEY } from '../events/first-steps.ts';
import { type Asked, type Candidate, claimed, devicesOf, list, nextLook, sorted } from './candidate.ts';
import { type GmFacts, type GroupFacts, isMute, isRefused, isSilent, type KsFacts } from './group-facts.ts';
import { isPrimaryElsewhere, isUnread, LOGS_IN_AGAIN_MS, type Served, servedMs, servedSince } from './ks-silence.ts';
import { showNothing } from './shows-nothing.ts';
import { clockTime, ksNamed, verb } from './said.ts';
import type { Symptom } from './symptom.ts';

/** A device refuses the credential, or shows another host key: what only SSH shows of it grows old. */
export function loginRefused({ facts, open }: Asked): Candidate | null {
  const members = [...facts.kss, ...facts.gms].filter(isRefused);
  if (members.length === 0) return null;
  const devices = sorted(members.map(({ device }) => device));
  const changed = members.some(({ failure }) => failure?.result === 'host_key');
  const sinceMs = Math.min(...members.map(({ failure }) => failure?.sinceMs ?? facts.nowMs));
  return {
    phase: 'present',
    status: changed ? 'critical' : 'warning',
    sinceMs,
    summary: changed
      ? `${list(devices)} ${verb(devices.length, 'shows', 'show')} another SSH host key than the known one: no password was sent`
      : `${list(devices)} ${verb(devices.length, 'does', 'do')} not let the agent in: the credential is refused`,
    consequence: { what: whatGrowsOld(members), unless: null },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: changed ? CHECK_HOST_KEY : CHECK_CREDENTIAL,
    scope: devices,
    evidence: members.map(
      ({ device, failure }) => `${device}: ${failure?.result ?? ''} since ${clockTime(failure?.sinceMs ?? 0)}`,
    ),
    claims: claimed(open, { checks: ['reachable'], of: new Set(devices) }),
  };
}

/** SNMP and RESTCONF beside SSH need not be refused with it. */
function whatGrowsOld(members: readonly (KsFacts | GmFacts)[]): string {
  const answering = members.filter(({ failure }) => failure?.answersBy !== undefined);
  const blind = members.filter(({ failure }) => failure?.answersBy === undefined);
  const named = (those: typeof members) => list(sorted(those.map(({ device }) => device)));
  const by = [...new Set(answering.flatMap(({ failure }) => failure?.answersBy ?? []))];
  return [
    ...(blind.length === 0 ? [] : [`what is known of ${named(blind)} is old and grows older`]),
    ...(answering.length === 0
      ? []
      : [`of ${named(answering)} only what ${list(by)} ${verb(by.length, 'shows', 'show')} is known`]),
  ].join('; ');
}

/** The agent gets no answer, but GMs or peers do. */
export function ksOutOfSight({ facts, open, before, now }: Asked): Candidate | null {
  const { kss, nowMs } = facts;
  const mute = kss.filter((ks) => isMute(ks) && !isOldAndKnown(facts, ks));
  if (mute.length > 0) return showsNothing(facts, mute, open);
  const down = new Set(
    now.flatMap(({ cause, phase, scope }) => (cause === 'ks_down' && phase !== 'over' ? scope : [])),
  );
  const served = servedByAnyOf(facts);
  const alive = kss
    .filter((ks) => isSilent(ks) && !down.has(ks.device))
    .filter(
      (ks) =>
        served !== null ||
        (servedMs(facts, ks) !== null && (ks.failure?.established === true || isPrimaryElsewhere(facts, ks))),
    );
  if (alive.length === 0) return null;
  const names = sorted(alive.map(({ device }) => device));
  const failsSinceMs = Math.min(...alive.map(({ failure }) => failure?.sinceMs ?? nowMs));
  const livesMs = (ks: KsFacts) => servedMs(facts, ks) ?? served?.atMs ?? nowMs;
  const at = served?.at ?? 'at';
  const triedMs = (ks: KsFacts) => ks.failure?.lastMs ?? 0;
  // It served someone after the agent's last try: it may be back, which tries begun since then tell. One alone may be lost.
  // The first sign of life of these: of one that was named alone before, it is none of theirs.
  const isOfThese = before !== null && devicesOf(before).every((name) => names.includes(name));
  const firstMs = isOfThese ? before.sinceMs : Math.min(...alive.map(livesMs));
  const common = {
    status: 'warning',
    sinceMs: firstMs,
    deadlineMs: null,
    scope: names,
    claims: claimed(
      open,
      { checks: ['reachable'], of: new Set(names) },
      { checks: alive.some((ks) => isPrimaryElsewhere(facts, ks)) ? ['coop_role'] : [] },
    ),
  } as const;
  const [has, it] = [verb(names.length, 'has', 'have'), verb(names.length, 'it', 'them')];
  if (!alive.some((ks) => triedMs(ks) > firstMs + Math.max(facts.pollIntervalMs, LOGS_IN_AGAIN_MS))) {
    return {
      ...common,
      phase: 'unclear',
      summary: `${ksNamed(names)} did not answer from ${clockTime(failsSinceMs)} on and served GMs or peers ${at} ${clockTime(firstMs)}: ${verb(names.length, 'it is', 'they are')} back, or only the agent’s path to ${it} is broken`,
      consequence: null,
      confidence: 'possible',
      knownAtMs: nextLook(alive, nowMs),
      firstStep: null,
      evidence: alive.map(
        (ks) =>
          `${ks.device}: served a GM or a peer ${at} ${clockTime(livesMs(ks))}, ${triedMs(ks) > firstMs ? `no answer at ${clockTime(triedMs(ks))}` : 'not tried since'}`,
      ),
    };
  }
  return {
    ...common,
    phase: 'present',
    // The first sign of life, so that later ones do not change the sentence. A device that is up only between two outages,
    // and is polled in the outages alone, looks the same.
    summary: `${ksNamed(names)} ${has} not answered the agent since ${clockTime(failsSinceMs)}, but served GMs or peers ${at} ${clockTime(firstMs)}: the agent’s path to ${it} is broken, or ${verb(names.length, 'it goes down and comes', 'they go down and come')} back`,
    consequence: {
      what: `the agent does not see what ${list(names)} ${verb(names.length, 'says', 'say')} of the group`,
      unless: null,
    },
    confidence: 'likely',
    knownAtMs: null,
    firstStep:
      'The path from the agent to the KS (SSH or SNMP, management VRF, vty lines). If that is well: show version on the KS, did it restart?',
    evidence: alive.map(
      (ks) =>
        `${ks.device}: ${ks.failure?.result ?? 'no answer'} since ${clockTime(ks.failure?.sinceMs ?? failsSinceMs)}; since then a GM got a rekey or registered, or a peer called it alive`,
    ),
  };
}

/**
 * None answers, and none is known to serve anyone, but GMs got new keys since, which no KS that nobody polls can have
 * given them: one of these did. null: that is not so.
 */
function servedByAnyOf(facts: GroupFacts): Served | null {
  const { kss, gms, otherServers } = facts;
  const isNoneSeen = kss.every(
    (ks) => isSilent(ks) && ks.failure?.established === true && servedMs(facts, ks) === null,
  );
  if (!isNoneSeen || otherServers?.length !== 0) return null;
  const served = servedSince(gms, Math.max(...kss.map(({ failure }) => failure?.sinceMs ?? 0)));
  return served?.at === 'by' ? served : null;
}

/** Its release is known, and with it why its GMs register: another cause says that. */
function isOldAndKnown({ mixed }: GroupFacts, { device }: KsFacts): boolean {
  return mixed !== null && mixed.legacyKss.some((ks) => ks.device === device);
}

/** They answer, and what they show is nothing of the group. */
function showsNothing({ group, nowMs }: GroupFacts, mute: readonly KsFacts[], open: readonly Symptom[]): Candidate {
  const names = sorted(mute.map(({ device }) => device));
  const sinceMs = Math.min(...mute.map(({ failure }) => failure?.sinceMs ?? nowMs));
  const established = mute.some(({ failure }) => failure?.established === true);
  const { does, firstStep } = showNothing(mute, mute.every(isUnread) ? group : `${group} any more`);
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${ksNamed(names)} ${does} since ${clockTime(sinceMs)}: what ${verb(names.length, 'it does', 'they do')} for its GMs is not seen`,
    consequence: null,
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: established ? null : nextLook(mute, nowMs),
    firstStep,
    scope: names,
    evidence: mute.map(
      ({ device, failure }) => `${device}: ${failure?.result ?? ''} since ${clockTime(failure?.sinceMs ?? nowMs)}`,
    ),
    claims: claimed(open, { checks: ['reachable'], of: new Set(names) }),
  };
}
