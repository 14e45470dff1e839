/**
 * A GM's and a KS's record in the group's state: the facts of one answer, with what only the answers before it tell
 * (since when a key, a role or a registration is there).
 */
import {
  type FleetGm,
  type FleetKs,
  type FleetTek,
  type KekIdentity,
  type KsKek,
  type MemberFacts,
  SAME_EXPIRY_MS,
} from './fleet-state.ts';
import { type MemberContext, NO_CONTEXT } from '../explain/group-facts.ts';
import { DEFAULT_REKEY_SECONDS, FLOOR_LEAD, ksLead, rekeySeconds } from '../keys/ks-lead.ts';
import { longestSeconds } from '../seen/countdown.ts';
import { type EpochMs, expiryMs, type ReadAt } from '../seen/instant.ts';
import type { KekBehavior } from '../seen/release.ts';
import { MOST_MEMBERS, MOST_PEERS } from '../seen/row-bounds.ts';
import { type GmSnapshot, isByMulticast, type KsSnapshot } from '../seen/snapshot.ts';
import { unlistedAfter } from './unlisted-members.ts';

/** A GM or KS holds a few TEKs; a device that shows more is not believed beyond this. */
const MAX_MEMBER_TEKS = 16;

export function rememberGm(before: FleetGm | null, facts: MemberFacts, gm: GmSnapshot, at: ReadAt): FleetGm {
  const succeeded = gm.registrations.succeeded;
  const sameRegistration = before !== null && before.counters.succeeded === succeeded;
  const lastRekeyMs = gm.rekeys.lastAgeSeconds === null ? null : at.receivedAtMs - gm.rekeys.lastAgeSeconds * 1000;
  const kekRemaining = gm.kek?.remainingSeconds ?? null;
  const kekExpiryMs = kekRemaining === null || kekRemaining <= 0 ? null : expiryMs(at, kekRemaining);
  // A group that is shown no more shows no address: its KS lists the GM under the one it had.
  const address = gm.address ?? (facts.context?.vanishedSinceMs === undefined ? null : (before?.address ?? null));
  const record: FleetGm = {
    device: facts.device,
    address,
    host: facts.host === address ? null : (facts.host ?? null),
    identity: gm.identity,
    reachable: facts.presence === 'present',
    registered: gm.registered,
    keyServer: gm.keyServer,
    keyServers: gm.keyServers ?? [],
    behavior: stickyBehavior(before, facts),
    version: facts.version,
    sentAtMs: at.sentAtMs,
    receivedAtMs: at.receivedAtMs,
    registeredSinceMs: sameRegistration ? before.registeredSinceMs : registeredByMs(gm, lastRekeyMs, at),
    kek: kekPresence(gm),
    kekExpiryMs,
    kekSinceMs:
      sameExpiry(before?.kekExpiryMs ?? null, kekExpiryMs) && before !== null ? before.kekSinceMs : at.receivedAtMs,
    teks: gm.teks === null ? null : rememberTeks(before?.teks ?? [], gm.teks, at),
    counters: { received: gm.rekeys.received, succeeded },
    previousCounters: previousCounters(before, at),
    countersAtKsRead: before?.countersAtKsRead ?? null,
    countersBeforeKek: before?.countersBeforeKek ?? null,
    kekChangeMs: before?.kekChangeMs ?? null,
    lastRekeyMs,
    lastRekeyFrom: gm.rekeys.lastFrom,
    rekeyOverdue: facts.kekRekeyOverdue === true,
    lastReregistration: facts.lastReregistration ?? null,
    context: facts.context ?? NO_CONTEXT,
  };
  return withRare(record, facts, {
    multicast: isByMulticast(gm.kek?.transport ?? null, before?.multicast === true),
    countedBetweenMs: countedBetween(before, succeeded, at),
    renewedBetweenMs: renewedBetween(before, record),
  });
}

/** Read before the agent's start, and asked in vain since: one lost answer does not make it unreachable. */
function keptMember<Member extends FleetGm | FleetKs>(before: Member, context: MemberContext): Member {
  return { ...before, reachable: before.reachable && context.failure?.established !== true, context };
}

/** A GM that gives no answer and has shown nothing of the group: its KS lists the address at which it is asked. */
export function unreadGm(before: FleetGm | null, facts: MemberFacts): FleetGm {
  const context = facts.context ?? NO_CONTEXT;
  if (before !== null && before.unread !== true) return keptMember(before, context);
  const askedMs = before?.sentAtMs ?? context.failure?.sinceMs ?? facts.atMs;
  return {
    device: facts.device,
    unread: true,
    address: facts.host ?? null,
    host: null,
    identity: null,
    reachable: false,
    registered: null,
    keyServer: null,
    keyServers: [],
    behavior: facts.kekBehavior,
    version: facts.version,
    sentAtMs: askedMs,
    receivedAtMs: askedMs,
    registeredSinceMs: askedMs,
    kek: 'unknown',
    kekExpiryMs: null,
    kekSinceMs: askedMs,
    teks: null,
    counters: { received: null, succeeded: null },
    previousCounters: null,
    countersAtKsRead: null,
    countersBeforeKek: null,
    kekChangeMs: null,
    lastRekeyMs: null,
    rekeyOverdue: false,
    lastReregistration: null,
    context,
  };
}

/** What few records have is in no other. */
function withRare(
  record: FleetGm,
  { newerTeks, tekRekeyOverdue = false }: MemberFacts,
  {
    multicast,
    countedBetweenMs,
    renewedBetweenMs,
  }: {
    readonly multicast: boolean;
    readonly countedBetweenMs: FleetGm['countedBetweenMs'];
    readonly renewedBetweenMs: FleetGm['renewedBetweenMs'];
  },
): FleetGm {
  const isBetween = countedBetweenMs !== undefined || renewedBetweenMs !== undefined;
  if (!multicast && !isBetween && newerTeks === undefined && !tekRekeyOverdue) return record;
  return {
    ...record,
    ...(multicast ? { multicast } : {}),
    ...(countedBetweenMs === undefined ? {} : { countedBetweenMs }),
    ...(renewedBetweenMs === undefined ? {} : { renewedBetweenMs }),
    ...(newerTeks === undefined ? {} : { newerTeks }),
    ...(tekRekeyOverdue ? { tekRekeyOverdue: true as const } : {}),
  };
}

/** An answer that counts something else than the one before it shows registrations that lie between the two. */
function countedBetween(before: FleetGm | null, succeeded: number | null, at: ReadAt): FleetGm['countedBetweenMs'] {
  if (before === null) return undefined;
  const was = before.counters.succeeded;
  const isChanged = was !== null && succeeded !== null && succeeded !== was;
  return isChanged ? [before.sentAtMs, at.receivedAtMs] : before.countedBetweenMs;
}

/** A KEK or TEK that the answer before did not show came between the two: a rekey or a registration brought it. */
function renewedBetween(before: FleetGm | null, record: FleetGm): FleetGm['renewedBetweenMs'] {
  if (before === null || record.counters.received !== null) return undefined;
  const { kekExpiryMs, teks, receivedAtMs } = record;
  if (receivedAtMs === before.receivedAtMs) return before.renewedBetweenMs;
  const isNewKek = before.kekExpiryMs !== null && kekExpiryMs !== null && !sameExpiry(before.kekExpiryMs, kekExpiryMs);
  const newest = teks?.[0]?.spi;
  const isNewTek = newest !== undefined && before.teks?.every(({ spi }) => spi !== newest) === true;
  return isNewKek || isNewTek ? [before.sentAtMs, receivedAtMs] : before.renewedBetweenMs;
}

/** At the latest: a rekey since this registration came after it. */
function registeredByMs(gm: GmSnapshot, lastRekeyMs: EpochMs | null, { receivedAtMs }: ReadAt): EpochMs {
  const rekeyed = (gm.rekeys.sinceRegistration ?? 0) > 0 && lastRekeyMs !== null;
  return rekeyed ? Math.min(receivedAtMs, lastRekeyMs) : receivedAtMs;
}

/** Facts are given again without a new answer when something else about the GM changed. */
function previousCounters(before: FleetGm | null, at: ReadAt): FleetGm['previousCounters'] {
  if (before === null) return null;
  const { counters, receivedAtMs } = before;
  return receivedAtMs === at.receivedAtMs ? before.previousCounters : { counters, receivedAtMs };
}

function sameExpiry(a: EpochMs | null, b: EpochMs | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= SAME_EXPIRY_MS;
}

/** A timer once seen stays proven for its release: a GM between two KEKs shows no lifetime. */
function stickyBehavior(before: FleetGm | null, facts: MemberFacts): KekBehavior {
  if (before === null || before.version !== facts.version) return facts.kekBehavior;
  if (before.behavior === 'timer' || facts.kekBehavior === 'unknown') return before.behavior;
  return facts.kekBehavior;
}

/** Does the GM hold a KEK? Only TEKs without one tell that it does not. */
export function kekPresence(gm: GmSnapshot): FleetGm['kek'] {
  if (gm.kek !== null) return gm.kek.remainingSeconds === 0 ? 'absent' : 'shown';
  // Over RESTCONF, which lists no TEKs: of one that is not registered there is none to miss.
  if (gm.kekAbsent === true && gm.registered === true) return 'absent';
  return gm.teks !== null && gm.teks.length > 0 ? 'absent' : 'unknown';
}

function rememberTeks(
  before: readonly FleetTek[],
  shown: readonly { readonly spi: string | null; readonly remainingSeconds: number | null }[],
  at: ReadAt,
): readonly FleetTek[] {
  const teks: FleetTek[] = [];
  const seen = new Set<string>();
  for (const { spi, remainingSeconds } of shown) {
    if (spi === null || remainingSeconds === 0 || seen.has(spi)) continue;
    seen.add(spi);
    const sinceMs = before.find((tek) => tek.spi === spi)?.sinceMs ?? at.receivedAtMs;
    teks.push({ spi, expiryMs: remainingSeconds === null ? null : expiryMs(at, remainingSeconds), sinceMs });
  }
  return teks.length < 2
    ? teks
    : teks.toSorted((a, b) => (b.expiryMs ?? 0) - (a.expiryMs ?? 0)).slice(0, MAX_MEMBER_TEKS);
}

/** A KS that prints no address of its own is known by the configured one; a name is nothing that GMs or peers print. */
function addressIn(host: string | null | undefined): string | null {
  return host != null && /^[\d.]+$|:/u.test(host) ? host : null;
}

export function rememberKs(before: FleetKs | null, facts: MemberFacts, ks: KsSnapshot, at: ReadAt): FleetKs {
  const role = ks.localRole === 'primary' || ks.localRole === 'secondary' ? ks.localRole : null;
  const sameRole = before !== null && (role === null || role === before.role);
  const roleMs = Math.max(at.receivedAtMs, facts.ksRoleMs ?? at.receivedAtMs);
  const live = rememberTeks(before?.currentTeks ?? [], ks.teks ?? [], at);
  const lead = ksLead(ks);
  const multicast = isByMulticast(ks.transport, before?.multicast === true);
  const list = memberListOf(ks, multicast);
  const unlisted = unlistedAfter(before, list, at.receivedAtMs);
  return {
    device: facts.device,
    address: ks.localAddress ?? addressIn(facts.host),
    reachable: facts.presence === 'present',
    // A KS that plans its rekey 200 s or more before expiry has the new behaviour, whatever its release looks like.
    behavior: lead.source === 'ks' ? 'timer' : facts.kekBehavior,
    version: facts.version,
    sentAtMs: at.sentAtMs,
    receivedAtMs: at.receivedAtMs,
    role: role ?? before?.role ?? null,
    roleSinceMs: sameRole ? before.roleSinceMs : roleMs,
    roleLastReadMs: role === null && before !== null ? before.roleLastReadMs : roleMs,
    ...roleChanges(before, role, roleMs),
    kek: rememberKsKek(before, ks, at),
    currentTeks: currentOf(live, ks),
    liveSpis: live.map((tek) => tek.spi),
    kekLifetimeSeconds: ks.kek?.lifetimeSeconds ?? null,
    tekLifetimeSeconds: longestSeconds((ks.teks ?? []).map((tek) => tek.lifetimeSeconds)),
    lead,
    tekLeadSeconds: tekLead(ks) ?? before?.tekLeadSeconds ?? null,
    said: facts.ksSaid ?? [],
    rekeySeconds: rekeySeconds(ks),
    ...(multicast ? { multicast: true } : {}),
    members: ks.members,
    peers: peersOf(before, ks),
    ...(ks.peersUnread === true ? { peersUnread: true } : {}),
    identity: ks.identity,
    ...list,
    ...(unlisted.length === 0 ? {} : { unlisted }),
    nextRekeyMs: nextRekeyMs(ks, at),
    context: facts.context ?? NO_CONTEXT,
  };
}

/** A list that is not shown any more, or not understood as a whole, leaves its peers, without a verdict on them. */
function peersOf(before: FleetKs | null, { peers, peersUnread }: KsSnapshot): FleetKs['peers'] {
  const known = before?.peers?.map(({ address, role }) => ({ address, role, status: null })) ?? null;
  if (peers === null || (peers.length === 0 && peersUnread === true && known === null)) return known;
  const shown = new Set(peers.map(({ address }) => address));
  const kept = peersUnread === true ? (known ?? []).filter(({ address }) => !shown.has(address)) : [];
  return [...peers, ...kept].slice(0, MOST_PEERS);
}

/** More than that within half an hour say no more. */
const MOST_ROLE_CHANGES = 8;

function roleChanges(before: FleetKs | null, role: FleetKs['role'], atMs: EpochMs): Pick<FleetKs, 'roleChanges'> {
  const known = before?.roleChanges;
  const isNew = role !== null && before !== null && before.role !== null && role !== before.role;
  if (!isNew) return known === undefined ? {} : { roleChanges: known };
  return { roleChanges: [...(known ?? []), { atMs, role }].slice(-MOST_ROLE_CHANGES) };
}

function memberListOf(
  { memberDetails, membersUnread }: KsSnapshot,
  multicast: boolean,
): Pick<FleetKs, 'memberRows' | 'membersUnread'> {
  if (memberDetails === null) return { memberRows: null };
  const memberRows = memberDetails.slice(0, MOST_MEMBERS).map(({ address, acksMissed }) => ({
    address,
    // Some lists show a 0 where nothing is acknowledged at all.
    acksMissed: multicast ? null : acksMissed,
  }));
  // A list as long as any is taken may have been cut where it was read.
  const isWhole = membersUnread !== true && memberDetails.length < MOST_MEMBERS;
  return { memberRows, ...(isWhole ? {} : { membersUnread: true }) };
}

/** Of a KS that has shown nothing of the group. What it showed once, before the agent was started again, stays. */
export function unreadKs(before: FleetKs | null, facts: MemberFacts): FleetKs {
  const context = facts.context ?? NO_CONTEXT;
  if (before !== null && before.unread !== true) return keptMember(before, context);
  const askedMs = context.failure?.sinceMs ?? facts.atMs;
  return {
    device: facts.device,
    unread: true,
    address: facts.host ?? null,
    reachable: false,
    behavior: facts.kekBehavior,
    version: facts.version,
    sentAtMs: askedMs,
    receivedAtMs: askedMs,
    role: null,
    roleSinceMs: askedMs,
    roleLastReadMs: askedMs,
    kek: null,
    currentTeks: [],
    liveSpis: [],
    kekLifetimeSeconds: null,
    tekLifetimeSeconds: null,
    lead: FLOOR_LEAD,
    said: facts.ksSaid ?? [],
    rekeySeconds: DEFAULT_REKEY_SECONDS,
    members: null,
    peers: null,
    memberRows: null,
    nextRekeyMs: null,
    context,
  };
}

function nextRekeyMs(ks: KsSnapshot, at: ReadAt): EpochMs | null {
  const shown = [ks.kek, ...(ks.teks ?? [])].flatMap((key) => key?.timeToRekeySeconds ?? []);
  return shown.length === 0 ? null : expiryMs(at, Math.min(...shown));
}

/** Of the TEK that it will renew next: what is left of it less what is left until its rekey. */
function tekLead({ teks }: KsSnapshot): number | null {
  const planned = (teks ?? []).flatMap(({ remainingSeconds, timeToRekeySeconds }) =>
    remainingSeconds === null || timeToRekeySeconds === null || remainingSeconds < timeToRekeySeconds
      ? []
      : [remainingSeconds - timeToRekeySeconds],
  );
  return planned.length === 0 ? null : Math.min(...planned);
}

/**
 * A KS prints `n/a` as the time to rekey of a key that it has replaced; where it prints none, the newest one counts.
 */
function currentOf(live: readonly FleetTek[], ks: KsSnapshot): readonly FleetTek[] {
  const planned = new Set((ks.teks ?? []).flatMap((tek) => (tek.timeToRekeySeconds === null ? [] : [tek.spi])));
  const current = live.filter((tek) => planned.has(tek.spi));
  return current.length > 0 ? current : live.slice(0, 1);
}

function rememberKsKek(known: FleetKs | null, ks: KsSnapshot, at: ReadAt): KsKek | null {
  const before = known?.kek ?? null;
  const remaining = ks.kek?.remainingSeconds ?? null;
  if (ks.kek === null || remaining === null || remaining <= 0) return before;
  const seen = { spi: ks.kek.spi, expiryMs: expiryMs(at, remaining), remainingSeconds: remaining };
  if (known === null || before === null || !isSameKsKek(before, seen)) return { sinceMs: at.receivedAtMs, ...seen };
  return { sinceMs: before.sinceMs + clockStepMs(before, seen, at.sentAtMs < known.sentAtMs), ...seen };
}

/**
 * By how much the agent's clock was set between two reads of one KEK of one KS: its end moved by as much. `isBack`: the
 * later read seems to be the earlier one. Without that, and without an SPI, another KEK may end so.
 */
export function clockStepMs(before: KekIdentity, seen: KekIdentity, isBack: boolean): number {
  const laterByMs = seen.expiryMs - before.expiryMs;
  const isCertain = isBack || (seen.spi !== null && seen.spi === before.spi);
  return isCertain && Math.abs(laterByMs) > SAME_EXPIRY_MS ? laterByMs : 0;
}

/**
 * SPIs decide where both are shown. Else another KEK has another expiry and more life left than was left before: a step
 * of the agent's clock moves expiries, but makes no lifetime jump up.
 */
export function isSameKsKek(before: KekIdentity, seen: KekIdentity): boolean {
  if (before.spi !== null && seen.spi !== null) return before.spi === seen.spi;
  return (
    Math.abs(before.expiryMs - seen.expiryMs) <= SAME_EXPIRY_MS || seen.remainingSeconds <= before.remainingSeconds
  );
}
