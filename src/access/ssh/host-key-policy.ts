/**
 * Whether a host key is good enough to send a password to. `strict`: only known keys. `accept-new`: the first key of a
 * host is remembered. A key that differs from the known one is always refused, and logged as an error.
 */
import type { SshTarget } from '../device-session.ts';
import type { Logger } from '../../kernel/logger.ts';
import { fingerprint, type HostKeyStore, keyType, knownHostsLine, knownHostsName } from './known-hosts.ts';

export type HostKeyDecision = { readonly kind: 'accepted' } | { readonly kind: 'refused'; readonly message: string };

export async function decideHostKey(
  store: HostKeyStore,
  target: Pick<SshTarget, 'device' | 'host' | 'port' | 'hostKeys'>,
  key: Buffer,
  logger: Logger,
): Promise<HostKeyDecision> {
  const { device, host, port } = target;
  const shown = `${keyType(key)} ${fingerprint(key)}`;
  try {
    let verdict = await store.check(host, port, key);
    if (verdict.kind === 'unknown' && target.hostKeys === 'accept-new') {
      verdict = await store.add(host, port, key);
      if (verdict.kind === 'known') {
        logger.info({ device, host, port, hostKey: shown, knownHosts: store.description }, 'new SSH host key recorded');
      }
    }
    switch (verdict.kind) {
      case 'known':
        return { kind: 'accepted' };
      case 'unknown':
        return {
          kind: 'refused',
          message: `unknown host key ${shown}; compare it with the device, then add this line to ${store.description}, or set ssh.host_keys: accept-new: ${knownHostsLine(host, port, key)}`,
        };
      case 'revoked':
        logger.error({ device, host, port, hostKey: shown, knownHosts: store.description }, 'SSH host key is revoked');
        return { kind: 'refused', message: `the host key ${shown} is marked @revoked in ${store.description}` };
      case 'changed': {
        const known = verdict.knownFingerprints.join(', ');
        const advice = `if the device was replaced or its key made anew, ${store.howToReplace(knownHostsName(host, port))}; if not, somebody may be in between`;
        logger.error(
          {
            device,
            host,
            port,
            knownHostKeys: verdict.knownFingerprints,
            hostKey: shown,
            knownHosts: store.description,
            advice,
          },
          'SSH host key changed: connection refused',
        );
        return { kind: 'refused', message: `HOST KEY CHANGED: known ${known}, shown ${shown}; ${advice}` };
      }
      default:
        return verdict satisfies never;
    }
  } catch (error) {
    // The file cannot be read or written: no trust without it.
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    logger.error({ device, knownHosts: store.description, why }, 'known_hosts cannot be used');
    return {
      kind: 'refused',
      message: `${store.description} cannot be read or written (${why}), so the host key ${shown} cannot be checked`,
    };
  }
}
