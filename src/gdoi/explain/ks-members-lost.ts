/**
 * KSs that no longer know their GMs: they restarted with an empty list and new keys, or someone emptied the list. The
 * GMs go on with the keys they have, get no rekey, and register again when these end: no path loses anything.
 */
import { counted, everyOne } from '../events/counted.ts';
import {
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  type Episode,
  GM_CHECKS,
  list,
  sorted,
  trafficStops,
  whenTheyRegister,
} from './candidate.ts';
import { REGISTERS_AGAIN_MS } from './after-its-end.ts';
import { CHECK_COOP } from '../events/first-steps.ts';
import type { ExplanationCause } from './explanation.ts';
import { type GmFacts, type GroupFacts, hasCoop, isHeard, isGroupByMulticast, type KsFacts } from './group-facts.ts';
import { clockTime, gmsNamed, ksNamed, minuteTime, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { RECENT_MS } from './symptom.ts';

/** Boots are known to the minute, by the uptime. */
const BOOT_IS_WITHIN_MS = 65_000;
/** KSs that restart one after another hand their list over. */
const RESTART_TOGETHER_MS = 300_000;
/**
 * One GM that is not listed may have been dropped, also where it was the only one; a list that lacks these many at once
 * was lost.
 */
const LOST_LIST_FROM = 2;

/** A boot longer ago than this explains nothing that is seen now. */
const LONGEST_NEWS_MS = 86_400_000;

interface Loss {
  readonly servers: readonly KsFacts[];
  /** The latest restart; null: none of them restarted. */
  readonly bootMs: EpochMs | null;
  readonly unlisted: readonly GmFacts[];
  /** They hold keys from before the loss. */
  readonly waiting: readonly GmFacts[];
}

export function ksMembersLost({ facts, open, before, said }: Asked): Candidate | null {
  const loss = lossOf(facts, { dropped: droppedForAcks(said), isKnown: before !== null });
  if (loss === null || isEndOfOutage(loss, said, facts)) return null;
  const { gms, nowMs, pollIntervalMs } = facts;
  const { servers, bootMs, unlisted, waiting } = loss;
  const sinceMs = before?.sinceMs ?? bootMs ?? nowMs;
  const claims = claimed(
    open,
    { checks: ['rekeys_acknowledged'], of: namesOf([...unlisted, ...waiting]) },
    ...(bootMs === null
      ? []
      : [
          { checks: GM_CHECKS, of: namesOf(waiting) },
          { checks: ['reregistrations'] as const, fromMs: bootMs - BOOT_IS_WITHIN_MS - pollIntervalMs },
          ...(waiting.length === 0 ? [] : [{ checks: ['kek_matches_ks', 'tek_matches_ks', 'members'] as const }]),
        ]),
  );
  if (claims.length === 0) return null;
  const names = sorted(servers.map(({ device }) => device));
  const left = sorted((bootMs === null ? unlisted : waiting).map(({ device }) => device));
  const cleared = bootMs === null;
  // Another KS serves its GMs meanwhile, and gives it the list.
  if (cleared && wasGone(said, names)) return notListedYet(facts, { names, sinceMs, left, claims });
  // GMs whose KS was cleared register within a minute: a list is read in between.
  const established = !cleared || before?.presentSinceMs != null || nowMs - sinceMs >= REGISTERS_AGAIN_MS;
  const apart = !cleared && gms.some((gm) => isHeard(gm) && (gm.tekMatchesKs === false || gm.divergent));
  // What goes out by multicast reaches them as long as the KS keeps its keys.
  const getsNone = !(cleared && isGroupByMulticast(facts));
  return {
    phase: established ? 'present' : 'unclear',
    status: left.length === 0 ? 'ok' : apart && isAtHand(loss, facts) ? 'critical' : 'warning',
    sinceMs,
    summary: summaryOf(loss, facts, { names, left, getsNone }),
    ...(getsNone ? whatFollows(loss, facts, apart) : { consequence: null, deadlineMs: null }),
    confidence: established ? (cleared ? 'likely' : 'certain') : 'possible',
    knownAtMs: established ? null : sinceMs + REGISTERS_AGAIN_MS,
    firstStep: hasCoop(facts) ? CHECK_COOP : cleared ? WHO_CLEARED : WHY_RELOADED,
    scope: sorted([...names, ...gms.map(({ device }) => device)]),
    evidence: evidenceOf(loss),
    claims,
  };
}

const WHO_CLEARED = 'show logging on the KS: who cleared its members? The GMs register again by themselves';
const WHY_RELOADED =
  'show version on the KS: read the reload reason. The GMs register again by themselves when their keys end';

function summaryOf(
  { bootMs }: Loss,
  { gms }: GroupFacts,
  known: { readonly names: readonly string[]; readonly left: readonly string[]; readonly getsNone: boolean },
): string {
  const { names, left, getsNone } = known;
  const its = verb(names.length, 'its', 'their');
  const what =
    bootMs === null
      ? `${verb(names.length, 'lists', 'list')} none of ${its} GMs any more and did not restart (members cleared?)`
      : `restarted ${minuteTime(bootMs)} without ${its} list of GMs and ${its} keys`;
  if (left.length === 0) {
    const all = gms.length === 1 ? 'its GM has' : `${everyOne(gms.length, 'polled GM')} have`;
    return `${ksNamed(names)} ${what}: ${all} registered again`;
  }
  const without = getsNone ? `${verb(left.length, 'gets', 'get')} no rekey and ` : '';
  return `${ksNamed(names)} ${what}: ${gmsNamed(left, gms.length)} ${without}${verb(left.length, 'has', 'have')} not registered again yet`;
}

function evidenceOf({ servers, bootMs, unlisted }: Loss): readonly string[] {
  const lines = servers.map(({ device, bootMs: up, members }) => {
    const since = bootMs === null || up === null ? '' : `up since ${minuteTime(up)} by its uptime, `;
    return `${device}: ${since}lists ${howMany(members)}`;
  });
  if (unlisted.length === 0) return lines;
  return [...lines, `Registered, and not on its list: ${list(sorted(unlisted.map(({ device }) => device)))}`];
}

/** A number that is not shown is not 0: who is on the list is known by addresses alone. */
function howMany(members: number | null): string {
  return members === null ? 'none of the polled GMs' : counted(members, 'GM');
}

const GONE: ReadonlySet<ExplanationCause> = new Set<ExplanationCause>(['ks_down', 'redundancy_lost', 'no_primary']);

/**
 * One of them gave no answer recently: whether it restarted will be known from its uptime, which is read only now and
 * then.
 */
function wasGone(said: readonly Episode[], names: readonly string[]): boolean {
  return said.some(
    (each) =>
      GONE.has(each.cause) && each.presentSinceMs !== null && devicesOf(each).some((device) => names.includes(device)),
  );
}

function notListedYet(
  { gms, kss, nowMs }: GroupFacts,
  known: Pick<Candidate, 'claims' | 'sinceMs'> & {
    readonly names: readonly string[];
    readonly left: readonly string[];
  },
): Candidate {
  const { names, sinceMs, left, claims } = known;
  const established = nowMs - sinceMs >= REGISTERS_AGAIN_MS;
  const does = verb(names.length, 'answers', 'answer');
  return {
    phase: established ? 'present' : 'unclear',
    status: 'warning',
    sinceMs,
    summary: `${ksNamed(names)} ${does} again and ${verb(names.length, 'lists', 'list')} none of the GMs${established ? ` since ${clockTime(sinceMs)}` : ' yet'}: whether its peers give it their list, or ${gmsNamed(left, gms.length)} ${verb(left.length, 'has', 'have')} to register again, is not known`,
    consequence: null,
    deadlineMs: null,
    confidence: 'possible',
    knownAtMs: established ? null : sinceMs + REGISTERS_AGAIN_MS,
    firstStep: CHECK_COOP,
    scope: sorted([...names, ...left]),
    evidence: kss
      .filter(({ device }) => names.includes(device))
      .map(({ device, members }) => `${device}: lists ${howMany(members)}`),
    claims,
  };
}

/** The KS was seen to be down meanwhile: its restart is the end of that outage, and no trouble of its own. */
function isEndOfOutage(
  { bootMs }: Loss,
  said: readonly Episode[],
  { nowMs, tekLifetimeMs, pollIntervalMs }: GroupFacts,
): boolean {
  const down = said.find(({ cause, presentSinceMs }) => cause === 'ks_down' && presentSinceMs !== null);
  return (
    down !== undefined &&
    bootMs !== null &&
    bootMs >= down.sinceMs - pollIntervalMs - BOOT_IS_WITHIN_MS &&
    nowMs - (down.endedMs ?? nowMs) <= tekLifetimeMs + RECENT_MS
  );
}

/** GMs that had missed two acknowledgements: the third one explains that the list lacks them. */
function droppedForAcks(said: readonly Episode[]): ReadonlySet<string> {
  return new Set(
    said.flatMap((each) => (each.cause === 'path_loss' && each.worst === 'critical' ? devicesOf(each) : [])),
  );
}

/** `isKnown`: it was said at the last look. */
function lossOf(
  facts: GroupFacts,
  { dropped, isKnown }: { readonly dropped: ReadonlySet<string>; readonly isKnown: boolean },
): Loss | null {
  const { kss, gms, peers, nowMs, tekLifetimeMs } = facts;
  const servers = kss.filter(({ failure }) => failure === null);
  if (servers.length === 0) return null;
  const unlisted = gms.filter((gm) => isHeard(gm) && gm.registered !== false && gm.listedByKs === false);
  // A KS that kept running has the list and the keys, and gives both to one that restarted.
  const boots = servers.flatMap(({ bootMs }) => bootMs ?? []);
  const others = kss.length > servers.length || peers.some(({ device, lost }) => device === null && lost !== true);
  const together = boots.length === servers.length && Math.max(...boots) - Math.min(...boots) <= RESTART_TOGETHER_MS;
  const restarted =
    !others && together && nowMs - Math.min(...boots) <= Math.min(LONGEST_NEWS_MS, tekLifetimeMs) + RECENT_MS
      ? Math.max(...boots)
      : null;
  if (restarted !== null) {
    const fresh = gms.filter((gm) => isHeard(gm) && gm.registered !== null);
    // A GM that holds its KS's present TEKs holds keys that were not lost, however it got them.
    const waiting = fresh.filter((gm) => newestKeysMs(gm) < restarted - BOOT_IS_WITHIN_MS && gm.tekMatchesKs !== true);
    // A KS that was up again before the agent polled it may have served them all since: only what its list lacks shows
    // a loss.
    const isShown =
      isKnown || waiting.length > 0 || unlisted.length >= LOST_LIST_FROM || allRegisteredSince(fresh, restarted);
    return isShown ? { servers, bootMs: restarted, unlisted, waiting } : null;
  }
  const emptied = servers.every(({ members }) => members === 0) || isMost(unlisted, gms);
  const lost = unlisted.filter(({ device }) => !dropped.has(device));
  return emptied && lost.length >= LOST_LIST_FROM ? { servers, bootMs: null, unlisted, waiting: [] } : null;
}

function allRegisteredSince(gms: readonly GmFacts[], bootMs: EpochMs): boolean {
  return gms.every(({ lastReregistration: last }) => last !== null && last.atMs >= bootMs - BOOT_IS_WITHIN_MS);
}

function isMost(unlisted: readonly GmFacts[], gms: readonly GmFacts[]): boolean {
  const heard = gms.filter((gm) => isHeard(gm) && gm.registered !== false);
  return unlisted.length >= LOST_LIST_FROM && unlisted.length === heard.length;
}

/** When it last got keys from a KS, as far as it shows. */
function newestKeysMs({ lastReregistration: last, kekSinceMs, lastRekeyMs }: GmFacts): EpochMs {
  return Math.max(last?.atMs ?? 0, kekSinceMs, lastRekeyMs ?? 0);
}

/** GMs with new keys and GMs with old ones cannot talk; those with old ones lose them next. */
function whatFollows(loss: Loss, facts: GroupFacts, apart: boolean): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const left = stillToRegister(loss);
  if (left.length === 0) return { consequence: null, deadlineMs: null };
  if (!apart) return trafficStops(left, facts.nowMs, whenTheyRegister);
  const what = 'GMs with the new keys and GMs with the old ones cannot talk';
  return holdsNewKeys(facts)
    ? { consequence: { what: `${what} until all have registered again`, unless: null }, deadlineMs: null }
    : {
        consequence: { what: `${what}, from the first that registers until all have`, unless: null },
        deadlineMs: firstEndMs(loss, facts),
      };
}

function stillToRegister({ bootMs, unlisted, waiting }: Loss): readonly GmFacts[] {
  return bootMs === null ? unlisted : waiting;
}

function holdsNewKeys({ gms }: GroupFacts): boolean {
  return gms.some((gm) => isHeard(gm) && gm.tekMatchesKs === true);
}

/** When the first of them registers for its keys; null: none shows until when it has them. */
function firstEndMs(loss: Loss, { nowMs }: GroupFacts): EpochMs | null {
  const ends = stillToRegister(loss).flatMap(({ tekExpiryMs }) =>
    tekExpiryMs !== null && tekExpiryMs > nowMs ? [tekExpiryMs] : [],
  );
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Lifetimes go up to days: what comes later than this can wait for working hours. */
const AT_HAND_MS = 3_600_000;

function isAtHand(loss: Loss, facts: GroupFacts): boolean {
  return holdsNewKeys(facts) || (firstEndMs(loss, facts) ?? facts.nowMs) - facts.nowMs <= AT_HAND_MS;
}

function namesOf(gms: readonly GmFacts[]): ReadonlySet<string> {
  return new Set(gms.map(({ device }) => device));
}
