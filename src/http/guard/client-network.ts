import { plainAddress } from '../../kernel/plain-address.ts';

/** What counts as one client in limits: an IPv4 address, or an IPv6 /64, which one host can use freely. */
export function clientNetwork(address: string): string {
  return plainAddress(address).split(':').slice(0, 4).join(':');
}
