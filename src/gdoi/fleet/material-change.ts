/**
 * Did a member change in anything by which the group is judged, or was it only read once more? At most polls nothing
 * happened: countdowns ran on, and instants moved by what reading them takes. Then the group need not be judged again,
 * nor the record stored at once.
 */
import {
  type FleetGm,
  type FleetKs,
  type FleetState,
  type KekGeneration,
  type KsKek,
  type RekeyCounters,
  SAME_EXPIRY_MS,
} from './fleet-state.ts';
import type { GmInGroup } from './gm-in-group.ts';
import { partsText } from './own-group.ts';
import { gmInGroup, type Yardstick } from './yardstick.ts';
import type { Stated } from '../events/gdoi-events.ts';
import type { ClockFault, Failure, KnownReregistration, MemberContext } from '../explain/group-facts.ts';
import { tekWindowSecondsBeforeExpiry } from '../keys/kek-window.ts';
import { SAME_BOOT_MS } from '../seen/device-facts.ts';
import type { KsPeer } from '../seen/snapshot.ts';
import { changesBy, changesOfOptional, differentTexts, movedBeyond } from '../seen/material-fields.ts';

/** An expiry is read in whole seconds, and with what reading takes. */
const EXPIRY_READ_MS = 5000;
/** A TEK with less than this left had no rekey: GMs re-register before (TEK window). */
const TEK_OVERDUE_MS = tekWindowSecondsBeforeExpiry(0).to * 1000;

const contextChanged = changesBy<MemberContext>({
  failure: changesOfOptional<Failure, null>({
    sinceMs: 'always',
    inARow: 'always',
    result: 'always',
    established: 'always',
    lastMs: 'never',
    answersBy: 'always',
    heardMs: 'always',
    answeredMs: 'always',
  }),
  bootMs: movedBeyond(SAME_BOOT_MS),
  forced: (before, now) => before?.atMs !== now?.atMs,
  unregisteredSinceMs: 'always',
  failedAttempts: 'always',
  retrying: 'always',
  reregistersAtMs: 'never',
  nextLookMs: 'never',
  intervalMs: 'never',
  answeredMs: 'never',
  reasons: (before, now) => before.length !== now.length || before.at(-1) !== now.at(-1),
  logHeardSinceMs: 'never',
  linkDown: (before, now) => before?.sinceMs !== now?.sinceMs || before?.backMs !== now?.backMs,
  clock: changesOfOptional<ClockFault, undefined>({
    readMs: 'never',
    synchronised: 'always',
    aheadSeconds: (before, now) => inMinutes(before) !== inMinutes(now),
  }),
  dropping: 'always',
  failingFor: changesOfOptional<Stated, undefined>({ reason: 'always', firstStep: 'never', by: 'never' }),
  vanishedSinceMs: 'always',
});

/** A clock that is off stays so, give or take the latency of an answer. */
function inMinutes(aheadSeconds: number | null): number | null {
  return aheadSeconds === null ? null : Math.round(aheadSeconds / 60);
}

const gmFieldsChanged = changesBy<FleetGm>({
  device: 'never',
  unread: 'always',
  address: 'always',
  host: 'always',
  identity: 'always',
  reachable: 'always',
  registered: 'always',
  keyServer: 'always',
  keyServers: differentTexts,
  behavior: 'always',
  version: 'always',
  sentAtMs: 'never',
  receivedAtMs: 'never',
  clockSets: 'never',
  registeredSinceMs: 'always',
  // With the counters.
  countedBetweenMs: 'never',
  // With the keys.
  renewedBetweenMs: 'never',
  kek: 'always',
  multicast: 'always',
  // Read anew each time; another one has another `kekSinceMs`.
  kekExpiryMs: 'never',
  kekSinceMs: 'always',
  // With what time took from them: `teksChanged`.
  teks: 'never',
  newerTeks: (before = [], now = []) => differentTexts(before, now),
  counters: changesBy<RekeyCounters>({ received: 'always', succeeded: 'always' }),
  previousCounters: 'never',
  countersAtKsRead: 'never',
  countersBeforeKek: 'never',
  kekChangeMs: 'never',
  // With the rekey that the counters tell.
  lastRekeyMs: 'never',
  lastRekeyFrom: 'never',
  rekeyOverdue: 'always',
  // With its TEKs: `tekOverdue`.
  tekRekeyOverdue: 'never',
  lastReregistration: changesOfOptional<KnownReregistration, null>({
    cause: 'always',
    atMs: 'always',
    betweenMs: 'never',
    stated: 'always',
    statedBy: 'always',
    repeated: 'always',
    configuredAgain: 'always',
  }),
  context: contextChanged,
});

/** A GM's record after another; null: it was, or is, none. `yardstick`: what both are judged by. */
export function gmChanged(before: FleetGm | null, now: FleetGm | null, yardstick: Yardstick): boolean {
  if (before === now) return false;
  if (before === null || now === null) return true;
  return (
    gmFieldsChanged(before, now) ||
    tekOverdue(before) !== tekOverdue(now) ||
    teksChanged(before, now) ||
    verdictChanged(gmInGroup(before, yardstick), gmInGroup(now, yardstick))
  );
}

/** Where the record changed it is compared by itself. */
const verdictChanged = changesBy<GmInGroup>({
  device: 'never',
  address: 'never',
  reachable: 'never',
  registered: 'never',
  keyServer: 'never',
  behavior: 'never',
  kekMatchesKs: 'always',
  tekMatchesKs: 'always',
  divergent: 'always',
  kekBehind: 'always',
  teksBehind: 'always',
  kekExpiredInUse: 'always',
  listedByKs: 'always',
  acksMissed: 'always',
  registeredSinceList: 'always',
  withoutTek: 'never',
  hidden: 'never',
});

/** Its longest-lived TEK is nearer to its end than any rekey leaves it, or its countdown runs into the TEK's window. */
export function tekOverdue({ teks, receivedAtMs, tekRekeyOverdue }: FleetGm): boolean {
  if (tekRekeyOverdue === true) return true;
  const expiryMs = teks?.[0]?.expiryMs ?? null;
  return expiryMs !== null && expiryMs - receivedAtMs <= TEK_OVERDUE_MS;
}

function spisOf({ teks }: FleetGm): readonly string[] {
  return (teks ?? []).map(({ spi }) => spi);
}

/**
 * Other TEKs than before, beside those whose time was over. That an old one runs out at its end is expected: taken as a
 * change, it would have a group of thousands judged, and all their records written, for an interval after each rekey.
 */
function teksChanged(before: FleetGm, now: FleetGm): boolean {
  if (!differentTexts(spisOf(before), spisOf(now))) return false;
  // A GM without any is another matter, whatever became of the last one.
  if (spisOf(before).length === 0 || spisOf(now).length === 0) return true;
  const endMs = now.receivedAtMs + EXPIRY_READ_MS;
  const over = new Set(
    [...(before.teks ?? []), ...(now.teks ?? [])].flatMap(({ spi, expiryMs }) =>
      expiryMs !== null && expiryMs <= endMs ? [spi] : [],
    ),
  );
  const left = (gm: FleetGm) => spisOf(gm).filter((spi) => !over.has(spi));
  return differentTexts(left(before), left(now));
}

const ksFieldsChanged = changesBy<FleetKs>({
  device: 'never',
  unread: 'always',
  address: 'always',
  identity: 'always',
  reachable: 'always',
  behavior: 'always',
  version: 'always',
  sentAtMs: 'never',
  receivedAtMs: 'never',
  clockSets: 'never',
  role: 'always',
  roleSinceMs: 'always',
  roleLastReadMs: 'never',
  // With its role.
  roleChanges: 'never',
  kek: changesOfOptional<KsKek, null>({
    spi: 'always',
    expiryMs: 'never',
    remainingSeconds: 'never',
    sinceMs: 'always',
  }),
  currentTeks: (before, now) => differentTexts(before.map(spiOf), now.map(spiOf)),
  liveSpis: differentTexts,
  kekLifetimeSeconds: 'always',
  tekLifetimeSeconds: 'always',
  lead: 'never',
  tekLeadSeconds: 'never',
  said: (before, now) => before?.length !== now?.length || before?.at(-1)?.atMs !== now?.at(-1)?.atMs,
  rekeySeconds: 'never',
  multicast: 'always',
  members: 'always',
  peers: (before, now) => differentTexts(peersOf(before), peersOf(now)),
  memberRows: differentRows,
  // Whoever is gone from the rows.
  unlisted: 'never',
  membersUnread: 'always',
  peersUnread: 'always',
  nextRekeyMs: movedBeyond(SAME_EXPIRY_MS),
  context: contextChanged,
});

/** A KS's record after another; null: it was, or is, none. */
export function ksChanged(before: FleetKs | null, now: FleetKs | null): boolean {
  return before === null || now === null ? before !== now : ksFieldsChanged(before, now);
}

function spiOf({ spi }: { readonly spi: string }): string {
  return spi;
}

function peersOf(peers: FleetKs['peers']): readonly string[] {
  // Of a peer that is alive IKE is made anew now and then.
  const ikeOf = ({ status, ike }: KsPeer) => (status?.trim().toLowerCase() === 'alive' ? undefined : ike);
  return (peers ?? []).map((peer) => `${peer.address} ${peer.role} ${peer.status} ${ikeOf(peer)}`);
}

function differentRows(before: FleetKs['memberRows'], now: FleetKs['memberRows']): boolean {
  if (before === null || now === null || before.length !== now.length) return true;
  return now.some(({ address, acksMissed }, index) => {
    const was = before[index];
    return was?.address !== address || was.acksMissed !== acksMissed;
  });
}

const partChanged = changesBy<FleetState>({
  group: 'never',
  cell: 'never',
  // Member by member: `gmChanged`, `ksChanged`.
  gms: 'never',
  kss: 'never',
  heard: (before, now) => differentTexts(heardOf(before), heardOf(now)),
  clockSets: 'always',
  separateKss: (before = [], now = []) => differentTexts(partsText(before), partsText(now)),
  kekGeneration: changesOfOptional<KekGeneration, null>({
    ks: 'always',
    spi: 'always',
    expiryMs: 'never',
    remainingSeconds: 'never',
    lastSentAtMs: 'never',
    changedBetweenMs: (before, now) => before?.[1] !== now?.[1],
    clockSetByMs: 'always',
  }),
  occurrences: (before, now) => differentTexts(occurrencesOf(before), occurrencesOf(now)),
  said: (before, now) => differentTexts(saidOf(before), saidOf(now)),
});

/** Has the group's own part changed in anything that is told of it? `before` null: there was none. */
export function groupPartChanged(before: FleetState | null, now: FleetState): boolean {
  return before === null || partChanged(before, now);
}

function heardOf(heard: FleetState['heard']): readonly string[] {
  return (heard ?? []).map(({ device, said }) => `${device} ${said.length} ${said.at(-1)?.atMs ?? ''}`);
}

function occurrencesOf(occurrences: FleetState['occurrences']): readonly string[] {
  return Array.from(
    occurrences,
    ([key, { sinceMs, told, clearSinceMs }]) => `${key} ${sinceMs} ${told} ${clearSinceMs ?? ''}`,
  );
}

/** A deadline in its words is read again with each answer and moves by some seconds. */
function saidOf(said: FleetState['said']): readonly string[] {
  return said.map(
    ({ cause, sinceMs, presentSinceMs, endedMs, worst, said: { status, summary } }) =>
      `${cause} ${sinceMs} ${presentSinceMs ?? ''} ${endedMs ?? ''} ${worst} ${status} ${summary}`,
  );
}
