/**
 * The certificates a device shows, and until when each of its trustpoints is valid.
 *
 * IKE between KS and GM authenticates with them: a GM whose certificate, or whose CA's, has expired can no longer
 * register. A device prints dates in its own zone, by a name that gives no offset: such a date is an interval here, and
 * whoever warns takes its beginning. The router's self-signed certificate is not looked at: it serves HTTPS, and no IKE
 * peer accepts it.
 */
import type { Interval } from './interval.ts';

export interface Certificate {
  readonly kind: 'device' | 'ca' | 'ra' | 'self_signed';
  /** `pending`: asked for, not granted yet; null: not shown, or a word that is not known. */
  readonly status: 'available' | 'pending' | null;
  /** Hex digits as printed. */
  readonly serial: string | null;
  /** Distinguished name, `cn=CORP-CA, o=Example`; null: not shown. */
  readonly issuer: string | null;
  readonly subject: string | null;
  /** Validity: instants where the zone is UTC or GMT, else intervals; null: not shown, as while it is pending. */
  readonly notBefore: Interval | null;
  readonly notAfter: Interval | null;
  readonly trustpoints: readonly string[];
}

/** From `show crypto pki certificates`. */
export interface DeviceCertificates {
  readonly role: 'certificates';
  readonly certificates: readonly Certificate[];
}

export interface TrustpointExpiry {
  readonly trustpoint: string;
  /** When the first of the trustpoint's certificates, its own or a CA's, ends. */
  readonly expiry: Interval;
  readonly certificate: Certificate;
}

/** Each trustpoint whose certificates have a printed end, in the device's order. */
export function trustpointExpiries({ certificates }: DeviceCertificates): readonly TrustpointExpiry[] {
  const first = new Map<string, TrustpointExpiry>();
  for (const certificate of certificates) {
    const { kind, notAfter: expiry, trustpoints } = certificate;
    if (kind === 'self_signed' || expiry === null) continue;
    for (const trustpoint of trustpoints) {
      const known = first.get(trustpoint);
      if (known === undefined || expiry.fromMs < known.expiry.fromMs) {
        first.set(trustpoint, { trustpoint, expiry, certificate });
      }
    }
  }
  return [...first.values()];
}
