/** A member's record as explanations take it. Nothing is judged here. */
import type { GmFacts, KsFacts, MemberContext } from '../explain/group-facts.ts';
import { type FleetGm, type FleetKs, SAME_EXPIRY_MS } from './fleet-state.ts';
import type { EpochMs } from '../seen/instant.ts';
import type { GmInGroup } from './gm-in-group.ts';
import { tekOverdue } from './material-change.ts';

/*
 * Both field by field: made for each member at each judgement, and as spreads they took an eighth of the agent's CPU
 * (`npm run bench -- fleet`, 200 devices in groups of 10).
 */
export function gmFacts(gm: FleetGm, inGroup: GmInGroup): GmFacts {
  const { context } = gm;
  const facts: GmFacts = {
    failure: context.failure,
    bootMs: context.bootMs,
    forced: context.forced,
    unregisteredSinceMs: context.unregisteredSinceMs,
    failedAttempts: context.failedAttempts,
    reregistersAtMs: context.reregistersAtMs,
    nextLookMs: context.nextLookMs,
    intervalMs: context.intervalMs,
    reasons: context.reasons,
    logHeardSinceMs: context.logHeardSinceMs,
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
    kekMatchesKs: inGroup.kekMatchesKs,
    tekMatchesKs: inGroup.tekMatchesKs,
    divergent: inGroup.divergent,
    kekBehind: inGroup.kekBehind,
    teksBehind: inGroup.teksBehind,
    tekSpis: gm.teks?.map(({ spi }) => spi) ?? [],
    kekExpiredInUse: inGroup.kekExpiredInUse,
    listedByKs: inGroup.listedByKs,
    acksMissed: inGroup.acksMissed,
    lastRekeyMs: gm.lastRekeyMs,
    lastRekeyFrom: gm.lastRekeyFrom ?? null,
    lastReregistration: gm.lastReregistration,
    countedBetweenMs: gm.countedBetweenMs,
    renewedBetweenMs: gm.renewedBetweenMs,
  };
  const unread = gm.unread === true;
  const uncounted = !unread && gm.counters.succeeded === null;
  const neverRekeyed = gm.counters.received === 0;
  const more = unusual(context);
  if (gm.multicast !== true && !unread && !uncounted && !neverRekeyed && more === null) return facts;
  return {
    ...facts,
    ...more,
    ...(gm.multicast === true ? { multicast: true } : {}),
    ...(unread ? { unread } : {}),
    ...(uncounted ? { uncounted: true } : {}),
    ...(neverRekeyed ? { neverRekeyed } : {}),
  };
}

/** Over SNMP whether it is registered is not shown without a TEK, and it has no traffic either way. */
function isTekMissing({ registered, teks, sentAtMs }: FleetGm): boolean {
  if (teks === null || teks.some(({ expiryMs }) => expiryMs === null || expiryMs > sentAtMs)) return false;
  return registered !== false;
}

export function ksFacts(ks: FleetKs): KsFacts {
  const { context } = ks;
  const facts: KsFacts = {
    failure: context.failure,
    bootMs: context.bootMs,
    forced: context.forced,
    unregisteredSinceMs: context.unregisteredSinceMs,
    failedAttempts: context.failedAttempts,
    reregistersAtMs: context.reregistersAtMs,
    nextLookMs: context.nextLookMs,
    intervalMs: context.intervalMs,
    reasons: context.reasons,
    logHeardSinceMs: context.logHeardSinceMs,
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
    tekMadeMs: tekMadeMs(ks),
    tekSpis: ks.currentTeks.map(({ spi }) => spi),
    nextRekeyMs: ks.nextRekeyMs,
    members: ks.members,
  };
  const { roleChanges } = ks;
  const isPlain = ks.multicast !== true && ks.unread !== true && ks.peersUnread !== true && roleChanges === undefined;
  const more = unusual(context);
  if (isPlain && more === null) return facts;
  return {
    ...facts,
    ...more,
    ...(ks.multicast === true ? { multicast: true } : {}),
    ...(ks.unread === true ? { unread: true } : {}),
    ...(ks.peersUnread === true ? { peersUnread: true } : {}),
    ...(roleChanges === undefined ? {} : { roleChanges }),
  };
}

/** A lifetime before its end; a lifetime that was set anew since would put it after the first answer with it. */
function tekMadeMs({ currentTeks: [tek], tekLifetimeSeconds }: FleetKs): EpochMs | null {
  if (tek === undefined || tek.expiryMs === null || tekLifetimeSeconds === null) return null;
  const madeMs = tek.expiryMs - tekLifetimeSeconds * 1000;
  return madeMs > tek.sinceMs + SAME_EXPIRY_MS ? null : madeMs;
}

/** What most members never have; null: nothing of it. */
function unusual({
  answeredMs,
  retrying,
  linkDown,
  dropping,
  failingFor,
  clock,
  vanishedSinceMs,
}: MemberContext): Pick<
  MemberContext,
  'answeredMs' | 'retrying' | 'linkDown' | 'dropping' | 'failingFor' | 'clock' | 'vanishedSinceMs'
> | null {
  const isSomething =
    answeredMs !== undefined ||
    retrying !== undefined ||
    linkDown !== undefined ||
    dropping !== undefined ||
    failingFor !== undefined ||
    clock !== undefined ||
    vanishedSinceMs !== undefined;
  if (!isSomething) return null;
  return {
    ...(answeredMs === undefined ? {} : { answeredMs }),
    ...(retrying === undefined ? {} : { retrying }),
    ...(linkDown === undefined ? {} : { linkDown }),
    ...(dropping === undefined ? {} : { dropping }),
    ...(failingFor === undefined ? {} : { failingFor }),
    ...(clock === undefined ? {} : { clock }),
    ...(vanishedSinceMs === undefined ? {} : { vanishedSinceMs }),
  };
}
