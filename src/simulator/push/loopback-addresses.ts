/**
 * Loopback addresses of simulated devices: all on 127.0.0.1, or each on its own, so that a receiver can tell the
 * senders of log messages and traps apart, as with real devices. Linux binds all of 127.0.0.0/8; elsewhere all share
 * one address.
 */
import { createSocket } from 'node:dgram';

export const SHARED_ADDRESS = '127.0.0.1';
/** Hosts in 127.1.0.0/16 without the ends of each 256. */
const PER_BLOCK = 254;
const MAX_DEVICES = 256 * PER_BLOCK;

export type AddressPlan = 'shared' | 'per_device';

/** Loopback address by device. `per_device` if this machine binds such addresses, otherwise `shared`. */
export async function loopbackAddresses(
  devices: readonly { readonly name: string }[],
  plan: AddressPlan,
): Promise<ReadonlyMap<string, string>> {
  const apart =
    plan === 'per_device' && devices.length <= MAX_DEVICES && (await canBind(addressOf(devices.length - 1)));
  return new Map(devices.map(({ name }, index) => [name, apart ? addressOf(index) : SHARED_ADDRESS]));
}

/** 127.1.0.1 and following. */
function addressOf(index: number): string {
  const position = Math.max(0, index);
  return `127.1.${Math.floor(position / PER_BLOCK)}.${(position % PER_BLOCK) + 1}`;
}

function canBind(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind(0, address, () => socket.close(() => resolve(true)));
  });
}
