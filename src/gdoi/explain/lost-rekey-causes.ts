/**
 * Rekeys that do not arrive: one GM's path, or what stands in front of the KS.
 *
 * How many missed a rekey is known only when those that can have missed it were polled after it was due. Until then one
 * GM that misses it is not yet a path.
 */
import { CHECK_ACK_PATH, CHECK_REKEY_PATH, firstStepBy } from '../events/first-steps.ts';
import { whyReregistered } from '../events/gdoi-events.ts';
import type { EpochMs } from '../seen/instant.ts';
import {
  among,
  type Asked,
  type Candidate,
  claimed,
  firstOf,
  goingOn,
  lastLook,
  list,
  devicesWith,
  REGISTERING_MS,
  sorted,
  trafficStops,
  whenRegistered,
  whenTheyRegister,
} from './candidate.ts';
import { ACKS_MISSED_CRITICAL, EJECTED_AT_MISSED } from './acks-missed.ts';
import {
  type GmFacts,
  type GroupFacts,
  hasTriedInVain,
  isGroupByMulticast,
  isSilent,
  type KsFacts,
} from './group-facts.ts';
import { isKsSide } from './loss-side.ts';
import { lostRekeys, missedIt, missedOneOf } from './lost-rekey.ts';
import { isGmUnseen, mayBeOldKs, mayRefuse, releaseKnownMs, unseenSenders } from './not-yet-a-loss.ts';
import { CHECK_RSA } from './refused-rekey-causes.ts';
import { hasKekJustNow } from './rekey-reached.ts';
import { gmCount, gmsNamed, ksNamed, verb } from './said.ts';
import { CLOCKS_MS, type Symptom } from './symptom.ts';
import {
  cannotTakeRekeys,
  evidenceOf,
  hasNoTrace,
  hasOnlyAcks,
  type Loss,
  LOSSES,
  lossOf,
} from './who-missed-a-rekey.ts';

const CHECK_KS_SIDE =
  'show crypto gdoi ks rekey and ks members on the KS: does it send, and who acknowledges? Then what stands in front of it: firewall and ACL for UDP 848, fragmentation of large rekeys, control-plane policing';

const CHECK_KS_MULTICAST =
  'show crypto gdoi ks rekey on the KS: does it send? Then the multicast that carries its rekeys: source and group address, RPF and PIM at its first hop (show ip mroute), firewall and ACL for UDP 848, fragmentation of large rekeys';

/** Many GMs miss a rekey at once: the KS, or what stands in front of it. */
export function ksRekeysLost(asked: Asked): Candidate | null {
  if (hasNoTrace(asked)) return null;
  const { facts, before } = asked;
  const { gms, kss, members, nowMs } = facts;
  const loss = lossOf(asked);
  const was = before !== null && before.presentSinceMs !== null;
  const same = was && loss.missed.length > 0 && isWithin(loss.missed, before.said.scope);
  const pathsKnown = goingOn(asked.said, LOSSES).some(({ cause }) => cause === 'path_loss');
  const many = isMany(loss, members, pathsKnown);
  if (loss.missed.length === 0) return whileRegistering(asked, loss);
  if ((!many && !same) || mayBeOldKs(asked, loss)) return null;
  if (!was && (unseenSenders(facts, loss) !== null || isGmUnseen(facts, loss))) return null;
  const servers = sorted(kss.filter(({ failure }) => failure === null).map(({ device }) => device));
  const names = sorted([...(same ? among(gms, before.said.scope).map(({ device }) => device) : []), ...loss.missed]);
  const concerned = new Set(names);
  const got = many ? loss.got.filter((name) => !concerned.has(name)) : [];
  const failing = loss.traces.some(({ check }) => check === 'tek_remaining' || check === 'kek_present');
  const waiting = among(gms, loss.missed).filter((gm) => gm.rekeyOverdue);
  return {
    phase: 'present',
    // Once all have registered again, nothing is in danger until the next rekey of this kind.
    status: waiting.length > 0 || failing || loss.unacknowledged.length > 0 ? 'critical' : 'warning',
    sinceMs: before?.sinceMs ?? nowMs,
    summary: ksSideSummary(loss, facts, { servers, names, got }),
    ...whatFollows(
      loss,
      facts,
      failing ? trafficStops(among(gms, loss.missed), nowMs, whenTheyRegister) : theyRegisterAgain(loss),
    ),
    confidence: loss.undecided.length === 0 ? 'certain' : 'likely',
    knownAtMs: null,
    firstStep: orRefused(isGroupByMulticast(facts) ? CHECK_KS_MULTICAST : CHECK_KS_SIDE, mayRefuse(loss, facts)),
    scope: sorted([...servers, ...names]),
    evidence: evidenceOf(loss, facts),
    claims: [...loss.traces, ...registering(asked, loss)],
  };
}

function ksSideSummary(
  loss: Loss,
  facts: GroupFacts,
  known: { readonly servers: readonly string[]; readonly names: readonly string[]; readonly got: readonly string[] },
): string {
  const { servers, names, got } = known;
  const from = servers.length === 0 ? 'the KS' : facts.kss.length === 1 ? `KS ${servers[0] ?? ''}` : 'the primary KS';
  const refused = mayRefuse(loss, facts) ? ', or are refused' : '';
  const only = got.length === 0 ? '' : `, only ${list(got)} got it`;
  return `${lostRekeys(loss.key)} of ${from} do not arrive${refused}: ${gmsNamed(names, facts.members)} ${missedOneOf(loss.key, hasOnlyAcks(loss))}${only}`;
}

function theyRegisterAgain({ key }: Loss): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const next = key === 'KEK' || key === 'TEK' ? `${key} rekey` : 'rekey';
  const what = `they keep their traffic by registering again; the next ${next} will be lost as well`;
  return { consequence: { what, unless: 'what drops them is mended before' }, deadlineMs: null };
}

/** `pathsKnown`: it was found to be single paths; only who was not looked at since would make it the KS's side. */
function isMany(
  { missed, unacknowledged, gotCount, registeredCount, undecided }: Loss,
  members: number,
  pathsKnown: boolean,
): boolean {
  return isKsSide({
    missed: missed.length,
    unacknowledged: unacknowledged.length,
    have: gotCount + registeredCount + (pathsKnown ? undecided.length : 0),
    members,
  });
}

/** Who waits for the rekey re-registers when its countdown ends; without any, `otherwise`. */
function whatFollows(
  loss: Loss,
  { gms, nowMs }: GroupFacts,
  otherwise: Pick<Candidate, 'consequence' | 'deadlineMs'>,
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  const waiting = among(gms, loss.missed).filter((gm) => gm.rekeyOverdue && (gm.reregistersAtMs ?? 0) > nowMs);
  const first = firstOf(waiting, ({ reregistersAtMs }) => reregistersAtMs);
  if (first === null) return otherwise;
  const names = sorted(waiting.map(({ device }) => device));
  return {
    consequence: {
      what: `${gmCount(names)} ${verb(names.length, 're-registers', `re-register, ${first.device} first`)}`,
      unless: 'the rekey comes before',
    },
    deadlineMs: first.reregistersAtMs,
  };
}

/** What is known of a rekey that single GMs miss. */
type PathKnown =
  | 'lost'
  /** Whether the KS sends it before expiry at all, or is of an old release. */
  | 'release_open'
  /** No KS that sends gave an answer since it was due, or since it should have reached all. */
  | 'ks_unseen'
  /** Nobody else was looked at since. */
  | 'others_unseen'
  /** No KS and no GM shows that it was sent. */
  | 'unsent';

function pathKnown(asked: Asked, loss: Loss): PathKnown {
  const { facts, before } = asked;
  if (mayBeOldKs(asked, loss)) return 'release_open';
  // What was found to be a path remains one.
  if (before?.presentSinceMs != null) return 'lost';
  if (unseenSenders(facts, loss) !== null) return 'ks_unseen';
  if (loss.gotCount > 0) return 'lost';
  if (loss.undecided.length > 0) return 'others_unseen';
  return facts.kss.length === 0 ? 'unsent' : 'lost';
}

/** One GM, or few of many: their paths. */
export function pathLoss(asked: Asked): Candidate | null {
  if (hasNoTrace(asked)) return null;
  const { facts, before } = asked;
  const { nowMs } = facts;
  const loss = lossOf(asked);
  if (loss.missed.length === 0) return whileRegistering(asked, loss);
  const known = pathKnown(asked, loss);
  const isNew = before?.presentSinceMs == null;
  if (isNew && known !== 'release_open' && isGmUnseen(facts, loss)) return unacknowledgedOnly(loss, facts);
  const isLost = known === 'lost';
  const worst = missedInARow(loss, facts);
  const holding = holdsKeys(asked, loss);
  return {
    phase: isLost ? 'present' : 'unclear',
    status: worst >= ACKS_MISSED_CRITICAL ? 'critical' : 'warning',
    sinceMs: before?.sinceMs ?? Math.min(nowMs, ...loss.healed.map(({ lastReregistration: at }) => at?.atMs ?? nowMs)),
    summary: summaryOfPath(known, loss, facts, { worst, holding }),
    ...whatFollows(loss, facts, whatMayFollow(loss, facts, worst)),
    confidence: isLost ? 'likely' : 'possible',
    knownAtMs: pathKnownAtMs(known, loss, asked),
    firstStep: holding
      ? CHECK_ACK_PATH
      : orRefused(firstStepBy(isGroupByMulticast(facts), CHECK_REKEY_PATH), mayRefuse(loss, facts)),
    scope: loss.missed,
    evidence: evidenceOf(loss, facts),
    claims: [...loss.traces, ...registering(asked, loss)],
  };
}

function summaryOfPath(
  known: PathKnown,
  loss: Loss,
  facts: GroupFacts,
  acks: { readonly worst: number; readonly holding: boolean },
): string {
  const { gms, members } = facts;
  const whom = gmsNamed(loss.missed, members);
  switch (known) {
    case 'release_open': {
      const ended = among(gms, loss.missed).some(({ kek }) => kek === 'absent');
      return `No new KEK has come to ${whom} though the old one ${ended ? 'has ended' : 'expires soon'}; whether the KS sends it before expiry, or is of an old release, is not yet clear`;
    }
    case 'ks_unseen':
      return whileKsIsUnseen(whom, loss, facts);
    case 'others_unseen':
      return `${whom} did not get the rekey that is due; whether the others did is not yet clear`;
    case 'unsent':
      return `${whom} did not get the rekey that is due; no KS is polled, and no other GM shows that it was sent`;
    case 'lost':
      return pathSummary(loss, facts, acks);
    default:
      return known satisfies never;
  }
}

/** Of a rekey that some got it is known that it was sent, but not that it was to all. */
function whileKsIsUnseen(whom: string, loss: Loss, facts: GroupFacts): string {
  const unseen = unseenSenders(facts, loss);
  const kss = unseen?.kss ?? facts.kss;
  const got = gotByOthers(loss, facts);
  const gaveNone = kss.every(isSilent)
    ? verb(kss.length, 'does not answer', 'do not answer')
    : `gave no answer since it ${unseen?.answeredMeanwhile === true ? 'should have reached all' : 'was due'}`;
  const open = got === null ? 'whether it was sent' : `whether ${verb(kss.length, 'it', 'they')} went down meanwhile`;
  return `${whom} did not get a rekey${got === null ? '' : ` that ${got}`}, and ${ksNamed(sorted(kss.map(({ device }) => device)))} ${gaveNone}: ${open} is not yet clear`;
}

/** null: the looks planned so far come too early, or none is planned. */
function unseenUntilMs(loss: Loss, facts: GroupFacts): EpochMs | null {
  const unseen = unseenSenders(facts, loss);
  const lookMs = lastLook(unseen?.kss ?? facts.kss, facts.nowMs);
  return lookMs !== null && lookMs >= (unseen?.untilMs ?? lookMs) ? lookMs : null;
}

/** Without a count, which would change the sentence at every poll. */
function gotByOthers({ missed, gotCount }: Loss, { members }: GroupFacts): string | null {
  return gotCount === 0 ? null : `${members - missed.length === 1 ? 'the other one' : 'others'} got`;
}

/** When it is decided what is not known yet. */
function pathKnownAtMs(known: PathKnown, loss: Loss, asked: Asked): EpochMs | null {
  const { nowMs } = asked.facts;
  switch (known) {
    case 'lost':
      return null;
    case 'release_open':
      return releaseKnownMs(asked);
    case 'ks_unseen':
      return unseenUntilMs(loss, asked.facts);
    case 'others_unseen':
    case 'unsent':
      return lastLook(loss.undecided, nowMs);
    default:
      return known satisfies never;
  }
}

/** Where no countdown to a re-registration runs. */
function whatMayFollow(
  { missed, healed }: Loss,
  facts: GroupFacts,
  worst: number,
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  if (worst >= ACKS_MISSED_CRITICAL) {
    const what = `at ${EJECTED_AT_MISSED} in a row the KS drops ${gmCount(missed)}`;
    return { consequence: { what, unless: 'the next one is acknowledged' }, deadlineMs: nextRekey(facts) };
  }
  if (healed.length === 0) return { consequence: null, deadlineMs: null };
  const what = 'traffic goes on; the next rekey of this kind may be lost as well';
  return { consequence: { what, unless: null }, deadlineMs: null };
}

/** They have the current keys by rekeys: only their acknowledgements are missing. */
function holdsKeys({ facts, before }: Asked, loss: Loss): boolean {
  const mine = among(facts.gms, loss.missed);
  // While the next rekey is under way nobody is compared: what they held before they hold until they show otherwise.
  const held = before?.said.firstStep === CHECK_ACK_PATH;
  return (
    hasOnlyAcks(loss) &&
    !lackedKeys(before) &&
    mine.length > 0 &&
    mine.every((gm) => hasKeysOfRekey(gm, facts.kss) || (held && isUncompared(gm, facts.kss)))
  );
}

/** It was looked at last before its KS made the keys of now, and lacks none that it shows. */
function isUncompared(gm: GmFacts, kss: readonly KsFacts[]): boolean {
  const { kekMatchesKs, tekMissing, tekOverdue, divergent, readMs } = gm;
  if (kekMatchesKs === false || tekMissing || tekOverdue || divergent) return false;
  return kekMatchesKs === null || kss.some(({ tekMadeMs }) => tekMadeMs !== null && tekMadeMs > readMs);
}

/** A KS lacks acknowledgements, and nobody was looked at since. */
function unacknowledgedOnly(loss: Loss, facts: GroupFacts): Candidate {
  const { kss, members, nowMs } = facts;
  const worst = missedInARow(loss, facts);
  const [server, ...others] = kss;
  const from = server === undefined || others.length > 0 ? 'The KS' : `KS ${server.device}`;
  return {
    phase: 'unclear',
    status: 'warning',
    sinceMs: nowMs,
    summary: `${from} has no acknowledgement of the last ${worst < ACKS_MISSED_CRITICAL ? 'rekey' : `${worst} rekeys`} from ${gmsNamed(loss.missed, loss.missed.length > 1 ? members : null)}; whether ${verb(loss.missed.length, 'it was there to get it', 'they were there to get it')} is not yet clear`,
    consequence: null,
    deadlineMs: null,
    confidence: 'possible',
    knownAtMs: lastLook(among(facts.gms, loss.missed), nowMs),
    firstStep: null,
    scope: loss.missed,
    evidence: evidenceOf(loss, facts),
    claims: loss.traces,
  };
}

function orRefused(step: string, refused: boolean): string {
  return refused ? `${step}. Or show logging on the GM: does it refuse them? Then ${CHECK_RSA}` : step;
}

/** Its current keys can have come by a rekey, and with them its acknowledgement went out. */
function hasKeysOfRekey(gm: GmFacts, kss: readonly KsFacts[]): boolean {
  const { kekMatchesKs, neverRekeyed, lastRekeyMs, lastReregistration: last } = gm;
  if (kekMatchesKs !== true || neverRekeyed === true || lacksTek(gm, kss)) return false;
  return last === null || lastRekeyMs === null || lastRekeyMs >= last.atMs - CLOCKS_MS;
}

/** The rekey that was not acknowledged may have been the TEK's, and is not there yet. */
function lacksTek(gm: GmFacts, kss: readonly KsFacts[]): boolean {
  const { tekMissing, tekOverdue, divergent, tekSpis, lastRekeyMs } = gm;
  if (tekMissing || tekOverdue || divergent) return true;
  // What a KS gave out before the rekey that the GM got last is older than what this brought.
  const given = kss.filter((ks) => ks.tekSpis.length > 0 && ks.readMs >= (lastRekeyMs ?? ks.readMs));
  if (tekSpis.length === 0 || given.length === 0) return false;
  return !given.some((ks) => ks.tekSpis.every((spi) => tekSpis.includes(spi)));
}

/**
 * At the look before they lacked keys: those that they show now may be from a registration, which proves no path back.
 */
function lackedKeys(before: Asked['before']): boolean {
  return before?.presentSinceMs != null && before.said.explains.some(({ check }) => OF_KEYS.has(check));
}

const OF_KEYS: ReadonlySet<Symptom['check']> = new Set<Symptom['check']>([
  'kek_present',
  'kek_remaining',
  'kek_matches_ks',
  'tek_remaining',
  'tek_matches_ks',
]);

/** The most rekeys in a row of which their KS lacks the acknowledgement, of those who could give one. */
function missedInARow({ missed, heldOld }: Loss, { gms, kss, unacknowledged }: GroupFacts): number {
  const off = among(gms, missed).filter((gm) => cannotTakeRekeys(gm) || isListedBefore(gm, kss));
  const counted = new Set(missed);
  for (const name of [...off.map(({ device }) => device), ...heldOld]) counted.delete(name);
  return unacknowledged.reduce(
    (most, { device, address, acksMissed }) => (counted.has(device ?? address) ? Math.max(most, acksMissed) : most),
    0,
  );
}

/** Its KS's list was read before it registered: what that counts of it counts no more. */
function isListedBefore({ lastReregistration: last }: GmFacts, kss: GroupFacts['kss']): boolean {
  return last !== null && kss.every(({ readMs }) => readMs < last.atMs);
}

function pathSummary(
  loss: Loss,
  facts: GroupFacts,
  { worst, holding }: { readonly worst: number; readonly holding: boolean },
): string {
  const { missed, healed, key } = loss;
  const { kss, members, nowMs } = facts;
  const from = kss.length === 1 ? `KS ${kss[0]?.device ?? ''}` : 'the KS';
  const whom = gmsNamed(missed, missed.length > 1 ? members : null);
  const it = verb(missed.length, 'it', 'they');
  const got = gotByOthers(loss, facts);
  const others = got === null ? '' : `; ${got} it`;
  if (holding) {
    return `Acknowledgements of ${whom} do not reach ${from}, ${worst === 1 ? 'that of the last rekey is missing' : `those of the last ${worst} rekeys are missing`}, though ${it} ${verb(missed.length, 'has', 'have')} the current keys: the path back drops them`;
  }
  const what =
    worst >= ACKS_MISSED_CRITICAL ? `did not acknowledge the last ${worst} rekeys` : missedIt(key, hasOnlyAcks(loss));
  // Of GMs that nobody polls, only what their KS counts is known.
  if (hasOnlyAcks(loss) && among(facts.gms, missed).length === 0) {
    return `${whom} ${what} of ${from}${others}: ${it} ${verb(missed.length, 'is', 'are')} off or gone, or rekeys or acknowledgements are lost on the way`;
  }
  const again = healed.length === 0 ? '' : ` and re-registered ${whenRegistered(healed, nowMs)}`;
  const why = mayRefuse(loss, facts) ? `, or ${it} ${verb(missed.length, 'refuses', 'refuse')} them` : '';
  return `The path from ${from} to ${whom} drops rekeys${why}: ${it} ${what}${again}${others}`;
}

function nextRekey({ kss, nowMs }: GroupFacts): EpochMs | null {
  return earliest(
    kss.map(({ nextRekeyMs }) => nextRekeyMs),
    nowMs,
  );
}

function earliest(instants: readonly (EpochMs | null)[], nowMs: EpochMs): EpochMs | null {
  const ahead = instants.flatMap((ms) => (ms === null || ms <= nowMs ? [] : [ms]));
  return ahead.length === 0 ? null : Math.min(...ahead);
}

/** A GM that lost a rekey is seen without a registration for some seconds while it registers for it. */
function registering({ facts, open, before }: Asked, { missed }: Loss): readonly Symptom[] {
  const failing = new Set(facts.gms.filter(hasTriedInVain).map(({ device }) => device));
  const of = new Set([...missed, ...(before?.said.scope ?? [])].filter((device) => !failing.has(device)));
  return claimed(open, { checks: ['registered'], of, fromMs: facts.nowMs - REGISTERING_MS });
}

/**
 * While the GM registers for the lost rekey it shows nothing of the loss; afterwards its reason is known, unless
 * several fit.
 */
function whileRegistering(asked: Asked, loss: Loss): Candidate | null {
  const { before, facts, now } = asked;
  if (before === null || before.presentSinceMs === null) return null;
  const isTakenOver = now.some(({ cause, scope, explains }) => {
    // An old KS is the reason of what it explains of them at this look.
    const those = LOSSES.has(cause) ? scope : cause === 'legacy_ks' ? explains.flatMap(({ devices }) => devices) : [];
    return before.said.scope.some((name) => those.includes(name));
  });
  const waiting = registering(asked, loss);
  const claims = [...loss.traces, ...waiting];
  if (claims.length === 0 && (isTakenOver || !among(facts.gms, before.said.scope).some(hasKekJustNow))) return null;
  const isNews = ({ lastReregistration: last }: GmFacts) => (last?.atMs ?? 0) > (before.saidSinceMs ?? before.sinceMs);
  const again = among(facts.gms, devicesWith(loss.traces, 'reregistrations'));
  if (again.some(isNews) && waiting.length === 0)
    return { ...before.said, ...reregisteredAfterLoss(again, facts), claims };
  const isAhead = (before.said.deadlineMs ?? facts.nowMs) >= facts.nowMs;
  return { ...before.said, ...(isAhead ? {} : { consequence: null, deadlineMs: null }), claims };
}

/** What was said to follow has come; whether it was for the lost rekey is not shown. */
function reregisteredAfterLoss(
  again: readonly GmFacts[],
  { members, nowMs }: GroupFacts,
): Omit<Candidate, 'scope' | 'claims' | 'sinceMs' | 'firstStep'> {
  const names = sorted(again.map(({ device }) => device));
  return {
    phase: 'present',
    status: 'warning',
    summary: `Rekeys to ${gmsNamed(names, names.length > 1 ? members : null)} were lost, and ${verb(names.length, 'it', 'they')} re-registered ${whenRegistered(again, nowMs)}`,
    consequence: { what: 'traffic goes on; the next rekey may be lost as well', unless: null },
    deadlineMs: null,
    confidence: 'likely',
    knownAtMs: null,
    evidence: again.map(
      (gm) =>
        `${gm.device}, re-registered ${whenRegistered([gm], nowMs)}: ${whyReregistered(gm.lastReregistration?.cause ?? 'unknown', gm.lastReregistration?.configuredAgain)}`,
    ),
  };
}

function isWithin(names: readonly string[], all: readonly string[]): boolean {
  const known = new Set(all);
  return names.every((name) => known.has(name));
}
