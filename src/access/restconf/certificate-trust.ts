/**
 * Whether a certificate is good enough to send a password to. In this order: a configured fingerprint decides alone; an
 * authority vouches for it and its name matches; it was accepted before; it is the first one and new ones are accepted.
 * A certificate that differs from the remembered one is refused and logged as an error. Nothing skips this check.
 */
import type { Logger } from '../../kernel/logger.ts';
import type { RestconfTarget } from '../device-restconf.ts';
import { type KnownCertificates, knownCertificateLine } from './known-certificates.ts';

export interface ShownCertificate {
  /** 64 hex digits. */
  readonly fingerprint: string;
  /** Why no authority vouches for it, or which other name it has; null: neither. */
  readonly objection: string | null;
}

export type TrustDecision = { readonly kind: 'trusted' } | { readonly kind: 'refused'; readonly message: string };

const TRUSTED: TrustDecision = { kind: 'trusted' };

export async function decideTrust(
  known: KnownCertificates,
  target: Pick<RestconfTarget, 'device' | 'host' | 'port' | 'trust'>,
  shown: ShownCertificate,
  logger: Logger,
): Promise<TrustDecision> {
  const { trust } = target;
  const { fingerprint, objection } = shown;
  if (trust.fingerprint !== null) {
    if (trust.fingerprint === fingerprint) return TRUSTED;
    logger.error({ device: target.device, certificate: fingerprint }, 'certificate is not the configured one');
    return refused(`CERTIFICATE CHANGED: tls.fingerprint is ${trust.fingerprint}, shown ${fingerprint}; ${ADVICE}`);
  }
  if (objection === null) return TRUSTED;
  try {
    return await decideByMemory(known, target, { fingerprint, objection }, logger);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    logger.error({ device: target.device, file: known.path, why }, 'the file of known certificates cannot be used');
    return refused(`${known.path} cannot be read or written (${why}), so the certificate cannot be checked`);
  }
}

const ADVICE =
  'if the device was replaced or its certificate made anew, accept it anew; if not, somebody may be in between';

async function decideByMemory(
  known: KnownCertificates,
  { device, host, port, trust }: Pick<RestconfTarget, 'device' | 'host' | 'port' | 'trust'>,
  { fingerprint, objection }: { readonly fingerprint: string; readonly objection: string },
  logger: Logger,
): Promise<TrustDecision> {
  const before = await known.of(host, port);
  const accepted = before.length === 0 && trust.certificates === 'accept-new';
  const remembered = accepted ? await known.add(host, port, fingerprint) : before;
  if (remembered.includes(fingerprint)) {
    if (accepted)
      logger.info({ device, host, port, certificate: fingerprint, file: known.path }, 'new certificate recorded');
    return TRUSTED;
  }
  const line = knownCertificateLine(host, port, fingerprint);
  if (remembered.length > 0) {
    logger.error(
      { device, host, port, known: remembered, certificate: fingerprint },
      'certificate changed: connection refused',
    );
    return refused(
      `CERTIFICATE CHANGED: known ${remembered.join(', ')}, shown ${fingerprint}; ${ADVICE} (delete its line from ${known.path})`,
    );
  }
  return refused(
    `unknown certificate (${objection}), SHA-256 ${fingerprint}; compare it with the device, then add this line to ${known.path}, name its authority (tls.ca_file), or set host_keys: accept-new: ${line}`,
  );
}

function refused(message: string): TrustDecision {
  return { kind: 'refused', message };
}
