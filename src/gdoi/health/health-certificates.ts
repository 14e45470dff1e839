/**
 * Until when the device's certificates are good. On-call catalogue, row 27: under 30 days a warning, under 7 critical.
 * Says nothing of a device whose certificates are not collected.
 */
import { counted } from '../events/counted.ts';
import { type DeviceCertificates, trustpointExpiries } from '../seen/certificate.ts';
import { check, type HealthCheck } from './health-check.ts';
import { instant } from '../events/instant-text.ts';
import type { EpochMs } from '../seen/instant.ts';

const DAY_SECONDS = 86_400;
const WARNING_SECONDS = 30 * DAY_SECONDS;
const CRITICAL_SECONDS = 7 * DAY_SECONDS;

export function certificateChecks(shown: DeviceCertificates | null, atMs: EpochMs): readonly HealthCheck[] {
  if (shown === null) return [];
  const [first] = trustpointExpiries(shown).toSorted((a, b) => a.expiry.fromMs - b.expiry.fromMs);
  if (first === undefined) return [];
  const { trustpoint, expiry, certificate } = first;
  const leftSeconds = Math.floor((expiry.fromMs - atMs) / 1000);
  const status = leftSeconds < CRITICAL_SECONDS ? 'critical' : leftSeconds < WARNING_SECONDS ? 'warning' : 'ok';
  const days = Math.floor(Math.abs(leftSeconds) / DAY_SECONDS);
  const what = `${certificate.kind === 'ca' ? 'the CA certificate' : 'the certificate'} of trustpoint ${trustpoint}`;
  const when = leftSeconds < 0 ? `ended ${counted(days, 'day')} ago` : `ends in ${counted(days, 'day')}`;
  return [
    check(['certificates', null], status, `${what} ${when}, on ${instant(expiry.fromMs)}`, {
      value: leftSeconds,
      threshold: WARNING_SECONDS,
      action:
        status === 'ok'
          ? null
          : 'Enrol anew before the next IKE authentication (show crypto pki certificates: is a renew date shown, does the CA answer?)',
    }),
  ];
}
