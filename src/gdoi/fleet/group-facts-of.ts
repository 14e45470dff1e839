/** The facts that explanations are made from, out of a group's state and what was found of it. Nothing is judged here. */
import {
  type GmFacts,
  type GroupFacts,
  isMulticast,
  isMute,
  type KsFacts,
  type MemberContext,
} from '../explain/group-facts.ts';
import { naturalOrder } from '../events/name-list.ts';
import { membership, unacknowledgedRekeys } from './fleet-rekey-loss.ts';
import { type FleetGm, type FleetKs, type FleetState, leadOfGroup } from './fleet-state.ts';
import type { FleetAssessment, FleetSettings } from './fleet-view.ts';
import type { GmInGroup } from './gm-in-group.ts';
import { tekOverdue } from './material-change.ts';
import { DEFAULT_TEK_LIFETIME_SECONDS } from '../keys/kek-window.ts';
import type { EpochMs } from '../seen/instant.ts';

export function factsOf(
  state: FleetState,
  assessment: FleetAssessment,
  nowMs: EpochMs,
  { pollIntervalMs }: FleetSettings,
): GroupFacts {
  const { keys, mixed, peers, split, addresses, gms } = assessment;
  const kss = [...state.kss.values()];
  const gmsOf = assessment.records.map((gm, index) => gmFacts(gm, gms[index]));
  const kssOf = kss.map(ksFacts);
  // By multicast no list tells who has a rekey: a 0 in it is no acknowledgement.
  const acknowledges = !isMulticast({ gms: gmsOf, kss: kssOf });
  const tekLifetime = keys.kss.find((ks) => ks.tekLifetimeSeconds !== null)?.tekLifetimeSeconds;
  return {
    group: state.group,
    nowMs,
    pollIntervalMs,
    rekeyTakesMs: keys.rekeyTakesMs,
    leadMs: leadOfGroup(state).seconds * 1000,
    tekLifetimeMs: (tekLifetime ?? DEFAULT_TEK_LIFETIME_SECONDS) * 1000,
    gms: gmsOf,
    kss: kssOf,
    members: membership(gms, addresses).members,
    split: split && {
      primaries: split.primaries.map(({ device }) => device),
      sinceMs: split.sinceMs,
      forMs: split.forMs,
    },
    primaryMissing: primaryMissing(assessment, kss),
    otherServers: otherServers(assessment, kss),
    peers: peers.map(({ address, device, lost, readMs }) => ({ address, device, lost, readMs })),
    mixed: mixed && {
      legacyKss: mixed.legacyKss.map(({ device, version }) => ({ device, version })),
      affectedGms: mixed.affectedGms.map(({ device }) => device),
    },
    acknowledging: acknowledges
      ? [...addresses.listed].filter(([address, missed]) => missed === 0 && !addresses.polled.has(address)).length
      : 0,
    unacknowledged: unacknowledgedRekeys(addresses),
  };
}

/** Row 14. A primary may be a KS that is not polled: then one of its peers is alive. */
function primaryMissing({ peers }: FleetAssessment, kss: readonly FleetKs[]): boolean {
  const answering = kss.filter(({ reachable }) => reachable);
  // One that answers and shows nothing of the group may be it, too.
  const elsewhere =
    peers.some(({ lost, device }) => lost === false && device === null) ||
    kss.some(({ role, context }) => role === null && isMute(context));
  return answering.length > 0 && answering.every(({ role }) => role === 'secondary') && !elsewhere;
}

/** Asked only where nobody answers who could say it himself. */
function otherServers({ records, peers }: FleetAssessment, kss: readonly FleetKs[]): GroupFacts['otherServers'] {
  if (kss.length === 0 || kss.some(({ reachable }) => reachable)) return [];
  const polled = new Set(kss.map(({ address }) => address));
  const tried = records.flatMap(({ keyServer }) => keyServer ?? []);
  const listed = records.flatMap(({ keyServers }) => keyServers);
  const all = new Set([...peers.map(({ address }) => address), ...tried, ...listed]);
  const others = [...all].filter((address) => !polled.has(address)).toSorted(naturalOrder);
  const isShown = listed.length > 0 || kss.some(({ unread }) => unread !== true);
  return others.length > 0 || isShown ? others : null;
}

/*
 * Both field by field: made for each member at each judgement, and as spreads they took an eighth of the agent's CPU
 * (`npm run bench -- fleet`, 200 devices in groups of 10).
 */
function gmFacts(gm: FleetGm, inGroup: GmInGroup | undefined): GmFacts {
  const { context } = gm;
  const facts: GmFacts = {
    failure: context.failure,
    bootMs: context.bootMs,
    forced: context.forced,
    unregisteredSinceMs: context.unregisteredSinceMs,
    failedAttempts: context.failedAttempts,
    reregistersAtMs: context.reregistersAtMs,
    nextLookMs: context.nextLookMs,
    reasons: context.reasons,
    logHeard: context.logHeard,
    device: gm.device,
    address: gm.address,
    registered: gm.registered,
    keyServer: gm.keyServer,
    behavior: gm.behavior,
    sentMs: gm.sentAtMs,
    readMs: gm.receivedAtMs,
    kek: gm.kek,
    kekExpiryMs: gm.kekExpiryMs,
    kekSinceMs: gm.kekSinceMs,
    tekExpiryMs: gm.teks?.[0]?.expiryMs ?? null,
    tekMissing: isTekMissing(gm),
    tekOverdue: tekOverdue(gm),
    rekeyOverdue: gm.rekeyOverdue,
    kekMatchesKs: inGroup?.kekMatchesKs ?? null,
    tekMatchesKs: inGroup?.tekMatchesKs ?? null,
    divergent: inGroup?.divergent ?? false,
    kekBehind: inGroup?.kekBehind ?? false,
    teksBehind: inGroup?.teksBehind ?? false,
    tekSpis: gm.teks?.map(({ spi }) => spi) ?? [],
    kekExpiredInUse: inGroup?.kekExpiredInUse ?? false,
    listedByKs: inGroup?.listedByKs ?? null,
    acksMissed: inGroup?.acksMissed ?? null,
    lastRekeyMs: gm.lastRekeyMs,
    lastReregistration: gm.lastReregistration,
  };
  const uncounted = gm.counters.succeeded === null;
  if (gm.multicast !== true && !uncounted && !isSomethingUnusual(context)) return facts;
  return {
    ...facts,
    ...unusual(context),
    ...(gm.multicast === true ? { multicast: true } : {}),
    ...(uncounted ? { uncounted: true } : {}),
  };
}

/** Over SNMP whether it is registered is not shown without a TEK, and it has no traffic either way. */
function isTekMissing({ registered, teks, sentAtMs }: FleetGm): boolean {
  if (teks === null || teks.some(({ expiryMs }) => expiryMs === null || expiryMs > sentAtMs)) return false;
  return registered !== false;
}

function ksFacts(ks: FleetKs): KsFacts {
  const { context } = ks;
  const facts: KsFacts = {
    failure: context.failure,
    bootMs: context.bootMs,
    forced: context.forced,
    unregisteredSinceMs: context.unregisteredSinceMs,
    failedAttempts: context.failedAttempts,
    reregistersAtMs: context.reregistersAtMs,
    nextLookMs: context.nextLookMs,
    reasons: context.reasons,
    logHeard: context.logHeard,
    device: ks.device,
    address: ks.address,
    role: ks.role,
    roleSinceMs: ks.roleSinceMs,
    behavior: ks.behavior,
    version: ks.version,
    readMs: ks.receivedAtMs,
    kekExpiryMs: ks.kek?.expiryMs ?? null,
    kekSinceMs: ks.kek?.sinceMs ?? null,
    tekExpiryMs: ks.currentTeks[0]?.expiryMs ?? null,
    tekSpis: ks.currentTeks.map(({ spi }) => spi),
    nextRekeyMs: ks.nextRekeyMs,
    members: ks.members,
  };
  if (ks.multicast !== true && ks.unread !== true && !isSomethingUnusual(context)) return facts;
  return {
    ...facts,
    ...unusual(context),
    ...(ks.multicast === true ? { multicast: true } : {}),
    ...(ks.unread === true ? { unread: true } : {}),
  };
}

/** What most members never have. */
function isSomethingUnusual({ linkDown, dropping, failingFor, clock }: MemberContext): boolean {
  return linkDown !== undefined || dropping !== undefined || failingFor !== undefined || clock !== undefined;
}

function unusual({
  linkDown,
  dropping,
  failingFor,
  clock,
}: MemberContext): Pick<MemberContext, 'linkDown' | 'dropping' | 'failingFor' | 'clock'> {
  return {
    ...(linkDown === undefined ? {} : { linkDown }),
    ...(dropping === undefined ? {} : { dropping }),
    ...(failingFor === undefined ? {} : { failingFor }),
    ...(clock === undefined ? {} : { clock }),
  };
}
