/**
 * The operating system's network errors in our words, for every transport; what `ECONNREFUSED` means depends on the
 * protocol.
 */
import type { DeviceErrorKind } from './device-error.ts';

export const NETWORK_ERRORS: ReadonlyMap<string, readonly [DeviceErrorKind, string]> = new Map(
  Object.entries<readonly [DeviceErrorKind, string]>({
    EHOSTUNREACH: ['unreachable', 'no route to the host'],
    ENETUNREACH: ['unreachable', 'no route to the network'],
    EHOSTDOWN: ['unreachable', 'the host is down'],
    ENOTFOUND: ['unreachable', 'the host name is not known'],
    EAI_AGAIN: ['unreachable', 'the name server gave no answer'],
    EADDRNOTAVAIL: ['unreachable', 'no local address leads to the host'],
    EINVAL: ['unreachable', 'the address cannot be connected to'],
    EACCES: ['unreachable', 'the local system forbids the connection'],
    EPERM: ['unreachable', 'the local system forbids the connection'],
    EMFILE: ['unreachable', 'this process has no file descriptor left (raise LimitNOFILE or ulimit -n)'],
    ENFILE: ['unreachable', 'this system has no file descriptor left'],
    ETIMEDOUT: ['timeout', 'no answer from the host'],
  }),
);
