/**
 * GMs that a KS dropped: it counts three rekeys without acknowledgement, says so in its log, or lists a GM no more that
 * says it is registered, or of which acknowledgements were missing and that nobody polls. Any KS of the group may show
 * it, a secondary as well. A new registration ends it.
 */
import { CHECK_LIST, CHECK_REKEY_PATH, firstStepBy } from '../events/first-steps.ts';
import { COOP_JOINS_MS } from '../explain/group-facts.ts';
import { type KsSaid, quotedKs } from '../log/ks-marks.ts';
import { addressesIn, isSameAddress } from '../log/message-detail.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { FleetAssessment } from './assessment.ts';
import type { Condition } from './fleet-occurrences.ts';
import { unacknowledgedRekeys } from './fleet-rekey-loss.ts';
import type { FleetGm, FleetKs, FleetState } from './fleet-state.ts';
import { isGmByMulticast, saidInGroup } from './kss-together.ts';
import type { Roster } from './roster.ts';

/**
 * A list that is being rebuilt, as after a failover, misses GMs for a while. A KS that is up again gets it from its peers,
 * and it is seen when the list is read again.
 */
const LIST_REBUILT_MS = 60_000;
/** For this long a message about a GM that is not polled still says something about its state. */
const SAID_MS = 3_600_000;

interface Ejection {
  /**
   * A KS said or counted it; or the GM is on no list: it says that it is registered, which a KS that lost its list
   * shows as well, or it is gone from the list and nobody polls it.
   */
  readonly by: 'ks' | 'gm' | 'list';
  readonly evidence: readonly string[];
  readonly holdMs: number;
  /** Since when it is certain; null: it began between two answers of the KS. */
  readonly fromMs: EpochMs | null;
  /** When a KS said so last; absent: its answers show it. */
  readonly saidMs?: EpochMs;
}

export function memberEjections(
  state: FleetState,
  { yardstick, roster, members, peers }: FleetAssessment,
  nowMs: EpochMs,
): readonly Condition[] {
  const joinsMs = peers.some(({ lost }) => lost === false) ? COOP_JOINS_MS + yardstick.listAgeMs : 0;
  const isJoining = [...state.kss.values()].some(
    ({ reachable, context: { bootMs } }) => reachable && bootMs !== null && nowMs - bootMs < joinsMs,
  );
  const rebuiltMs = isJoining ? joinsMs : LIST_REBUILT_MS;
  const found = new Map<string, Ejection>();
  const add = (address: string, { by, evidence, holdMs, fromMs, saidMs }: Ejection) => {
    const before = found.get(address);
    const laterSaidMs = saidMs ?? before?.saidMs;
    found.set(address, {
      by: by === 'ks' ? by : (before?.by ?? by),
      evidence: [...(before?.evidence ?? []), ...evidence],
      holdMs: Math.min(before?.holdMs ?? Infinity, holdMs),
      fromMs: before?.fromMs ?? fromMs,
      ...(laterSaidMs === undefined ? {} : { saidMs: laterSaidMs }),
    });
  };
  for (const { address, acksMissed, ejected, goneMs } of unacknowledgedRekeys(yardstick.members, roster)) {
    if (!ejected) continue;
    const evidence =
      goneMs === undefined
        ? [`Rekey Acks missed: ${acksMissed}; at 3 the KS drops a GM`]
        : [`${address}: Rekey Acks missed: ${acksMissed} when it was listed last, and no KS that answers lists it`];
    if (goneMs === undefined) add(address, { by: 'ks', evidence, holdMs: 0, fromMs: null });
    else add(address, { by: 'list', evidence, holdMs: rebuiltMs, fromMs: null });
  }
  for (const said of saidInGroup(state).filter(({ mark }) => mark.proof === 'ejected')) {
    for (const address of addressesIn(said.mark.detail)) {
      if (stillTrue(state, said, { address, gm: gmOf(state, roster, address) }, nowMs)) {
        const { fromMs, atMs: saidMs } = said.mark;
        add(address, { by: 'ks', evidence: [quotedKs(said)], holdMs: 0, fromMs, saidMs });
      }
    }
  }
  for (const { inGroup } of members) {
    const { address, device, listedByKs } = inGroup;
    if (address !== null && listedByKs === false) {
      const evidence = [`${device}: Registration status Registered, and no KS that answers lists ${address}`];
      add(address, { by: 'gm', evidence, holdMs: rebuiltMs, fromMs: null });
    }
  }
  const open = [...state.occurrences.keys()]
    .filter((key) => key.startsWith('member_ejected '))
    .map((key) => key.slice('member_ejected '.length));
  const readMs = readMsOf(state, nowMs);
  return [...new Set([...open, ...found.keys()])].map((address) =>
    condition(state, { address, gm: gmOf(state, roster, address), ejection: found.get(address) ?? null, readMs }),
  );
}

/** Nothing has shown since that the GM is back: a registration of it, or a list that has it without a missed rekey. */
function stillTrue(
  state: FleetState,
  { ks, mark }: KsSaid,
  { address, gm }: { readonly address: string; readonly gm: FleetGm | null },
  nowMs: EpochMs,
): boolean {
  if (gm !== null && gm.registeredSinceMs > mark.atMs && gm.counters.succeeded !== null) {
    return gm.previousCounters === null;
  }
  const row = rowOf(state.kss.get(ks) ?? null, address);
  if (row !== null && row.sentAtMs > mark.atMs && row.acksMissed === 0) return false;
  return nowMs - mark.atMs < SAID_MS;
}

function rowOf(ks: FleetKs | null, address: string) {
  const row = ks?.memberRows?.find((each) => isSameAddress(each.address, address)) ?? null;
  return ks === null || row === null ? null : { sentAtMs: ks.sentAtMs, acksMissed: row.acksMissed };
}

/** A message may write an IPv6 address otherwise than the GM does. */
function gmOf({ gms }: FleetState, { polled }: Roster, address: string): FleetGm | null {
  const device = polled.get(address);
  if (device !== undefined) return gms.get(device) ?? null;
  return address.includes(':')
    ? (gms.list().find((gm) => gm.address !== null && isSameAddress(gm.address, address)) ?? null)
    : null;
}

function readMsOf(state: FleetState, nowMs: EpochMs): EpochMs {
  const read = [...state.kss.values()].map(({ receivedAtMs }) => receivedAtMs);
  return read.length === 0 ? nowMs : Math.max(...read);
}

function condition(
  state: FleetState,
  what: {
    readonly address: string;
    /** null: it is not polled. */
    readonly gm: FleetGm | null;
    readonly ejection: Ejection | null;
    readonly readMs: EpochMs;
  },
): Condition {
  const { address, gm, ejection, readMs } = what;
  const device = gm?.device ?? null;
  // Multicast reaches all that hold the KEK, whatever the list says.
  const multicast = isGmByMulticast(state, gm);
  const follows = multicast ? '' : ': no rekey reaches it until it registers again';
  const name = device === null ? address : `${device} (${address})`;
  return {
    type: 'member_ejected',
    subject: address,
    holds: ejection !== null,
    // A message may come long after the last answer of a KS.
    readMs: Math.max(readMs, ejection?.saidMs ?? -Infinity),
    holdMs: ejection?.holdMs ?? 0,
    event: (firstReadMs) => ({
      device,
      severity: multicast ? 'warning' : 'critical',
      occurrence: [address, Math.floor((ejection?.fromMs ?? firstReadMs) / 1000)],
      fromMs: ejection?.fromMs ?? null,
      summary: `${summaryOf(ejection?.by ?? 'ks', state.group, name)}${follows}`,
      evidence: ejection?.evidence ?? [],
      action: firstStepBy(
        multicast,
        multicast || (ejection !== null && ejection.by !== 'ks') ? CHECK_LIST : CHECK_REKEY_PATH,
      ),
    }),
  };
}

function summaryOf(by: Ejection['by'], group: string, name: string): string {
  switch (by) {
    case 'ks':
      return `A KS of group ${group} dropped GM ${name}`;
    case 'gm':
      return `No KS of group ${group} that answers lists GM ${name}, which is registered`;
    case 'list':
      return `No KS of group ${group} that answers lists GM ${name} any more, of which acknowledgements were missing`;
    default:
      return by satisfies never;
  }
}
