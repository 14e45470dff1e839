/**
 * The health of a group, as on-call asks for it: who missed the last rekey, do all hold the same KEK and TEKs, when is
 * the next rekey and who is at risk, are the KSs in agreement.
 *
 * From the group's view and its devices' views. A GM that no one polls is judged by what its KS says of it.
 */
import { ACKS_MISSED_CRITICAL } from '../explain/acks-missed.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { GroupView } from '../fleet/group-view.ts';
import type { GmInGroup } from '../fleet/gm-in-group.ts';
import {
  check,
  type HealthCheck,
  type HealthStatus,
  milderOf,
  verdictOf,
  weightOf,
  worseOf,
  worstCheck,
} from './health-check.ts';
import { CHECK_ADMITTED, CHECK_COOP, CHECK_REKEYS, CHECK_SPLIT, firstStepBy } from '../events/first-steps.ts';
import { asByCauses, withExplanations } from './health-explained.ts';
import type { HealthInput } from './health-input.ts';
import { counted, everyOne, verb } from '../events/counted.ts';
import { ksNamed, nameList, naturalOrder } from '../events/name-list.ts';
import { earliest, type NextOccurrence, rekeyOf } from './health-next.ts';
import { isCountdownOver } from '../seen/countdown.ts';
import { FAILED_ATTEMPTS } from '../seen/counters.ts';
import type { EpochMs } from '../seen/instant.ts';
import { showsMulticast } from '../seen/snapshot.ts';
import { undecidedMix } from './undecided-mix.ts';

export interface GroupHealth {
  readonly group: string;
  readonly status: HealthStatus;
  readonly summary: string;
  /** The summary without the group's name, for places that have it already. */
  readonly statement: string;
  readonly checks: readonly HealthCheck[];
  readonly next: NextOccurrence | null;
  readonly nextKekRekey: NextOccurrence | null;
  readonly nextTekRekey: NextOccurrence | null;
  readonly atRisk: readonly GmAtRisk[];
  readonly action: string | null;
  /** Why, the worst first; the first one is the summary. */
  readonly explanations: readonly Explanation[];
}

/** A GM that may lose its traffic or has to register again soon. */
interface GmAtRisk {
  /** Configured name, else address. */
  readonly gm: string;
  readonly status: HealthStatus;
  readonly reason: string;
  /** When its own countdown ends; null: not shown. */
  readonly reregistersAtMs: EpochMs | null;
}

/** `deviceOf`: the view of a device by its name. `atMs`: now. */
export function groupHealth(
  fleet: GroupView,
  deviceOf: (device: string) => HealthInput | undefined,
  atMs: EpochMs,
): GroupHealth {
  const checks = withExplanations(
    [
      reachable(fleet),
      registered(fleet),
      kekMatches(fleet),
      tekMatches(fleet),
      split(fleet),
      primaries(fleet),
      peers(fleet),
      lastRekey(fleet),
      mixed(fleet),
      memberCounts(fleet),
    ],
    fleet.explanations,
    null,
  );
  const worst = worstCheck(checks);
  const [first] = fleet.explanations;
  const nextKekRekey = nextRekey('KEK', fleet, deviceOf, atMs);
  const nextTekRekey = nextRekey('TEK', fleet, deviceOf, atMs);
  const status = first === undefined ? verdictOf(checks) : worseOf(first.status, unknownOf(checks));
  const statement = first?.summary ?? summaryOf(fleet, checks, worst);
  return {
    group: fleet.group,
    status,
    summary: `${fleet.group}: ${statement}`,
    statement,
    checks,
    next: earliest([nextKekRekey, nextTekRekey], atMs),
    nextKekRekey,
    nextTekRekey,
    atRisk: atRisk(fleet, deviceOf).map((risk) => (first === undefined ? risk : noWorseThanGroup(risk, status))),
    action: first === undefined ? (worst?.action ?? null) : first.firstStep,
    explanations: fleet.explanations,
  };
}

/** What a group has to show and does not makes the whole unknown, whatever is explained. */
function unknownOf(checks: readonly HealthCheck[]): HealthStatus {
  return checks.some(({ status, required }) => status === 'unknown' && required) ? 'unknown' : 'ok';
}

function summaryOf(fleet: GroupView, checks: readonly HealthCheck[], worst: HealthCheck | null): string {
  if (worst === null) return 'nothing is known';
  if (weightOf(worst) > 0) return worst.detail;
  if (fleet.gms.length === 0) return summaryByKss(fleet);
  const known = checks.find(({ name }) => name === 'registered');
  // How many hold the KS's keys changes with every rekey under way: that is for the checks.
  return known?.status === 'ok' ? `${known.detail}, and none is known to lack a key` : worst.detail;
}

/** No GM is polled: what the KSs say of them is the whole. */
function summaryByKss({
  kss,
  primaries: found,
  members,
  unacknowledged,
  notPolled,
  lead,
  ksMulticast,
}: GroupView): string {
  const roles =
    found.length > 0
      ? `primary: ${nameList(found)}`
      : `${ksNamed(kss.map(({ device }) => device))} ${kss.length === 1 ? 'answers' : 'answer'}`;
  const counted = kss.reduce((most, ks) => Math.max(most, ks.members ?? 0), members);
  const acknowledged =
    ksMulticast || notPolled.length === 0 || unacknowledged.length > 0
      ? ''
      : ', and the KS’s list of them counts no missed acknowledgement';
  const rekeys =
    oldReleases(kss) ?? (lead.source === 'ks' ? `; the KEK rekey comes ${lead.seconds} s before expiry` : '');
  return `${roles}, ${counted} GM${counted === 1 ? ' is' : 's are'} registered${acknowledged}${rekeys}`;
}

/** Only the KS that sends the rekeys makes a difference: of several the primary. null: none is of an old release. */
function oldReleases(kss: GroupView['kss']): string | null {
  const old = kss.filter(({ reachable: answers, behavior }) => answers && behavior === 'legacy');
  if (old.length === 0) return null;
  const [is, gms] = [
    `${ksNamed(old.map(({ device }) => device))} ${old.length === 1 ? 'is' : 'are'} of a release that`,
    'GMs with a KEK timer, which nobody here polls,',
  ];
  return old.every(({ role }) => role === 'secondary')
    ? `; ${is}, as primary, sends the KEK rekey only at expiry: ${gms} would then re-register twice in every cycle`
    : `; ${is} sends the KEK rekey only at expiry: ${gms} re-register twice in every cycle`;
}

function reachable({ group, gms, kss }: GroupView): HealthCheck {
  const lostKss = kss.filter((ks) => !ks.reachable);
  const lostGms = gms.filter((gm) => !gm.reachable);
  const more = { value: lostKss.length + lostGms.length, threshold: 0, required: true };
  if (lostKss.length > 0)
    return check(['reachable', group], 'critical', notAnswering(lostKss, ksNamed), {
      ...more,
      action: checkThem(lostKss),
    });
  if (gms.length + kss.length === 0)
    return check(['reachable', group], 'unknown', 'no device of the group was seen', more);
  const lost = { ...more, action: checkThem(lostGms) };
  if (lostGms.length === gms.length && kss.length === 0 && lostGms.every(({ hidden }) => hidden === undefined))
    return check(['reachable', group], 'unknown', 'no device of the group answers', lost);
  if (lostGms.length > 0) return check(['reachable', group], 'warning', notAnswering(lostGms, gmsNamed), lost);
  return check(
    ['reachable', group],
    'ok',
    `${everyOne(gms.length + kss.length, 'device')} ${gms.length + kss.length === 1 ? 'answers' : 'answer'}`,
    more,
  );
}

type Lost = readonly { readonly device: string; readonly hidden?: true }[];

/** Those that are there, and show nothing, apart from those that give no answer. */
function notAnswering(lost: Lost, named: (devices: readonly string[]) => string): string {
  const part = (those: Lost, what: readonly [one: string, more: string]) =>
    those.length === 0 ? [] : [`${named(those.map(({ device }) => device))} ${verb(those.length, ...what)}`];
  return [
    ...part(
      lost.filter(({ hidden }) => hidden === undefined),
      ['does not answer', 'do not answer'],
    ),
    ...part(
      lost.filter(({ hidden }) => hidden === true),
      ['shows the agent nothing', 'show the agent nothing'],
    ),
  ].join('; ');
}

function gmsNamed(devices: readonly string[]): string {
  return `${verb(devices.length, 'GM', 'GMs')} ${nameList(devices)}`;
}

function checkThem(lost: Lost): string {
  return lost.every(({ hidden }) => hidden === true)
    ? CHECK_ADMITTED
    : 'Check the path to these devices, and the devices themselves';
}

function registered({ group, gms }: GroupView): HealthCheck {
  const lost = gms.filter((gm) => gm.reachable && gm.registered === false).map(({ device }) => device);
  const known = gms.filter((gm) => gm.reachable && gm.registered !== null).length;
  const more = { value: lost.length, threshold: 0 };
  if (lost.length > 0)
    return check(['registered', group], 'critical', `not registered: ${nameList(lost)}`, {
      ...more,
      action:
        'Check reachability of the KS on UDP 848 (500/4500) from these GMs, the IKE SA, group identity and authorization',
    });
  if (known === 0) return check(['registered', group], 'unknown', 'no polled GM shows its registration', more);
  const rest = gms.length - known;
  const who = rest === 0 ? everyOne(known, 'polled GM') : `${known} of ${gms.length} polled GMs`;
  return check(
    ['registered', group],
    'ok',
    `${who} ${known === 1 ? 'is' : 'are'} registered${rest === 0 ? '' : `, ${rest} not known`}`,
    more,
  );
}

interface Holding {
  readonly same: readonly GmInGroup[];
  readonly other: readonly string[];
}

function holding(gms: readonly GmInGroup[], holds: (gm: GmInGroup) => boolean | null): Holding {
  return {
    same: gms.filter((gm) => holds(gm) === true),
    other: gms.filter((gm) => holds(gm) === false).map(({ device }) => device),
  };
}

function kekMatches(fleet: GroupView): HealthCheck {
  return sameKey(
    'kek_matches_ks',
    fleet,
    holding(fleet.gms, (gm) => gm.kekMatchesKs),
  );
}

function tekMatches(fleet: GroupView): HealthCheck {
  return sameKey(
    'tek_matches_ks',
    fleet,
    holding(fleet.gms, (gm) => (gm.divergent ? false : gm.tekMatchesKs)),
  );
}

/** Two are needed: a KS, and a GM to compare it with. */
function notCompared({ gms, kss }: GroupView, key: string): string {
  if (gms.length === 0) return `no GM is polled whose ${key} could be compared`;
  if (kss.length === 0) return `no KS is polled to compare the ${key} with`;
  return `no ${key} to compare, or a rekey is under way`;
}

function sameKey(name: 'kek_matches_ks' | 'tek_matches_ks', fleet: GroupView, { same, other }: Holding): HealthCheck {
  const { group, gms, kss, coopPeers } = fleet;
  const key = name === 'kek_matches_ks' ? 'KEK' : 'TEKs';
  const coop = kss.length > 1 || coopPeers.length > 0;
  const more = { value: other.length, threshold: 0 };
  if (other.length > 0)
    return check(
      [name, group],
      'critical',
      key === 'KEK'
        ? `${nameList(other)} ${verb(other.length, 'does', 'do')} not hold the KEK of the KS`
        : otherTeks(fleet, other),
      {
        ...more,
        action: coop
          ? `Which KS did each of these GMs register with? ${CHECK_COOP}`
          : 'show crypto gdoi on the GM and show crypto gdoi ks policy on the KS: which key is the older one? Then the path for UDP 848 from KS to GM',
      },
    );
  if (same.length === 0) return check([name, group], 'unknown', notCompared(fleet, key), more);
  const rest = gms.length - same.length;
  return check(
    [name, group],
    'ok',
    `${same.length} of ${gms.length} polled GMs hold the ${key} of the KS${rest === 0 ? '' : `, ${rest} not known`}`,
    more,
  );
}

/** One that holds none holds no other ones. */
function otherTeks({ gms }: GroupView, names: readonly string[]): string {
  const without = new Set(gms.flatMap(({ device, withoutTek }) => (withoutTek === true ? [device] : [])));
  const hold = (those: readonly string[], what: string) =>
    those.length === 0 ? [] : [`${nameList(those)} ${verb(those.length, 'holds', 'hold')} ${what}`];
  return [
    ...hold(
      names.filter((name) => !without.has(name)),
      'other TEKs than the KS',
    ),
    ...hold(
      names.filter((name) => without.has(name)),
      'no TEK',
    ),
  ].join('; ');
}

/** Row 13. */
function split({ group, kss, coopSplit, primaries: found }: GroupView): HealthCheck {
  if (kss.length === 0) return check(['coop_split', group], 'unknown', 'no KS is polled', { threshold: 1 });
  if (coopSplit === null)
    return check(['coop_split', group], 'ok', 'no second primary is seen', { value: found.length, threshold: 1 });
  return check(['coop_split', group], 'critical', `two primaries: ${nameList(coopSplit.primaries)}`, {
    value: coopSplit.primaries.length,
    threshold: 1,
    action: CHECK_SPLIT,
  });
}

/**
 * Row 14. A primary may be a KS that is not polled, or that the agent does not see: then one of its peers is alive, or it
 * is there and shows nothing.
 */
function primaries({ group, kss: all, ofOtherGroup, primaries: found, coopPeers }: GroupView): HealthCheck {
  const kss = all.filter(({ device }) => !ofOtherGroup.includes(device));
  const answering = kss.filter((ks) => ks.reachable);
  const more = { value: found.length, threshold: 1 };
  if (found.length > 0) return check(['coop_role', group], 'ok', `primary: ${nameList(found)}`, more);
  const secondaries = answering.filter((ks) => ks.role === 'secondary');
  const alive = coopPeers.filter((peer) => peer.lost === false).map(({ device }) => device);
  const elsewhere =
    alive.includes(null) ||
    answering.some(({ peersUnread }) => peersUnread === true) ||
    kss.some((ks) => ks.hidden === true || (!ks.reachable && (ks.role === null || alive.includes(ks.device))));
  if (secondaries.length === 0 || elsewhere)
    return check(['coop_role', group], 'unknown', 'no polled KS says that it is primary', more);
  return check(
    ['coop_role', group],
    'critical',
    `no primary: ${nameList(secondaries.map(({ device }) => device))} ${verb(secondaries.length, 'is', 'are')} secondary`,
    {
      ...more,
      action: CHECK_COOP,
    },
  );
}

function unreadPeers(kss: readonly { readonly device: string }[], others: number): string {
  const of = `a COOP session of ${ksNamed(kss.map(({ device }) => device))} was not understood`;
  return others === 0 ? of : `${of}; no known COOP peer is lost`;
}

/** Row 12. */
function peers({ group, coopPeers, kss }: GroupView): HealthCheck {
  const lost = coopPeers.filter((peer) => peer.lost === true).map(({ address, device }) => device ?? address);
  const more = { value: lost.length, threshold: 0 };
  if (lost.length > 0)
    return check(
      ['coop_peers', group],
      'warning',
      `COOP ${verb(lost.length, 'peer', 'peers')} ${nameList(lost)} ${verb(lost.length, 'is dead for its peers', 'are dead for their peers')}`,
      {
        ...more,
        action: CHECK_COOP,
      },
    );
  const unread = kss.filter(({ reachable: answers, peersUnread }) => answers && peersUnread === true);
  if (unread.length > 0) return check(['coop_peers', group], 'unknown', unreadPeers(unread, coopPeers.length), more);
  if (coopPeers.length === 0) return check(['coop_peers', group], 'unknown', 'no KS lists COOP peers', more);
  return check(['coop_peers', group], 'ok', `${counted(coopPeers.length, 'COOP peer')}, none lost`, more);
}

/** Rows 4 to 6: one path, or the KS. */
function lastRekey(fleet: GroupView): HealthCheck {
  const { group, rekeyLoss, unacknowledged, notListed, gms, kss } = fleet;
  const multicast = isOneByMulticast(fleet, [...notListed, ...rekeyLoss.gms]);
  const more = { value: rekeyLoss.gms.length, threshold: 0, action: firstStepBy(multicast, CHECK_REKEYS) };
  const missed = `the rekey that was due did not come${multicast ? '' : ', or was not acknowledged'}`;
  if (notListed.length > 0)
    return check(
      ['rekeys_acknowledged', group],
      multicast ? 'warning' : 'critical',
      `registered, but no KS lists them: ${nameList(notListed)}`,
      more,
    );
  switch (rekeyLoss.where) {
    case 'ks':
      return check(['rekeys_acknowledged', group], 'critical', `${missed}: ${nameList(rekeyLoss.gms)}`, more);
    case 'path': {
      const near = unacknowledged.some(
        ({ device, acksMissed }) =>
          acksMissed >= ACKS_MISSED_CRITICAL &&
          (device === null || fleet.gmOf(device)?.gm.registeredSinceList !== true),
      );
      return check(
        ['rekeys_acknowledged', group],
        near ? 'critical' : 'warning',
        `${missed}: ${nameList(rekeyLoss.gms)}`,
        more,
      );
    }
    case 'none':
      return gms.length + kss.length === 0
        ? check(['rekeys_acknowledged', group], 'unknown', 'no device of the group was seen', { threshold: 0 })
        : check(['rekeys_acknowledged', group], 'ok', 'no GM is known to have missed the last rekey', {
            value: 0,
            threshold: 0,
          });
    default:
      return rekeyLoss.where satisfies never;
  }
}

/** Of the GMs that this is about; with none of them polled, a KS alone says it. */
function isOneByMulticast(fleet: GroupView, devices: readonly string[]): boolean {
  return fleet.ksMulticast || showsMulticast(devices.flatMap((device) => fleet.gmOf(device) ?? []));
}

function mixed({ group, mixedVersions, kss, gms }: GroupView): HealthCheck {
  if (mixedVersions !== null)
    return check(['mixed_versions', group], 'warning', mixedText(mixedVersions), {
      value: mixedVersions.affectedGms.length,
      threshold: 0,
      action: 'Plan the upgrade of these KSs to 15.2(1)T / XE 3.5S or later',
    });
  if (kss.length === 0) return check(['mixed_versions', group], 'unknown', 'no KS is polled', { threshold: 0 });
  const open = undecidedMix(kss, gms);
  if (open !== null) return check(['mixed_versions', group], 'unknown', open, { threshold: 0 });
  return check(['mixed_versions', group], 'ok', 'no GM with a KEK timer is known to meet a KS without one', {
    value: 0,
    threshold: 0,
  });
}

function mixedText({ legacyKss, sending, affectedGms }: GroupView['mixedVersions'] & object): string {
  const kss = ksNamed(legacyKss.map(({ device }) => device));
  const gms = counted(affectedGms.length, 'GM');
  return sending.length === 0
    ? `${kss} would send no KEK rekey before expiry as primary: ${gms} would then re-register twice in every KEK cycle`
    : `${kss} ${legacyKss.length === 1 ? 'sends' : 'send'} no KEK rekey before expiry: ${gms} ${affectedGms.length === 1 ? 're-registers' : 're-register'} twice in every KEK cycle`;
}

/** Row 21: every KS of a COOP set knows every GM. */
function memberCounts({ group, kss, ofOtherGroup }: GroupView): HealthCheck {
  const counting = kss.filter((ks) => ks.reachable && ks.members !== null && !ofOtherGroup.includes(ks.device));
  const counts = [...new Set(counting.map(({ members }) => members))];
  if (counting.length < 2)
    return check(['members', group], 'unknown', 'fewer than two KSs show how many GMs they know', {
      threshold: 'same',
    });
  if (counts.length === 1)
    return check(['members', group], 'ok', `every KS knows ${counted(counts[0] ?? 0, 'GM')}`, {
      value: counts[0] ?? null,
      threshold: 'same',
    });
  return check(
    ['members', group],
    'warning',
    `the KSs know different numbers of GMs: ${nameList(counting.map(({ device, members }) => `${device} ${members}`))}`,
    {
      value: counts.join(', '),
      threshold: 'same',
      action: 'show crypto gdoi ks coop on every KS: are announcements dropped (MTU)?',
    },
  );
}

/** Also while that is not yet clear: what presupposes that one lives is not announced. */
export function noKsAnswers({ kss, explanations }: Pick<GroupView, 'kss' | 'explanations'>): boolean {
  if (kss.length === 0) return false;
  return (
    kss.every(({ reachable }) => !reachable) ||
    explanations.some(({ cause, phase }) => cause === 'ks_down' && phase !== 'over')
  );
}

/** By the primary's figures, else those of any KS that shows them. */
function nextRekey(
  key: 'KEK' | 'TEK',
  fleet: GroupView,
  deviceOf: (device: string) => HealthInput | undefined,
  nowMs: EpochMs,
): NextOccurrence | null {
  if (noKsAnswers(fleet)) return null;
  const ordered = fleet.kss.toSorted((a, b) => Number(b.role === 'primary') - Number(a.role === 'primary'));
  for (const { device, reachable: answers, behavior } of ordered) {
    // A KS that does not answer is not to be counted on.
    if (!answers) continue;
    const shown = deviceOf(device)?.groups.get(fleet.group)?.ks ?? null;
    if (shown === null) continue;
    const { snapshot, at } = shown;
    const next =
      key === 'KEK'
        ? rekeyOf(key, snapshot.kek, at, behavior === 'legacy' ? 0 : fleet.lead.seconds)
        : earliest(
            (snapshot.teks ?? []).map((tek) => rekeyOf(key, tek, at)),
            nowMs,
          );
    const ahead = earliest([next], nowMs);
    if (ahead !== null) return ahead;
  }
  return null;
}

/** A GM may have been read since the group was explained: it is explained again within a look. */
function noWorseThanGroup(risk: GmAtRisk, status: HealthStatus): GmAtRisk {
  return status === 'critical' ? risk : { ...risk, status: milderOf(risk.status, 'warning') };
}

function atRisk(fleet: GroupView, deviceOf: (device: string) => HealthInput | undefined): readonly GmAtRisk[] {
  const risks: GmAtRisk[] = [];
  for (const gm of fleet.gms) {
    const view = deviceOf(gm.device);
    const tracking = view?.tracking.get(fleet.group);
    const [status, reason] = riskOf(gm, fleet, view) ?? [];
    if (status === undefined || reason === undefined) continue;
    const shown = asByCauses(status, fleet.explanations, gm.device);
    if (shown === 'ok') continue;
    risks.push({ gm: gm.device, status: shown, reason, reregistersAtMs: tracking?.forecast?.expectedAtMs ?? null });
  }
  for (const { address, device, acksMissed } of fleet.unacknowledged) {
    if (device !== null) continue;
    const status = acksMissed >= ACKS_MISSED_CRITICAL ? 'critical' : 'warning';
    risks.push({ gm: address, status, reason: missedAcks(acksMissed), reregistersAtMs: null });
  }
  return risks.toSorted(
    (a, b) => Number(b.status === 'critical') - Number(a.status === 'critical') || naturalOrder(a.gm, b.gm),
  );
}

function riskOf(
  gm: GmInGroup,
  fleet: GroupView,
  view: HealthInput | undefined,
): readonly [HealthStatus, string] | null {
  if (!gm.reachable) return null;
  if (gm.registered === false) return ['critical', 'not registered'];
  const tracking = view?.tracking.get(fleet.group);
  const snapshot = view?.groups.get(fleet.group)?.gm?.snapshot;
  if (
    gm.registered === true &&
    (tracking?.failedAttempts ?? 0) >= FAILED_ATTEMPTS &&
    (tracking?.retrying === true || isCountdownOver(snapshot?.reregistersInSeconds ?? null))
  ) {
    return ['critical', 'tries in vain to register'];
  }
  if (snapshot?.teks?.length === 0) return ['critical', 'holds no TEK'];
  const { notListed, multicast } = fleet.gmOf(gm.device) ?? { notListed: false, multicast: false };
  if (notListed) return [multicast ? 'warning' : 'critical', 'registered, but no KS lists it'];
  if (gm.kekExpiredInUse) return ['critical', 'still holds the KEK that its KS has replaced'];
  if (gm.kekMatchesKs === false) return ['critical', 'does not hold the KEK of its KS'];
  if (gm.divergent) return ['critical', 'holds other TEKs than the group'];
  if (gm.tekMatchesKs === false) return ['critical', 'holds other TEKs than its KS'];
  const missed = gm.acksMissed ?? 0;
  if (gm.registeredSinceList && missed > 0) return ['warning', `${missedAcks(missed)}, perhaps before it registered`];
  if (missed >= ACKS_MISSED_CRITICAL) return ['critical', missedAcks(missed)];
  if (tracking?.kekRekeyOverdue === true) return ['warning', 'no KEK rekey came'];
  return missed > 0 ? ['warning', missedAcks(missed)] : null;
}

function missedAcks(missed: number): string {
  return `no acknowledgement of the last ${missed === 1 ? 'rekey' : `${missed} rekeys`}`;
}
