/**
 * Every metric of a device, in one table: name, type, help, and how its samples come from a view. The contract fixes
 * names and labels. What a device does not show gives no sample: absent is not 0.
 */
import { type DeviceView, type GroupTracking, kekBehaviorOfDevice, type Read, roleOf } from '../model/device-view.ts';
import { POLL_RESULTS } from '../model/poll-result.ts';
import { trustpointExpiries } from '../gdoi/seen/certificate.ts';
import { kekPresence } from '../gdoi/fleet/fleet-records.ts';
import type { GmInGroup } from '../gdoi/fleet/gm-in-group.ts';
import { longestTekSeconds } from '../gdoi/seen/countdown.ts';
import { expiryMs, type ReadAt } from '../gdoi/seen/instant.ts';
import type { GmSnapshot, KsSnapshot } from '../gdoi/seen/snapshot.ts';
import { type Labels, sameForAll } from './label-text.ts';

/** Called with the labels beside `device` and `group`, and the value; null, undefined and NaN give no sample. */
export type Emit = (labels: Labels, value: number | boolean | null | undefined) => void;

interface Named {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
}

/** A metric of the device itself, or of each of its groups as GM or as KS. */
export type DeviceMetric = Named &
  (
    | { readonly of: 'device'; readonly samples: (view: DeviceView, emit: Emit) => void }
    | {
        readonly of: 'gm';
        readonly samples: (gm: GmSnapshot, emit: Emit, seen: GmSeen) => void;
      }
    | { readonly of: 'ks'; readonly samples: (ks: KsSnapshot, emit: Emit, at: ReadAt) => void }
  );

/** A GM in a group, beside its snapshot. */
export interface GmSeen {
  /** When the snapshot was read. */
  readonly at: ReadAt;
  readonly tracking: GroupTracking | null;
  /** What its group knows about it. */
  readonly inGroup: GmInGroup | null;
  /** The newest countdown of its KEK, by SSH or SNMP. */
  readonly newestKek: Read<GmSnapshot> | null;
}

type SamplesOf<Of extends DeviceMetric['of']> = Extract<DeviceMetric, { of: Of }>['samples'];

function device(name: string, type: Named['type'], help: string, samples: SamplesOf<'device'>): DeviceMetric {
  return { of: 'device', name, type, help, samples };
}

function gm(name: string, type: Named['type'], help: string, samples: SamplesOf<'gm'>): DeviceMetric {
  return { of: 'gm', name, type, help, samples };
}

function ks(name: string, type: Named['type'], help: string, samples: SamplesOf<'ks'>): DeviceMetric {
  return { of: 'ks', name, type, help, samples };
}

const NONE: Labels = {};
/** The values of `PollResult` that SNMP can have. */
const SNMP_RESULT_LABELS = (
  [
    'ok',
    'timeout',
    'refused',
    'unreachable',
    'auth',
    'quarantined',
    'too_large',
    'backoff',
    'command',
    'parse',
  ] as const
).map((result) => sameForAll({ result }));
const POLL_RESULT_LABELS = POLL_RESULTS.map((result) => sameForAll({ result }));
const RECEIVED = sameForAll({ direction: 'received' });
const SENT = sameForAll({ direction: 'sent' });
const UNEXPECTED = sameForAll({ unexpected: 'true' });
const EXPECTED = sameForAll({ unexpected: 'false' });
const OF_INPUT = sameForAll({ kind: 'input' });
const OF_OUTPUT = sameForAll({ kind: 'output' });
const OF_TIME_SYNC = sameForAll({ kind: 'time_sync' });

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

/** Device state: what the last successful poll showed; absent before the first one. */
export const DEVICE_METRICS: readonly DeviceMetric[] = [
  device('gdoi_device_up', 'gauge', '1 when the last poll got and parsed an answer, 0 when it did not.', (view, emit) =>
    emit(NONE, view.result === null ? null : view.result === 'ok'),
  ),
  device(
    'gdoi_device_info',
    'gauge',
    'Constant 1, with what describes the device. kek_behavior: timer from IOS 15.2(1)T and IOS XE 3.5S on, legacy before.',
    (view, emit) =>
      emit(
        {
          host: view.host,
          role: roleOf(view) ?? 'unknown',
          platform: view.facts?.value.platform ?? '',
          version: view.facts?.value.version ?? '',
          kek_behavior: kekBehaviorOfDevice(view),
          ...view.labels,
        },
        1,
      ),
  ),
  device(
    'gdoi_device_uptime_seconds',
    'gauge',
    'Uptime at the last successful poll: that of show version (whole minutes) plus the time since, while the session lasts.',
    (view, emit) => {
      const uptime = view.facts?.value.uptimeSeconds;
      if (view.facts === null || uptime === null || uptime === undefined || view.lastSuccessAtMs === null) return;
      emit(NONE, Math.round(uptime + Math.max(0, view.lastSuccessAtMs - view.facts.at.receivedAtMs) / 1000));
    },
  ),
  device(
    'gdoi_device_last_success_timestamp_seconds',
    'gauge',
    'When the last successful poll ended, Unix time. All values of the device are from then.',
    (view, emit) => emit(NONE, seconds(view.lastSuccessAtMs)),
  ),
  device(
    'gdoi_device_poll_duration_seconds',
    'gauge',
    'Duration of the last poll, whatever its result.',
    (view, emit) => emit(NONE, seconds(view.pollDurationMs)),
  ),
  device('gdoi_polls_total', 'counter', 'Polls by result; every result starts at 0.', (view, emit) => {
    for (const labels of POLL_RESULT_LABELS) emit(labels, view.polls[labels.result] ?? 0);
  }),
  device(
    'gdoi_device_logins_total',
    'counter',
    'SSH logins tried since the agent started, including refused ones.',
    (view, emit) => emit(NONE, view.traffic?.logins),
  ),
  device(
    'gdoi_device_commands_total',
    'counter',
    'SSH commands (including those that turn paging off) and SNMP and RESTCONF requests sent since the agent started.',
    (view, emit) => emit(NONE, view.traffic?.commands),
  ),
  device(
    'gdoi_device_bytes_total',
    'counter',
    'Bytes exchanged with the device since the agent started: received or sent by the agent. For RESTCONF, only the documents count.',
    (view, emit) => {
      emit(RECEIVED, view.traffic?.receivedBytes);
      emit(SENT, view.traffic?.sentBytes);
    },
  ),
  device(
    'gdoi_device_failure',
    'gauge',
    'Constant 1 with the reason why the device does not answer, also while the agent waits to try again; absent when it answers.',
    (view, emit) => {
      if (view.failure !== null) emit({ reason: view.failure }, 1);
    },
  ),
  device(
    'gdoi_device_poll_interval_seconds',
    'gauge',
    'Longest time between two regular polls: as configured, or longer while a busy router is polled less often.',
    (view, emit) => emit(NONE, seconds(view.regularIntervalMs)),
  ),
  device('gdoi_unparsed_lines', 'gauge', 'Lines of the last output that the parser did not understand.', (view, emit) =>
    emit(NONE, view.unparsedLines),
  ),
  device(
    'gdoi_collector_success',
    'gauge',
    '1 when the last answer to a command other than show crypto gdoi was read, 0 when it was refused, lost or unreadable.',
    (view, emit) => {
      for (const [command, result] of view.collectors) {
        emit({ collector: command.replace(/^show (crypto g(doi|km) )?/, '').replaceAll(' ', '_') }, result === 'ok');
      }
    },
  ),
  device(
    'gdoi_snmp_up',
    'gauge',
    '1 when the last SNMP poll got an answer, 0 when it did not; only for devices polled over SSH and SNMP.',
    (view, emit) => emit(NONE, view.snmp === null || view.snmp.result === null ? null : view.snmp.result === 'ok'),
  ),
  device(
    'gdoi_snmp_polls_total',
    'counter',
    'SNMP polls by result, for devices polled over SSH and SNMP; gdoi_polls_total then counts the SSH polls.',
    (view, emit) => {
      if (view.snmp === null) return;
      for (const labels of SNMP_RESULT_LABELS) emit(labels, view.snmp.polls[labels.result] ?? 0);
    },
  ),
  device(
    'gdoi_snmp_last_success_timestamp_seconds',
    'gauge',
    'When SNMP last answered, Unix time; only for devices polled over SSH and SNMP.',
    (view, emit) => emit(NONE, seconds(view.snmp?.lastSuccessAtMs ?? null)),
  ),
  device(
    'gdoi_restconf_up',
    'gauge',
    '1 when the last RESTCONF poll got an answer, 0 when it did not; only for devices polled over SSH and RESTCONF.',
    (view, emit) =>
      emit(NONE, view.restconf === null || view.restconf.result === null ? null : view.restconf.result === 'ok'),
  ),
  device(
    'gdoi_restconf_polls_total',
    'counter',
    'RESTCONF polls by result, for devices polled over SSH and RESTCONF; gdoi_polls_total then counts the SSH polls.',
    (view, emit) => {
      if (view.restconf === null) return;
      for (const labels of POLL_RESULT_LABELS) emit(labels, view.restconf.polls[labels.result] ?? 0);
    },
  ),
  device(
    'gdoi_restconf_last_success_timestamp_seconds',
    'gauge',
    'When RESTCONF last answered, Unix time; only for devices polled over SSH and RESTCONF.',
    (view, emit) => emit(NONE, seconds(view.restconf?.lastSuccessAtMs ?? null)),
  ),

  device(
    'gdoi_certificate_expiry_timestamp_seconds',
    'gauge',
    "When the first certificate of a trustpoint expires, the device's or a CA's, Unix time; up to 26 h early if the device's clock is not in UTC.",
    (view, emit) => {
      if (view.certificates === null) return;
      for (const { trustpoint, expiry } of trustpointExpiries(view.certificates.value)) {
        emit({ trustpoint }, expiry.fromMs / 1000);
      }
    },
  ),

  gm(
    'gdoi_gm_registered',
    'gauge',
    '1 if the GM says it is registered, 0 if it says it is not, or was and shows no such group any more (for a week).',
    (gm, emit) => emit(NONE, gm.registered),
  ),
  gm('gdoi_gm_info', 'gauge', 'Constant 1, with what describes the GM in this group.', (gm, emit) =>
    emit(
      {
        identity: gm.identity ?? '',
        address: gm.address ?? '',
        vrf: gm.vrf ?? '',
        gm_version: gm.gmVersion ?? '',
        key_server: gm.keyServer ?? '',
        rekey_transport: gm.kek?.transport ?? '',
        kek_encryption: gm.kek?.encryption ?? '',
      },
      1,
    ),
  ),
  gm(
    'gdoi_gm_registrations_succeeded_total',
    'counter',
    "The device's own counter of successful registrations; restarts at a reload or clear crypto gdoi.",
    (gm, emit) => emit(NONE, gm.registrations.succeeded),
  ),
  gm(
    'gdoi_gm_registrations_attempted_total',
    'counter',
    "The device's own counter of attempted registrations; restarts at a reload or clear crypto gdoi.",
    (gm, emit) => emit(NONE, gm.registrations.attempted),
  ),
  gm(
    'gdoi_gm_rekeys_received_total',
    'counter',
    "The device's own counter of rekeys received; restarts at a reload or clear crypto gdoi.",
    (gm, emit) => emit(NONE, gm.rekeys.received),
  ),
  gm(
    'gdoi_gm_rekey_acks_sent_total',
    'counter',
    "The device's own counter of rekey acknowledgements sent; restarts at a reload or clear crypto gdoi.",
    (gm, emit) => emit(NONE, gm.rekeys.acksSent),
  ),
  gm(
    'gdoi_gm_rekeys_since_registration',
    'gauge',
    'Rekeys received since the latest registration; each registration sets it back to 0.',
    (gm, emit) => emit(NONE, gm.rekeys.sinceRegistration),
  ),
  gm(
    'gdoi_gm_last_rekey_timestamp_seconds',
    'gauge',
    'When the last rekey came, Unix time, computed from its age on the device; absent before the first.',
    (gm, emit, { at }) => {
      const age = gm.rekeys.lastAgeSeconds;
      emit(NONE, age === null ? null : Math.round(at.receivedAtMs / 1000 - age));
    },
  ),
  gm(
    'gdoi_gm_reregisters_in_seconds',
    'gauge',
    "The device's own countdown to its next re-registration, as observed.",
    (gm, emit) => emit(NONE, gm.reregistersInSeconds),
  ),
  gm(
    'gdoi_gm_kek_present',
    'gauge',
    '1 if the GM shows a KEK, 0 if it shows TEKs but no KEK, or an expired one; absent if it shows neither.',
    (gm, emit) => {
      const kek = kekPresence(gm);
      emit(NONE, kek === 'unknown' ? null : kek === 'shown');
    },
  ),
  gm(
    'gdoi_gm_tek_present',
    'gauge',
    '1 if the GM shows a TEK that has not expired, 0 if it shows that it holds none; absent if it does not show its TEKs.',
    (gm, emit) => emit(NONE, gm.teks === null ? null : gm.teks.some(({ remainingSeconds }) => remainingSeconds !== 0)),
  ),
  gm(
    'gdoi_gm_kek_remaining_seconds',
    'gauge',
    'Remaining KEK lifetime, as last observed, over SSH or SNMP; absent if the release shows none.',
    (_, emit, { newestKek }) => emit(NONE, newestKek?.snapshot.kek?.remainingSeconds),
  ),
  gm(
    'gdoi_gm_kek_expiry_timestamp_seconds',
    'gauge',
    'When the KEK expires, Unix time; absent if the release shows no lifetime.',
    (_, emit, { newestKek }) => {
      const remaining = newestKek?.snapshot.kek?.remainingSeconds ?? null;
      if (newestKek === null || remaining === null) return;
      emit(NONE, Math.round(expiryMs(newestKek.at, remaining) / 1000));
    },
  ),
  gm(
    'gdoi_gm_tek_remaining_seconds',
    'gauge',
    'Remaining lifetime of the longest-lived TEK SA of an interface, as observed.',
    (gm, emit) => {
      for (const [name, teks] of teksByInterface(gm)) {
        emit({ interface: name }, longestTekSeconds(teks));
      }
    },
  ),
  gm('gdoi_gm_tek_sas', 'gauge', 'TEK SAs of an interface.', (gm, emit) => {
    for (const [name, teks] of teksByInterface(gm)) emit({ interface: name }, teks.length);
  }),
  gm(
    'gdoi_gm_reregister_forecast',
    'gauge',
    'Constant 1, with the cause that sets the countdown to the next re-registration; absent if none can be told.',
    (_, emit, { tracking }) => {
      const cause = tracking?.forecast?.cause;
      if (cause !== null && cause !== undefined) emit({ cause }, 1);
    },
  ),
  gm(
    'gdoi_gm_kek_rekey_overdue',
    'gauge',
    "1 while the KEK has had less life left than the KS's lead for over three seconds and has not been replaced.",
    (gm, emit, { tracking }) => {
      if (tracking !== null && typeof gm.kek?.remainingSeconds === 'number') emit(NONE, tracking.kekRekeyOverdue);
    },
  ),
  gm(
    'gdoi_gm_tek_rekey_overdue',
    'gauge',
    '1 while the TEK rekey is overdue: the KS shows it as due, or the GM is about to re-register because it did not come.',
    (gm, emit, { tracking }) => {
      if (tracking !== null && gm.teks !== null) emit(NONE, tracking.tekRekeyOverdue);
    },
  ),
  gm(
    'gdoi_gm_registration_attempts_failed',
    'gauge',
    'Failed registration attempts since the GM last registered; absent if the device does not show attempts.',
    (_, emit, { tracking }) => emit(NONE, tracking?.failedAttempts),
  ),
  gm(
    'gdoi_gm_reregistrations_total',
    'counter',
    'Re-registrations counted by the agent since the GM was first seen; its first registration does not count.',
    (_, emit, { tracking }) => {
      if (tracking === null) return;
      emit(UNEXPECTED, tracking.reregistrations?.unexpected ?? 0);
      emit(EXPECTED, tracking.reregistrations?.expected ?? 0);
    },
  ),
  gm(
    'gdoi_gm_last_reregistration_timestamp_seconds',
    'gauge',
    'When the GM last re-registered, best estimate, Unix time; absent before the first time.',
    (_, emit, { tracking }) => {
      const last = tracking?.reregistrations?.last;
      if (last) emit({ cause: last.cause, unexpected: String(last.unexpected) }, last.atMs / 1000);
    },
  ),
  gm(
    'gdoi_gm_reregistrations_within_hour',
    'gauge',
    'Which one within an hour the latest unexpected re-registration is, from the third on; absent if it is the first or second, or nobody knows.',
    (_, emit, { tracking }) => {
      const tally = tracking?.reregistrations ?? null;
      if (tally === null) return;
      emit(UNEXPECTED, (tally.last?.unexpected === true ? tally.last : tally.lastUnexpected)?.repeated);
    },
  ),
  gm(
    'gdoi_gm_kek_matches_ks',
    'gauge',
    "1 if the GM holds the KS's current KEK, 0 if it does not, except during a rekey; absent if unknown.",
    (_, emit, { inGroup }) => emit(NONE, inGroup?.kekMatchesKs),
  ),
  gm(
    'gdoi_gm_tek_matches_ks',
    'gauge',
    "1 if the GM holds the KS's current TEKs, 0 if it does not, except during a rekey; absent if unknown.",
    (_, emit, { inGroup }) => emit(NONE, inGroup?.tekMatchesKs),
  ),
  gm(
    'gdoi_gm_listed_by_ks',
    'gauge',
    '1 if a KS that answers lists the GM, 0 if the GM says it is registered and no KS lists it; absent if unknown.',
    (_, emit, { inGroup }) => emit(NONE, inGroup?.listedByKs),
  ),
  gm(
    'gdoi_gm_data_problems',
    'gauge',
    'Number of contradictions among the values that the GM shows now; the agent concludes nothing from such values.',
    (_, emit, { tracking }) => emit(NONE, tracking?.dataProblems.length),
  ),
  gm(
    'gdoi_gm_sources_disagree',
    'gauge',
    '1 if CLI and SNMP repeatedly show different keys or a different KS, 0 if they agree; absent unless both are polled.',
    (_, emit, { tracking }) => emit(NONE, tracking?.sourcesDisagree),
  ),
  gm(
    'gdoi_gm_replay_errors_total',
    'counter',
    'Packets dropped by time-based anti-replay, and time synchronisation errors, from show crypto gdoi gm replay.',
    (gm, emit) => {
      emit(OF_INPUT, gm.replay?.inputErrors);
      emit(OF_OUTPUT, gm.replay?.outputErrors);
      emit(OF_TIME_SYNC, gm.replay?.timeSyncErrors);
    },
  ),
  gm(
    'gdoi_gm_dataplane_errors_total',
    'counter',
    'Packets dropped in the data plane, from show crypto gdoi gm dataplane counters.',
    (gm, emit) => {
      for (const [kind, packets] of Object.entries(gm.dataplane?.errors ?? {})) emit({ kind }, packets);
    },
  ),

  ks('gdoi_ks_info', 'gauge', 'Constant 1, with what describes the KS in this group.', (ks, emit) =>
    emit(
      {
        identity: ks.identity ?? '',
        address: ks.localAddress ?? '',
        priority: String(ks.localPriority ?? ''),
        ks_version: ks.ksVersion ?? '',
        rekey_transport: ks.transport ?? '',
      },
      1,
    ),
  ),
  ks('gdoi_ks_members', 'gauge', 'GMs registered in the group, as this KS counts them.', (ks, emit) =>
    emit(NONE, ks.members),
  ),
  ks('gdoi_ks_kek_lifetime_seconds', 'gauge', 'Configured KEK lifetime.', (ks, emit) =>
    emit(NONE, ks.kek?.lifetimeSeconds),
  ),
  ks('gdoi_ks_kek_remaining_seconds', 'gauge', 'Remaining lifetime of the KEK, as observed.', (ks, emit) =>
    emit(NONE, ks.kek?.remainingSeconds),
  ),
  ks('gdoi_ks_kek_expiry_timestamp_seconds', 'gauge', 'When the KEK of the KS expires, Unix time.', (ks, emit, at) => {
    const remaining = ks.kek?.remainingSeconds ?? null;
    emit(NONE, remaining === null ? null : Math.round(expiryMs(at, remaining) / 1000));
  }),
  ks(
    'gdoi_ks_kek_time_to_rekey_seconds',
    'gauge',
    'Time until the KS sends the next KEK rekey, as observed (show crypto gdoi ks policy).',
    (ks, emit) => emit(NONE, ks.kek?.timeToRekeySeconds),
  ),
  ks(
    'gdoi_ks_tek_remaining_seconds',
    'gauge',
    'Remaining lifetime of the longest-lived TEK of the policy, as observed.',
    (ks, emit) => emit(NONE, longestTekSeconds(ks.teks)),
  ),
  ks('gdoi_ks_rekeys_sent_total', 'counter', 'Rekeys sent for the group (show crypto gdoi ks members).', (ks, emit) =>
    emit(NONE, ks.rekeysSent),
  ),
  ks(
    'gdoi_ks_member_rekeys_sent_total',
    'counter',
    'Rekeys that the KS sent to a GM, polled or not (show crypto gdoi ks members).',
    (ks, emit) => {
      for (const member of ks.memberDetails ?? []) emit({ member: member.address }, member.rekeysSent);
    },
  ),
  ks(
    'gdoi_ks_member_rekey_acks_missed',
    'gauge',
    'Rekeys in a row that a GM did not acknowledge; the KS ejects it at 3.',
    (ks, emit) => {
      for (const member of ks.memberDetails ?? []) emit({ member: member.address }, member.acksMissed);
    },
  ),
  ks(
    'gdoi_ks_member_registered',
    'gauge',
    '1 if the KS lists the GM as registered, 0 if in another state.',
    (ks, emit) => {
      for (const member of ks.memberDetails ?? []) {
        emit({ member: member.address }, member.state === null ? null : member.state.toLowerCase() === 'registered');
      }
    },
  ),
  ks('gdoi_ks_role', 'gauge', 'Constant 1, with the COOP role; none if no redundancy is configured.', (ks, emit) => {
    const role = ks.redundancy === false ? 'none' : ks.localRole;
    if (role !== null) emit({ role }, 1);
  }),
  ks(
    'gdoi_ks_coop_peer_up',
    'gauge',
    '1 if the COOP peer is alive, 0 if it is dead; absent while unknown.',
    (ks, emit) => {
      for (const peer of ks.peers ?? []) {
        const status = peer.status?.toLowerCase();
        emit({ peer: peer.address }, status === 'alive' ? 1 : status === 'dead' ? 0 : null);
      }
    },
  ),
];

function teksByInterface(gm: GmSnapshot): ReadonlyMap<string, NonNullable<GmSnapshot['teks']>> {
  const byInterface = new Map<string, NonNullable<GmSnapshot['teks']>[number][]>();
  for (const tek of gm.teks ?? []) {
    const name = tek.interface ?? '';
    const teks = byInterface.get(name);
    if (teks === undefined) byInterface.set(name, [tek]);
    else teks.push(tek);
  }
  return byInterface;
}
