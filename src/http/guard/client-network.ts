/** What counts as one client in limits: an IPv4 address, or an IPv6 /64, which one host can use freely. */
export function clientNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address.split(':').slice(0, 4).join(':');
}
