/** Addresses of listeners and senders. */
import { isIPv6 } from 'node:net';
import { listenFailure } from '../../kernel/listen-failure.ts';
import { UserError } from '../../kernel/user-error.ts';

export interface ListenerAddress {
  readonly protocol: 'udp' | 'tcp';
  /** An address or a name of this machine. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export function listenUrl({ protocol, host, port }: ListenerAddress): string {
  return `${protocol}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** The error for a person if the address is in use, not local, or privileged. */
export function listenError(address: ListenerAddress, cause: unknown): UserError {
  const what = `cannot listen on ${listenUrl(address)}`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return listenFailure(what, cause) ?? new UserError('listen_failed', `${what}: ${reason}`, { cause });
}
