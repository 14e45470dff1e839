/**
 * The conditions of a group that have events, with words, severity and first step from the on-call catalogue.
 */
import { CHECK_OLD_KEK, checkPeer, firstStepBy, pathOfRekeys } from '../events/first-steps.ts';
import { instant } from '../events/instant-text.ts';
import { ksNamed, nameList } from '../events/name-list.ts';
import { counted } from '../events/counted.ts';
import { COOP_SETTLES_MS } from '../explain/ks-silence.ts';
import type { FleetAssessment } from './assessment.ts';
import type { CoopSplit, PeerSight } from './fleet-coop.ts';
import type { Condition } from './fleet-occurrences.ts';
import type { FleetGm, FleetState } from './fleet-state.ts';
import { isGmByMulticast } from './kss-together.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { countersBeforeKek, kekChangedBetweenMs } from './kek-generation.ts';
import { memberEjections } from './member-ejection.ts';
import type { MixedVersions } from './mixed-versions.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { TekDivergence } from './tek-divergence.ts';

export function fleetConditions(
  state: FleetState,
  assessment: FleetAssessment,
  nowMs: EpochMs,
  settings: FleetSettings,
): readonly Condition[] {
  const { group } = state;
  return [
    divergence(state, assessment.divergence, assessment.yardstick.keys.rekeyTakesMs + settings.pollIntervalMs),
    mixed(group, assessment.mixed, nowMs),
    split(group, assessment.split),
    ...assessment.peers.map((peer) => peerLost(group, peer)),
    ...memberEjections(state, assessment, nowMs),
    ...assessment.members
      .filter(({ record }) => record.behavior !== 'timer')
      .map(({ record, inGroup: { kekMatchesKs, kekExpiredInUse } }) =>
        expiredInUse(state, record, kekExpiredInUse ? true : kekMatchesKs === null ? null : false),
      ),
  ];
}

function divergence(state: FleetState, found: TekDivergence, holdMs: number): Condition {
  const { group } = state;
  const { reference, divergent, judged, pending } = found;
  const devices = divergent.map((gm) => gm.device);
  return {
    type: 'tek_divergence',
    subject: '',
    holds: divergent.length > 0 ? true : judged === 0 || pending > 0 ? null : false,
    // The GM that was read longest ago decides when all have been read again.
    readMs: divergent.reduce((earliest, gm) => Math.min(earliest, gm.receivedAtMs), Number.MAX_SAFE_INTEGER),
    holdMs,
    event: (firstReadMs) => ({
      device: devices.length === 1 ? (devices[0] ?? null) : null,
      severity: 'critical',
      // It may come again with the same SPIs after it was over.
      occurrence: [
        ...(reference?.current.map((tek) => tek.spi) ?? []),
        divergent[0]?.teks?.[0]?.spi ?? '',
        firstReadMs,
      ],
      fromMs: reference?.current.reduce((latest, tek) => Math.max(latest, tek.sinceMs), 0) ?? null,
      summary: `${counted(devices.length, 'GM')} of group ${group} ${devices.length === 1 ? 'holds' : 'hold'} other TEKs than ${reference?.source ?? 'the group'} for longer than a rekey takes: ${nameList(devices)}`,
      evidence: [
        `current TEK of ${reference?.source ?? 'the group'}: ${reference?.current.map((tek) => tek.spi).join(', ') ?? ''}`,
        ...divergent.map(
          (gm) =>
            `${gm.device}: ${gm.teks?.map((tek) => tek.spi).join(', ') || 'no TEK'}, registered with ${gm.keyServer ?? 'no KS'}`,
        ),
      ],
      action: `Which KS did each of these GMs register with (show crypto gdoi)? Then show crypto gdoi ks coop on every KS: two primaries mean a split; otherwise check ${pathOfRekeys(
        divergent.some((gm) => isGmByMulticast(state, gm)),
        'the KS to these GMs',
      )}`,
    }),
  };
}

function mixed(group: string, found: MixedVersions | null, nowMs: EpochMs): Condition {
  const kss = found?.legacyKss ?? [];
  const named = kss.map((ks) => `${ks.device} (${ks.version ?? 'release unknown'})`);
  const gms = found?.affectedGms ?? [];
  return {
    type: 'mixed_versions',
    subject: '',
    holds: found !== null,
    readMs: nowMs,
    holdMs: 0,
    event: (firstReadMs) => ({
      device: null,
      severity: 'warning',
      occurrence: [...kss.map((ks) => `${ks.device} ${ks.version ?? ''}`).toSorted(), firstReadMs],
      fromMs: null,
      summary: `Group ${group}: ${mixedText(named, nameList(gms.map((gm) => gm.device)), found?.sending.length === 0)}`,
      evidence: [
        ...named.map((ks) => `KS without KEK rekey before expiry (older than 15.2(1)T / XE 3.5S): ${ks}`),
        ...gms.map((gm) => `GM with KEK timer: ${gm.device} (${gm.version ?? 'shows a KEK lifetime'})`),
      ],
      action: `Plan the upgrade of ${ksNamed(kss.map((ks) => ks.device))} to 15.2(1)T / XE 3.5S or later (show version there): KSs have to be upgraded when any GM is`,
    }),
  };
}

/** `standby`: they are secondary, so that another KS sends the rekeys. */
function mixedText(kss: readonly string[], gms: string, standby: boolean): string {
  return standby
    ? `as primary, ${ksNamed(kss)} would send no KEK rekey before expiry, and GMs with a KEK timer can register there (${gms}): then two re-registrations of each in every KEK cycle`
    : `no KEK rekey before expiry from ${ksNamed(kss)}, but GMs with a KEK timer can register there (${gms}): two re-registrations of each in every KEK cycle`;
}

function split(group: string, found: CoopSplit | null): Condition {
  const judgeable = found !== null && found.primaries.every((ks) => ks.reachable);
  return {
    type: 'coop_split',
    subject: '',
    holds: found === null ? false : judgeable && found.forMs >= COOP_SETTLES_MS ? true : null,
    readMs: found?.primaries.reduce((latest, ks) => Math.max(latest, ks.roleLastReadMs), 0) ?? 0,
    holdMs: 0,
    event: () => {
      const primaries = found?.primaries ?? [];
      const devices = primaries.map((ks) => ks.device).toSorted();
      return {
        device: null,
        severity: 'critical',
        occurrence: [...devices, found?.sinceMs ?? 0],
        fromMs: found?.sinceMs ?? null,
        // Both were primary at every answer from then on: what follows from it must not come before it.
        ...(found === null ? {} : { beganMs: found.sinceMs }),
        summary: `Group ${group} has two primaries: ${devices.join(' and ')}`,
        evidence: primaries.map(
          (ks) =>
            `${ks.device}${ks.address === null ? '' : ` (${ks.address})`}: Local KS Role: Primary at the end of every look that tells a role, for ${Math.round((ks.roleLastReadMs - ks.roleSinceMs) / 1000)} s`,
        ),
        action:
          'Check the WAN between the KSs (UDP 848, IKE); edit no policy while they are split; expect two sets of KEK and TEK',
      };
    },
  };
}

function peerLost(group: string, peer: PeerSight): Condition {
  const name = peer.device === null ? peer.address : `${peer.device} (${peer.address})`;
  return {
    type: 'coop_peer_lost',
    subject: peer.address,
    holds: peer.lost,
    readMs: peer.readMs,
    holdMs: 0,
    event: (firstReadMs) => ({
      device: peer.device,
      severity: 'warning',
      occurrence: [peer.address, firstReadMs],
      fromMs: null,
      summary: `COOP peer ${name} of group ${group} is dead as seen by ${nameList(peer.deadFor.map((ks) => ks.device))}`,
      evidence: peer.deadFor.map((ks, index) => {
        const ike = peer.ike[index] ?? null;
        return `${ks.device}: peer ${peer.address} status Dead${ike === null ? '' : `, IKE status ${ike}`}`;
      }),
      action: checkPeer(
        peer.ike,
        'show crypto gdoi ks coop on both ends; then the path between the KSs (UDP 848), IKE authentication and certificates, and DPD (isakmp keepalive)',
      ),
    }),
  };
}

function expiredInUse(state: FleetState, gm: FleetGm, holds: boolean | null): Condition {
  const generation = state.kekGeneration;
  const changed = kekChangedBetweenMs(generation);
  const before = countersBeforeKek(gm, generation);
  return {
    type: 'kek_expired_in_use',
    subject: gm.device,
    holds,
    readMs: gm.receivedAtMs,
    holdMs: 0,
    event: () => ({
      device: gm.device,
      severity: 'critical',
      occurrence: [generation?.spi ?? Math.round((generation?.changedBetweenMs?.[1] ?? 0) / 1000)],
      fromMs: changed?.[0] ?? null,
      summary: `GM ${gm.device} of group ${state.group} still holds the KEK that its KS has replaced: it gets no rekey any more until its TEK expires`,
      evidence: [
        `KS ${generation?.ks ?? ''} replaced its KEK${changed === null ? '' : ` between ${instant(changed[0])} and ${instant(changed[1])}`}`,
        `Rekeys received: ${gm.counters.received ?? 'not shown'}, before the new KEK: ${before?.received ?? 'not shown'}`,
        `Succeeded registration: ${gm.counters.succeeded ?? 'not shown'}, before: ${before?.succeeded ?? 'not shown'}`,
        ...(gm.lastRekeyMs === null ? [] : [`last rekey received at ${instant(gm.lastRekeyMs)}`]),
      ],
      action: `${firstStepBy(isGmByMulticast(state, gm), CHECK_OLD_KEK)}. A release before 15.2(1)T has no KEK timer: only a new registration heals it`,
    }),
  };
}
