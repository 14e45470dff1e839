/** KSs that refuse registrations, by their own word: whom they do not permit, and what of a GM does not fit them. */
import { CHECK_GROUP_IDENTITY, CHECK_REGISTERED_INTERFACE, CHECK_VERSION } from '../events/first-steps.ts';
import { type LoggedReason, MAX_REASON_CHARS } from '../log/logged-reason.ts';
import type { ReasonKind } from '../log/message-meaning.ts';
import { type Asked, type Candidate, claimed, list, devicesWith, sorted } from './candidate.ts';
import { type GmFacts, type GroupFacts, isUnregistered, type KsFacts } from './group-facts.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import { RECENT_MS } from './symptom.ts';

/** Of whom only the KS knows. */
const ANY_GM = 'that GM';
const ADDRESSES = /\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}:[0-9a-f:]{2,40}/giu;

/** Of an IPv6 address that is not shortened. */
const IPV6_PARTS = 8;

/** What a KS refuses of one GM, or of several, and what to do first. */
interface Refusal {
  readonly why: (gms: number, group: string) => string;
  readonly firstStep: (gms: string) => string;
}

/** A KS refuses a GM's identity or address. */
export function unauthorized(asked: Asked): Candidate | null {
  return refused(asked, new Map([['unauthorized', NOT_AUTHORISED]]));
}

const NOT_AUTHORISED: Refusal = {
  why: (gms, group) =>
    `${verb(gms, 'its identity or address is', 'their identities or addresses are')} not authorised for ${group}`,
  firstStep: (gms) =>
    `Compare the identity and address of ${gms} with the group’s authorization on the KS (show running-config | section crypto gdoi, and its access list)`,
};

/** A KS refuses a GM for another reason than who it is. */
export function registrationRefused(asked: Asked): Candidate | null {
  return refused(asked, NOT_FITTING);
}

/** Each says of which GM at most by its address: `UNREGISTERED_INTERFACE` names none. */
const NOT_FITTING: ReadonlyMap<ReasonKind, Refusal> = new Map([
  [
    'version_refused',
    {
      why: (gms) => `${verb(gms, 'its GETVPN version is', 'their GETVPN versions are')} not accepted`,
      firstStep: (gms) => `On the KS, and for ${gms}: ${CHECK_VERSION}`,
    },
  ],
  [
    'group_id_unknown',
    {
      why: (gms) => `${verb(gms, 'it sends', 'they send')} a group identity that the KS does not know`,
      firstStep: (gms) => `On the KS, and for ${gms}: ${CHECK_GROUP_IDENTITY}`,
    },
  ],
  [
    'interface_unregistered',
    {
      why: (gms) =>
        `${verb(gms, 'its registration arrives', 'their registrations arrive')} on an interface that is not registered`,
      firstStep: (gms) => `On the KS, and for ${gms}: ${CHECK_REGISTERED_INTERFACE}`,
    },
  ],
]);

interface SaidByKs {
  readonly ks: KsFacts;
  readonly reason: LoggedReason;
}

function refused({ facts, open, before }: Asked, refusals: ReadonlyMap<ReasonKind, Refusal>): Candidate | null {
  const { gms, kss, nowMs, group } = facts;
  const said = kss.flatMap((ks) =>
    ks.reasons
      .filter(({ kind }) => refusals.has(kind))
      .filter((reason) => Math.abs(nowMs - reason.atMs) <= RECENT_MS || isRefusedSince(gms, reason))
      .map((reason) => ({ ks, reason })),
  );
  if (said.length === 0) return null;
  const claims = claimed(open, {
    checks: ['registered', 'rekeys_acknowledged'],
    of: new Set(refusedOf(gms, said, before).map(({ device }) => device)),
  });
  const waiting = devicesWith(claims, 'registered');
  if (waiting.length === 0 && areRegistered(said, facts, before)) return null;
  const isKnown = waiting.length > 0;
  const unknownAddresses = unknownAddressesIn(said, facts);
  const servers = sorted(said.map(({ ks }) => ks.device));
  const saidRefusals = [...refusals].flatMap(([kind, refusal]) =>
    said.some(({ reason }) => reason.kind === kind) ? [refusal] : [],
  );
  // What was said before may have been another refusal.
  const goesOn =
    before !== null &&
    saidRefusals.some(({ firstStep }) => before.said.firstStep === firstStep(gmsSaidIn(before, kss)));
  const sinceMs = Math.min(goesOn ? before.sinceMs : nowMs, ...said.map(({ reason }) => reason.atMs));
  return {
    phase: 'present',
    status: isKnown ? 'critical' : 'warning',
    sinceMs,
    summary: `${ksNamed(servers)} ${verb(servers.length, 'refuses', 'refuse')} ${isKnown ? gmsNamed(waiting) : unknownAddresses.length === 0 ? 'a GM' : gmsNamed(unknownAddresses)} since ${clockTime(sinceMs)}: ${saidRefusals.map(({ why }) => why(Math.max(1, isKnown ? waiting.length : unknownAddresses.length), group)).join('; ')}`,
    consequence: isKnown
      ? { what: `traffic of ${gmsNamed(waiting)} is dropped, or in clear where it fails open`, unless: null }
      : null,
    deadlineMs: null,
    // Where the message names nobody, or the GM shows no address, it is the one that cannot register.
    confidence: waiting.every((name) => isNamed(said, addressOf(gms, name))) ? 'certain' : 'likely',
    knownAtMs: null,
    firstStep: saidRefusals[0]?.firstStep(isKnown ? list(waiting) : ANY_GM) ?? null,
    scope: sorted([...servers, ...waiting]),
    evidence: said.slice(-4).map(({ ks, reason }) => `${ks.device}, ${clockTime(reason.atMs)}: ${reason.text}`),
    claims,
  };
}

/** Addresses in the messages that are of no KS and of no polled GM. */
function unknownAddressesIn(said: readonly SaidByKs[], { gms, kss, otherServers }: GroupFacts): readonly string[] {
  const known = new Set([...gms, ...kss].map(({ address }) => address).concat(otherServers ?? []));
  return sorted(said.flatMap(({ reason }) => wholeAddressesIn(reason)).filter((address) => !known.has(address)));
}

/** A time of day is none, and neither is what is left of one at the end of a text that was cut. */
function wholeAddressesIn({ text }: LoggedReason): readonly string[] {
  const found = (text.match(ADDRESSES) ?? []).filter(
    (word) => word.includes('.') || word.includes('::') || word.split(':').length === IPV6_PARTS,
  );
  return text.length < MAX_REASON_CHARS ? found : found.filter((address) => !text.endsWith(address));
}

function addressOf(gms: readonly GmFacts[], name: string): string | null {
  return gms.find(({ device }) => device === name)?.address ?? null;
}

function gmsSaidIn({ said }: NonNullable<Asked['before']>, kss: readonly KsFacts[]): string {
  return list(said.scope.filter((name) => kss.every(({ device }) => device !== name))) || ANY_GM;
}

/** Polled GMs that may be meant. */
function refusedOf(gms: readonly GmFacts[], said: readonly SaidByKs[], before: Asked['before']): readonly GmFacts[] {
  // Of many GMs the log keeps the last messages: who was named once, and is not registered since, is refused still.
  const alreadyNamed = new Set(before?.said.scope);
  const anyMayBeMeant = said.every(({ reason }) => reason.text.match(ADDRESSES) === null);
  return gms.filter(
    (gm) =>
      (isUnregistered(gm) || gm.failure !== null) &&
      (alreadyNamed.has(gm.device) || gm.address === null || anyMayBeMeant || isNamed(said, gm.address)),
  );
}

/** Every message names a polled GM, and none of them is refused any more. */
function areRegistered(said: readonly SaidByKs[], { gms }: GroupFacts, before: Asked['before']): boolean {
  return (
    gms.length > 0 &&
    refusedOf(gms, said, before).length === 0 &&
    said.every(({ reason }) => gms.some(({ address }) => address !== null && namesAddress(reason, address)))
  );
}

/** However long ago that was: a GM that it names has not been registered since. */
function isRefusedSince(gms: readonly GmFacts[], reason: LoggedReason): boolean {
  return gms.some(
    (gm) =>
      isUnregistered(gm) &&
      gm.address !== null &&
      namesAddress(reason, gm.address) &&
      gm.unregisteredSinceMs !== null &&
      reason.atMs >= gm.unregisteredSinceMs - RECENT_MS,
  );
}

function isNamed(said: readonly SaidByKs[], address: string | null): boolean {
  return address !== null && said.some(({ reason }) => namesAddress(reason, address));
}

/** An address in a message stands alone: 10.0.0.1 is not in 10.0.0.10. */
function namesAddress({ text }: LoggedReason, address: string): boolean {
  return text.split(/[^0-9A-Fa-f.:]+/u).some((word) => word === address || word === `${address}.`);
}
