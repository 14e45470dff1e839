/**
 * What it means that a KS does not answer the agent: since when, whether its GMs and peers show it alive or call it
 * dead, and how that is said.
 */
import type { EpochMs } from '../seen/instant.ts';
import type { Asked, Candidate } from './candidate.ts';
import { answeredLastMs, givesNoAnswer, type GmFacts, type GroupFacts, isSilent, type KsFacts } from './group-facts.ts';
import { clockTime, verb } from './said.ts';
import { CLOCKS_MS } from './symptom.ts';

/** COOP itself needs up to two refreshes of 20 s, and 30 s of the secondary's watchdog, to settle. */
export const COOP_SETTLES_MS = 50_000;
/** A KS that has just come back may refuse the first logins. */
export const LOGS_IN_AGAIN_MS = 60_000;

/** It showed nothing of the group since the agent began to ask. */
export function isUnread({ unread }: Pick<KsFacts | GmFacts, 'unread'>): boolean {
  return unread === true;
}

/** `has not answered since 03:00:20 UTC`. */
export function hasNotAnswered(kss: readonly KsFacts[], sinceMs: EpochMs): string {
  const has = verb(kss.length, 'has', 'have');
  // Of which release it is says who answered something.
  return kss.every((ks) => isUnread(ks) && ks.version === null)
    ? `${has} not answered yet, asked since ${clockTime(sinceMs)}`
    : `${has} not answered since ${clockTime(sinceMs)}`;
}

/**
 * One poll failed, as one did shortly before that came to nothing: only a second one in a row raises the question
 * again.
 */
export function wasAskedAlready({ before, last }: Asked, silent: readonly KsFacts[]): boolean {
  return (
    before === null &&
    last !== null &&
    last.presentSinceMs === null &&
    silent.every(({ failure }) => failure?.inARow === 1 && !failure.established)
  );
}

/** What follows if the unclear turns out to be true; `condition` null: it is clear. */
export function ifSo(
  condition: string | null,
  { consequence, deadlineMs }: Pick<Candidate, 'consequence' | 'deadlineMs'>,
): Pick<Candidate, 'consequence' | 'deadlineMs'> {
  if (condition === null || consequence === null) return { consequence, deadlineMs };
  return { consequence: { ...consequence, what: `${condition}, ${consequence.what}` }, deadlineMs };
}

/** A line of evidence: how looks at it failed, since when, and its last answer. */
export function silenceText(ks: KsFacts, nowMs: EpochMs): string {
  const { device, address, unread, failure, readMs, nextLookMs } = ks;
  if (unread === true) {
    return `${device}${address === null ? '' : ` (${address})`}: GMs name it as their KS; ${failure?.result ?? 'no answer'}${(failure?.inARow ?? 1) === 1 ? '' : ` ${failure?.inARow} times in a row`} since ${clockTime(failure?.sinceMs ?? nowMs)}; it has shown nothing of the group since the agent began to ask`;
  }
  return failure === null
    ? `${device}: last read at ${clockTime(readMs)}; no answer yet to the look of ${clockTime(nextLookMs ?? nowMs)}`
    : `${device}: ${failure.result}${failure.inARow === 1 ? '' : ` ${failure.inARow} times in a row`} since ${clockTime(failure.sinceMs)}; last answer at ${clockTime(answeredLastMs(ks))}${failure.heardMs === undefined ? '' : `; a message in its name came at ${clockTime(failure.heardMs)}`}`;
}

/**
 * Its peers or GMs show that it lives, and it was primary when it was seen last, or may have become it since: those that
 * answer are secondaries.
 */
export function isPrimaryElsewhere(facts: GroupFacts, ks: KsFacts): boolean {
  const answering = facts.kss.filter(({ failure }) => failure === null);
  const mayHaveBecome = answering.length > 0 && answering.every(({ role }) => role === 'secondary');
  return (ks.role === 'primary' || mayHaveBecome) && servedMs(facts, ks) !== null;
}

/** It fails and nothing shows it alive; or the look at it has not ended, and a peer calls it dead. */
export function isKsGone(facts: GroupFacts, ks: KsFacts): boolean {
  if (isSilent(ks)) return servedMs(facts, ks) === null;
  return givesNoAnswer(ks, facts.nowMs) && isCalledDead(facts, ks);
}

/** By a peer that was read after it. */
function isCalledDead({ peers }: GroupFacts, { address, readMs }: KsFacts): boolean {
  return peers.some((peer) => peer.address === address && peer.lost === true && peer.readMs > readMs);
}

/** Its peers' word is better than what a GM shows of the KS it tries. */
function isLostToPeers({ peers }: GroupFacts, { address: own, failure }: KsFacts): boolean {
  return peers.some(
    ({ address, lost, readMs }) => address === own && lost === true && readMs > (failure?.sinceMs ?? 0),
  );
}

/**
 * When it was last seen to work since it went silent: a peer called it alive, or it served a GM; null: it was not.
 * Messages do not count: anybody can send one in its name, and a KS that is down must not be told as one that is up.
 */
export function servedMs(facts: GroupFacts, ks: KsFacts): EpochMs | null {
  const { peers, gms, kss } = facts;
  const failedMs = ks.failure?.sinceMs ?? 0;
  if (isLostToPeers(facts, ks)) return null;
  const instants = [
    ...peers.flatMap(({ address, lost, readMs }) =>
      address === ks.address && lost === false && readMs > failedMs + COOP_SETTLES_MS ? [readMs] : [],
    ),
    // Whoever of a COOP set registered the GM: it says from whom the rekey came.
    ...gms.flatMap(({ lastRekeyFrom, lastRekeyMs }) =>
      lastRekeyFrom !== null && lastRekeyFrom === ks.address && lastRekeyMs !== null ? [lastRekeyMs] : [],
    ),
    // SNMP shows no registration: the KS in its table may be one that it tries.
    ...gmsWith(gms, ks).flatMap(({ lastReregistration: last, lastRekeyMs, sentMs, registered }) =>
      registered !== true
        ? []
        : [
            // With whom it registered is for an answer after it; between two looks it may have been at the end as well.
            ...(last === null || sentMs <= last.atMs + CLOCKS_MS ? [] : [last.betweenMs?.[1] ?? last.atMs]),
            // In a COOP set a rekey comes from the primary, whoever registered the GM.
            ...(lastRekeyMs === null || kss.length > 1 || peers.length > 0 ? [] : [lastRekeyMs]),
          ],
    ),
  ].filter((ms) => ms > failedMs + CLOCKS_MS);
  return instants.length === 0 ? null : Math.max(...instants);
}

/** What GMs got last after an instant. */
export interface Served {
  readonly atMs: EpochMs;
  /** `by`: only a GM's keys show it, as over SNMP; it came before the answer that showed them. */
  readonly at: 'at' | 'by';
  /** The KS that it came from, as a GM shows. null: not shown. */
  readonly from: string | null;
}

/** The last rekey or registration of a GM after this instant, but from one of `gone`, as GMs show; null: none came. */
export function servedSince(gms: readonly GmFacts[], sinceMs: EpochMs, gone: readonly KsFacts[] = []): Served | null {
  const theirs = new Set(gone.map(({ address }) => address));
  const told = gms.flatMap(
    ({ lastRekeyMs, lastRekeyFrom, lastReregistration: last, keyServer, registered, sentMs }) => {
      // With whom it registered is for an answer after it; over SNMP it may be one that it tries.
      const by = last !== null && registered === true && sentMs > last.atMs + CLOCKS_MS ? keyServer : null;
      return [
        ...(lastRekeyMs === null ? [] : [{ atMs: lastRekeyMs, at: 'at' as const, from: lastRekeyFrom }]),
        ...(last === null ? [] : [{ atMs: last.betweenMs?.[0] ?? last.atMs, at: 'at' as const, from: by }]),
      ];
    },
  );
  const served = told.filter(({ atMs, from }) => atMs > sinceMs + CLOCKS_MS && (from === null || !theirs.has(from)));
  const [latest = null] = served.toSorted(
    (a, b) => b.atMs - a.atMs || Number(a.from === null) - Number(b.from === null),
  );
  if (latest !== null) return latest;
  const renewed = gms.flatMap(({ renewedBetweenMs: between }) =>
    between !== undefined && between[0] > sinceMs + CLOCKS_MS ? [between[1]] : [],
  );
  return renewed.length === 0 ? null : { atMs: Math.max(...renewed), at: 'by', from: null };
}

/** `a lost answer, or it is down`. */
export function lostOrDown(count: number): string {
  return verb(count, 'a lost answer, or it is down', 'lost answers, or they are down');
}

/** Registered with it, as they show. */
function gmsWith(gms: readonly GmFacts[], ks: KsFacts): readonly GmFacts[] {
  return gms.filter((gm) => gm.keyServer !== null && gm.keyServer === ks.address);
}

/** What is read from the GMs lags the cause by a poll. */
export function slackMs({ pollIntervalMs }: GroupFacts): number {
  return pollIntervalMs + CLOCKS_MS;
}
