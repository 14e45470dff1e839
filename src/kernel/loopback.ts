import { isIP } from 'node:net';

/** Whether only this machine reaches a host: `localhost`, 127.0.0.0/8 or ::1. Any other name may lead anywhere. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

/** Whether it stands for all addresses of this machine, as `0.0.0.0` and `[::]` do. */
export function isAnyAddress(host: string): boolean {
  return ['0.0.0.0', '::', '[::]'].includes(host);
}
