/** What people did: clears and policy changes. */
import {
  among,
  type Asked,
  between,
  butMissingTeks,
  type Candidate,
  claimed,
  devicesOf,
  GM_CHECKS,
  devicesWith,
  nextLook,
  sorted,
  explainedAtLastLook,
  whenRegistered,
  whoOfLate,
} from './candidate.ts';
import { type GmFacts, isUnregistered, type KnownReregistration } from './group-facts.ts';
import { CHECK_CRYPTO_MAP } from '../events/first-steps.ts';
import { isOwnChange } from '../log/message-facts.ts';
import { recentOf } from './recent-reasons.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import type { EpochMs } from '../seen/instant.ts';
import { CLOCKS_MS, type Symptom } from './symptom.ts';

/** GMs that a KS makes register do so within about a minute; a look later it is seen. */
const REGISTERS_WITHIN_MS = 180_000;

/** A KS removed its members or replaced its policy, and they register anew. */
export function ksForced({ facts, open, before, said }: Asked): Candidate | null {
  const { gms, kss, nowMs, pollIntervalMs } = facts;
  const logged = kss.flatMap((ks) => recentOf(ks, 'members_cleared', nowMs).map((reason) => ({ ks, reason })));
  const waited = waitedForLong(said);
  const atMs = (gm: GmFacts) => (gm.forced === null && waited(gm) ? null : forcedAtMs(gm));
  const ordered = whoOfLate(gms, atMs, { before, nowMs });
  if (ordered.length === 0 && logged.length === 0) return null;
  const instants = [...ordered.flatMap((gm) => atMs(gm) ?? []), ...logged.map(({ reason }) => reason.atMs)];
  // What the first one told is known: later ones only add to it.
  const fromMs = Math.min(before?.sinceMs ?? nowMs, ...instants);
  const isLost = lostBefore(said);
  const isKeptOut = keptOut(facts, fromMs);
  const isEarlier = registeredBefore(facts, fromMs);
  const claims = butMissingTeks(
    claimed(open, { checks: ['members'] }, { checks: GM_CHECKS, fromMs: fromMs - pollIntervalMs - CLOCKS_MS }),
    gms,
  ).filter((symptom) => !isLost(symptom) && !isKeptOut(symptom) && !isEarlier(symptom));
  const waiting = devicesWith(claims, 'registered');
  const servers = sorted(logged.map(({ ks }) => ks.device));
  const who = servers.length > 0 ? ksNamed(servers) : kss.length === 1 ? `KS ${kss[0]?.device ?? ''}` : 'The KS';
  return {
    phase: 'present',
    status: 'ok',
    sinceMs: fromMs,
    summary: `${who} ${whatCameOfIt(facts, ordered, { when: between(fromMs, Math.max(...instants)), waiting })}`,
    consequence:
      waiting.length === 0
        ? null
        : {
            what: `no traffic of ${gmsNamed(waiting)} until ${verb(waiting.length, 'it is', 'they are')} registered again`,
            unless: null,
          },
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: waiting.length === 0 ? null : nextLook(among(gms, waiting), nowMs),
    firstStep: 'show logging on the KS: who cleared its members or changed the policy?',
    scope: sorted([...servers, ...ordered.map(({ device }) => device), ...waiting]),
    evidence: [
      ...logged.map(({ ks, reason }) => `${ks.device}, ${clockTime(reason.atMs)}: ${reason.text}`),
      ...ordered.flatMap((gm) => (gm.forced === null ? [] : [`${gm.device}: ${gm.forced.evidence}`])),
    ].slice(0, 8),
    claims,
  };
}

/** Some orders bring a rekey, and no registration; of one that was told just now neither is seen yet. */
function whatCameOfIt(
  { gms, nowMs }: Asked['facts'],
  ordered: readonly GmFacts[],
  { when, waiting }: { readonly when: string; readonly waiting: readonly string[] },
): string {
  const since = (gm: GmFacts) => (forcedAtMs(gm) ?? nowMs) - CLOCKS_MS;
  const on = ordered.filter((gm) => !isUnregistered(gm));
  const again = on.filter((gm) => (gm.lastReregistration?.atMs ?? 0) >= since(gm));
  const rekeyed = on.filter((gm) => !again.includes(gm) && (gm.lastRekeyMs ?? 0) >= since(gm));
  const of = (some: readonly GmFacts[]) => gmsNamed(sorted(some.map(({ device }) => device)), gms.length);
  if (rekeyed.length > 0 && rekeyed.length === ordered.length)
    return `replaced the policy of its GMs ${when}: ${of(rekeyed)} took it by a rekey${waiting.length === 0 ? '' : `; ${gmsNamed(waiting)} ${verb(waiting.length, 'is', 'are')} not registered`}`;
  const what = `made its GMs register anew ${when} (members cleared or policy replaced)`;
  if (waiting.length > 0)
    return `${what}: ${gmsNamed(waiting, gms.length)} ${verb(waiting.length, 'has', 'have')} not yet`;
  const open = on.filter((gm) => !again.includes(gm) && !rekeyed.includes(gm));
  if (again.length === 0 && open.length > 0 && open.every(({ uncounted }) => uncounted === true))
    return `${what}; whether they did is not shown`;
  const byRekey = rekeyed.length === 0 ? '' : `; ${of(rekeyed)} took it by a rekey`;
  return `${what}: ${again.length === 0 ? 'none' : of(again)} did${open.length === 0 ? '' : ' so far'}${byRekey}`;
}

/** Who could register did so within minutes: whoever still tries is kept from it by something else. */
function keptOut({ gms, nowMs }: Asked['facts'], fromMs: EpochMs): (symptom: Symptom) => boolean {
  const names = new Set(
    gms
      .filter(
        (gm) => isUnregistered(gm) && nowMs - Math.max(fromMs, gm.unregisteredSinceMs ?? nowMs) > REGISTERS_WITHIN_MS,
      )
      .map(({ device }) => device),
  );
  return ({ device }) => device !== null && names.has(device);
}

/** Who had registered for a reason of its own before the first sign of the order was not made to by it. */
function registeredBefore({ gms }: Asked['facts'], fromMs: EpochMs): (symptom: Symptom) => boolean {
  const names = new Set(
    gms
      .filter(
        ({ lastReregistration: last }) =>
          last !== null &&
          last.cause !== 'ks_forced' &&
          last.cause !== 'unknown' &&
          (last.betweenMs?.[1] ?? last.atMs) < fromMs - CLOCKS_MS,
      )
      .map(({ device }) => device),
  );
  return ({ check, device }) => check === 'reregistrations' && device !== null && names.has(device);
}

/** Acknowledgements that were missing before are no matter of a new registration. */
function lostBefore(said: Asked['said']): (symptom: Symptom) => boolean {
  const isLoss = explainedAtLastLook(said, (cause) => ['path_loss', 'ks_rekeys_lost', 'ejected'].includes(cause));
  return (symptom) => symptom.check === 'rekeys_acknowledged' && isLoss(symptom);
}

/**
 * It had been without a registration for minutes when it registered: its KS's order was of long before, and was told
 * then.
 */
function waitedForLong(said: Asked['said']): (gm: GmFacts) => boolean {
  const episode = said.find(({ cause }) => cause === 'not_registered');
  const devices = new Set(episode === undefined ? [] : devicesOf(episode));
  const sinceMs = episode?.presentSinceMs ?? Number.POSITIVE_INFINITY;
  return ({ device, lastReregistration: last }) =>
    devices.has(device) && last !== null && sinceMs < last.atMs - REGISTERS_WITHIN_MS;
}

/** When its KS gave it the last order that is known; of one that nothing but its registration tells, when that was. */
function forcedAtMs({ forced, lastReregistration: last }: GmFacts): EpochMs | null {
  const orderMs = forced?.atMs ?? null;
  if (last === null || last.cause !== 'ks_forced' || isByItself(last)) return orderMs;
  return orderMs !== null && last.atMs - orderMs <= REGISTERS_WITHIN_MS ? orderMs : last.atMs;
}

function isByItself({ stated, statedBy }: KnownReregistration): boolean {
  return stated !== undefined && statedBy === undefined && isOwnChange(stated);
}

/** `clear crypto gdoi` on GMs, or their group was taken out of their configuration and put back. */
export function operatorClear({ facts, open, before, said }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const clearedMs = ({ lastReregistration: last }: GmFacts) => (last?.cause === 'operator_clear' ? last.atMs : null);
  const cleared = whoOfLate(gms, clearedMs, { before, nowMs });
  if (cleared.length === 0) return null;
  const isLost = lostBefore(said);
  const names = sorted(cleared.map(({ device }) => device));
  const instants = cleared.map(({ lastReregistration: last }) => last?.atMs ?? nowMs);
  return {
    phase: 'present',
    status: 'ok',
    sinceMs: Math.min(...instants),
    summary: whatWasCleared(facts, cleared),
    consequence: null,
    deadlineMs: null,
    confidence: 'certain',
    knownAtMs: null,
    firstStep: cleared.every(isConfiguredAgain) ? CHECK_CRYPTO_MAP : 'show logging on the GM: who cleared it',
    scope: names,
    evidence: cleared.map(
      (gm) =>
        `${gm.device}: ${isConfiguredAgain(gm) ? 'its group was not shown before' : 'counters restarted while the uptime went on'}, registered ${whenRegistered([gm], nowMs)}`,
    ),
    // Its KS counts a rekey that came between as not acknowledged, until its list is read again.
    claims: claimed(open, {
      checks: ['reregistrations', 'kek_present', 'kek_matches_ks', 'tek_matches_ks', 'rekeys_acknowledged'],
      of: new Set(names),
    }).filter((symptom) => !isLost(symptom)),
  };
}

function isConfiguredAgain({ lastReregistration: last }: GmFacts): boolean {
  return last?.configuredAgain === true;
}

function whatWasCleared({ gms, nowMs }: Asked['facts'], all: readonly GmFacts[]): string {
  const back = all.filter(isConfiguredAgain);
  const cleared = all.filter((gm) => !isConfiguredAgain(gm));
  const of = (some: readonly GmFacts[]) => gmsNamed(sorted(some.map(({ device }) => device)), gms.length);
  const parts = [
    ...(cleared.length === 0
      ? []
      : [
          `${of(cleared)} ${verb(cleared.length, 'was', 'were')} cleared by an operator (clear crypto gdoi) and registered again ${whenRegistered(cleared, nowMs)}`,
        ]),
    ...(back.length === 0
      ? []
      : [
          `${of(back)} registered again ${whenRegistered(back, nowMs)}: the group had been removed from ${verb(back.length, 'its', 'their')} configuration, and was configured again`,
        ]),
  ];
  return parts.join('; ');
}
