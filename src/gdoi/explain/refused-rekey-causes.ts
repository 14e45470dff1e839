/** Rekeys that come and are not accepted: their logs alone tell it. */
import type { LoggedReason } from '../log/logged-reason.ts';
import {
  type Asked,
  type Candidate,
  claimed,
  devicesOf,
  named,
  sorted,
  trafficStops,
  wasPresentLately,
  whenTheyRegisterAgain,
} from './candidate.ts';
import { type GroupFacts, hasCoop } from './group-facts.ts';
import { clockTime, gmsNamed, ksNamed, verb } from './said.ts';
import { RECENT_MS } from './symptom.ts';
import { LOSS_CHECKS } from './who-missed-a-rekey.ts';

export const CHECK_RSA = 'show crypto key mypubkey rsa on every KS: the rekey key must be the same one on all of them';

/** Rekeys come, and GMs do not accept them: another RSA key signs them. */
export function rekeysRefused({ facts, open, before, last }: Asked): Candidate | null {
  const { gms, kss, nowMs } = facts;
  const isRecent = ({ atMs }: LoggedReason) => Math.abs(nowMs - atMs) <= RECENT_MS;
  const refused = gms.flatMap((gm) =>
    gm.reasons
      .filter((reason) => reason.kind === 'rekey_refused' && isRecent(reason))
      .map((reason) => ({ device: gm.device, reason })),
  );
  const keyless = kss.flatMap((ks) =>
    ks.reasons
      .filter((reason) => reason.kind === 'no_rsa_key' && isRecent(reason))
      .map((reason) => ({ device: ks.device, reason })),
  );
  if (refused.length + keyless.length === 0) return acceptedAgain(facts, open, last);
  const names = sorted(refused.map(({ device }) => device));
  const servers = sorted(keyless.map(({ device }) => device));
  // The first messages grow old while it goes on.
  const first = Math.min(before?.sinceMs ?? nowMs, ...[...refused, ...keyless].map(({ reason }) => reason.atMs));
  const suffering = new Set(names.length > 0 ? names : gms.map(({ device }) => device));
  return {
    phase: 'present',
    status: 'critical',
    sinceMs: first,
    summary:
      servers.length > 0
        ? `${ksNamed(servers)} ${verb(servers.length, 'has', 'have')} no RSA key to sign rekeys with, by the log since ${clockTime(first)}`
        : `${gmsNamed(names, gms.length)} ${verb(names.length, 'receives', 'receive')} rekeys and ${verb(names.length, 'refuses', 'refuse')} them since ${clockTime(first)}: their signature or content does not fit`,
    ...trafficStops(
      gms.filter(({ device }) => suffering.has(device)),
      nowMs,
      whenTheyRegisterAgain,
    ),
    confidence: 'certain',
    knownAtMs: null,
    firstStep: hasCoop(facts)
      ? CHECK_RSA
      : 'show crypto key mypubkey rsa on the KS: is the rekey key there, and the one the GMs learnt at registration?',
    scope: sorted([...servers, ...names]),
    evidence: [...keyless, ...refused]
      .slice(-6)
      .map(({ device, reason }) => `${device}, ${clockTime(reason.atMs)}: ${reason.text}`),
    claims: claimed(open, { checks: LOSS_CHECKS, of: suffering }),
  };
}

/** That they registered for the rekeys which they refused is no trouble of its own. */
function acceptedAgain({ gms, nowMs }: GroupFacts, open: Asked['open'], last: Asked['last']): Candidate | null {
  if (!wasPresentLately(last, nowMs)) return null;
  const claims = claimed(open, { checks: ['reregistrations'], of: new Set(devicesOf(last)) });
  if (claims.length === 0) return null;
  const names = named(claims, 'reregistrations');
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
