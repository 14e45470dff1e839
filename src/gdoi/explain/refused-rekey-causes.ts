/** Rekeys that come and are not accepted: their logs alone tell it. */
import { CHECK_ALLOWED, COMPARE_SEQUENCE } from '../events/first-steps.ts';
import type { LoggedReason } from '../log/logged-reason.ts';
import type { ReasonKind } from '../log/message-meaning.ts';
import {
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  devicesWith,
  sorted,
  trafficStops,
  wasPresentLately,
  whenTheyRegisterAgain,
} from './candidate.ts';
import { type GroupFacts, hasCoop } from './group-facts.ts';
import { recentOf } from './recent-reasons.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import { RECENT_MS, type Symptom } from './symptom.ts';
import { LOSS_CHECKS } from './who-missed-a-rekey.ts';

export const CHECK_RSA = 'show crypto key mypubkey rsa on every KS: the rekey key must be the same one on all of them';

/**
 * Kinds of what a GM says of rekeys that it does not take: why, after `refuses them since ...: `, and what to look at.
 */
const REFUSALS: readonly (readonly [kind: ReasonKind, why: string, firstStep: string])[] = [
  ['rekey_refused', 'their signature or content does not fit', CHECK_RSA],
  ['rekey_not_allowed', 'their cipher, hash or transform set is not allowed there', CHECK_ALLOWED],
  ['rekey_out_of_sequence', 'their sequence number does not follow', COMPARE_SEQUENCE],
];

/** What is missing where a rekey was not taken; acknowledgements may be missing without that. */
const LACKING = LOSS_CHECKS.filter((check) => check !== 'rekeys_acknowledged');

/** A KS repeats a rekey within some 30 s of it (GETVPN facts, timers). */
const REPEATED_MS = 60_000;

interface Said {
  readonly device: string;
  readonly reason: LoggedReason;
}

/** Rekeys come, and GMs do not accept them; or a KS cannot sign any. */
export function rekeysRefused({ facts, open, before, last }: Asked): Candidate | null {
  const { gms, nowMs } = facts;
  const refused = refusalsOf(facts, open);
  const keyless = facts.kss.flatMap((ks) =>
    recentOf(ks, 'no_rsa_key', nowMs).map((reason) => ({ device: ks.device, reason })),
  );
  if (refused.length + keyless.length === 0) return acceptedAgain(facts, open, last);
  const names = sorted(refused.map(({ device }) => device));
  const servers = sorted(keyless.map(({ device }) => device));
  // The first messages grow old while it goes on.
  const first = Math.min(before?.sinceMs ?? nowMs, ...[...refused, ...keyless].map(({ reason }) => reason.atMs));
  const suffering = new Set(names.length > 0 ? names : gms.map(({ device }) => device));
  // That a KS can sign none is told first, and so is what to do about it.
  const { why, firstStep } = whyRefused(servers.length > 0 ? [] : refused);
  return {
    phase: 'present',
    status: 'critical',
    sinceMs: first,
    summary:
      servers.length > 0
        ? `${ksNamed(servers)} ${verb(servers.length, 'has', 'have')} no RSA key to sign rekeys with, by the log since ${clockTime(first)}`
        : `${gmsNamed(names, gms.length)} ${verb(names.length, 'receives', 'receive')} rekeys and ${verb(names.length, 'refuses', 'refuse')} them since ${clockTime(first)}: ${why}`,
    ...trafficStops(
      gms.filter(({ device }) => suffering.has(device)),
      nowMs,
      whenTheyRegisterAgain,
    ),
    confidence: 'certain',
    knownAtMs: null,
    firstStep:
      firstStep !== CHECK_RSA || hasCoop(facts)
        ? firstStep
        : 'show crypto key mypubkey rsa on the KS: is the rekey key there, and the one the GMs learnt at registration?',
    scope: sorted([...servers, ...names]),
    evidence: [...keyless, ...refused]
      .slice(-6)
      .map(({ device, reason }) => `${device}, ${clockTime(reason.atMs)}: ${reason.text}`),
    claims: claimed(open, { checks: LOSS_CHECKS, of: suffering }),
  };
}

/**
 * A rekey that is sent twice is out of sequence the second time. That number counts where the GM lacks what a rekey
 * brings, and where it was no repetition of the one that it took last.
 */
function refusalsOf({ gms, nowMs, tekLifetimeMs }: GroupFacts, open: readonly Symptom[]): readonly Said[] {
  // Until the next rekey its KS goes on to lack the acknowledgement of the one that it refused.
  const unacknowledged = new Set(devicesWith(open, 'rekeys_acknowledged'));
  const lacking = new Set(devicesWith(claimed(open, { checks: LACKING }), ...LACKING));
  return gms.flatMap((gm) => {
    const repeatedMs = (gm.lastRekeyMs ?? -Infinity) + REPEATED_MS;
    const withinMs = unacknowledged.has(gm.device) ? Math.max(RECENT_MS, tekLifetimeMs) : RECENT_MS;
    return REFUSALS.flatMap(([kind]) => recentOf(gm, kind, nowMs, withinMs))
      .filter(({ kind, atMs }) => kind !== 'rekey_out_of_sequence' || (lacking.has(gm.device) && atMs > repeatedMs))
      .map((reason) => ({ device: gm.device, reason }));
  });
}

/** Where they say different things, each stands in the evidence. Without any message of a GM it is the key. */
function whyRefused(refused: readonly Said[]): { readonly why: string; readonly firstStep: string } {
  const kinds = new Set(refused.map(({ reason }) => reason.kind));
  const [first, ...others] = REFUSALS.filter(([kind]) => kinds.has(kind));
  const [, why, firstStep] = first ?? ['', '', CHECK_RSA];
  return { why: others.length > 0 ? 'their logs say why' : why, firstStep };
}

/** That they registered for the rekeys which they refused is no trouble of its own. */
function acceptedAgain({ gms, nowMs }: GroupFacts, open: Asked['open'], last: Asked['last']): Candidate | null {
  if (!wasPresentLately(last, nowMs)) return null;
  const claims = claimed(open, { checks: ['reregistrations'], of: new Set(devicesOf(last)) });
  if (claims.length === 0) return null;
  const names = devicesWith(claims, 'reregistrations');
  return {
    ...last.said,
    phase: 'over',
    status: 'ok',
    summary: `${gmsNamed(names, gms.length)} refused rekeys from ${clockTime(last.sinceMs)} on, registered for them and ${verb(names.length, 'has', 'have')} refused none since`,
    consequence: null,
    deadlineMs: null,
    knownAtMs: null,
    claims,
  };
}
