/** What stands for one client in limits: an IPv4 address, or the /64 that one host of IPv6 has to try from. */
export function clientNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address.split(':').slice(0, 4).join(':');
}
