/**
 * The health of a GM in one group: is it registered, does it hold the current KEK and TEKs, for how long, and does it
 * get its rekeys. Thresholds are those of the on-call catalogue; its row is named where one is meant.
 *
 * A countdown is judged as it was read: what it has become since then is said, and is not known to have happened.
 */
import { ACKS_MISSED_CRITICAL } from '../explain/acks-missed.ts';
import { FAILED_ATTEMPTS } from '../seen/counters.ts';
import { clockTime } from '../explain/said.ts';
import { RECENT_MS } from '../explain/symptom.ts';
import { counted, verb } from '../events/counted.ts';
import { isCountdownOver, longestTekSeconds, secondsLeft, shownSeconds } from '../seen/countdown.ts';
import { durationText } from '../events/duration-text.ts';
import type { GroupView } from '../fleet/group-view.ts';
import type { GmInFleet, GmInGroup } from '../fleet/gm-in-group.ts';
import type { Forecast } from '../keys/forecast.ts';
import { check, type HealthCheck } from './health-check.ts';
import {
  CHECK_DIRECTION,
  CHECK_INSTALL,
  CHECK_LIST,
  CHECK_IN_CLEAR,
  CHECK_REGISTRATION,
  CHECK_REKEY_PATH,
  CHECK_TEKLESS,
  CHECK_VANISHED,
  CHECK_DATAPLANE,
  CHECK_DROPS,
  CHECK_REPLAY,
  COMPARE_KS,
  firstStepBy,
} from '../events/first-steps.ts';
import { firstStepOf, whyReregistered } from '../events/gdoi-events.ts';
import type { HealthTracking } from './health-input.ts';
import { ksNamed, nameList } from '../events/name-list.ts';
import { lastUnexpectedOf } from '../memory/tracker-state.ts';
import { reasonStated } from '../log/ks-marks.ts';
import { tekWindowSecondsBeforeExpiry, UNDER_WAY_SECONDS } from '../keys/kek-window.ts';
import { FLOOR_LEAD } from '../keys/ks-lead.ts';
import type { EpochMs, ReadAt } from '../seen/instant.ts';
import { type GmSnapshot, isByMulticast } from '../seen/snapshot.ts';
import { undecidedMix } from './undecided-mix.ts';

export interface GmHealthInput {
  readonly device: string;
  readonly group: string;
  readonly gm: GmSnapshot;
  readonly at: ReadAt;
  readonly atMs: EpochMs;
  readonly tracking: HealthTracking | null;
  /** SNMP or RESTCONF is asked beside the CLI. */
  readonly besideCli: boolean;
  readonly forecast: Forecast;
  readonly fleet: GroupView | null;
}

/** Row 1: a re-registration needs a look for this long. */
const RECENT_REREGISTRATION_MS = 3_600_000;
/** Row 2: this many attempts that failed are a loop, not bad luck. */
const MANY_FAILED_ATTEMPTS = 3;
/** No TEK rekey came when this little is left: GMs re-register before (TEK window). */
const TEK_OVERDUE_SECONDS = tekWindowSecondsBeforeExpiry(0).to;

export function gmChecks(input: GmHealthInput): readonly HealthCheck[] {
  const known = input.fleet === null ? null : input.fleet.gmOf(input.device);
  const inFleet = known?.gm ?? null;
  return [
    registered(input),
    kekPresent(input),
    kekRemaining(input),
    kekMatchesKs(input, inFleet),
    tekRemaining(input),
    tekMatchesKs(input, inFleet),
    rekeysAcknowledged(input, known),
    registrationAttempts(input),
    packetsDropped(input),
    reregistrations(input),
    mixedVersions(input, known),
    ...saDirection(input),
    dataAgreement(input),
    sourcesAgree(input),
  ];
}

/** How to look for rekeys that do not reach it. */
function pathOf(input: GmHealthInput): string {
  return firstStepBy(isGmByMulticast(input), CHECK_REKEY_PATH);
}

/** This answer decides; where it does not show the transport, an earlier one or a KS of its group does. */
function isGmByMulticast({ device, gm, fleet }: GmHealthInput): boolean {
  return isByMulticast(gm.kek?.transport ?? null, (fleet?.gmOf(device)?.multicast ?? fleet?.ksMulticast) === true);
}

/** SNMP shows no registration state: a GM that holds live keys is not unknown for want of that word. */
function registered({ group, gm, at, atMs, tracking }: GmHealthInput): HealthCheck {
  const said = gm.status === null ? '' : ` (${gm.status})`;
  const gone = gm.status === null ? tracking?.vanishedSinceMs : undefined;
  const more = { value: gm.registered, threshold: 'registered' };
  if (gm.registered === true) {
    const where = gm.keyServer === null ? '' : ` with ${gm.keyServer}`;
    return check(['registered', group], 'ok', `registered${where}`, { ...more, required: true });
  }
  const tekLeft = tekSecondsLeft({ gm, at, atMs }) ?? 0;
  if (gm.registered === false)
    return check(
      ['registered', group],
      'critical',
      gone === undefined
        ? `not registered${said}: ${unregisteredTraffic(tekLeft)}`
        : `not registered: ${goneText(group, gone)}; its traffic is in clear or dropped`,
      { ...more, required: true, action: gone === undefined ? CHECK_REGISTRATION : CHECK_VANISHED },
    );
  if (gone !== undefined)
    return check(
      ['registered', group],
      'unknown',
      `${goneText(group, gone)}; the next answers decide whether it left`,
      {
        ...more,
        required: true,
      },
    );
  const holdsKeys = tekLeft > 0;
  return check(
    ['registered', group],
    'unknown',
    holdsKeys ? 'its registration is not shown, but it holds TEKs' : 'its registration is not shown',
    { ...more, required: !holdsKeys },
  );
}

/** A GM that registers again, or that its KS has removed, encrypts with the TEK it holds as long as that lasts. */
function unregisteredTraffic(tekLeftSeconds: number): string {
  return tekLeftSeconds > 0
    ? `its TEK lasts ${durationText(tekLeftSeconds)} more; without a registration its traffic is dropped then, or in clear if it fails open`
    : 'its traffic is dropped, or in clear if it fails open';
}

function goneText(group: string, sinceMs: EpochMs): string {
  return `its answers show no group ${group} any more since ${clockTime(sinceMs)}`;
}

/**
 * Absent: the answer shows keys, or says that it is registered, but shows no KEK, or one with a lifetime of 0. An answer
 * in which no keys stand (`show crypto gdoi gm`, or one whose words for them are new) says nothing of them.
 */
function kekPresent(input: GmHealthInput): HealthCheck {
  const { group, gm } = input;
  const unknown = (detail: string) => check(['kek_present', group], 'unknown', detail, { threshold: 'present' });
  if (gm.kek !== null && Object.values(gm.kek).every((value) => value === null))
    return unknown('what is shown of its KEK was not understood');
  if (gm.kek !== null && gm.kek.remainingSeconds !== 0)
    return check(['kek_present', group], 'ok', 'holds a KEK', { value: true, threshold: 'present' });
  if (gm.kek === null && gm.teks === null && gm.kekAbsent !== true) return unknown('no keys are shown');
  const known = gm.kek !== null || (gm.teks !== null && gm.teks.length > 0);
  if (!known && gm.registered !== true) return unknown('shows no keys at all');
  if (gm.kek === null && isGroupWithoutKek(input.fleet))
    return unknown('shows no KEK, and no KS of its group shows one beside its TEKs: the group may use none');
  return check(['kek_present', group], 'critical', 'holds no KEK: no rekey can reach it until it registers again', {
    value: false,
    threshold: 'present',
    action: pathOf(input),
  });
}

/** KSs that show what is left of their TEKs, and no KEK: then nobody in the group misses one. */
function isGroupWithoutKek(fleet: GroupView | null): boolean {
  const kss = fleet?.kss.filter(({ reachable }) => reachable) ?? [];
  return kss.some(({ showsTeks }) => showsTeks === true) && kss.every(({ kekExpiryMs }) => kekExpiryMs === null);
}

/** Row 8. The lead is the KS's own where it is polled, else the floor of 200 s. */
function kekRemaining(input: GmHealthInput): HealthCheck {
  const { group, gm, at, atMs, tracking, forecast, fleet } = input;
  const leadSeconds = (fleet?.lead ?? FLOOR_LEAD).seconds;
  const read = shownSeconds(gm.kek?.remainingSeconds);
  const unknown = (detail: string, value: number | null = null) =>
    check(['kek_remaining', group], 'unknown', detail, { value, threshold: leadSeconds });
  if (gm.kek === null) return unknown('no KEK is shown');
  if (read === null) return unknown('no lifetime of its KEK is shown (releases before 15.2(1)T / XE 3.5S print none)');
  const left = secondsLeft(at, read, atMs);
  const bad = (status: 'warning' | 'critical', detail: string) =>
    check(['kek_remaining', group], status, detail, { value: left, threshold: leadSeconds, action: pathOf(input) });
  if (read <= 0) return bad('critical', 'its KEK has expired: only a registration helps');
  const isKnownOverdue = tracking?.kekRekeyOverdue === true;
  const isDue = forecast.kekRekeyOverdue === true;
  if (isDue && !isKnownOverdue && read + 1 + UNDER_WAY_SECONDS > leadSeconds) {
    return unknown('its KEK rekey is due at this moment', left);
  }
  if (isKnownOverdue || isDue) {
    return bad('warning', `no KEK rekey came, ${durationText(left)} of the old KEK left${within(forecast, at, atMs)}`);
  }
  if (left <= 0) return unknown('the KEK it held has run out since it was last asked', 0);
  if (left <= leadSeconds) return unknown('a KEK rekey was due since it was last asked', left);
  return check(['kek_remaining', group], 'ok', `its KEK lasts ${durationText(left)} more`, {
    value: left,
    threshold: leadSeconds,
  });
}

function within({ timeLeftSeconds }: Forecast, at: ReadAt, atMs: EpochMs): string {
  if (timeLeftSeconds === null) return '';
  const age = Math.max(0, (atMs - at.receivedAtMs) / 1000);
  const [from, to] = [timeLeftSeconds.atLeast - age, timeLeftSeconds.atMost - age];
  if (to < 1) return ': it re-registers at this moment';
  if (from < 1) return `: it re-registers within ${durationText(to)}`;
  const texts = new Set([durationText(from), durationText(to)]);
  return `: it re-registers in ${[...texts].join(' to ')}`;
}

/** Row 9; a difference that a rekey under way explains is null here already. */
function kekMatchesKs({ group }: GmHealthInput, inFleet: GmInGroup | null): HealthCheck {
  const matches = inFleet?.kekMatchesKs ?? null;
  const more = { value: matches, threshold: 'same' };
  if (matches === true) return check(['kek_matches_ks', group], 'ok', 'holds the KEK of its KS', more);
  if (matches === null)
    return check(['kek_matches_ks', group], 'unknown', 'no KS to compare the KEK with, or a rekey is under way', more);
  const detail =
    inFleet?.kekExpiredInUse === true
      ? 'still holds the KEK that its KS has replaced: no rekey reaches it until its TEK expires'
      : 'does not hold the KEK of its KS';
  return check(['kek_matches_ks', group], 'critical', detail, { ...more, action: COMPARE_KS });
}

function tekRemaining(input: GmHealthInput): HealthCheck {
  const { group, gm, at, atMs, tracking } = input;
  const more = { threshold: TEK_OVERDUE_SECONDS };
  const longest = longestTekSeconds(gm.teks);
  if (longest === null) {
    const none = gm.teks !== null && gm.teks.length === 0;
    return none && gm.registered !== false
      ? check(
          ['tek_remaining', group],
          'critical',
          `${gm.registered === true ? 'registered, but holds' : 'holds'} no TEK: its traffic is dropped`,
          { ...more, action: gm.registered === true ? CHECK_INSTALL : CHECK_TEKLESS },
        )
      : check(['tek_remaining', group], 'unknown', none ? 'holds no TEK' : 'no TEK lifetime is shown', more);
  }
  const left = secondsLeft(at, longest, atMs);
  if (longest <= 0)
    return check(['tek_remaining', group], 'critical', 'its TEKs have expired: its traffic is dropped', {
      ...more,
      value: 0,
      action: pathOf(input),
    });
  if (longest <= TEK_OVERDUE_SECONDS || tracking?.tekRekeyOverdue === true)
    return check(['tek_remaining', group], 'warning', `no TEK rekey came, ${durationText(left)} of the last TEK left`, {
      ...more,
      value: left,
      action: pathOf(input),
    });
  if (left <= TEK_OVERDUE_SECONDS)
    return check(['tek_remaining', group], 'unknown', 'a TEK rekey was due since it was last asked', {
      ...more,
      value: left,
    });
  return check(['tek_remaining', group], 'ok', `its TEK lasts ${durationText(left)} more`, { ...more, value: left });
}

function tekMatchesKs({ group, fleet }: GmHealthInput, inFleet: GmInGroup | null): HealthCheck {
  const divergent = inFleet?.divergent === true;
  const matches = divergent ? false : (inFleet?.tekMatchesKs ?? null);
  const more = { value: matches, threshold: 'same' };
  if (matches === true) return check(['tek_matches_ks', group], 'ok', 'holds the TEKs of its KS', more);
  if (matches === null)
    return check(['tek_matches_ks', group], 'unknown', 'no KS to compare the TEKs with, or a rekey is under way', more);
  if (inFleet?.withoutTek === true)
    return check(['tek_matches_ks', group], 'critical', 'holds no TEK', { ...more, action: COMPARE_KS });
  // Where all GMs do, or it does not differ from them, their traffic with each other goes on.
  const apart = divergent && fleet !== null && fleet.divergentMembers.length < fleet.gms.length;
  const what = apart
    ? 'holds other TEKs than the group: traffic with it is dropped'
    : 'holds other TEKs than its KS: traffic with GMs that have those is dropped';
  return check(['tek_matches_ks', group], 'critical', what, { ...more, action: COMPARE_KS });
}

/** Rows 4 and 6, as the KS counts. */
function rekeysAcknowledged(input: GmHealthInput, known: GmInFleet | null): HealthCheck {
  const { group } = input;
  const multicast = isGmByMulticast(input);
  const missed = known?.gm.acksMissed ?? null;
  const more = { value: missed, threshold: 1 };
  if (known?.notListed === true)
    return check(
      ['rekeys_acknowledged', group],
      multicast ? 'warning' : 'critical',
      `registered, but no KS lists it${multicast ? '' : ': it gets no rekey any more'}`,
      {
        ...more,
        action: firstStepBy(multicast, CHECK_LIST),
      },
    );
  if (missed === null || multicast) {
    const why = multicast ? 'multicast rekeys are not acknowledged' : 'no KS that is polled lists an address of it';
    return check(['rekeys_acknowledged', group], 'unknown', why, more);
  }
  if (missed === 0) return check(['rekeys_acknowledged', group], 'ok', 'its KS misses no acknowledgement of it', more);
  const last = `the last ${missed === 1 ? 'rekey' : `${missed} rekeys`}`;
  return known?.gm.registeredSinceList === true
    ? check(
        ['rekeys_acknowledged', group],
        'warning',
        `its KS had no acknowledgement of ${last}, by a list that may be from before it registered`,
        { ...more, action: pathOf(input) },
      )
    : check(
        ['rekeys_acknowledged', group],
        missed < ACKS_MISSED_CRITICAL ? 'warning' : 'critical',
        `its KS has no acknowledgement of ${last}; at 3 it drops the GM`,
        { ...more, action: pathOf(input) },
      );
}

/** Row 2 and 3: attempts that fail; those of a registered GM from before it last registered are history. */
function registrationAttempts(input: GmHealthInput): HealthCheck {
  const { group, gm, tracking } = input;
  const { attempted, succeeded } = gm.registrations;
  const failed = attempted === null || succeeded === null ? null : Math.max(0, attempted - succeeded);
  const more = { value: failed, threshold: MANY_FAILED_ATTEMPTS };
  if (failed === null || gm.registered === null)
    return check(['registration_attempts', group], 'unknown', 'attempts are not shown', more);
  if (gm.registered) {
    const since = tracking?.failedAttempts ?? 0;
    if (since < FAILED_ATTEMPTS)
      return check(['registration_attempts', group], 'ok', 'no registration is failing', { ...more, value: since });
    const left = tekSecondsLeft(input);
    const until = left === null ? '' : `, ${durationText(left)} of TEK left`;
    const inVain = tracking?.retrying === true || isCountdownOver(gm.reregistersInSeconds);
    return check(
      ['registration_attempts', group],
      // One that runs is for its next attempt, or a rekey has set it anew: which is not known.
      inVain ? 'critical' : 'warning',
      `still registered, but ${counted(since, 'attempt')} to register again failed${until}`,
      { ...more, value: since, action: CHECK_REGISTRATION },
    );
  }
  return failed >= MANY_FAILED_ATTEMPTS
    ? check(['registration_attempts', group], 'critical', `${failed} of ${attempted} registration attempts failed`, {
        ...more,
        action: CHECK_REGISTRATION,
      })
    : check(['registration_attempts', group], 'warning', `registering: ${counted(failed, 'attempt')} failed so far`, {
        ...more,
        action: CHECK_REGISTRATION,
      });
}

function tekSecondsLeft({ gm, at, atMs }: Pick<GmHealthInput, 'gm' | 'at' | 'atMs'>): number | null {
  const longest = longestTekSeconds(gm.teks);
  return longest === null ? null : secondsLeft(at, longest, atMs);
}

/** Where its messages alone tell. */
const SAID_OF_PACKETS = {
  'in-clear': { detail: 'packets came in clear that should be encrypted', action: CHECK_IN_CLEAR },
  pseudotime: {
    detail: 'its pseudotime is far from that of its KS: packets may fail the anti-replay check',
    action: CHECK_REPLAY,
  },
} as const;

/** Rows 23 and 24. */
function packetsDropped({ group, gm, tracking }: GmHealthInput): HealthCheck {
  const dropped = tracking?.packetsDropped ?? null;
  const errors = gm.replay?.inputErrors ?? null;
  const more = { value: errors, threshold: 0 };
  if (dropped === null)
    return check(
      ['packets_dropped', group],
      'unknown',
      'its anti-replay and data-plane counters are not collected',
      more,
    );
  if (!dropped) return check(['packets_dropped', group], 'ok', 'no packet was dropped in the last minutes', more);
  const said = tracking?.saidOfPackets ?? null;
  if (said !== null)
    return check(['packets_dropped', group], 'warning', SAID_OF_PACKETS[said].detail, {
      ...more,
      action: SAID_OF_PACKETS[said].action,
    });
  const shown = errors === null ? '' : `: ${errors} Input Error Packets`;
  return check(['packets_dropped', group], 'warning', `it drops packets (anti-replay or data plane)${shown}`, {
    ...more,
    action: gm.dataplane === undefined ? CHECK_REPLAY : errors === null ? CHECK_DATAPLANE : CHECK_DROPS,
  });
}

/** Row 29. A group is brought up like that on purpose, and left like that its traffic stays in clear. */
function saDirection({ group, gm }: GmHealthInput): readonly HealthCheck[] {
  if (gm.receiveOnly !== true) return [];
  return [
    check(
      ['sa_direction', group],
      'warning',
      'its IPsec SAs are inbound only: it takes in encrypted traffic, and sends its own in clear',
      { value: 'inbound only', threshold: 'both', action: CHECK_DIRECTION },
    ),
  ];
}

/** Row 1. The tracker has decided which ones are unexpected and why. */
function reregistrations(input: GmHealthInput): HealthCheck {
  const { group, tracking, fleet, atMs } = input;
  const tally = tracking?.reregistrations ?? null;
  if (tally === null) return check(['reregistrations', group], 'unknown', 'not tracked', { threshold: 0 });
  const recent = tally.recent.filter((instantMs) => Math.abs(atMs - instantMs) < RECENT_REREGISTRATION_MS);
  const newest = recent.length === 0 ? null : Math.max(...recent);
  const more = { value: recent.length, threshold: 0 };
  if (newest === null)
    return check(['reregistrations', group], 'ok', 'no unexpected re-registration in the last hour', more);
  const last = lastUnexpectedOf(tally);
  const stated = last?.stated === undefined ? null : reasonStated({ mnemonic: last.stated, ks: last.statedBy ?? null });
  const cause = last === null ? '' : `: ${whyReregistered(last.cause)}${stated === null ? '' : ` (${stated.reason})`}`;
  const before = recent.length > 1 ? ', not the first in this hour' : '';
  return check(
    ['reregistrations', group],
    'warning',
    `re-registered unexpectedly ${durationText((atMs - newest) / 1000)} ago${cause}${before}`,
    {
      ...more,
      // Its group explains each as it comes: one that is explained no more has a cause that is over.
      action:
        fleet !== null || atMs - newest > RECENT_MS
          ? `gdoiwatch incidents --group ${group}: what else happened to the group at that time, and is it over?`
          : firstStepOf(last?.cause ?? 'unknown', stated, isGmByMulticast(input)),
    },
  );
}

function mixedVersions({ group, fleet }: GmHealthInput, known: GmInFleet | null): HealthCheck {
  if (fleet === null || fleet.kss.length === 0)
    return check(['mixed_versions', group], 'unknown', 'no KS is polled to compare releases with');
  const { mixedVersions: mixed } = fleet;
  if (mixed === null || known?.meetsLegacyKs !== true) {
    const open = undecidedMix(fleet.kss, known === null ? [] : [known.gm]);
    return open === null
      ? check(['mixed_versions', group], 'ok', 'meets no KS of the other KEK behaviour')
      : check(['mixed_versions', group], 'unknown', open);
  }
  const kss = nameList(mixed.legacyKss.map((ks) => (ks.version === null ? ks.device : `${ks.device} (${ks.version})`)));
  return check(
    ['mixed_versions', group],
    'warning',
    mixed.sending.length === 0
      ? `${verb(mixed.legacyKss.length, 'KS', 'KSs')} ${kss} would send no KEK rekey before expiry as primary: then two re-registrations in every KEK cycle`
      : `${verb(mixed.legacyKss.length, 'KS', 'KSs')} ${kss} ${verb(mixed.legacyKss.length, 'sends', 'send')} no KEK rekey before expiry: two re-registrations in every KEK cycle`,
    {
      value: kss,
      action: `Plan the upgrade of ${ksNamed(mixed.legacyKss.map((ks) => ks.device))} to 15.2(1)T / XE 3.5S or later`,
    },
  );
}

/** Nothing is concluded from figures that contradict each other. */
function dataAgreement({ group, tracking }: GmHealthInput): HealthCheck {
  const problems = tracking?.dataProblems;
  if (problems === undefined) return check(['data_agreement', group], 'unknown', 'not tracked', { threshold: 0 });
  const more = { value: problems.length, threshold: 0 };
  if (problems.length === 0)
    return check(['data_agreement', group], 'ok', 'its figures do not contradict each other', more);
  return check(['data_agreement', group], 'warning', `its figures contradict each other: ${nameList(problems)}`, {
    ...more,
    action: 'show crypto gdoi on the device: compare with what the agent shows; attach the output to a report',
  });
}

/** Row 40. The CLI is the authority. */
function sourcesAgree({ group, tracking, besideCli }: GmHealthInput): HealthCheck {
  const disagree = tracking?.sourcesDisagree ?? null;
  if (disagree === null) {
    const why = besideCli
      ? 'not both the CLI and what is asked beside it show the group now'
      : 'only one source is asked';
    return check(['sources_agree', group], 'unknown', why);
  }
  if (!disagree)
    return check(['sources_agree', group], 'ok', 'CLI and SNMP or RESTCONF show the same', { value: true });
  return check(
    ['sources_agree', group],
    'warning',
    'CLI and SNMP or RESTCONF show different figures: the CLI’s are used',
    {
      value: false,
      action: 'Compare show crypto gdoi with cgmGdoiGmKekTable or gdoi-rekey-sa: an image bug? Prefer the CLI',
    },
  );
}
